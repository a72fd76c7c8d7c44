"""One hold with the wakings of its agents, and whom it concerns; what the keeper works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tmux_orch.clock import Clock
from tmux_orch.domain.hold import ACCOUNT, Hold, HoldState, Wake, WakeState
from tmux_orch.domain.message import Message
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import Fused, Reading
from tmux_orch.domain.work import Figures
from tmux_orch.messages.port import Sighting
from tmux_orch.store.holds import Holds
from tmux_orch.watch.readings import Readings


class Agent(Protocol):
    """A live agent, as far as holds ask about it (the watch's live seat)."""

    def fused(self) -> Fused:
        """Its state."""

    def readings(self) -> Readings:
        """What the state is made of."""

    def limit_met(self) -> Reading | None:
        """The limit that broke off its last turn, while it has not worked since."""

    def figures(self) -> Figures | None:
        """What it said of its use."""

    def sighting(self, message_id: str) -> Sighting:
        """How far a message was seen in its conversation."""

    def let_go(self) -> None:
        """The limit that it is at is over."""


@dataclass(frozen=True)
class Around:
    """What the keeper works with; plain callables, so that a test may give others.

    Attributes:
        store: Holds and wakings.
        account: Whose plan a seat spends.
        seats: The agents that shall run, of all live teams, by project and slot.
        live: The live agent of a key.
        accept, find, message, waiting: The courier's ``accept``, and the outbox's
            ``by_client_key``, ``get`` and ``count_held``.
        kick: Has an agent's messages looked at.
        append: The events' ``append``.
        clock: Time.
    """

    store: Holds
    account: Callable[[Seat], str]
    seats: Callable[[], Sequence[Seat]]
    live: Callable[[str], Agent | None]
    accept: Callable[..., Message]
    find: Callable[[str, str], Message | None]
    message: Callable[[str], Message | None]
    waiting: Callable[[str], Mapping[str, int]]
    kick: Callable[[str], None]
    append: Callable[..., object]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Book:
    """One hold as it is stored now."""

    hold: Hold
    wakes: Mapping[str, Wake]

    def concerns(self, seat: Seat, account: str, model: str) -> bool:
        """Whether the limit is this agent's too: by its account, and its model where that counts.

        Args:
            seat, account: The agent and its account.
            model: What it runs with, as far as known.
        """
        hold = self.hold
        if hold.account != account or hold.inside:
            return False
        wake = self.wakes.get(seat.key)
        met = wake is not None and wake.met_at is not None
        return hold.scope == ACCOUNT or met or hold.scope in model.lower()

    def holds(self, key: str) -> bool:
        """Whether nothing may be sent to this agent, which it concerns."""
        hold, wake = self.hold, self.wakes.get(key)
        if wake is None:
            return hold.state is not HoldState.ENDED
        if wake.state is WakeState.ASKED:
            return True
        if wake.state is WakeState.SENT:
            # Before the resume message is accepted another one would go first.
            return hold.state is HoldState.HELD or not wake.message
        return hold.state is not HoldState.ENDED and wake.state in _HELD


_HELD = frozenset({WakeState.WAITING, WakeState.FAILED})
