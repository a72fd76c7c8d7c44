"""The timetable: what is planned, kept by APScheduler in our database.

The library's part is the jobs, their triggers and their store. When to look at what is due, and
what becomes of a ring that failed, is the clockwork's: the library would move a job on whose ring
has failed, reads the system's clock and not the one that is passed in, and does not see that the
clock jumped or the machine slept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger

from tmux_orch.domain.job import At, CatchUp, Entry, Every, When
from tmux_orch.schedule import jobs
from tmux_orch.schedule.job_store import JobStore
from tmux_orch.store.database import Database

#: A clock set back by a multiple of an interval would bring its old times again, and what is told
#: by them (a message's key) would be taken for told.
OFF_GRID = timedelta(seconds=1)


class Timetable:
    """What is planned. Every method may be called from any thread, but not in ``write()``.

    Each raises :class:`~tmux_orch.domain.errors.Internal` when the database cannot be used.

    Args:
        database: Where the jobs are kept.
        changed: Called after a job was put, or goes on: there may be something due.
    """

    def __init__(self, database: Database, changed: Callable[[], None]) -> None:
        # A line for every job that is put would bury what the daemon's log is for.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._store = JobStore(database)
        self._changing = threading.RLock()
        self._scheduler = _Scheduler(changed)
        self._scheduler.add_jobstore(self._store)
        self._scheduler.start()

    def put(self, job_id: str, when: When, catch_up: CatchUp, now: datetime) -> None:
        """Write a job down, in place of what it was."""
        trigger = _trigger(job_id, when, now)
        with self._changing:
            self._put(job_id, trigger, catch_up, trigger.get_next_fire_time(None, now))

    def drop(self, job_id: str) -> None:
        """Strike a job off; one that is not there is no error."""
        with self._changing:
            try:
                self._scheduler.remove_job(job_id)
            except JobLookupError:
                pass

    def pause(self, job_id: str, paused: bool, now: datetime) -> None:
        """Let a job rest, or go on; one that is not there, or does so already, is no error."""
        with self._changing:
            job = self._store.lookup_job(job_id)
            if job is not None and paused != (job.next_run_time is None):
                again = None if paused else job.trigger.get_next_fire_time(None, now)
                self._scheduler.modify_job(job_id, next_run_time=again)

    def all(self) -> list[Entry]:
        """Every job, the next one first, those that rest last."""
        return [_entry(job) for job in self._store.get_all_jobs()]

    def due(self, now: datetime) -> list[Any]:
        """The library's jobs that are due, the one that waits longest first."""
        found: list[Any] = self._store.get_due_jobs(now)
        return found

    def next_after(self, now: datetime) -> datetime | None:
        """The first time after ``now`` at which a job is due."""
        return self._store.next_after(now)

    def rung(self, job: Any, last: datetime, now: datetime) -> None:
        """Note that a due job has rung for its times up to ``last``.

        A job that was put, paused or dropped since it was read stays as it is now.
        """
        with self._changing:
            stored = self._store.lookup_job(job.id)
            if stored is None or _state(stored) != _state(job):
                return
            job.next_run_time = job.trigger.get_next_fire_time(last, now)
            if job.next_run_time is None:
                self._store.remove_job(job.id)
            else:
                self._store.update_job(job)

    def set_back(self, now: datetime, by: timedelta | None) -> None:
        """The clock was set back: let no interval wait for the old one.

        Those whose next time is further away than one interval wait for what was left of it, or,
        where nobody knows ``by`` how much, one interval. Times that somebody named are waited for.
        """
        with self._changing:
            for job in self._store.get_all_jobs():
                old = job.trigger
                if not isinstance(old, jobs.Regularly) or job.next_run_time is None:
                    continue
                every = timedelta(seconds=old.every_s)
                named = old.named and job.next_run_time == old.first_at
                if named or job.next_run_time <= now + every + timedelta(seconds=old.jitter_s):
                    continue
                first = now + every if by is None else max(now, job.next_run_time - by) + OFF_GRID
                anew = jobs.Regularly(first, old.every_s, old.jitter_s, job.id, exact=True)
                self._put(job.id, anew, CatchUp(job.name), first)

    def _put(self, job_id: str, trigger: BaseTrigger, catch_up: CatchUp, at: datetime) -> None:
        self._scheduler.add_job(
            jobs.fire, trigger, args=[job_id], id=job_id, name=catch_up.value,
            next_run_time=at, replace_existing=True,
        )  # fmt: skip


def times_until(job: Any, now: datetime, most: int) -> tuple[list[datetime], int]:
    """The times at which a due job was due: the newest ``most`` (one at least), and how many."""
    if isinstance(job.trigger, jobs.Regularly):
        return job.trigger.passed(job.next_run_time, now, most)
    return [job.next_run_time.astimezone(UTC)], 1


class _Scheduler(BaseScheduler):  # type: ignore[misc]  # the library has no types
    """The library's scheduler without a thread."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__(timezone=UTC)
        self._changed = changed

    def shutdown(self, wait: bool = True) -> None:
        """Nothing: there is no thread."""

    def wakeup(self) -> None:
        """There may be something due."""
        self._changed()


def _trigger(job_id: str, when: When, now: datetime) -> BaseTrigger:
    if isinstance(when, At):
        return DateTrigger(when.at, timezone=UTC)
    first = when.first_at or now + timedelta(seconds=when.every_s)
    named = when.first_at is not None
    return jobs.Regularly(first, when.every_s, when.jitter_s, job_id, exact=named, named=named)


def _state(job: Any) -> tuple[Any, ...]:
    return job.next_run_time, job.name, job.trigger.__getstate__()


def _entry(job: Any) -> Entry:
    when: When
    if isinstance(job.trigger, jobs.Regularly):
        at = job.trigger
        when = Every(at.every_s, at.jitter_s, at.first_at)
    else:
        when = At(job.trigger.run_date.astimezone(UTC))
    return Entry(job.id, when, CatchUp(job.name), job.next_run_time)
