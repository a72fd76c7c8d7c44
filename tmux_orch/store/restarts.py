"""Ends of agents' programs, and where each agent's restarts stand."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, select, update

from tmux_orch.domain.restart import Cause, Death, End, Restart, RestartState
from tmux_orch.store.database import Database
from tmux_orch.store.redact import redact
from tmux_orch.store.rows import instant, row_reader, stamp
from tmux_orch.store.schema import DEATHS, RESTARTS

_SAME_END = and_(
    DEATHS.c.agent == bindparam("of_agent"),
    DEATHS.c.run == bindparam("of_run"),
    DEATHS.c.incarnation == bindparam("of_incarnation"),
)
_KNOWN = select(DEATHS.c.id).where(_SAME_END)
_DIED = insert(DEATHS)
_NEWEST = (
    select(DEATHS)
    .where(DEATHS.c.agent == bindparam("of_agent"))
    .order_by(DEATHS.c.id.desc())
    .limit(bindparam("most"))
)
_ALL = select(RESTARTS)
_PUT = insert(RESTARTS)
_CHANGE = update(RESTARTS).where(RESTARTS.c.agent == bindparam("of_agent"))
_FORGET = delete(RESTARTS).where(RESTARTS.c.agent == bindparam("of_agent"))


class Deaths:
    """The table ``deaths``: one row per end, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, death: Death, connection: Connection | None = None) -> bool:
        """Write down an end; ``False`` when this start's end was written down before."""
        same = {
            "of_agent": death.agent,
            "of_run": death.run,
            "of_incarnation": death.incarnation,
        }
        with self._database.write(connection) as c:
            if c.execute(_KNOWN, same).one_or_none() is not None:
                return False
            c.execute(
                _DIED,
                {
                    "agent": death.agent,
                    "project": death.project,
                    "run": death.run,
                    "incarnation": death.incarnation,
                    "at": stamp(death.at),
                    "cause": death.end.cause.value,
                    "exit_status": death.end.exit_status,
                    "signal": death.end.signal,
                    "screen": death.screen,
                },
            )
        return True

    def of(self, agent: str, limit: int = 20) -> list[Death]:
        """The last ends of an agent, newest first."""
        with self._database.read() as c:
            rows = c.execute(_NEWEST, {"of_agent": agent, "most": limit}).all()
        return [_death(row) for row in rows]


class Restarts:
    """The table ``restarts``: one row per agent that was started again; no row, nothing is known.

    Read often and written seldom, so it is kept in memory too; the daemon is the only writer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[str, Restart] | None = None

    def get(self, agent: str) -> Restart | None:
        """Where an agent's restarts stand."""
        return self._rows().get(agent)

    def all(self) -> list[Restart]:
        """Every row."""
        return list(self._rows().values())

    def put(self, one: Restart, connection: Connection | None = None) -> None:
        """Keep where an agent's restarts stand; durable when the transaction is."""
        row = {
            "project": one.project,
            "state": one.state.value,
            "attempts": one.attempts,
            "incarnation": one.incarnation,
            "since_at": stamp(one.since_at),
            "next_at": stamp(one.next_at) if one.next_at else None,
            "reason": redact(one.reason),
        }
        with self._database.write(connection) as c:
            if not c.execute(_CHANGE.values(**row), {"of_agent": one.agent}).rowcount:
                c.execute(_PUT, {"agent": one.agent, **row})
            self._database.after_commit(self._changed)

    def forget(self, agent: str, connection: Connection | None = None) -> None:
        """There is nothing to remember of this agent."""
        if self.get(agent) is None:
            return
        with self._database.write(connection) as c:
            c.execute(_FORGET, {"of_agent": agent})
            self._database.after_commit(self._changed)

    def _changed(self) -> None:
        with self._lock:
            self._kept = None

    def _rows(self) -> dict[str, Restart]:
        with self._lock:
            if self._kept is None:
                with self._database.read() as c:
                    self._kept = {row.agent: _restart(row) for row in c.execute(_ALL)}
            return self._kept


@row_reader
def _death(row: Row[Any]) -> Death:
    return Death(
        agent=row.agent,
        project=row.project,
        run=row.run,
        incarnation=row.incarnation,
        at=instant(row.at),
        end=End(Cause(row.cause), row.exit_status, row.signal),
        screen=row.screen,
    )


@row_reader
def _restart(row: Row[Any]) -> Restart:
    return Restart(
        agent=row.agent,
        project=row.project,
        state=RestartState(row.state),
        attempts=row.attempts,
        incarnation=row.incarnation,
        since_at=instant(row.since_at),
        next_at=instant(row.next_at) if row.next_at else None,
        reason=row.reason,
    )
