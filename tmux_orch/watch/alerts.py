"""Alerts that stand, and what of them is news: each edge once, reminders ever more rarely."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tmux_orch.domain.attention import Alert, AlertKind
from tmux_orch.watch.attention import FROM_FIRST_SIGHT

#: An alert that comes back so soon after it went is the same one: it is shown, not told again.
COOLDOWN_S = 300.0
#: The first reminder comes so long after an alert was told, each later one after twice the time.
REMIND_S, REMIND_MOST_S = 1800.0, 4 * 3600.0
#: How long an alert of before the daemon's start stands unproved, where what it rests on is told
#: by the agent now and then, or counted by us.
BELIEVED_S = 60.0
_BELIEVED = frozenset(
    {AlertKind.RESTART_LOOP, AlertKind.BLOCKED, AlertKind.CONTEXT_LOW, AlertKind.MEMORY}
)


class What(StrEnum):
    """Why an alert is told."""

    RAISED = "raised"
    REMINDED = "reminded"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell of one alert; ``reminder`` counts from 1."""

    what: What
    alert: Alert
    reminder: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """One alert that stands, or stood a short while ago.

    Attributes:
        alert: As last found.
        stands: Whether it was found at the last look.
        told_at: When it was last told; ``None`` while it is not.
        quiet_until: Before this instant it is shown, but not told.
        believed_until: Before this instant it stands although it is not found: the daemon was
            started again, and not all it rests on is known yet.
    """

    alert: Alert
    stands: bool = True
    told_at: datetime | None = None
    reminders: int = 0
    quiet_until: datetime | None = None
    believed_until: datetime | None = None


class Alerts:
    """The alerts of all agents. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, AlertKind], _Kept] = {}

    def of(self, key: str) -> tuple[Alert, ...]:
        """The alerts of one agent that stand now, the gravest first."""
        order = list(AlertKind)
        with self._lock:
            standing = [
                kept.alert
                for (agent, _), kept in self._kept.items()
                if agent == key and kept.stands
            ]
        return tuple(sorted(standing, key=lambda alert: order.index(alert.kind)))

    def look(self, key: str, found: Iterable[Alert], now: datetime) -> list[News]:
        """Take what was found for one agent as all that stands now; what of it is news."""
        by_kind = {alert.kind: alert for alert in found}
        news: list[News] = []
        with self._lock:
            for kind in AlertKind:
                kept = self._kept.get((key, kind))
                after, told = _step(kept, by_kind.get(kind), now)
                if after is None:
                    self._kept.pop((key, kind), None)
                else:
                    self._kept[key, kind] = after
                news += told
        return news

    def restore(self, alert: Alert, told_at: datetime, reminders: int, now: datetime) -> None:
        """It was told before the daemon was started again, and not taken back: so it stands."""
        until = now + timedelta(seconds=BELIEVED_S) if alert.kind in _BELIEVED else None
        kept = _Kept(alert, told_at=told_at, reminders=reminders, believed_until=until)
        with self._lock:
            self._kept[alert.agent, alert.kind] = kept

    def forget(self, key: str) -> None:
        """The agent is gone on purpose: nothing of it stands, and nothing is told."""
        with self._lock:
            self._kept = {place: kept for place, kept in self._kept.items() if place[0] != key}


def _step(
    kept: _Kept | None, found: Alert | None, now: datetime
) -> tuple[_Kept | None, list[News]]:
    """One alert's next step: what is kept of it, and what is told."""
    if found is None:
        return (None, []) if kept is None else _gone(kept, now)
    if kept is None:
        return _Kept(found, told_at=now), [News(What.RAISED, found)]
    if kept.stands and found.kind in FROM_FIRST_SIGHT:
        found = replace(found, since_at=kept.alert.since_at)
    kept = replace(kept, alert=found, stands=True, believed_until=None)
    if kept.told_at is None:
        if kept.quiet_until is not None and now < kept.quiet_until:
            return kept, []
        return _Kept(found, told_at=now), [News(What.RAISED, found)]
    wait_s = min(REMIND_S * 2**kept.reminders, REMIND_MOST_S)
    if (now - kept.told_at).total_seconds() < wait_s:
        return kept, []
    number = kept.reminders + 1
    told = News(What.REMINDED, found, number)
    return replace(kept, told_at=now, reminders=number), [told]


def _gone(kept: _Kept, now: datetime) -> tuple[_Kept | None, list[News]]:
    """The same when it was not found any more."""
    if kept.believed_until is not None and now < kept.believed_until:
        return kept, []
    if kept.told_at is not None:
        quiet_until = now + timedelta(seconds=COOLDOWN_S)
        quiet = _Kept(kept.alert, stands=False, quiet_until=quiet_until)
        return quiet, [News(What.CLEARED, kept.alert)]
    if kept.quiet_until is None or now >= kept.quiet_until:
        return None, []
    return replace(kept, stands=False), []
