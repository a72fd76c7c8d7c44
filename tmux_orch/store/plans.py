"""The stored plans: what a team is meant to be, one per run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import BadInput
from tmux_orch.store.database import Database
from tmux_orch.store.rows import from_json, row_reader, stamp, to_json
from tmux_orch.store.schema import PLANS

_PUT = insert(PLANS)
_REPLACE = update(PLANS).where(PLANS.c.run == bindparam("sought"))
_GET = select(PLANS.c.body).where(PLANS.c.run == bindparam("sought"))
_LATEST = (
    select(PLANS.c.body)
    .where(PLANS.c.project == bindparam("sought"))
    .order_by(PLANS.c.seq.desc())
    .limit(1)
)


class Plans:
    """The table of plans. A body is the plan as JSON-ready data."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(
        self, run: str, project: str, body: Mapping[str, Any], connection: Connection | None = None
    ) -> None:
        """Store the plan of ``run``, new or in place of its earlier one.

        Raises:
            BadInput: the project is not stored.
        """
        row = {"project": project, "stored_at": stamp(self._clock.now()), "body": to_json(body)}
        try:
            with self._database.write(connection) as c:
                if not c.execute(_REPLACE.values(**row), {"sought": run}).rowcount:
                    c.execute(_PUT, {"run": run, **row})
        except IntegrityError as error:
            raise BadInput(f"there is no project {project}") from error

    def get(self, run: str) -> dict[str, Any] | None:
        """The plan of ``run``."""
        return self._one(_GET, run)

    def latest(self, project: str) -> dict[str, Any] | None:
        """The plan of the project's newest run."""
        return self._one(_LATEST, project)

    def _one(self, statement: Any, sought: str) -> dict[str, Any] | None:
        with self._database.read() as c:
            body = c.execute(statement, {"sought": sought}).scalar_one_or_none()
        return None if body is None else _body(body)


@row_reader
def _body(text: str) -> dict[str, Any]:
    return from_json(text)
