"""The outbox as delivery uses it: moves along the table, and everybody who waits is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tmux_orch.domain.message import OPEN, Message, MessageState, Priority, Proof
from tmux_orch.store.database import Database
from tmux_orch.store.outbox import NewMessage, Outbox

# What stands in the reason of a message whose text may be in the composer although nothing is
# being done with it: it is looked for there before anything else is done.
TYPED = "typed, not sent: "
# The reason of a message that a hook answer carried: proved only when the model answered.
HANDED = "handed over, not answered yet"


def may_stand_typed(message: Message) -> bool:
    """Whether its text may be in the composer (or further) without our knowing."""
    if message.state in (MessageState.COMPOSING, MessageState.SUBMITTED):
        return True
    return message.state is MessageState.HELD and message.reason.startswith(TYPED)


def was_handed(message: Message) -> bool:
    """Whether a hook answer carried it, and no answer of the model was seen yet."""
    return message.state is MessageState.SUBMITTED and message.reason == HANDED


def in_line(waiting: Sequence[Message]) -> list[Message]:
    """Open messages of one target, given in order of acceptance, in the order to deliver them.

    What is first goes before all that was not typed yet; what may stand in the composer before it.
    """
    if not any(message.priority is Priority.FIRST for message in waiting):
        return list(waiting)
    return sorted(
        waiting, key=lambda m: (not may_stand_typed(m), m.priority is not Priority.FIRST, m.seq)
    )


class Record:
    """Moves messages and wakes who waits. Every method may be called from any thread."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self.outbox = outbox
        self._changed = threading.Condition()
        self._watched: dict[str, tuple[int, Message]] = {}
        self._open: dict[str, set[str]] = {}

    def accept(self, new: NewMessage) -> Message:
        """Make a message durable; ``new.id`` must be set, another id tells that it is a repeat."""
        # Counted before it is durable: a lane may have delivered it before this returns.
        with self._changed:
            self._open.setdefault(new.target, set()).add(new.id)
        message: Message | None = None
        try:
            message = self.outbox.accept(new)
        finally:
            with self._changed:
                if message is None or message.id != new.id:
                    self._discard(new.target, new.id)
                self._changed.notify_all()
        return message

    def move(
        self,
        message: Message,
        *states: MessageState,
        reason: str = "",
        proof: Proof = Proof.NONE,
        attempts: int | None = None,
    ) -> Message:
        """Move one message through ``states`` in one transaction; the message as it is then."""
        with self._database.write() as connection:
            for state in states:
                message = self.outbox.move(message.id, state, reason, proof, attempts, connection)
        self._tell([message])
        return message

    def hand_all(self, messages: Sequence[Message]) -> list[Message]:
        """Note in one transaction that a hook answer carries these away now."""
        moved: list[Message] = []
        with self._database.write() as connection:
            for message in messages:
                self.outbox.move(message.id, MessageState.GATE, connection=connection)
                moved.append(
                    self.outbox.move(
                        message.id,
                        MessageState.SUBMITTED,
                        HANDED,
                        attempts=message.attempts + 1,
                        connection=connection,
                    )
                )
        self._tell(moved)
        return moved

    def hold(self, messages: Sequence[Message], reason: str) -> list[Message]:
        """Hold messages for ``reason``; ones already held only have their reason said anew."""
        moved: list[Message] = []
        stale = [m for m in messages if m.state is not MessageState.HELD or m.reason != reason]
        if not stale:
            return list(messages)
        with self._database.write() as connection:
            for message in stale:
                if message.state is MessageState.HELD:
                    moved.append(self.outbox.explain(message.id, reason, connection))
                else:
                    moved.append(
                        self.outbox.move(
                            message.id, MessageState.HELD, reason, connection=connection
                        )
                    )
        self._tell(moved)
        return moved

    def explain(self, message: Message, reason: str) -> Message:
        """Say anew why a message is where it is."""
        if message.reason == reason:
            return message
        told = self.outbox.explain(message.id, reason)
        self._tell([told])
        return told

    def begin(self) -> None:
        """Learn which messages are open, once, at the daemon's start."""
        for target in self.outbox.targets_with_open():
            rows = self.outbox.open_for(target)
            with self._changed:
                self._open.setdefault(target, set()).update(row.id for row in rows)

    def open_now(self, target: str) -> int:
        """How many messages are open for ``target``."""
        with self._changed:
            return len(self._open.get(target, ()))

    def open_targets(self) -> list[str]:
        """Targets that have open messages."""
        with self._changed:
            return [target for target, ids in self._open.items() if ids]

    def wake(self) -> None:
        """Have everybody who waits look again (something outside the outbox changed)."""
        with self._changed:
            self._changed.notify_all()

    def wait_until(
        self, message_id: str, satisfied: Callable[[Message], bool], deadline_s: float,
        gone: Callable[[], bool], now: Callable[[], float],
    ) -> Message | None:  # fmt: skip
        """Block until ``satisfied`` is true of the message, the deadline passed or ``gone()``.

        Returns the message as it is then; ``None`` when there is no such message.
        """
        with self._changed:
            watchers, _ = self._watched.get(message_id, (0, None))
            first = self.outbox.get(message_id)
            if first is None:
                return None
            self._watched[message_id] = (watchers + 1, first)
        end = now() + deadline_s
        try:
            while True:
                with self._changed:
                    message = self._watched[message_id][1]
                    left = end - now()
                if satisfied(message) or left <= 0 or gone():
                    return message
                with self._changed:
                    if self._watched[message_id][1] is message:
                        # A caller that went away tells nobody: look for it now and then.
                        self._changed.wait(min(left, 0.25))
        finally:
            self._forget(message_id)

    def _forget(self, message_id: str) -> None:
        with self._changed:
            watchers, message = self._watched[message_id]
            if watchers == 1:
                del self._watched[message_id]
            else:
                self._watched[message_id] = (watchers - 1, message)

    def _tell(self, messages: Sequence[Message]) -> None:
        with self._changed:
            for message in messages:
                if message.state not in OPEN:
                    self._discard(message.target, message.id)
                if message.id in self._watched:
                    self._watched[message.id] = (self._watched[message.id][0], message)
            self._changed.notify_all()

    def _discard(self, target: str, message_id: str) -> None:
        ids = self._open.get(target, set())
        ids.discard(message_id)
        if not ids:
            self._open.pop(target, None)
