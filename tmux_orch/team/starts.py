"""How often an agent's program was started lately: one count for every rule about it."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from tmux_orch.domain.restart import STARTS, WINDOW_S, recent
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


class Own:
    """The daemon's own starts, by a clock that nobody can set."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # Monotonic instants, each with the person's act it came after.
        self._begun: dict[str, deque[tuple[float, datetime | None]]] = {}

    def begun(self, seat: Seat) -> None:
        """It is started now."""
        own = self._begun.setdefault(seat.key, deque(maxlen=2 * STARTS))
        own.append((self._parts.clock.monotonic(), reset_at(self._parts, seat)))

    def not_made(self, key: str) -> None:
        """The last start was not made after all."""
        if own := self._begun.get(key):
            own.pop()

    def forget(self, key: str) -> None:
        """It is healthy, or not wanted any more."""
        self._begun.pop(key, None)

    def lately(self, seat: Seat) -> int:
        """Starts that count, as :func:`lately`, and not fewer than we have made ourselves."""
        now, reset = self._parts.clock.monotonic(), reset_at(self._parts, seat)
        own = sum(now - at < WINDOW_S and of == reset for at, of in self._begun.get(seat.key, ()))
        return max(lately(self._parts, seat), own)
