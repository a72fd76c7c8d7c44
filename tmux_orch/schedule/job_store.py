"""The library's job store on our database: our table, our one writer, our faults."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apscheduler.jobstores.base import BaseJobStore
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from sqlalchemy import Connection, select

from tmux_orch.store.database import Database


class JobStore(SQLAlchemyJobStore):  # type: ignore[misc]  # the library has no types
    """Jobs as rows of ``apscheduler_jobs``. A row that cannot be read is logged and dropped.

    Every method raises :class:`~tmux_orch.domain.errors.Internal` when the database cannot be
    used, and ``RuntimeError`` inside ``Database.write()``.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(engine=database.engine)
        self.engine = _Writer(database.write)
        self._database = database

    def start(self, scheduler: Any, alias: str) -> None:
        """Begin to serve ``scheduler``; the table is there, as part of our schema."""
        BaseJobStore.start(self, scheduler, alias)

    def shutdown(self) -> None:
        """Nothing: the daemon closes its database."""

    def lookup_job(self, job_id: str) -> Any | None:
        """The job, or ``None`` when there is none that can be read."""
        return next(iter(self._get_jobs(self.jobs_t.c.id == job_id)), None)

    def next_after(self, now: datetime) -> datetime | None:
        """The first time after ``now`` at which a job is due."""
        at = self.jobs_t.c.next_run_time
        with self._database.read() as connection:
            found = connection.execute(
                select(at).where(at > now.timestamp()).order_by(at).limit(1)
            ).scalar()
        return None if found is None else datetime.fromtimestamp(found, UTC)

    def _get_jobs(self, *conditions: Any) -> list[Any]:
        # As the library's, but read without the write lock that its one transaction would take.
        rows = select(self.jobs_t.c.id, self.jobs_t.c.job_state).order_by(
            self.jobs_t.c.next_run_time
        )
        with self._database.read() as connection:
            found = connection.execute(rows.where(*conditions)).all()
        jobs, broken = [], []
        for row in found:
            try:
                jobs.append(self._reconstitute_job(row.job_state))
            except Exception as error:  # noqa: BLE001 - a damaged pickle can raise anything
                self._logger.error(
                    "the job %r cannot be read and is dropped: %s: %s",
                    row.id, type(error).__name__, error,
                )  # fmt: skip
                broken.append(row)
        if broken:
            with self._database.write() as connection:
                for row in broken:
                    table = self.jobs_t
                    same = (table.c.id == row.id) & (table.c.job_state == row.job_state)
                    connection.execute(table.delete().where(same))
        return jobs


@dataclass(frozen=True, slots=True)
class _Writer:
    """What the library takes for an engine: every transaction of it is one of the daemon's."""

    begin: Callable[[], AbstractContextManager[Connection]]
