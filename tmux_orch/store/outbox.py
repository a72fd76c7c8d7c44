"""The outbox: one row per message, moved only along the domain's transition table."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.domain.message import FINAL, OPEN, Message, MessageState, Priority, move
from tmux_orch.store import message_rows as rows
from tmux_orch.store.database import Database
from tmux_orch.store.events import Events
from tmux_orch.store.redact import redact
from tmux_orch.store.rows import new_number, stamp


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What is asked to be delivered, every rule already passed.

    Attributes:
        project, target, sender, text, priority, raw, client_key: As in ``Message``.
        original: The text as it was given, where that is not ``text``: what a repetition with the
            same ``client_key`` is compared with, and what the log shows (redacted).
        id: An id made beforehand (:func:`new_id`); empty to have one made.
    """

    project: str
    target: str
    sender: str
    text: str
    priority: Priority = Priority.MEDIUM
    raw: bool = False
    client_key: str | None = None
    original: str | None = None
    id: str = ""


def new_id() -> str:
    """A message id: 8 random hex digits."""
    return secrets.token_hex(4)


class Outbox:
    """The table of messages and its mirror ``logs/communications/<day>/messages.jsonl``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._events = Events(database, clock)

    def accept(self, new: NewMessage, connection: Connection | None = None) -> Message:
        """Make a message durable: when this returns it will be delivered, or shown as not.

        The same sender and ``client_key`` with the same text and target give the first message
        again, wherever it is by now.

        Raises:
            BadInput: that key was used for another text or target; or the text is not text.
        """
        original = new.text if new.original is None else new.original
        digest = _digest(new.target, original)
        with self._database.write(connection) as c:
            if new.client_key is not None:
                found = {"from_sender": new.sender, "key": new.client_key}
                first = c.execute(rows.SAME_KEY, found).one_or_none()
                if first is not None:
                    if first.digest != digest:
                        raise BadInput(
                            f"the id {new.client_key} was used for another message ({first.id})",
                            "give this one an id of its own",
                        )
                    return rows.read_message(first[:-1])
            message = self._insert(c, new, digest)
            self._record(c, message, original)
        return message

    def move(
        self,
        message_id: str,
        new_state: MessageState,
        reason: str = "",
        proof: str = "",
        attempts: int | None = None,
        connection: Connection | None = None,
    ) -> Message:
        """Move a message along the table; the message as it is then.

        In a final state the text is kept redacted only: it is not needed any more.

        Raises:
            Absent: there is no such message.
            IllegalMove: the table does not have this move; nothing was changed.
        """
        with self._database.write(connection) as c:
            old = self._need(c, message_id)
            state = move(old.state, new_state)
            now = self._clock.now()
            row = {
                "sought": message_id,
                "new_state": state.value,
                "new_at": stamp(now),
                "new_open": state in OPEN,
                "new_reason": redact(reason),
                "new_proof": str(proof),
                "new_attempts": old.attempts if attempts is None else attempts,
            }
            c.execute(rows.MOVE, row)
            text = redact(old.text) if state in FINAL else old.text
            if text != old.text:
                c.execute(rows.FORGET, {"sought": message_id, "new_text": text})
            moved = rows.read_message(
                (old.id, old.seq, old.project, old.target, old.sender, text, old.priority, old.raw,
                 old.client_key, state, row["new_at"], row["new_reason"], row["new_proof"],
                 row["new_attempts"], stamp(old.accepted_at))
            )  # fmt: skip
            self._record(c, moved, None)
        return moved

    def explain(
        self, message_id: str, reason: str, connection: Connection | None = None
    ) -> Message:
        """Say anew why a message is where it is, without moving it.

        Raises:
            Absent: there is no such message.
        """
        with self._database.write(connection) as c:
            old = self._need(c, message_id)
            if old.reason != redact(reason):
                c.execute(rows.EXPLAIN, {"sought": message_id, "new_reason": redact(reason)})
            return self._need(c, message_id)

    def get(self, message_id: str) -> Message | None:
        """The message with this id."""
        with self._database.read() as c:
            row = c.execute(rows.GET, {"sought": message_id}).one_or_none()
        return None if row is None else rows.read_message(row)

    def by_client_key(self, sender: str, client_key: str) -> Message | None:
        """The message that ``sender`` gave this ``--id``."""
        with self._database.read() as c:
            found = {"from_sender": sender, "key": client_key}
            row = c.execute(rows.SAME_KEY, found).one_or_none()
        return None if row is None else rows.read_message(row[:-1])

    def open_for(self, target: str) -> list[Message]:
        """The target's messages that delivery still works on, in order of acceptance."""
        with self._database.read() as c:
            return [
                rows.read_message(row) for row in c.execute(rows.OPEN_FOR, {"to_target": target})
            ]

    def targets_with_open(self) -> list[str]:
        """Every target that has such messages."""
        with self._database.read() as c:
            return list(c.execute(rows.TARGETS).scalars())

    def recent(
        self,
        project: str | None,
        limit: int = 50,
        *,
        agent: str | None = None,
        after_seq: int = 0,
        states: Sequence[MessageState] = (),
    ) -> list[Message]:
        """The newest messages, oldest first.

        Args:
            project: Of this project; ``None`` for all.
            limit: At most so many.
            agent: Only to or from this seat key.
            after_seq: Only ones accepted after this number.
            states: Only ones in these states.
        """
        query = (
            select(*rows.COLUMNS)
            .order_by(rows.M.seq.desc())
            .limit(limit)
            .where(rows.M.seq > after_seq)
        )
        if project is not None:
            query = query.where(rows.M.project == project)
        if agent is not None:
            query = query.where((rows.M.target == agent) | (rows.M.sender == agent))
        if states:
            query = query.where(rows.M.state.in_([state.value for state in states]))
        with self._database.read() as c:
            return [rows.read_message(row) for row in c.execute(query)][::-1]

    def count_held(self, project: str) -> dict[str, int]:
        """How many messages wait, by target (everything not yet delivered or given up)."""
        with self._database.read() as c:
            found = c.execute(rows.WAITING, {"in_project": project})
            return {target: int(count) for target, count in found}

    def count_since(self, sender: str, target: str, since_at: datetime) -> int:
        """How many messages from ``sender`` to ``target`` were accepted after ``since_at``."""
        found = {"from_sender": sender, "to_target": target, "after": stamp(since_at)}
        with self._database.read() as c:
            return int(c.execute(rows.SENT_SINCE, found).scalar_one())

    def _insert(self, c: Connection, new: NewMessage, digest: str) -> Message:
        now = stamp(self._clock.now())
        message_id = new.id or new_id()
        while not new.id and c.execute(rows.GET, {"sought": message_id}).one_or_none() is not None:
            message_id = new_id()
        row = {
            "id": message_id,
            "project": new.project,
            "target": new.target,
            "sender": new.sender,
            "text": new.text,
            "digest": digest,
            "priority": new.priority.value,
            "raw": new.raw,
            "client_key": new.client_key,
            "state": MessageState.ACCEPTED.value,
            "state_at": now,
            "is_open": True,
            "reason": "",
            "proof": "",
            "attempts": 0,
            "accepted_at": now,
        }
        try:
            seq = new_number(c.execute(rows.ACCEPT, row))
        except IntegrityError as error:
            raise BadInput(f"the message id {message_id} was used before") from error
        return rows.read_message(
            (message_id, seq, new.project, new.target, new.sender, new.text, new.priority, new.raw,
             new.client_key, MessageState.ACCEPTED, now, "", "", 0, now)
        )  # fmt: skip

    def _need(self, c: Connection, message_id: str) -> Message:
        row = c.execute(rows.GET, {"sought": message_id}).one_or_none()
        if row is None:
            raise Absent(f"there is no message {message_id}")
        return rows.read_message(row)

    def _record(self, c: Connection, message: Message, original: str | None) -> None:
        number = self._events.append(
            f"message.{message.state}",
            message.project,
            message.target,
            {
                "id": message.id,
                "from": message.sender,
                "to": message.target,
                "reason": message.reason,
                "proof": message.proof,
                "attempts": message.attempts,
            },
            connection=c,
            at=message.state_at,
        )
        mirrors = self._database.mirrors
        if mirrors is not None:
            line = rows.message_line(number, message, original)
            self._database.after_commit(lambda: mirrors.write(mirrors.messages, line))


def _digest(target: str, text: str) -> str:
    try:
        return hashlib.sha256(f"{target}\n{text}".encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise BadInput("the message is not valid UTF-8 text", "send it as UTF-8") from error
