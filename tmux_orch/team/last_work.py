"""What an agent did last: screen, commits, open files and messages, for the next start's page."""

from __future__ import annotations

from pathlib import Path

from tmux_orch.agents.adapter import Adapter, Berth, EntryKind
from tmux_orch.briefing.facts import LastWork
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
from tmux_orch.worktrees.checkpoint_page import newest_page
from tmux_orch.worktrees.git import Git
from tmux_orch.worktrees.shown import counted, shown
from tmux_orch.worktrees.status import read_status

# The latest commits tell where somebody was; git has the rest.
SUBJECTS = 5
# Last screens of ended programs that are kept: one is 10 kB at most.
SCREENS = 20


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


def of(seat: Seat, parts: Parts) -> LastWork:
    """Branch, commits and open files of the worktree, messages that wait, and why it ended."""
    held = parts.outbox.count_held(seat.project).get(seat.key, 0)
    why, page = _why(seat, parts), newest_page(Path(seat.worktree), seat.name) or ""
    try:
        work = activity(Path(seat.worktree), seat.base)
        git = Git(Path(seat.worktree))
        subjects = git.run("log", f"-{SUBJECTS}", "--format=%h %s", f"{seat.base}..HEAD").text()
        files = [changed.path for changed in read_status(git).changed] if work.dirty_files else []
    except OrchError as error:
        return LastWork(why, held=held, checkpoint=page, unread=error.line())
    lines = tuple(line for line in subjects.split("\n") if line)
    return LastWork(why, work.branch or "", work.commits_ahead, lines, tuple(files), held, page)


def done(seat: Seat) -> str:
    """One line on a worktree for somebody who joins: its branch, commits and open files."""
    try:
        work = activity(Path(seat.worktree), seat.base)
    except OrchError:
        return "nothing that can be read"
    branch = f"on `{shown(work.branch)}`, " if work.branch else ""
    commits = counted(work.commits_ahead, "commit")
    return f"{branch}{commits}, {counted(work.dirty_files, 'file')} not committed"


def _why(seat: Seat, parts: Parts) -> str:
    if seat.desired is Desired.STOPPED:
        return "a person stopped you"
    stored = parts.seats.state(seat.key)
    if stored is not None and stored.state is AgentState.EXITED:
        return stored.evidence
    return "your program ended"


def keep_screen(parts: Parts, pane: PaneFacts, incarnation: int | None = None) -> Path:
    """Write the last screen of a dead pane beside the agent's files, before its window goes.

    Args:
        parts: The rooms' objects.
        pane: Whose.
        incarnation: Keep it besides as the end of this start; the oldest of those go.

    Returns:
        The file.
    """
    project, name = split_key(pane.agent)
    screen = capture(parts.server, [pane.pane_id], escapes=False).get(pane.pane_id, "")
    place = parts.registry.project(project).seat(name)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = screen.encode("utf-8", "replace")
    write_atomically(place / "last-screen.txt", data)
    if incarnation is None:
        return place / "last-screen.txt"
    screens = place / "screens"
    screens.mkdir(mode=0o700, exist_ok=True)
    write_atomically(screens / f"{incarnation:06}.txt", data)
    for old in sorted(screens.glob("*.txt"))[:-SCREENS]:
        old.unlink(missing_ok=True)
    return screens / f"{incarnation:06}.txt"
