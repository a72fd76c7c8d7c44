"""A limit that approaches: each agent that works is asked once to save its work, while it can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from tmux_orch.clock import Clock
from tmux_orch.domain.forecast import SOON
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import BUSY, Condition
from tmux_orch.schedule.forecast import Forecast
from tmux_orch.watch.live_seat import LiveSeat

#: The shortest window of a plan: a warning that names none stands for so long.
WINDOW = timedelta(hours=5)
#: A program's warning comes with less than ten minutes left; later working agents are asked too.
WARNED = SOON
_ROUND_S = 600


class Ask(Protocol):
    """Asks an agent to commit and to write its checkpoint, once per occasion."""

    def __call__(
        self, seat: Seat, why: str, within_s: float, *, occasion: str, goes_on: bool
    ) -> bool:
        """Whether it was asked now."""


class Approaching:
    """Asks, by the forecast and by the programs' own warnings.

    ``round`` is one thread's; ``event`` may be another's.

    Args:
        forecast: When each agent's plan runs out.
        ask: Told whom, why, and for which limit.
        clock: Time.
    """

    def __init__(self, forecast: Forecast, ask: Ask, clock: Clock) -> None:
        self._forecast = forecast
        self._ask = ask
        self._clock = clock
        self._warned: dict[str, datetime] = {}
        self._asked: dict[str, datetime] = {}

    def event(self, kind: str, key: str | None, payload: Mapping[str, Any]) -> None:
        """Something happened to an agent; only its program's warning counts here."""
        warns = payload.get("condition") == Condition.APPROACHING_LIMIT
        if kind == "condition_seen" and warns and key:
            self._warned[key] = self._clock.now()

    def round(self, lives: Iterable[LiveSeat]) -> None:
        """Ask whoever works and whose plan is about to run out, once until its reset."""
        now = self._clock.now()
        warned = self._warned_accounts(now)
        for live in lives:
            seat = live.seat()
            if live.fused().state not in BUSY or self._asked.get(seat.key, now) > now:
                continue
            found = self._why(seat.key, warned, now)
            if found is None:
                continue
            why, within_s, until = found
            occasion = f"limit:{_rounded(until):%Y-%m-%dT%H:%MZ}"
            # The limit may not come, and an agent that rests is not woken after it to go on.
            self._ask(seat, why, within_s, occasion=occasion, goes_on=True)
            self._asked[seat.key] = until

    def _warned_accounts(self, now: datetime) -> dict[str, datetime]:
        """The accounts of which a program has warned lately, and when."""
        found: dict[str, datetime] = {}
        for key, at in list(self._warned.items()):
            if not at <= now <= at + WARNED:
                self._warned.pop(key, None)
            elif account := self._forecast.account(key):
                found[account] = max(at, found.get(account, at))
        return found

    def _why(
        self, key: str, warned: Mapping[str, datetime], now: datetime
    ) -> tuple[str, float, datetime] | None:
        """Why, within what time, and until when that asking counts."""
        soon = self._forecast.next_end(key)
        if soon is not None and soon.runs_out_at is not None:
            name = soon.name.replace("_", " ")
            left_s = max(60.0, (soon.runs_out_at - now).total_seconds())
            why = f"your plan's {name} window is {soon.used_percent:.0f} % used"
            return why, left_s, soon.resets_at or now + WINDOW
        account = self._forecast.account(key)
        warned_at = warned.get(account)
        if warned_at is None:
            return None
        left_s = max(60.0, (warned_at + WARNED - now).total_seconds())
        return "your program warns that its usage limit is near", left_s, self._reset(account, now)

    def _reset(self, account: str, now: datetime) -> datetime:
        """When the fullest window of its plan ends; else the end of a window of five hours."""
        known = [one for one in self._forecast.outlooks(account) if one.resets_at]
        fullest = max(known, key=lambda one: one.used_percent, default=None)
        if fullest is not None and fullest.resets_at is not None:
            return fullest.resets_at
        return now + WINDOW


def _rounded(at: datetime) -> datetime:
    """The same for a reset that is told a little differently, also by the next daemon."""
    return datetime.fromtimestamp(round(at.timestamp() / _ROUND_S) * _ROUND_S, at.tzinfo)
