"""Where is a message whose typing or handing over was begun? Pure; decided by looking only.

The same after a crash and in normal life: the conversation says it first, then the composer, then
(only where both can be read) its provable absence. What nobody can say is ``unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tmux_orch.messages.gate import Kind, Verdict
from tmux_orch.messages.port import Sighting

# It must be missing at two looks so far apart, the agent and the row unchanged meanwhile, before
# absence counts: a program writes its transcript within 0.15 s of Enter, and one that read a text
# may not have drawn it yet (7 of 60 times when it had stood still before; one look is not enough).
SETTLE_S = 2.0
# Given so often and each time provably lost: something is wrong that trying will not cure.
ATTEMPTS = 5


class Whereabouts(Enum):
    """What is known now."""

    DELIVERED = "delivered"
    WAIT = "wait"  # it will show: look again later
    SEEN = "seen"  # handed over and in the conversation; the model's answer is still to come
    COMPOSER = "composer"  # it stands in the composer: Enter, never a paste
    NOWHERE = "nowhere"  # provably never taken: it may be sent
    LOST = "lost"  # provably never taken, too often
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trace:
    """What was looked at.

    Attributes:
        sighting: How far its marker was seen in the conversation.
        handed: A hook answer carried it: then only an answer of the model proves it.
        markerless: A raw message: the conversation cannot tell.
        readable: The transcript exists and was read to its last line.
        keys: What the gate says of the agent now (``GO`` is idle at its composer).
        dead: Its program has ended, and its composer with it.
        shown: The composer shows it.
        mixed: … with more or less than was pasted.
        empty: The composer is proved empty.
        unread: Typed bytes wait in its terminal for the program to read them.
        settled: It was missing for :data:`SETTLE_S` and nothing else changed meanwhile.
        attempts: Times it was given.
    """

    sighting: Sighting
    handed: bool
    markerless: bool
    readable: bool
    keys: Verdict
    dead: bool
    shown: bool
    mixed: bool
    empty: bool
    unread: bool
    settled: bool
    attempts: int


def whereabouts(trace: Trace) -> Whereabouts:
    """Where the message is, as far as it can be known."""
    if trace.sighting >= (Sighting.ANSWERED if trace.handed else Sighting.TAKEN):
        return Whereabouts.DELIVERED
    if trace.sighting is Sighting.TAKEN:
        return Whereabouts.SEEN
    if trace.sighting is Sighting.QUEUED:
        # A queue dies with its program, or comes back with the conversation: nobody can say.
        return Whereabouts.UNKNOWN if trace.dead and trace.settled else Whereabouts.WAIT
    if trace.dead:
        return _absent(trace) if trace.settled else Whereabouts.WAIT
    if trace.keys.kind is not Kind.GO:
        return Whereabouts.WAIT
    if trace.shown and not trace.mixed and not trace.handed:
        return Whereabouts.WAIT if trace.unread else Whereabouts.COMPOSER
    if not trace.settled or trace.unread or not (trace.empty or trace.handed):
        return Whereabouts.WAIT
    if trace.sighting is Sighting.PROMPTED:
        # A hook of the person's own may have refused it, or a line is late: late proof counts.
        return Whereabouts.UNKNOWN
    return _absent(trace)


def _absent(trace: Trace) -> Whereabouts:
    if trace.markerless or not trace.readable:
        return Whereabouts.UNKNOWN
    return Whereabouts.LOST if trace.attempts >= ATTEMPTS else Whereabouts.NOWHERE
