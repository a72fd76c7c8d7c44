"""How a message stands in the table and in its mirror, and the statements of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from tmux_orch.domain.message import Message, MessageState, Priority
from tmux_orch.store.rows import instant, row_reader, stamp
from tmux_orch.store.schema import MESSAGES

# Built once: SQLAlchemy compiles each at its first use and keeps the text with the object.
M = MESSAGES.c
COLUMNS = (
    M.id,
    M.seq,
    M.project,
    M.target,
    M.sender,
    M.text,
    M.priority,
    M.raw,
    M.client_key,
    M.state,
    M.state_at,
    M.reason,
    M.proof,
    M.attempts,
    M.accepted_at,
)  # fmt: skip - in the order of Message

ACCEPT = insert(MESSAGES)
SAME_KEY = select(*COLUMNS, M.digest).where(
    M.sender == bindparam("from_sender"), M.client_key == bindparam("key")
)
GET = select(*COLUMNS).where(M.id == bindparam("sought"))
MOVE = (
    update(MESSAGES)
    .where(M.id == bindparam("sought"))
    .values(
        state=bindparam("new_state"),
        state_at=bindparam("new_at"),
        is_open=bindparam("new_open"),
        reason=bindparam("new_reason"),
        proof=bindparam("new_proof"),
        attempts=bindparam("new_attempts"),
    )
)
FORGET = update(MESSAGES).where(M.id == bindparam("sought")).values(text=bindparam("new_text"))
EXPLAIN = update(MESSAGES).where(M.id == bindparam("sought")).values(reason=bindparam("new_reason"))
OPEN_FOR = (
    select(*COLUMNS).where(M.is_open.is_(True), M.target == bindparam("to_target")).order_by(M.seq)
)
TARGETS = select(M.target).where(M.is_open.is_(True)).distinct().order_by(M.target)
WAITING = (
    select(M.target, func.count())
    .where(M.is_open.is_(True), M.project == bindparam("in_project"))
    .group_by(M.target)
)
SENT_SINCE = select(func.count()).where(
    M.sender == bindparam("from_sender"),
    M.target == bindparam("to_target"),
    M.accepted_at > bindparam("after"),
)


@row_reader
def read_message(row: Sequence[Any]) -> Message:
    """The message in a row of ``COLUMNS``."""
    (id_, seq, project, target, sender, text, priority, raw, client_key,
     state, state_at, reason, proof, attempts, accepted_at) = row  # fmt: skip
    return Message(
        id=id_,
        seq=seq,
        project=project,
        target=target,
        sender=sender,
        text=text,
        priority=Priority(priority),
        raw=bool(raw),
        client_key=client_key,
        state=MessageState(state),
        state_at=instant(state_at),
        reason=reason,
        proof=proof,
        attempts=attempts,
        accepted_at=instant(accepted_at),
    )


def message_line(event: int, message: Message, original: str | None) -> dict[str, Any]:
    """One line of the mirror: a move, or with ``original`` the acceptance with the whole text."""
    line: dict[str, Any] = {
        "event": event,
        "at": stamp(message.state_at),
        "id": message.id,
        "state": message.state,
        "project": message.project,
        "from": message.sender,
        "to": message.target,
        "reason": message.reason,
        "proof": message.proof,
        "attempts": message.attempts,
    }
    if original is not None:
        line |= {"priority": message.priority, "raw": message.raw, "text": original}
        line |= {"client_id": message.client_key}
    return line
