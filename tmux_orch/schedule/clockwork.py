"""The clockwork: the one APScheduler of the daemon, on our database; what is due rings.

Times are UTC and instants or intervals only: wall-clock rules of a zone ring twice on one night of
the year and at an hour that does not exist on another. The scheduler's waits do not see that the
clock jumped or the machine slept, so it is woken at least every :data:`WAKE_S`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from tmux_orch.clock import Clock
from tmux_orch.domain.job import At, CatchUp, Entry, Every, When
from tmux_orch.schedule import jobs
from tmux_orch.store.database import Database

_log = logging.getLogger(__name__)

#: How late a jump of the clock, or the end of a suspend, may be noticed.
WAKE_S = 15.0
#: Called with a job's id and the times at which it was due, oldest first; must be idempotent: a
#: kill between the ring and its note in the store rings the same times again.
Ring = Callable[[str, Sequence[datetime]], None]


class Clockwork:
    """Rings what is due, in one thread of its own; the job's kind says who answers.

    No method may be called inside ``Database.write()``: the job store has the same one connection.

    Args:
        database: Where the jobs are kept.
        clock: Time.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.answers: dict[str, Ring] = {}
        self._clock = clock
        self._stop = threading.Event()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.add_jobstore(_Store(engine=database.engine))
        self._scheduler.add_executor(_AtOnce(self._ring))
        self._waker = threading.Thread(target=self._wake, name="clockwork-wake", daemon=True)

    def start(self) -> None:
        """Ring from now on; what was missed first."""
        self._scheduler.start()
        self._waker.start()

    def stop(self) -> None:
        """Ring no more; returns when nothing is ringing."""
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown()
        if self._waker.is_alive():
            self._waker.join()

    def put(self, job_id: str, when: When, catch_up: CatchUp = CatchUp.ONCE) -> None:
        """Have ``job_id`` (``kind:rest``) ring; in place of what it was due for before."""
        self._scheduler.add_job(
            jobs.fire, _trigger(when, self._clock.now()), args=[job_id], id=job_id,
            name=catch_up.value, replace_existing=True, coalesce=catch_up is not CatchUp.ALL,
            max_instances=1, misfire_grace_time=None,
        )  # fmt: skip

    def drop(self, job_id: str) -> None:
        """Forget a job; one that is not there is no error."""
        try:
            self._scheduler.remove_job(job_id)
        except JobLookupError:
            pass

    def pause(self, job_id: str, paused: bool = True) -> None:
        """Let a job rest, or go on; one that is not there is no error."""
        try:
            (self._scheduler.pause_job if paused else self._scheduler.resume_job)(job_id)
        except JobLookupError:
            pass

    def all(self) -> list[Entry]:
        """Every job, the next one first."""
        return [_entry(job) for job in self._scheduler.get_jobs()]

    def _wake(self) -> None:
        while not self._stop.wait(WAKE_S):
            self._scheduler.wakeup()

    def _ring(self, job_id: str, due: Sequence[datetime]) -> None:
        answer = self.answers.get(job_id.partition(":")[0])
        if answer is None:
            _log.error("nobody answers %s", job_id)
            return
        answer(job_id, due)


class _AtOnce(BaseExecutor):  # type: ignore[misc]  # the library has no types
    """Rings in the scheduler's own thread, before the job's next time is written down."""

    def __init__(self, ring: Ring) -> None:
        super().__init__()
        self._ring = ring

    def _do_submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        self._ring(job.id, [at.astimezone(UTC) for at in run_times])
        self._instances[job.id] -= 1


class _Store(SQLAlchemyJobStore):  # type: ignore[misc]
    """The library's store on our engine, which is not its to close."""

    def shutdown(self) -> None:
        """Nothing: the daemon closes its database."""


def _trigger(when: When, now: datetime) -> BaseTrigger:
    if isinstance(when, At):
        return DateTrigger(when.at, timezone=UTC)
    first = when.first_at or now + timedelta(seconds=when.every_s)
    return IntervalTrigger(
        seconds=when.every_s, start_date=first, timezone=UTC, jitter=when.jitter_s or None
    )


def _entry(job: Any) -> Entry:
    when: When
    if isinstance(job.trigger, DateTrigger):
        when = At(job.trigger.run_date.astimezone(UTC))
    else:
        every_s, jitter_s = int(job.trigger.interval_length), job.trigger.jitter or 0
        when = Every(every_s, jitter_s, job.trigger.start_date.astimezone(UTC))
    return Entry(job.id, when, CatchUp(job.name), job.next_run_time)
