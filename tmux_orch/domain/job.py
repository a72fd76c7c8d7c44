"""A thing that is due at some time: what it is, when, and what becomes of times that were missed.

Ids are deterministic, so that putting a job twice is putting it once: ``checkin:<agent>``,
``reminder:<id>``, ``resume:<hold>``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: How late a time of a job that skips may still ring.
GRACE = timedelta(seconds=60)


class CatchUp(StrEnum):
    """What happens to times that passed while nobody could ring (daemon down, suspend)."""

    SKIP = "skip"  # dropped, with a line in the log
    ONCE = "once"  # all of them together ring once
    ALL = "all"  # each rings, in order


@dataclass(frozen=True, slots=True)
class At:
    """Once, at an instant (aware UTC)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again: ``every_s`` after the one before, by up to ``jitter_s`` sooner or later.

    Attributes:
        first_at: The first time (aware UTC); ``None`` for one interval from now.
    """

    every_s: int
    jitter_s: int = 0
    first_at: datetime | None = None


When = At | Every


@dataclass(frozen=True, slots=True)
class Entry:
    """One job as it stands in the clockwork.

    Attributes:
        id: Its deterministic id.
        when: Its trigger.
        catch_up: What becomes of missed times.
        next_at: When it rings next (aware UTC); ``None`` while it is paused.
    """

    id: str
    when: When
    catch_up: CatchUp
    next_at: datetime | None


def to_ring(catch_up: CatchUp, times: Sequence[datetime], now: datetime) -> Sequence[datetime]:
    """Which of the ``times`` that are due (oldest first, at least one) ring at ``now``."""
    if catch_up is CatchUp.ALL:
        return times
    last = times[-1:]
    return () if catch_up is CatchUp.SKIP and now - last[0] > GRACE else last
