"""How often an agent's program was started lately: one count for every rule about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tmux_orch.domain.restart import WINDOW_S, recent
from tmux_orch.domain.seat import Seat
from tmux_orch.team.parts import Parts

# What begins the count anew: a person has looked at it.
_BY_PERSON = ("restart", "stop")


def reset_at(parts: Parts, seat: Seat) -> datetime | None:
    """When a person last stopped it, or said that it shall be started again."""
    steps = [parts.journal.last(seat.project, seat.key, name) for name in _BY_PERSON]
    return max((step.begun_at for step in steps if step is not None), default=None)


def lately(parts: Parts, seat: Seat) -> int:
    """Starts that count for the budget now, whoever made them."""
    now = parts.clock.now()
    begun = parts.journal.begun(seat.project, seat.key, "window", now - timedelta(seconds=WINDOW_S))
    return recent(begun, now, reset_at(parts, seat))
