"""An agent's screen as text, for a person and for agents that may read it."""

from __future__ import annotations

from typing import Any

from tmux_orch.domain.errors import Absent, BadInput, Refused
from tmux_orch.domain.names import split_key
from tmux_orch.domain.seat import Seat
from tmux_orch.store.projects import Project
from tmux_orch.team.parts import Parts
from tmux_orch.tmux.capture import capture
from tmux_orch.tmux.panes import observe

SCHEMA = "tmux-orch/peek/1"
RIGHT = "session:read"
MOST_LINES = 2000


def peek(
    parts: Parts, project: Project, seat: Seat, lines: int | None, sender: str | None
) -> dict[str, Any]:
    """The screen, or its last ``lines`` lines with what has scrolled off.

    Raises:
        Refused: an agent asks that may not.
        BadInput: ``lines`` is out of range.
        Absent: the agent has no window.
        CouldNotTell: tmux does not answer.
    """
    if sender is not None:
        _check(parts, project, sender)
    if lines is not None and (
        not isinstance(lines, int) or isinstance(lines, bool) or not 1 <= lines <= MOST_LINES
    ):
        raise BadInput(f"--lines {lines!r}", f"give a number from 1 to {MOST_LINES}")
    # By its tags and not by the pane's number, which another server may have given to another.
    panes = observe(parts.server).of_agent(seat.key)
    pane = next((one for one in panes if one.incarnation == seat.tag), None)
    if pane is None:
        raise Absent(f"{seat.name} has no window", "bring it back: auto-orchestrate --resume")
    shown = capture(parts.server, [pane.pane_id], escapes=False, history=lines or 0)
    text = shown.get(pane.pane_id, "").rstrip().split("\n")
    found = [line.rstrip() for line in text]
    return {
        "schema": SCHEMA,
        "agent": seat.name,
        "project": project.name,
        "dead": pane.dead,
        "lines": found if lines is None else found[-lines:],
    }


def _check(parts: Parts, project: Project, sender: str) -> None:
    """Whether the agent ``sender`` may read a screen of this project.

    Raises:
        Refused: it may not.
    """
    home, name = split_key(sender)
    if home != project.name:
        raise Refused(f"{name} is in another team", "ask the person, with scm")
    own = parts.seats.get(sender)
    role = parts.templates_of(project).roles.get(own.role) if own is not None else None
    if role is None or RIGHT not in role.rights:
        raise Refused(f"the role of {name} has no right {RIGHT}", "ask the hub, with scm")
