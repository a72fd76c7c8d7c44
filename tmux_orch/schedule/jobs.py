"""The one function that stored jobs name; renaming it would kill them (they are pickles)."""

from __future__ import annotations


def fire(job_id: str) -> None:
    """Never called: the clockwork's executor rings by the job's id instead.

    Args:
        job_id: The job's own id.
    """
    raise RuntimeError(f"{job_id} was run by an executor that is not the clockwork's")
