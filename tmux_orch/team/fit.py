"""Whether there is memory for the agents that are about to be started."""

from __future__ import annotations

from collections.abc import Iterable

from tmux_orch.agents import memory
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.memory import FEWER, is_hopeless, warning
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.team.parts import Parts, Progress


def check(parts: Parts, programs: Iterable[str], progress: Progress, *, refuse: bool) -> None:
    """Warn when agents of these programs do not fit into the memory that is free.

    Args:
        parts: The rooms' objects.
        programs: The agent program of each agent that will be started.
        progress: Told the warning.
        refuse: Refuse what would not even fit into a machine that does nothing else.

    Raises:
        BadInput: it is that, and ``refuse``; nothing was changed.
    """
    needs = [memory.needed_mb(parts.adapters[name]) for name in programs]
    if not needs:
        return
    room = memory.room(_server_pid(parts))
    line = warning(needs, room) if room is not None else ""
    if not line:
        return
    if refuse and room is not None and is_hopeless(needs, room):
        raise BadInput(line, FEWER)
    progress({"event": "note", "text": f"{line}; {FEWER}"})


def down(parts: Parts, seats: Iterable[Seat]) -> list[str]:
    """The programs of those seats that a resume would start."""
    found = []
    for seat in seats:
        live = parts.board.seat(seat.key)
        runs = live is not None and live.fused().state is not AgentState.EXITED
        if seat.desired is not Desired.REMOVED and not runs:
            found.append(seat.adapter)
    return found


def _server_pid(parts: Parts) -> int:
    """The tmux server as last seen; 0 when it is not known. Asking one that hangs takes 5 s."""
    return int((parts.board.looks.server() or "0").partition(":")[0])
