"""The event log: what happened, append-only, each with its number."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select

from tmux_orch.clock import Clock
from tmux_orch.store.database import Database
from tmux_orch.store.redact import redacted_json
from tmux_orch.store.rows import from_json, instant, new_number, row_reader, stamp
from tmux_orch.store.schema import EVENTS

_APPEND = insert(EVENTS)
_SINCE = (
    select(EVENTS)
    .where(EVENTS.c.seq > bindparam("after"))
    .order_by(EVENTS.c.seq)
    .limit(bindparam("most"))
)
# What is no project's (the tmux server that all share was lost) concerns each.
_SINCE_IN = _SINCE.where(
    or_(EVENTS.c.project == bindparam("in_project"), EVENTS.c.project.is_(None))
)
_RECENT = (
    select(EVENTS)
    .where(EVENTS.c.seq > bindparam("after"))
    .where(or_(EVENTS.c.project == bindparam("in_project"), EVENTS.c.project.is_(None)))
    .order_by(EVENTS.c.seq.desc())
    .limit(bindparam("most"))
)
_RECENT_OF = _RECENT.where(EVENTS.c.agent == bindparam("of_agent"))
_OF_KINDS = (
    select(EVENTS)
    .where(EVENTS.c.seq > bindparam("after"))
    .where(EVENTS.c.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(EVENTS.c.seq)
)
# What a quiet agent did before so many events of others is not looked for: 20,000 take 20 ms.
_FAR = 20_000
_LAST = select(EVENTS.c.seq).order_by(EVENTS.c.seq.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        seq: Number in the log; grows, and no two events share one.
        at: When (aware UTC).
        kind: What, e.g. ``message.delivered``.
        project, agent: Whom it is about (``agent`` is a key), or ``None``.
        payload: Details, secrets redacted.
    """

    seq: int
    at: datetime
    kind: str
    project: str | None
    agent: str | None
    payload: dict[str, Any]


class Events:
    """The event log and its mirror ``logs/events/<day>.jsonl``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def append(
        self,
        kind: str,
        project: str | None = None,
        agent: str | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        connection: Connection | None = None,
        at: datetime | None = None,
    ) -> int:
        """Store one event; its number. The mirror's line follows the commit."""
        when = stamp(at or self._clock.now())
        clean = redacted_json(payload or {})
        with self._database.write(connection) as c:
            row = {
                "at": when,
                "kind": kind,
                "project": project,
                "agent": agent,
                "payload": clean,
            }
            seq = new_number(c.execute(_APPEND, row))
            mirrors = self._database.mirrors
            if mirrors is not None:
                line = {"seq": seq, **row, "payload": from_json(clean)}
                self._database.after_commit(lambda: mirrors.write(mirrors.events, line))
        return seq

    def since(self, seq: int, limit: int = 500, project: str | None = None) -> list[Event]:
        """At most ``limit`` events after number ``seq``, oldest first."""
        found = {"after": seq, "most": limit}
        with self._database.read() as c:
            if project is None:
                rows = c.execute(_SINCE, found).all()
            else:
                rows = c.execute(_SINCE_IN, {**found, "in_project": project}).all()
        return [_event(row) for row in rows]

    def recent(self, project: str, limit: int, agent: str | None = None) -> list[Event]:
        """The last events of a project (of one agent, by its key), oldest first."""
        found = {"after": max(0, self.last() - _FAR), "most": limit, "in_project": project}
        with self._database.read() as c:
            if agent is None:
                rows = c.execute(_RECENT, found).all()
            else:
                rows = c.execute(_RECENT_OF, {**found, "of_agent": agent}).all()
        return [_event(row) for row in reversed(rows)]

    def of_kinds(self, kinds: Collection[str]) -> list[Event]:
        """Those of these kinds among the last 20,000 events, oldest first."""
        found = {"after": max(0, self.last() - _FAR), "kinds": sorted(kinds)}
        with self._database.read() as c:
            return [_event(row) for row in c.execute(_OF_KINDS, found).all()]

    def last(self) -> int:
        """Number of the newest event; 0 when there is none."""
        with self._database.read() as c:
            return int(c.execute(_LAST).scalar() or 0)


@row_reader
def _event(row: Row[Any]) -> Event:
    return Event(
        seq=row.seq,
        at=instant(row.at),
        kind=row.kind,
        project=row.project,
        agent=row.agent,
        payload=from_json(row.payload),
    )


def event_line(event: Event) -> dict[str, Any]:
    """One line of the mirror."""
    return {
        "seq": event.seq,
        "at": stamp(event.at),
        "kind": event.kind,
        "project": event.project,
        "agent": event.agent,
        "payload": event.payload,
    }
