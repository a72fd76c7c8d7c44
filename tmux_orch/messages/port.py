"""What delivery sees of one live seat; the watch implements it, tests may too.

The courier knows nothing about session files, transcripts or hooks: it asks a port. Every method
may be called from any thread and returns within a few milliseconds unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from tmux_orch.agents.adapter import Adapter
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import Fused


class Sighting(IntEnum):
    """How far a message's marker was seen in the agent's conversation; ordered, never goes back.

    ``QUEUED``: the program accepted it for later (prompt hook or queue line while busy).
    ``PROMPTED``: the prompt hook of an idle agent had it; a program killed in that very moment has
    no trace of it when it is resumed (seen with rehearsal), so it is not yet proof.
    ``TAKEN``: the conversation's transcript has it as text the model is asked with.
    ``ANSWERED``: the model spoke after that.
    """

    NONE = 0
    QUEUED = 1
    PROMPTED = 2
    TAKEN = 3
    ANSWERED = 4


class Moment(StrEnum):
    """When a hook asks for waiting messages."""

    TURN_END = "turn_end"  # all waiting ones, as one next turn
    TOOL = "tool"  # only urgent ones, beside a tool result


@dataclass(frozen=True, slots=True)
class Handover:
    """One message that a hook answer shall carry: its id and its text with our header."""

    id: str
    text: str


class SeatPort(Protocol):
    """One live seat: its pane is tagged as ours and its program was started or adopted by us."""

    @property
    def key(self) -> str:
        """``project/agent``."""

    def seat(self) -> Seat:
        """The stored row as it is now (pane id, tag and incarnation of the running program)."""

    def adapter(self) -> Adapter:
        """The adapter of its program."""

    def fused(self) -> Fused:
        """The state as last fused; costs nothing."""

    def look(self, force: bool = False) -> None:
        """Re-read the session file and the process now and fuse; no tmux call.

        Args:
            force: Also when the file's stamp has not changed.
        """

    def refresh(self) -> Fused:
        """The state after re-reading the session file, the process and the tmux flags now."""

    def sighting(self, message_id: str) -> Sighting:
        """How far the message was seen, after re-reading the transcript's tail now."""

    def await_sighting(self, message_id: str, at_least: Sighting, wait_s: float) -> Sighting:
        """Block until the message was seen at least that far, or ``wait_s`` passed; what is true.

        Wakes at once when a hook or a transcript line tells; while somebody waits here the
        transcript's size is looked at every 5 to 10 ms, because not every program has hooks.
        Returns early, with what is true then, when the program has died.
        """

    def transcript_readable(self) -> bool:
        """Whether the conversation's transcript exists and was read to its last complete line.

        Only then does ``Sighting.NONE`` of an idle agent prove that a message was not taken.
        """

    def busy_with_hooks(self) -> bool:
        """Whether a turn runs whose end (or next tool) will ask us for waiting messages."""

    def hold(self) -> str | None:
        """Why nothing may be sent to this agent now (pause, limit), in words; else ``None``."""


class Deliverer(Protocol):
    """What the watch may ask of the courier; the courier implements it."""

    def hand_over(self, key: str, moment: Moment) -> list[Handover]:
        """The waiting messages a hook answer shall carry, in order.

        They are ``submitted`` when this returns; :meth:`handed` must follow. Empty: answer nothing.
        """

    def handed(self, key: str, ids: list[str], ok: bool) -> None:
        """What became of the answer: ``ok`` = written whole to the hook, which was still there."""

    def own_turn(self, key: str) -> None:
        """A turn began that no hand-over caused (a prompt hook): hand-overs may start again."""

    def kick(self, key: str) -> None:
        """Something about the agent changed (state, hold, death): look at its messages now."""
