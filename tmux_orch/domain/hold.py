"""A hold: why nothing is sent to the agents of one account now, and until when.

An account is where a program's sign-in lives (its configuration directory), so a plan that is used
up holds every agent of it. A hold ends when one of its agents was seen to work again. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ACCOUNT = ""  # the scope of a hold that concerns all of an account's agents
INSIDE = "inside"  # the scope of one that stopped only helpers inside its agent


class Cause(StrEnum):
    """What is used up, or who said so."""

    FIVE_HOUR = "five_hour"
    WEEKLY = "weekly"
    MODEL = "model"  # one model's own limit: ``scope`` names it
    SPEND = "spend"  # credit balance or spend limit: no time ends it
    UNKNOWN = "unknown"  # a limit whose kind was not said
    PERSON = "person"  # ``tmux-orch credits hold``


class Confidence(StrEnum):
    """How well the end is known, best first."""

    STRUCTURED = "structured"  # the program or its service said the instant
    SCREEN = "screen"  # read from its words, two signals
    PATTERN = "pattern"  # earlier resets of this account
    GUESS = "guess"  # nothing said it: a growing probe
    PERSON = "person"


class HoldState(StrEnum):
    """The life of a hold."""

    HELD = "held"
    WAKING = "waking"  # its time has come: its agents are being woken, one after the other
    ENDED = "ended"


class WakeState(StrEnum):
    """The life of one agent's waking within a hold."""

    WAITING = "waiting"
    ASKED = "asked"  # its conversation is stale and large: a person says whether it goes on
    SENT = "sent"  # the resume message was accepted; nothing else is sent before it
    VERIFIED = "verified"  # it was seen to work after that
    FAILED = "failed"  # the limit was still there: the hold goes on
    LEFT = "left"  # gone, stopped or resumed by its own program: nothing of ours to do


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold on one account.

    Attributes:
        id: Its number.
        account: ``<adapter>:<real path of the configuration directory>``.
        scope: :data:`ACCOUNT`, or the model that alone is limited.
        cause: What is used up.
        agent: Key of the agent that met it first; empty for a person's hold.
        since_at: When it was met (aware UTC).
        until_at: When it ends, as far as known; ``None`` until somebody says so.
        source: Where ``until_at`` was read: ``hook``, ``status_line``, ``screen`` …
        confidence: How well it is known.
        state: Where in its life it is.
        probes: How many times its agents were woken and the limit was still there.
        ended_at: When it ended.
        outcome: How it ended, in words.
    """

    id: int
    account: str
    scope: str
    cause: Cause
    agent: str
    since_at: datetime
    until_at: datetime | None
    source: str
    confidence: Confidence
    state: HoldState = HoldState.HELD
    probes: int = 0
    ended_at: datetime | None = None
    outcome: str = ""

    @property
    def inside(self) -> bool:
        """Whether the limit stopped only helpers inside ``agent``: nobody is held by it."""
        return self.scope == INSIDE


@dataclass(frozen=True, slots=True)
class Wake:
    """One agent's waking within one hold.

    Attributes:
        hold: Number of the hold.
        agent: Its key.
        state: Where in its life it is.
        met_at: When it met the limit itself: a turn of it was broken off. ``None``: it did not.
        due_at: When its turn comes (aware UTC): reset, two minutes, and its place in the line.
        message: Id of the resume message, once it was accepted.
        state_at: When ``state`` was entered.
    """

    hold: int
    agent: str
    state: WakeState
    met_at: datetime | None = None
    due_at: datetime | None = None
    message: str = ""
    state_at: datetime | None = None


HOLD_MOVES: dict[HoldState, frozenset[HoldState]] = {
    HoldState.HELD: frozenset({HoldState.WAKING, HoldState.ENDED}),
    HoldState.WAKING: frozenset({HoldState.HELD, HoldState.ENDED}),
    HoldState.ENDED: frozenset(),
}
WAKE_MOVES: dict[WakeState, frozenset[WakeState]] = {
    WakeState.WAITING: frozenset({WakeState.ASKED, WakeState.SENT, WakeState.LEFT}),
    WakeState.ASKED: frozenset({WakeState.SENT, WakeState.LEFT}),
    WakeState.SENT: frozenset({WakeState.VERIFIED, WakeState.FAILED, WakeState.LEFT}),
    # What failed waits with the hold; what was done may meet the limit again before it has ended.
    WakeState.FAILED: frozenset({WakeState.WAITING, WakeState.LEFT}),
    WakeState.VERIFIED: frozenset({WakeState.WAITING}),
    WakeState.LEFT: frozenset({WakeState.WAITING}),
}
#: Nothing more is to be done for these; ``asked`` waits for a person, and no hold waits for it.
SETTLED = frozenset({WakeState.VERIFIED, WakeState.LEFT, WakeState.ASKED})


class IllegalMove(Exception):
    """A move that the table does not have: a fault of ours."""


def hold_move(old: HoldState, new: HoldState) -> HoldState:
    """``new``, when the table allows it from ``old``.

    Raises:
        IllegalMove: it does not.
    """
    if new not in HOLD_MOVES[old]:
        raise IllegalMove(f"hold: {old} -> {new}")
    return new


def wake_move(old: WakeState, new: WakeState) -> WakeState:
    """The same for a waking.

    Raises:
        IllegalMove: the table does not have this move.
    """
    if new not in WAKE_MOVES[old]:
        raise IllegalMove(f"waking: {old} -> {new}")
    return new
