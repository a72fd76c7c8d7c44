"""``tmux-orch restart``: a person starts agents again; their count begins anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tmux_orch.domain.errors import BadInput, Partly
from tmux_orch.domain.restart import Move, Restart, RestartState, moved
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.store.projects import Project
from tmux_orch.team import processes, stop
from tmux_orch.team.parts import Parts, Progress
from tmux_orch.team.up import Up
from tmux_orch.upkeep.bring_back import bring_back

_RESUME = "bring it back: auto-orchestrate --resume"


def restart(
    up: Up, project: Project, names: Sequence[str], every: bool, progress: Progress
) -> dict[str, Any]:
    """End those of the agents that live, and start all of them with their conversations.

    Args:
        up: The main job.
        project: Whose.
        names: Agents of it.
        every: All that are wanted up, instead of ``names``.
        progress: One event per stage of each agent.

    Raises:
        BadInput: nobody is named, a name is no agent of the team, or was stopped.
        Busy: another act runs on the project.
        Partly: a program could not be ended; nobody was started.
    """
    with up.holds.hold(project.path):
        parts = up.parts
        seats = _chosen(parts, project, names, every)
        _reset(parts, seats)
        living = [seat for seat in seats if processes.is_alive(seat.pid, seat.pid_start)]
        left = processes.end(
            living,
            parts.registry.root,
            lambda seat: progress({"event": "agent", "agent": seat.name, "stage": "stopped"}),
            lambda seat: stop.asks(parts.adapter(seat)),
        )
        if left:
            pids = ", ".join(str(pid) for pid, _ in left)
            raise Partly(f"could not end process {pids}", "look at it: ps -fp PID")
        keys = [seat.key for seat in seats]
        outcomes = bring_back(up, project, keys, why="the user asked for it", progress=progress)
    ended = {seat.key for seat in living}
    agents = [
        {
            "name": outcome.seat.name,
            "was_running": outcome.seat.key in ended,
            "conversation_id": outcome.seat.conversation_id,
            "trouble": outcome.trouble,
        }
        for outcome in outcomes
    ]
    troubled = any(agent["trouble"] for agent in agents)
    return {"project": project.name, "agents": agents, "exit_code": int(troubled)}


def _chosen(parts: Parts, project: Project, names: Sequence[str], every: bool) -> list[Seat]:
    if every == bool(names):
        raise BadInput("name the agents, or give --all", "see tmux-orch status")
    seats = stop.chosen(parts, project, names)
    if not project.live:
        raise BadInput(f"the team of {project.name} is stopped", _RESUME)
    stopped = [seat.name for seat in seats if seat.desired is not Desired.UP]
    if names and stopped:
        raise BadInput(f"{', '.join(stopped)} was stopped by you", _RESUME)
    return [seat for seat in seats if seat.desired is Desired.UP]


def _reset(parts: Parts, seats: Sequence[Seat]) -> None:
    """From here on the daemon starts them again too, should we be killed before we do."""
    now = parts.clock.now()
    with parts.database.write() as connection:
        for seat in seats:
            known = parts.restarts.get(seat.key)
            state = moved(known.state, Move.RESET) if known is not None else RestartState.UP
            row = Restart(seat.key, seat.project, state, 0, seat.incarnation, now)
            parts.restarts.put(row, connection)
            parts.journal.note(seat.project, seat.run, seat.key, "restart", connection=connection)
