"""A message's life: one transition table; every other move raises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MessageState(StrEnum):
    """Where a message is. ``delivered``, ``refused`` and ``expired`` are final."""

    ACCEPTED = "accepted"
    GATE = "gate"
    COMPOSING = "composing"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    HELD = "held"
    STRANDED = "stranded"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


_S = MessageState

MOVES: dict[MessageState, frozenset[MessageState]] = {
    # Durable; nothing tried yet.
    _S.ACCEPTED: frozenset({_S.GATE, _S.HELD, _S.REFUSED, _S.EXPIRED}),
    # The target's lease is ours and we look whether it may be sent now.
    _S.GATE: frozenset({_S.COMPOSING, _S.SUBMITTED, _S.HELD, _S.REFUSED}),
    # Written before the paste: from here on text may stand in the composer.
    _S.COMPOSING: frozenset({_S.SUBMITTED, _S.HELD, _S.STRANDED, _S.UNKNOWN, _S.DELIVERED}),
    # Enter was pressed, or a hook answer carried it away.
    _S.SUBMITTED: frozenset({_S.DELIVERED, _S.HELD, _S.STRANDED, _S.UNKNOWN}),
    # Waits for a reason that is printed; will be tried again.
    _S.HELD: frozenset({_S.GATE, _S.REFUSED, _S.EXPIRED}),
    # Stands typed and unsent, or nobody can say: a person looks; late proof still counts.
    _S.STRANDED: frozenset({_S.DELIVERED, _S.EXPIRED}),
    _S.UNKNOWN: frozenset({_S.DELIVERED, _S.EXPIRED}),
    _S.DELIVERED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.EXPIRED: frozenset(),
}

OPEN = frozenset({_S.ACCEPTED, _S.GATE, _S.COMPOSING, _S.SUBMITTED, _S.HELD})
FINAL = frozenset(state for state, after in MOVES.items() if not after)


class IllegalMove(Exception):
    """A move that the table does not have: a fault of ours, never of the user's."""


def move(old: MessageState, new: MessageState) -> MessageState:
    """``new``, when the table allows it from ``old``.

    Raises:
        IllegalMove: the table does not have this move.
    """
    if new not in MOVES[old]:
        raise IllegalMove(f"{old} -> {new}")
    return new


#: The sender of what we tell agents ourselves.
SYSTEM = "orch"


class Priority(StrEnum):
    """How urgent: ``high`` may be handed over beside a tool result, in the middle of a turn.

    ``first`` is ours alone: it goes before everything that waits and was not typed yet.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    FIRST = "first"


class Proof(StrEnum):
    """What proves the delivery, strongest first."""

    ANSWERED = "answered"  # marker in the transcript or prompt hook, and an answer after it
    TRANSCRIPT = "transcript"  # the marker in the conversation of an idle agent's new turn
    WORKING = "working"  # composer emptied and the agent began to work
    NONE = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the outbox.

    Attributes:
        id: 8 random hex digits; stands in the header the agent sees.
        seq: Order of acceptance over all messages.
        project: Project of the target.
        target: Agent key, ``project/agent``.
        sender: Agent key, or ``user``.
        text: What will be typed, sanitised, without our header.
        raw: Sent without our header (people only).
        client_key: The sender's own ``--id``, or ``None``.
        state, state_at, reason, proof: Where it is, since when (aware UTC), why, proved by what.
        attempts: Times that typing or handing over was begun.
        accepted_at: When it became durable (aware UTC).
    """

    id: str
    seq: int
    project: str
    target: str
    sender: str
    text: str
    priority: Priority
    raw: bool
    client_key: str | None
    state: MessageState
    state_at: datetime
    reason: str
    proof: str
    attempts: int
    accepted_at: datetime


def header(sender: str, message_id: str) -> str:
    """The line that is ours alone: ``[from ROLE · msg ID]``."""
    return f"[from {sender.rpartition('/')[2]} · msg {message_id}]"


def marker(message_id: str) -> str:
    """The part of the header by which a message is found in a transcript or on a screen."""
    return f"· msg {message_id}]"
