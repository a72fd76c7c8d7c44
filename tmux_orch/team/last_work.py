"""What an agent did last: its last screen, commits and open files, for the next start's page."""

from __future__ import annotations

from pathlib import Path

from tmux_orch.agents.adapter import Adapter, Berth, EntryKind
from tmux_orch.briefing.render import brief_marker
from tmux_orch.config.files import write_atomically
from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.names import split_key
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.team.parts import Parts
from tmux_orch.tmux.capture import capture
from tmux_orch.tmux.panes import PaneFacts
from tmux_orch.worktrees.activity import activity


def was_briefed(adapter: Adapter, berth: Berth) -> bool:
    """Whether the conversation's transcript contains the briefing's marker, taken by the model."""
    path = adapter.transcript(berth)
    if path is None:
        return False
    needle = brief_marker(berth.brief_id)
    try:
        with path.open("rb") as lines:
            return any(
                needle.encode() in line
                and (entry := adapter.entry(line)).kind is EntryKind.TAKEN
                and needle in entry.text
                for line in lines
            )
    except FileNotFoundError:
        return False


def of(seat: Seat, parts: Parts) -> dict[str, str]:
    """Label → line: branch, commits and files of the worktree, and messages that wait."""
    lines = {"you were stopped because": _why(seat, parts)}
    try:
        work = activity(Path(seat.worktree), seat.base)
    except OrchError as error:
        lines["git"] = error.line()
    else:
        lines["branch"] = work.branch or "(detached)"
        lines["commits since your start"] = str(work.commits_ahead)
        lines["files not committed"] = str(work.dirty_files)
    held = parts.outbox.count_held(seat.project).get(seat.key, 0)
    if held:
        lines["messages waiting for you"] = f"{held}; they follow now"
    return lines


def _why(seat: Seat, parts: Parts) -> str:
    if seat.desired is Desired.STOPPED:
        return "a person stopped you"
    stored = parts.seats.state(seat.key)
    if stored is not None and stored.state is AgentState.EXITED:
        return stored.evidence
    return "your program ended"


def keep_screen(parts: Parts, pane: PaneFacts) -> None:
    """Write the last screen of a dead pane beside the agent's files, before its window goes."""
    project, name = split_key(pane.agent)
    screen = capture(parts.server, [pane.pane_id], escapes=False).get(pane.pane_id, "")
    place = parts.registry.project(project).seat(name)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(place / "last-screen.txt", screen.encode("utf-8", "replace"))
