"""The clockwork: the one APScheduler of the daemon, on our database; what is due rings.

Times are UTC and instants or intervals only: wall-clock rules of a zone ring twice on one night of
the year and at an hour that does not exist on another. The library keeps the jobs; the look at what
is due is ours, because the library's moves a job on whose ring has failed, reads the system's clock
and not the one that is passed in, and does not see that the clock jumped or the machine slept.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger

from tmux_orch import crash
from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Internal, OrchError
from tmux_orch.domain.job import At, CatchUp, Entry, Every, When, to_ring
from tmux_orch.schedule import jobs
from tmux_orch.schedule.job_store import JobStore
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
        self._store = JobStore(database)
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._changing = threading.RLock()
        self._failing: dict[str, tuple[int, float]] = {}
        self._seen: tuple[datetime, float] | None = None
        # A line for every job that is put would bury what the daemon's log is for.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler = _Scheduler(self._woken)
        self._scheduler.add_jobstore(self._store)
        self._scheduler.start()
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
        now = self._clock.now()
        trigger = _trigger(job_id, when, now)
        with self._changing:
            self._failing.pop(job_id, None)
            self._scheduler.add_job(
                jobs.fire, trigger, args=[job_id], id=job_id, name=catch_up.value,
                next_run_time=trigger.get_next_fire_time(None, now), replace_existing=True,
            )  # fmt: skip

    def drop(self, job_id: str) -> None:
        """Forget a job; one that is not there is no error."""
        with self._changing:
            self._failing.pop(job_id, None)
            try:
                self._scheduler.remove_job(job_id)
            except JobLookupError:
                pass

    def pause(self, job_id: str, paused: bool = True) -> None:
        """Let a job rest, or go on; one that is not there is no error.

        Of a job that goes on, the times that passed meanwhile are over; an instant that did rings.
        """
        with self._changing:
            job = self._store.lookup_job(job_id)
            if job is None or paused == (job.next_run_time is None):
                return
            again = None if paused else job.trigger.get_next_fire_time(None, self._clock.now())
            self._scheduler.modify_job(job_id, next_run_time=again)

    def all(self) -> list[Entry]:
        """Every job, the next one first, those that are paused last."""
        return [_entry(job) for job in self._scheduler.get_jobs()]

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
        for job in self._store.get_due_jobs(now):
            if self._stopping.is_set():
                break
            _, rests_until = self._failing.get(job.id, (0, -math.inf))
            if rests_until <= self._clock.monotonic():
                self._ring(job, now)
            if failed := self._failing.get(job.id):
                waits.append(failed[1] - self._clock.monotonic())
        if self._woken.is_set():
            return 0.0  # a ring put something
        following = self._store.next_after(now)
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
        times, count = _passed(job, now)
        try:
            chosen = to_ring(CatchUp(job.name), times, now)
            if chosen:
                self._answer(job.id)(job.id, chosen)
            if count > len(chosen):
                self.missed(job.id, count - len(chosen), times[0])
            crash.point("rung")
            self._note(job, times[-1], now)
        except Exception as error:  # noqa: BLE001 - of one job: the others ring
            self._put_off(job.id, error)
        else:
            self._failing.pop(job.id, None)

    def _answer(self, job_id: str) -> Ring:
        kind = job_id.partition(":")[0]
        if kind not in self.answers:
            raise Internal(f"nobody answers jobs of the kind {kind}")
        return self.answers[kind]

    def _note(self, job: Any, last: datetime, now: datetime) -> None:
        """Write down that ``job`` has rung, unless it was put, paused or dropped meanwhile."""
        with self._changing:
            stored = self._store.lookup_job(job.id)
            if stored is None or _due(stored) != _due(job):
                return
            job.next_run_time = job.trigger.get_next_fire_time(last, now)
            if job.next_run_time is None:
                self._store.remove_job(job.id)
            else:
                self._store.update_job(job)

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
        """After the clock was set back, intervals begin anew: else they would wait for the old one.

        Looked at also when nothing is known of the clock: it may have been set while we were down.
        """
        monotonic = self._clock.monotonic()
        if self._seen is not None:
            then, count = self._seen
            back_s = (monotonic - count) - (now - then).total_seconds()
            if back_s <= BACK_S:
                self._seen = (now, monotonic)
                return
            _log.warning("the clock was set back by %.0f s", back_s)
        with self._changing:
            for job in self._store.get_all_jobs():
                when = job.trigger
                if not isinstance(when, jobs.Regularly) or job.next_run_time is None:
                    continue
                if when.awaited and job.next_run_time == when.first_at:
                    continue
                if job.next_run_time > now + timedelta(seconds=when.every_s + when.jitter_s):
                    self.put(job.id, Every(when.every_s, when.jitter_s), CatchUp(job.name))
        self._seen = (now, monotonic)


class _Scheduler(BaseScheduler):  # type: ignore[misc]
    """The library's book of jobs; when it says that there is something new, ``woken`` is set."""

    def __init__(self, woken: threading.Event) -> None:
        super().__init__(timezone=UTC)
        self._woken = woken

    def shutdown(self, wait: bool = True) -> None:
        """Nothing: it has no thread."""

    def wakeup(self) -> None:
        """There may be something due."""
        self._woken.set()


def _say_missed(job_id: str, count: int, since: datetime) -> None:
    _log.warning("%s did not ring for %d times since %s", job_id, count, since.isoformat())


def _line(error: Exception) -> str:
    return error.line() if isinstance(error, OrchError) else f"{type(error).__name__}: {error}"


def _trigger(job_id: str, when: When, now: datetime) -> BaseTrigger:
    if isinstance(when, At):
        return DateTrigger(when.at, timezone=UTC)
    first = when.first_at or now + timedelta(seconds=when.every_s)
    awaited = when.first_at is not None
    return jobs.Regularly(first, when.every_s, when.jitter_s, job_id, awaited)


def _passed(job: Any, now: datetime) -> tuple[list[datetime], int]:
    """The times of a job that is due, the newest of them, and how many there are."""
    if isinstance(job.trigger, jobs.Regularly):
        return job.trigger.passed(job.next_run_time, now, MOST)
    return [job.next_run_time.astimezone(UTC)], 1


def _due(job: Any) -> tuple[Any, ...]:
    return job.next_run_time, job.name, job.trigger.__getstate__()


def _entry(job: Any) -> Entry:
    when: When
    if isinstance(job.trigger, jobs.Regularly):
        at = job.trigger
        when = Every(at.every_s, at.jitter_s, at.first_at)
    else:
        when = At(job.trigger.run_date.astimezone(UTC))
    return Entry(job.id, when, CatchUp(job.name), job.next_run_time)
