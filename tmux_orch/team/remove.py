"""Taking a worktree away: only with proof that nothing is lost, or after saving it on request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.store.projects import Project
from tmux_orch.team import environment, processes, stop
from tmux_orch.team.parts import Parts
from tmux_orch.worktrees import remove as worktree
from tmux_orch.worktrees.repository import Repository, inspect


def remove(
    parts: Parts, project: Project, names: Sequence[str], *, force: bool, dry_run: bool
) -> dict[str, Any]:
    """Remove the worktrees of the agents named, or of all.

    Without ``force`` a worktree goes only when nothing stands in the way; with it, what stands in
    the way is first saved as a rescue ref and an archive. ``dry_run`` only says.

    Returns:
        ``{"agents": [{name, removed, obstacles, rescue}], "exit_code"}``; 1 when something is kept.
    """
    stored = environment.load(parts.registry.project(project.name).environment)
    repository = inspect(Path(project.path), stored or None, starting=False)
    results = [
        _one(parts, project, repository, seat, force=force, dry_run=dry_run)
        for seat in stop.chosen(parts, project, names)
    ]
    left = [s for s in parts.seats.of_project(project.name) if s.desired is not Desired.REMOVED]
    if not left:
        parts.projects.set_live(project.name, False, "")
    kept = any(not r["removed"] for r in results)
    return {"agents": results, "dry_run": dry_run, "exit_code": 1 if kept and not dry_run else 0}


def _one(
    parts: Parts, project: Project, repository: Repository, seat: Seat, *,
    force: bool, dry_run: bool,
) -> dict[str, Any]:  # fmt: skip
    result: dict[str, Any] = {
        "name": seat.name, "worktree": seat.worktree, "branch": seat.branch,
        "removed": False, "obstacles": [], "rescue": None,
    }  # fmt: skip
    if processes.is_alive(seat.pid, seat.pid_start):
        result["obstacles"] = [f"it runs (process {seat.pid}); stop it: tmux-orch stop {seat.name}"]
        return result
    ours = parts.made_by_us(seat)
    try:
        place = Path(seat.worktree)
        result["obstacles"] = worktree.obstacles(repository, place, seat.branch, ours=ours)
        if dry_run or (result["obstacles"] and not force):
            return result
        step = parts.journal.begin(project.name, seat.run, seat.key, "remove")
        removed = worktree.remove(
            repository, place, seat.branch, label=seat.name, ours=ours, force=force,
            archive_dir=parts.registry.project(project.name).root / "rescue",
            at=parts.clock.now(),
        )  # fmt: skip
        result["rescue"] = _rescue(removed)
        with parts.database.write() as connection:
            parts.seats.update(seat.key, connection=connection, desired=Desired.REMOVED)
            parts.journal.done(step, {"rescue": result["rescue"]}, connection=connection)
        result["removed"] = True
    except OrchError as error:
        result["obstacles"] = [*result["obstacles"], error.line()]
    return result


def _rescue(removed: worktree.Removed) -> dict[str, str] | None:
    if removed.rescue is None:
        return None
    return {"ref": removed.rescue.ref or "", "archive": str(removed.rescue.archive)}
