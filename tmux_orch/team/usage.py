"""Tokens and cost: what programs tell is kept as it grows, and told per day, agent and project."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.usage import Counter, Used, counters, plus, used
from tmux_orch.domain.work import Figures
from tmux_orch.store.projects import Project
from tmux_orch.store.usage import Usage
from tmux_orch.team.parts import Parts
from tmux_orch.watch.live_seat import LiveSeat

SCHEMA = "tmux-orch/usage/1"
MOST_DAYS = 3660


class Meter:
    """Writes down what live agents' programs tell of their use. Safe to use from any thread.

    Figures that were told of another conversation or process are not taken for the one of now:
    after a change only newer ones count.
    """

    def __init__(self, usage: Usage, figures: Callable[[LiveSeat], Figures | None]) -> None:
        self._usage = usage
        self._figures = figures
        self._last: dict[str, tuple[Figures, str, str]] = {}
        self._lock = threading.Lock()

    def read(self, lives: Iterable[LiveSeat]) -> None:
        """Keep what has changed since the last time."""
        with self._lock:
            self._read(lives)

    def _read(self, lives: Iterable[LiveSeat]) -> None:
        found: list[Counter] = []
        for live in lives:
            figures, seat = self._figures(live), live.seat()
            if figures is None or not self._is_news(seat, figures):
                continue
            self._last[seat.key] = (figures, seat.conversation_id, seat.tag)
            day = day_of(figures.at)
            found += counters(figures, day, seat.project, seat.key, seat.conversation_id, seat.tag)
        if found:
            self._usage.keep(found)

    def _is_news(self, seat: Seat, figures: Figures) -> bool:
        before = self._last.get(seat.key)
        if before is None:
            return True
        if (seat.conversation_id, seat.tag) != before[1:]:
            return figures.at > before[0].at
        return figures != before[0]


def table(parts: Parts, project: Project, days: int) -> dict[str, Any]:
    """What each agent used on each of the last ``days`` days, today included, and the sums.

    Raises:
        BadInput: not a number from 1 to :data:`MOST_DAYS`.
    """
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
        raise BadInput(f"--days {days!r}", f"give a number from 1 to {MOST_DAYS}")
    first = day_of(parts.clock.now()) - timedelta(days=days - 1)
    rows = used(parts.usage.since(project.name, first), first)
    return {
        "schema": SCHEMA,
        "project": {"name": project.name, "path": project.path},
        "days": days,
        "used": [
            {"day": row.day.isoformat(), "agent": row.agent.partition("/")[2], **_figures(row)}
            for row in rows
        ],
        "total": total(rows),
    }


def total(rows: Iterable[Used]) -> dict[str, Any]:
    """The sums of ``rows``; what nobody tells is ``None``."""
    whole = Used(date.min, "", "")
    for row in rows:
        whole = Used(
            date.min,
            "",
            "",
            plus(whole.input_tokens, row.input_tokens),
            plus(whole.output_tokens, row.output_tokens),
            plus(whole.cost_usd, row.cost_usd),
        )
    return _figures(whole)


def _figures(row: Used) -> dict[str, Any]:
    cost = None if row.cost_usd is None else round(row.cost_usd, 6)
    return {
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cost_usd": cost,
    }


def day_of(at: datetime) -> date:
    """The day in the daemon's time zone: what a person calls today."""
    return at.astimezone().date()
