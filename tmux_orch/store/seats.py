"""The seats: one row per agent, and the state that was last fused for it."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.store.database import Database
from tmux_orch.store.redact import redact
from tmux_orch.store.remembered import Remembered
from tmux_orch.store.rows import instant, row_reader, stamp
from tmux_orch.store.schema import SEATS

_FIELDS = tuple(field.name for field in dataclass_fields(Seat))
_CHANGEABLE = frozenset(_FIELDS) - {"project", "name"}
_COLUMNS = [SEATS.c[name] for name in _FIELDS]

_PUT = insert(SEATS)
_CHANGE = update(SEATS).where(SEATS.c.key == bindparam("sought"))
_GET = select(*_COLUMNS).where(SEATS.c.key == bindparam("sought"))
_OF_PROJECT = select(*_COLUMNS).where(SEATS.c.project == bindparam("sought")).order_by(SEATS.c.slot)
_ALL = select(*_COLUMNS).order_by(SEATS.c.project, SEATS.c.slot)
_STATE = select(SEATS.c.state, SEATS.c.since_at, SEATS.c.evidence).where(
    SEATS.c.key == bindparam("sought")
)
_REMOVE = delete(SEATS).where(SEATS.c.key == bindparam("sought"))


class Seats:
    """The table of seats."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._every = Remembered(database, self._read_all)

    def put(self, seat: Seat, connection: Connection | None = None) -> None:
        """Store a seat, new or in place of the one with its key (whose state is kept).

        Raises:
            BadInput: its project is not stored.
        """
        row = {name: getattr(seat, name) for name in _FIELDS}
        row["desired"] = seat.desired.value
        try:
            with self._database.write(connection) as c:
                self._database.changes_teams()
                if not c.execute(_CHANGE.values(**row), {"sought": seat.key}).rowcount:
                    c.execute(_PUT, {"key": seat.key, **row})
        except IntegrityError as error:
            raise BadInput(f"there is no project {seat.project}") from error

    def get(self, key: str, connection: Connection | None = None) -> Seat | None:
        """The seat with this key."""
        with self._database.read(connection) as c:
            row = c.execute(_GET, {"sought": key}).one_or_none()
        return None if row is None else _seat(row)

    def of_project(self, name: str, connection: Connection | None = None) -> list[Seat]:
        """The seats of a project, by slot; removed ones too."""
        with self._database.read(connection) as c:
            return [_seat(row) for row in c.execute(_OF_PROJECT, {"sought": name})]

    def all(self) -> list[Seat]:
        """Every seat, by project and slot; from memory when nothing was written since."""
        return self._every.get()

    def _read_all(self) -> tuple[Seat, ...]:
        with self._database.read() as c:
            return tuple(_seat(row) for row in c.execute(_ALL))

    def update(self, key: str, connection: Connection | None = None, **fields: Any) -> Seat:
        """Change fields of a seat; the seat as it is then.

        Raises:
            Absent: there is no such seat.
        """
        if not fields or not fields.keys() <= _CHANGEABLE:
            raise TypeError(f"not to be changed: {sorted(fields.keys() - _CHANGEABLE)}")
        with self._database.write(connection) as c:
            self._database.changes_teams()
            if not c.execute(_CHANGE.values(**fields), {"sought": key}).rowcount:
                raise Absent(f"there is no agent {key}")
            return _seat(c.execute(_GET, {"sought": key}).one())

    def set_state(self, key: str, fused: Fused, connection: Connection | None = None) -> None:
        """Keep what the readings said last.

        Raises:
            Absent: there is no such seat.
        """
        row = {
            "state": fused.state.value,
            "since_at": stamp(fused.since_at),
            "evidence": redact(fused.evidence),
        }
        with self._database.write(connection) as c:
            if not c.execute(_CHANGE.values(**row), {"sought": key}).rowcount:
                raise Absent(f"there is no agent {key}")

    def state(self, key: str) -> Fused | None:
        """What was kept last; ``None`` when nothing was."""
        with self._database.read() as c:
            row = c.execute(_STATE, {"sought": key}).one_or_none()
        if row is None or row.state is None:
            return None
        return _fused(row)

    def remove(self, key: str, connection: Connection | None = None) -> None:
        """Forget a seat; its messages, steps and events stay."""
        with self._database.write(connection) as c:
            self._database.changes_teams()
            c.execute(_REMOVE, {"sought": key})


@row_reader
def _seat(row: Row[Any]) -> Seat:
    fields = dict(row._mapping)
    fields["desired"] = Desired(fields["desired"])
    return Seat(**fields)


@row_reader
def _fused(row: Any) -> Fused:
    return Fused(AgentState(row.state), instant(row.since_at), row.evidence or "")
