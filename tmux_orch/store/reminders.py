"""The table of reminders: what was asked for, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from tmux_orch.domain import reminder as facts
from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.domain.job import CatchUp
from tmux_orch.domain.reminder import Reminder, ReminderKind, ReminderState
from tmux_orch.store.database import Database
from tmux_orch.store.redact import redact
from tmux_orch.store.rows import instant, row_reader, stamp
from tmux_orch.store.schema import REMINDERS as R

_STANDS = R.c.state.in_([state.value for state in facts.STANDING])
_ADD = insert(R)
_GET = select(R).where(R.c.id == bindparam("sought"))
_CHANGE = update(R).where(R.c.id == bindparam("sought"))
_STANDING = select(R).where(_STANDS).order_by(R.c.made_at, R.c.id)
_COUNT = select(func.count()).select_from(R).where(_STANDS)


class Reminders:
    """The table of reminders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, reminder: Reminder) -> Reminder:
        """Store a new reminder; one with the same id and words is given back as it is.

        Raises:
            BadInput: there are too many already, or the id is another reminder's.
        """
        with self._database.write() as c:
            row = c.execute(_GET, {"sought": reminder.id}).one_or_none()
            if row is not None:
                first = _reminder(row)
                if (first.sender, first.target, first.kind) != (
                    reminder.sender, reminder.target, reminder.kind,
                ):  # fmt: skip
                    raise BadInput(f"there is a reminder {reminder.id} already", "ask again")
                return first
            self._check_room(c, reminder)
            c.execute(_ADD, row_of(reminder))
        return reminder

    def get(self, reminder_id: str) -> Reminder | None:
        """The reminder with this id."""
        with self._database.read() as c:
            row = c.execute(_GET, {"sought": reminder_id}).one_or_none()
        return None if row is None else _reminder(row)

    def standing(self, project: str | None = None, sender: str | None = None) -> list[Reminder]:
        """What is open or paused, the oldest first; of one project, asked for by one sender."""
        query = _STANDING
        if project is not None:
            query = query.where(R.c.project == project)
        if sender is not None:
            query = query.where(R.c.sender == sender)
        with self._database.read() as c:
            return [_reminder(row) for row in c.execute(query)]

    def move(
        self,
        reminder_id: str,
        new: ReminderState | None = None,
        *,
        rang_at: datetime | None = None,
        skips: int = 0,
        reason: str | None = None,
    ) -> Reminder:
        """Move a reminder along its table, and count what was skipped; as it is then.

        At its end the note is kept redacted only: it is not needed any more.

        Raises:
            Absent: there is none with this id.
            IllegalMove: the table does not have this move; nothing was changed.
        """
        with self._database.write() as c:
            row = c.execute(_GET, {"sought": reminder_id}).one_or_none()
            if row is None:
                raise Absent(f"there is no reminder {reminder_id}", "see tmux-orch schedule list")
            old = _reminder(row)
            state = old.state if new is None else facts.move(old.state, new)
            moved = replace(
                old,
                state=state,
                note=old.note if state in facts.STANDING else redact(old.note),
                rang_at=rang_at or old.rang_at,
                skips=old.skips + skips,
                reason=old.reason if reason is None else redact(reason),
            )
            c.execute(_CHANGE.values(**row_of(moved)), {"sought": reminder_id})
        return moved

    def _check_room(self, c: Connection, new: Reminder) -> None:
        for column, value, most, whose in (
            (R.c.sender, new.sender, facts.AGENT_MOST, new.sender),
            (R.c.project, new.project, facts.PROJECT_MOST, new.project),
        ):
            if column is R.c.sender and new.sender == facts.PERSON:
                continue
            if int(c.execute(_COUNT.where(column == value)).scalar_one()) >= most:
                raise BadInput(
                    f"{whose} has {most} open reminders, which is the most there may be",
                    "end some: tmux-orch schedule cancel ID",
                )


def row_of(reminder: Reminder) -> dict[str, Any]:
    """A reminder as its row."""
    return {
        "id": reminder.id,
        "project": reminder.project,
        "target": reminder.target,
        "run": reminder.run,
        "sender": reminder.sender,
        "note": reminder.note,
        "kind": reminder.kind.value,
        "at": None if reminder.at is None else stamp(reminder.at),
        "every_s": reminder.every_s,
        "catch_up": reminder.catch_up.value,
        "state": reminder.state.value,
        "made_at": stamp(reminder.made_at),
        "rang_at": None if reminder.rang_at is None else stamp(reminder.rang_at),
        "skips": reminder.skips,
        "reason": reminder.reason,
    }


@row_reader
def _reminder(row: Row[Any]) -> Reminder:
    fields = dict(row._mapping)
    for name in ("at", "made_at", "rang_at"):
        fields[name] = None if fields[name] is None else instant(fields[name])
    fields["kind"] = ReminderKind(fields["kind"])
    fields["catch_up"] = CatchUp(fields["catch_up"])
    fields["state"] = ReminderState(fields["state"])
    return Reminder(**fields)
