"""What stored jobs name. Jobs are pickles: renaming or moving anything here kills stored ones."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from apscheduler.triggers.base import BaseTrigger


def fire(job_id: str) -> None:
    """Never called: the clockwork rings by the job's id instead.

    Args:
        job_id: The job's own id.
    """
    raise RuntimeError(f"{job_id} was run by a scheduler that is not the clockwork")


class Regularly(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Times on a grid, each moved by a jitter that is always the same for the same time.

    The library's interval trigger rolls dice at every look: after a kill between a ring and its
    note the same time would come out as another one, and ring twice. It also drifts by its jitter.

    Args:
        first_at: The grid's first time (aware UTC).
        every_s: Seconds between two times; at least 1.
        jitter_s: By how much a time may be moved, either way; less than half of ``every_s`` is
            used, so that no two times change places.
        salt: What makes this job's jitter differ from that of others.
        exact: The first time has no jitter.
        named: The first time was asked for: it is waited for however far away it is.
    """

    __slots__ = ("every_s", "exact", "first_at", "jitter_s", "named", "salt")

    def __init__(
        self,
        first_at: datetime,
        every_s: int,
        jitter_s: int,
        salt: str,
        *,
        exact: bool = False,
        named: bool = False,
    ) -> None:
        if every_s < 1 or jitter_s < 0:
            raise ValueError(f"every {every_s} s with a jitter of {jitter_s} s")
        self.first_at = first_at.astimezone(UTC)
        self.every_s = every_s
        self.jitter_s = jitter_s
        self.salt = salt
        self.exact = exact
        self.named = named

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The first time after ``previous_fire_time``; without one, the first from ``now`` on."""
        after = previous_fire_time or now - timedelta(microseconds=1)
        number = max(0, math.floor((after - self.first_at).total_seconds() / self.every_s))
        while self._time(number) <= after:
            number += 1
        return self._time(number)

    def passed(self, first: datetime, now: datetime, most: int) -> tuple[list[datetime], int]:
        """The times from ``first``, which is one, until ``now``: the last ``most``, and how many.

        There is at least ``first`` itself.
        """
        begin = self.number(first)
        end = max(begin, self.number(self.get_next_fire_time(max(first, now), now)) - 1)
        kept = range(max(begin, end - most + 1), end + 1)
        return [self._time(number) for number in kept], end - begin + 1

    def number(self, at: datetime) -> int:
        """Which of the times ``at`` is; the first is 0."""
        return round((at - self.first_at).total_seconds() / self.every_s)

    def _time(self, number: int) -> datetime:
        at = self.first_at + timedelta(seconds=number * self.every_s)
        most_us = min(self.jitter_s * 1_000_000, self.every_s * 500_000 - 1)
        if not self.jitter_s or (self.exact and number == 0):
            return at
        dice = blake2b(f"{self.salt} {at.isoformat()}".encode(), digest_size=8).digest()
        return at + timedelta(
            microseconds=int.from_bytes(dice, "big") % (2 * most_us + 1) - most_us
        )

    def __getstate__(self) -> dict[str, Any]:
        return {"version": 1, **{name: getattr(self, name) for name in self.__slots__}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, state[name])
