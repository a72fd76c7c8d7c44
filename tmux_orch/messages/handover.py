"""Handing messages over in the answers of a working agent's own hooks: no key is pressed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tmux_orch.domain import checkpoint
from tmux_orch.domain.message import Message, Priority
from tmux_orch.messages.compose import TOOL_CHARS, whole
from tmux_orch.messages.lane import Lane
from tmux_orch.messages.port import Handover, Moment, SeatPort, Sighting
from tmux_orch.messages.record import Record, in_line, may_stand_typed, was_handed

# The 9th consecutive answer that keeps a turn going is overridden by the program: its text is in
# the transcript, but the model is not asked (Claude Code 2.1.329 and 2.1.197).
IN_A_ROW = 6
# A Stop reason of 30 kB arrives whole (seen); more was not tried.
TURN_CHARS = 30_000
# A lane that types to this agent holds the lease; the hook's agent stands still meanwhile.
_LEASE_WAIT_S = 0.5


class Handovers:
    """Which messages go with which hook answer. Any thread may call."""

    def __init__(
        self,
        record: Record,
        ports: Callable[[str], SeatPort | None],
        lane: Callable[[str], Lane],
    ) -> None:
        self._record = record
        self._ports = ports
        self._lane = lane
        self._lock = threading.Lock()
        self._in_a_row: dict[str, int] = {}

    def own_turn(self, key: str) -> None:
        """A turn began that no hand-over caused: the program counts from nought again."""
        with self._lock:
            self._in_a_row.pop(key, None)

    def take(self, key: str, moment: Moment) -> list[Handover]:
        """The messages for one answer; they are ``submitted`` when this returns."""
        port = self._ports(key)
        if port is None:
            return []
        held = port.hold() is not None
        if held and moment is not Moment.TOOL:
            return []
        with self._lock:
            if moment is Moment.TURN_END and self._in_a_row.get(key, 0) >= IN_A_ROW:
                return []
        lane = self._lane(key)
        if not lane.lease.acquire(timeout=_LEASE_WAIT_S):
            return []  # somebody types to it at this moment; the next hook, or idleness, takes it
        try:
            waiting = self._waiting(key, port)
            if held:
                waiting = [m for m in waiting if checkpoint.is_request(m)]
            chosen = choose(waiting, moment)
            moved = self._record.hand_all(chosen) if chosen else []
        finally:
            lane.lease.release()
        if moved and moment is Moment.TURN_END:
            with self._lock:
                self._in_a_row[key] = self._in_a_row.get(key, 0) + 1
        return [Handover(m.id, whole(m)) for m in moved]

    def handed(self, key: str, ids: list[str], ok: bool) -> None:
        """Whether the answer reached the hook. If not, the messages wait again."""
        if ok:
            return
        with self._lane(key).lease:
            rows = [self._record.outbox.get(message_id) for message_id in ids]
            back = [m for m in rows if m is not None and was_handed(m)]
            self._record.hold(back, "the agent's hook ended before the message was given")

    def _waiting(self, key: str, port: SeatPort) -> list[Message]:
        """In order, up to the first that may stand in the composer: nothing overtakes that one."""
        waiting: list[Message] = []
        for message in in_line(self._record.outbox.open_for(key)):
            if was_handed(message):
                continue
            if may_stand_typed(message) or message.raw:
                break
            if message.attempts and port.sighting(message.id) >= Sighting.TAKEN:
                break  # it arrived after all; its lane says so
            waiting.append(message)
        return waiting


def choose(waiting: list[Message], moment: Moment) -> list[Message]:
    """Those of ``waiting`` that one answer of this moment carries whole, in order."""
    if moment is Moment.TOOL:
        waiting = [m for m in waiting if m.priority is Priority.HIGH]
    room = TOOL_CHARS if moment is Moment.TOOL else TURN_CHARS
    chosen: list[Message] = []
    for message in waiting:
        room -= len(whole(message)) + 2  # the adapter puts an empty line between two
        if room < 0 and (chosen or moment is Moment.TOOL):
            break
        chosen.append(message)
    return chosen
