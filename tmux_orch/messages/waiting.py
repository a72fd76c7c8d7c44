"""Those who wait for what becomes of a message: until delivered, idle, or a reply."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.message import Message, MessageState
from tmux_orch.domain.states import READY
from tmux_orch.messages.port import SeatPort, Sighting
from tmux_orch.messages.record import Record

_S = MessageState
UNTIL = ("delivered", "idle", "reply")
_OVER = frozenset({_S.REFUSED, _S.STRANDED, _S.UNKNOWN, _S.EXPIRED})
# Reasons that only a person or a resume ends: nobody is kept waiting for them.
_LASTING = frozenset({"the agent is not running", "the agent has no pane"})
_REMEMBERED = 4096


class Waiting:
    """Blocks callers on conditions, never on a timer loop of their own."""

    def __init__(
        self, record: Record, ports: Callable[[str], SeatPort | None], clock: Clock
    ) -> None:
        self._record = record
        self._ports = ports
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[tuple[str, str], int] = {}

    def said(self, message: Message) -> None:
        """Somebody said something: it may be the reply that is waited for."""
        with self._lock:
            self._said.pop((message.sender, message.target), None)
            self._said[message.sender, message.target] = message.seq
            while len(self._said) > _REMEMBERED:
                del self._said[next(iter(self._said))]
        self._record.wake()

    def wait(self, message_id: str, until: str, wait_s: float, gone: Callable[[], bool]) -> Message:
        """See ``Courier.wait``."""
        if until not in UNTIL:
            raise BadInput(f"--until {until} is not known", f"use one of: {', '.join(UNTIL)}")
        satisfied = {"delivered": _delivered, "idle": self._idle, "reply": self._replied}[until]
        message = self._record.wait_until(
            message_id,
            lambda m: m.state in _OVER or _lasting(m) or satisfied(m),
            wait_s,
            gone,
            self._clock.monotonic,
        )
        if message is None:
            raise BadInput(f"there is no message {message_id}")
        return message

    def _idle(self, message: Message) -> bool:
        """Delivered, answered, and the agent idle since."""
        port = self._ports(message.target)
        if not _delivered(message) or port is None:
            return False
        fused = port.fused()
        if fused.state not in READY:
            return False
        return fused.since_at > message.state_at or port.sighting(message.id) is Sighting.ANSWERED

    def _replied(self, message: Message) -> bool:
        """The target sent something back; for a person, who has no address, it ended the turn."""
        if "/" not in message.sender:
            return self._idle(message)
        with self._lock:
            return self._said.get((message.target, message.sender), 0) > message.seq


def _delivered(message: Message) -> bool:
    return message.state is _S.DELIVERED


def _lasting(message: Message) -> bool:
    return message.state is _S.HELD and message.reason in _LASTING
