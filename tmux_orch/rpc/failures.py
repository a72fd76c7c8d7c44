"""Failures as they go over the wire, and back into the types they were."""

from __future__ import annotations

import json

from tmux_orch.domain import errors


def kind(error: errors.OrchError) -> str:
    """``BadInput`` as ``bad_input``: the error's name on the wire."""
    name = type(error).__name__
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


_KINDS = {
    kind(cls("")): cls
    for cls in (
        errors.BadInput,
        errors.Refused,
        errors.Partly,
        errors.Busy,
        errors.Unreachable,
        errors.Internal,
        errors.Absent,
        errors.CouldNotTell,
    )
}


def write(error: errors.OrchError) -> bytes:
    """An error as the wire carries it."""
    body = {
        "kind": kind(error),
        "message": error.message,
        "next_step": error.next_step,
        "exit_code": error.exit_code,
    }
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def read(payload: bytes) -> errors.OrchError:
    """The error that ``payload`` describes; the daemon's exit code stands, whatever the kind."""
    try:
        body = json.loads(payload)
        made = _KINDS.get(body["kind"], errors.Internal)(body["message"], body["next_step"])
        made.exit_code = int(body["exit_code"])
    except (ValueError, KeyError, TypeError) as error:
        return errors.Internal(f"the daemon's error could not be read ({error})")
    return made
