"""The clockwork: looks at what is due, by the clock that is passed in, and rings it.

Times are UTC and instants or intervals only: wall-clock rules of a zone ring twice on one night of
the year and at an hour that does not exist on another.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tmux_orch import crash
from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Internal, OrchError
from tmux_orch.domain.job import CatchUp, Entry, When, to_ring
from tmux_orch.schedule.timetable import Timetable, times_until
from tmux_orch.store.database import Database

_log = logging.getLogger(__name__)

#: How late a jump of the clock, or the end of a suspend, may be noticed.
WAKE_S = 15.0
#: A clock set back by less is the work of a time server.
BACK_S = 5.0
#: A ring that failed is tried again after so long, then after twice that, and so on up to the most.
RETRY_S, RETRY_MOST_S = 1.0, 60.0
#: Of a job's missed times the newest so many ring at most.
MOST = 1000
#: A ring is quick; one that hangs does not keep the daemon from stopping.
STOP_S = 10.0
#: Called with a job's id and the times at which it was due, oldest first; must be idempotent: a
#: kill between the ring and its note in the store, or a fault, rings the same times again.
Ring = Callable[[str, Sequence[datetime]], None]
#: Called with a job's id, how many of its times passed without a ring, and the first due one.
Missed = Callable[[str, int, datetime], None]


class Clockwork:
    """Rings what is due, in one thread of its own; the job's kind says who answers.

    A job is moved on, or ends, only when its ring has returned: one that raised, or that nobody
    answers, rings again. Jobs may be put and dropped before the start and after the stop, but
    never inside ``Database.write()``, which raises ``RuntimeError``.

    Args:
        database: Where the jobs are kept.
        clock: Time.

    Attributes:
        answers: Who answers the rings of a kind of job.
        missed: Told of times that passed without a ring of their own.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.answers: dict[str, Ring] = {}
        self.missed: Missed = _say_missed
        self._clock = clock
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._timetable = Timetable(database, self._woken.set)
        self._failing: dict[str, tuple[int, float]] = {}
        self._seen: tuple[datetime, float] | None = None
        self._thread = threading.Thread(target=self._run, name="clockwork", daemon=True)

    def start(self) -> None:
        """Ring from now on; what was missed first.

        Rows that cannot be read are gone when it returns, so that their owners can put them again.

        Raises:
            Internal: the database cannot be used.
        """
        self._notice_a_jump(self._clock.now())
        self._thread.start()

    def stop(self) -> None:
        """Ring no more; returns when nothing is ringing."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)
            if self._thread.is_alive():
                _log.error("a ring did not return within %.0f s and is left behind", STOP_S)

    def put(self, job_id: str, when: When, catch_up: CatchUp = CatchUp.ONCE) -> None:
        """Have ``job_id`` (``kind:rest``) ring; in place of what it was due for before.

        Raises:
            Internal: it could not be stored.
        """
        self._timetable.put(job_id, when, catch_up, self._clock.now())
        self._failing.pop(job_id, None)

    def drop(self, job_id: str) -> None:
        """Forget a job; one that is not there is no error."""
        self._timetable.drop(job_id)
        self._failing.pop(job_id, None)

    def pause(self, job_id: str, paused: bool = True) -> None:
        """Let a job rest, or go on; one that is not there is no error.

        Of a job that goes on, the times that passed meanwhile are over; an instant that did rings.
        """
        self._timetable.pause(job_id, paused, self._clock.now())

    def all(self) -> list[Entry]:
        """Every job, the next one first, those that are paused last."""
        return self._timetable.all()

    def look(self) -> float:
        """Ring everything that is due now, in the caller's thread.

        Returns:
            After how many seconds the next look is worth it; infinite when nothing is planned.

        Raises:
            Internal: the jobs could not be read.
        """
        self._woken.clear()
        now = self._clock.now()
        self._notice_a_jump(now)
        waits = [math.inf]
        for job in self._timetable.due(now):
            if self._stopping.is_set():
                break
            _, rests_until = self._failing.get(job.id, (0, -math.inf))
            if rests_until <= self._clock.monotonic():
                self._ring(job, now)
            if failed := self._failing.get(job.id):
                waits.append(failed[1] - self._clock.monotonic())
        if self._woken.is_set():
            return 0.0  # a ring put something
        following = self._timetable.next_after(now)
        if following is not None:
            waits.append((following - self._clock.now()).total_seconds())
        return max(0.0, min(waits))

    def _run(self) -> None:
        wait_s = 0.0
        while not self._stopping.is_set():
            self._woken.wait(min(wait_s, WAKE_S))
            try:
                wait_s = self.look()
            except Exception as error:  # noqa: BLE001 - nobody else would ring
                _log.error("could not look for what is due: %s", _line(error))
                wait_s = WAKE_S

    def _ring(self, job: Any, now: datetime) -> None:
        times, count = times_until(job, now, MOST)
        try:
            chosen = to_ring(CatchUp(job.name), times, now)
            if chosen:
                self._answer(job.id)(job.id, chosen)
            if count > len(chosen):
                self.missed(job.id, count - len(chosen), job.next_run_time)
            crash.point("rung")
            self._timetable.rung(job, times[-1], now)
        except Exception as error:  # noqa: BLE001 - of one job: the others ring
            self._put_off(job.id, error)
        else:
            self._failing.pop(job.id, None)

    def _answer(self, job_id: str) -> Ring:
        kind = job_id.partition(":")[0]
        if kind not in self.answers:
            raise Internal(f"nobody answers jobs of the kind {kind}")
        return self.answers[kind]

    def _put_off(self, job_id: str, error: Exception) -> None:
        tries = self._failing.get(job_id, (0, 0.0))[0] + 1
        wait_s = min(RETRY_S * 2 ** min(tries - 1, 10), RETRY_MOST_S)
        self._failing[job_id] = (tries, self._clock.monotonic() + wait_s)
        if tries & (tries - 1) == 0:  # the 1st, 2nd, 4th, 8th … time
            told = None if isinstance(error, OrchError) else error
            _log.error(
                "%s rings again, it failed %d times: %s", job_id, tries, _line(error), exc_info=told
            )

    def _notice_a_jump(self, now: datetime) -> None:
        # Without a look before this one too: the clock may have been set while we were down.
        monotonic = self._clock.monotonic()
        if self._seen is None:
            self._timetable.set_back(now, None)
        else:
            then, count = self._seen
            back_s = (monotonic - count) - (now - then).total_seconds()
            if back_s > BACK_S:
                _log.warning("the clock was set back by %.0f s", back_s)
                self._timetable.set_back(now, timedelta(seconds=back_s))
        self._seen = (now, monotonic)


def _say_missed(job_id: str, count: int, since: datetime) -> None:
    _log.warning("%s did not ring for %d times since %s", job_id, count, since.isoformat())


def _line(error: Exception) -> str:
    return error.line() if isinstance(error, OrchError) else f"{type(error).__name__}: {error}"
