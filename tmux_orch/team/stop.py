"""Ending agents: their programs and everything they left running; worktrees stay."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

from tmux_orch.agents.adapter import Adapter
from tmux_orch.domain.errors import BadInput, Partly
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.store.projects import Project
from tmux_orch.team import last_work, processes
from tmux_orch.team.parts import Parts, Progress
from tmux_orch.tmux.panes import observe
from tmux_orch.tmux.windows import close_window


def chosen(parts: Parts, project: Project, names: Sequence[str]) -> list[Seat]:
    """The seats that ``names`` mean (all when empty).

    Raises:
        BadInput: a name is no agent of this team.
    """
    seats = [s for s in parts.seats.of_project(project.name) if s.desired is not Desired.REMOVED]
    known = {seat.name: seat for seat in seats}
    for name in names:
        if name not in known:
            raise BadInput(
                f"{project.name} has no agent {name[:60]!r}", f"it has {', '.join(sorted(known))}"
            )
    return [known[name] for name in dict.fromkeys(names)] if names else seats


def stop(
    parts: Parts, project: Project, names: Sequence[str], progress: Progress
) -> list[dict[str, Any]]:
    """End the agents named, or all; the team is no longer live when none is wanted up.

    Returns:
        Per agent: name, branch, worktree and how many processes were ended.

    Raises:
        BadInput: a name is no agent of this team.
        Partly: a process could not be ended.
    """
    seats = chosen(parts, project, names)
    with parts.database.write() as connection:
        for seat in seats:
            parts.seats.update(seat.key, connection=connection, desired=Desired.STOPPED)
            parts.journal.note(project.name, seat.run, seat.key, "stop", connection=connection)
    left = processes.end(
        seats,
        parts.registry.root,
        lambda seat: progress({"event": "agent", "agent": seat.name, "stage": "stopped"}),
        lambda seat: asks(parts.adapter(seat)),
    )
    _close_windows(parts, seats)
    for seat in seats:
        parts.board.drop(seat.key)
        parts.seats.update(seat.key, pane_id="", window_id="", pid=0, pid_start=0)
        parts.events.append("agent.stopped", project.name, seat.key, {})
    if not any(s.desired is Desired.UP for s in parts.seats.of_project(project.name)):
        parts.projects.set_live(project.name, False, project.run)
    if left:
        pids = ", ".join(str(pid) for pid, _ in left)
        raise Partly(f"could not end process {pids}", "look at it: ps -fp PID")
    return [{"name": s.name, "branch": s.branch, "worktree": s.worktree} for s in seats]


def asks(adapter: Adapter) -> signal.Signals:
    """The signal that asks this program to end."""
    return signal.Signals[f"SIG{getattr(adapter, 'stop_signal', 'TERM')}"]


def _close_windows(parts: Parts, seats: Sequence[Seat]) -> None:
    """Close the windows of ended agents; the last screen is kept beside their files."""
    if parts.server.identity() is None:
        return
    keys = {seat.key for seat in seats}
    for pane in observe(parts.server).panes:
        if pane.agent in keys:
            last_work.keep_screen(parts, pane)
            close_window(parts.server, pane.window_id)


def close_server(parts: Parts) -> None:
    """End our tmux server when no agent is wanted up and no pane is left in it."""
    if any(seat.desired is Desired.UP for seat in parts.seats.all()):
        return
    seen = observe(parts.server)
    if seen.server_id is not None and not seen.panes:
        parts.server.stop()
