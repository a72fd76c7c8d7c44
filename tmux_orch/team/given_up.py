"""An agent that is not started any more: what its team and the person see."""

from __future__ import annotations

import logging
from datetime import datetime

from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.restart import Restart, RestartState
from tmux_orch.domain.roles import HUB_ROLE
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM

_log = logging.getLogger(__name__)


def tell_hub(parts: Parts, seat: Seat, row: Restart) -> None:
    """Say once to the hub that this agent stays down."""
    text = (
        f"{seat.name} is down and stays down: {row.reason}. Give its work to somebody else, or "
        f"wait: only the user can start it again."
    )
    for hub in parts.seats.of_project(seat.project):
        if hub.role == HUB_ROLE and hub.key != seat.key:
            key = f"given-up-{seat.name}-{seat.tag}"
            try:
                parts.courier.accept(SYSTEM, hub.key, text, client_key=key)
            except OrchError as error:
                _log.warning("%s was not told: %s", hub.key, error.line())


def shown(row: Restart | None, fused: Fused, now: datetime) -> Fused:
    """The state of an agent with what is planned for it; as it is when nothing is."""
    if row is None or fused.state not in (AgentState.EXITED, AgentState.UNKNOWN):
        return fused
    name = row.agent.rpartition("/")[2]
    match row.state:
        case RestartState.GIVEN_UP:
            told = f"{row.reason}; look at its last screen, then: tmux-orch restart {name}"
            return Fused(AgentState.ERROR, row.since_at, told)
        case RestartState.LEFT:
            told = f"it {row.reason}; start it again: tmux-orch restart {name}"
        case RestartState.WAITING if row.next_at is not None:
            left_s = max(0, round((row.next_at - now).total_seconds()))
            told = f"it {row.reason}; is started again in {left_s} s"
        case RestartState.STARTING:
            told = f"it {row.reason}; is being started again"
        case _:
            return fused
    return Fused(fused.state, fused.since_at, told, fused.conflict)
