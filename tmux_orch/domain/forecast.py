"""How long a plan's window lasts at the pace of now, from what programs were told of it. Pure.

All agents of an account are told the same windows, each when its own program asked last: an older
report may come after a newer one. Within a window use only grows, so what is lower is older.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tmux_orch.domain.work import Quota

#: The pace is that of the last hour; of a window that goes on for days, of a fifth of what is left
#: of it, at most twelve hours: in one hour a week's percentage does not move.
LEAST_BACK, MOST_BACK = timedelta(hours=1), timedelta(hours=12)
#: Nothing is concluded from less; less than the second is a first guess.
LEAST_SEEN, WELL_SEEN = timedelta(minutes=5), timedelta(minutes=30)
#: Percentages are told as whole numbers: growth by less may be none.
WELL_GROWN = 2.0
#: The same window, told a little differently.
SAME = timedelta(minutes=2)
#: No plan's window is longer; a reset beyond is a unit that was read wrong.
LONGEST = timedelta(days=40)
#: Check-ins are stretched at most so far.
MOST_STRETCH = 4.0
#: An approaching limit: it runs out within this.
SOON = timedelta(minutes=10)

_FULL, _MOST = 100.0, 1000.0
_HOUR = timedelta(hours=1)
_FAR = timedelta(days=366)


class Sureness(StrEnum):
    """How much a forecast is worth."""

    NONE = "none"  # too little was seen
    LOW = "low"  # a first guess
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Sample:
    """What was used at an instant (aware UTC)."""

    at: datetime
    used_percent: float


@dataclass(frozen=True, slots=True)
class Window:
    """What was told of one window of one account.

    Attributes:
        name: The program's own name of it.
        resets_at: When it ends, if that was said (aware UTC).
        samples: Oldest first; what is used never falls.
    """

    name: str
    resets_at: datetime | None = None
    samples: tuple[Sample, ...] = ()

    def told(self, quota: Quota, at: datetime) -> Window:
        """The window after an agent was told ``quota`` at ``at``; itself when that is old news.

        Another reset is another window, which starts anew; so is, where no reset is said, a fall
        to less than half.
        """
        used, resets_at = min(quota.used_percent, _MOST), quota.resets_at
        if not used >= 0:  # not a number either
            return self
        if resets_at is not None and resets_at - at > LONGEST:
            resets_at = None
        if resets_at is not None and resets_at <= at:
            return self  # of a window that is over: the agent has not asked since
        sample, last = Sample(at, used), self.samples[-1] if self.samples else None
        if last is None or self._is_another(resets_at, used, last):
            return Window(self.name, resets_at, (sample,))
        if used < last.used_percent or at < last.at:
            return self
        earlier = self.samples[:-1] if at == last.at else self.samples
        return replace(
            self,
            resets_at=self.resets_at or resets_at,
            samples=_thinned((*earlier, sample), self._back(at)),
        )

    def _is_another(self, resets_at: datetime | None, used: float, last: Sample) -> bool:
        if resets_at is not None and self.resets_at is not None:
            return abs(resets_at - self.resets_at) > SAME
        return used < last.used_percent / 2

    def _back(self, now: datetime) -> timedelta:
        if self.resets_at is None:
            return LEAST_BACK
        return min(max((self.resets_at - now) / 5, LEAST_BACK), MOST_BACK)

    def outlook(self, now: datetime) -> Outlook | None:
        """What becomes of it, seen from ``now``; ``None`` when nothing was told or it is over."""
        if not self.samples or (self.resets_at is not None and self.resets_at <= now):
            return None
        last = self.samples[-1]
        begin = max(self.samples[0].at, now - self._back(now))
        seen = now - begin
        outlook = Outlook(self.name, last.used_percent, self.resets_at, last.at)
        if seen < LEAST_SEEN:
            return outlook
        grown = last.used_percent - _used_at(self.samples, begin)
        well = seen >= WELL_SEEN and (grown == 0 or grown >= WELL_GROWN)
        rate = max(0.0, grown / (seen / _HOUR))
        return replace(
            outlook,
            rate_percent_per_h=rate,
            runs_out_at=_runs_out(last.used_percent, rate, now),
            sureness=Sureness.GOOD if well else Sureness.LOW,
        )


@dataclass(frozen=True, slots=True)
class Outlook:
    """A forecast of one window.

    Attributes:
        name: The program's own name of it.
        used_percent: What is used, as told last.
        resets_at: When it ends, if that was said.
        told_at: When the use was told last.
        rate_percent_per_h: How much is used in an hour now; ``None`` when too little was seen.
        runs_out_at: When nothing is left at that pace, never before the instant it was asked for;
            ``None`` when that is not in sight.
        sureness: How much all this is worth.
    """

    name: str
    used_percent: float
    resets_at: datetime | None
    told_at: datetime
    rate_percent_per_h: float | None = None
    runs_out_at: datetime | None = None
    sureness: Sureness = Sureness.NONE

    @property
    def lasts(self) -> bool | None:
        """Whether it lasts until its reset; ``None`` when that cannot be told."""
        if self.used_percent >= _FULL:
            return False
        if self.rate_percent_per_h is None:
            return None
        if self.runs_out_at is None:
            return True
        return None if self.resets_at is None else self.runs_out_at >= self.resets_at

    def concerns(self, model: str) -> bool:
        """Whether an agent with this model spends from it: a window may be one model's alone."""
        own = self.name.rpartition("_")[2].lower()
        return own not in _FAMILIES or not model or own in model.lower()


#: Families of models that have windows of their own, as the last word of the window's name.
_FAMILIES = frozenset({"opus", "sonnet", "haiku", "fable"})


def stretch(outlooks: Iterable[Outlook], now: datetime) -> float:
    """By how much to stretch what costs use, so that each window lasts: 1 to 4, in halves.

    Only what is known well counts, and only windows that run out before their reset.
    """
    most = 1.0
    for one in outlooks:
        if one.lasts is not False or one.sureness is not Sureness.GOOD:
            continue
        if one.resets_at is None or one.runs_out_at is None:
            continue
        available = max(one.runs_out_at - now, timedelta(minutes=1))
        most = max(most, (one.resets_at - now) / available)
    return min(MOST_STRETCH, math.ceil(most * 2) / 2)


def approaching(outlooks: Iterable[Outlook], now: datetime) -> Outlook | None:
    """The window that runs out first within ten minutes, and not only after its reset."""
    soon = [
        one
        for one in outlooks
        if one.runs_out_at is not None
        and one.used_percent < _FULL
        and one.runs_out_at - now <= SOON
        and one.lasts is not True
    ]
    return min(soon, key=lambda one: one.runs_out_at or now, default=None)


def _runs_out(used: float, rate: float, now: datetime) -> datetime | None:
    if used >= _FULL:
        return now
    # Compared before it is divided: a rate may be as small as a number can be.
    if rate * (_FAR / _HOUR) < _FULL - used:
        return None
    return now + timedelta(hours=(_FULL - used) / rate)


def _used_at(samples: tuple[Sample, ...], at: datetime) -> float:
    """What was used at ``at``: what had been told last by then."""
    before = [one.used_percent for one in samples if one.at <= at]
    return before[-1] if before else samples[0].used_percent


def _thinned(samples: tuple[Sample, ...], back: timedelta) -> tuple[Sample, ...]:
    """At most 122 samples: no three within a sixtieth of the time back, none older but one."""
    newest = samples[-1]
    if len(samples) > 2:
        before, between = samples[-3:-1]
        close = newest.at - before.at < back / 60
        still = before.used_percent == between.used_percent == newest.used_percent
        if close or still:
            samples = (*samples[:-2], newest)
    old = sum(1 for one in samples if one.at <= newest.at - back)
    return samples[max(0, old - 1) :]
