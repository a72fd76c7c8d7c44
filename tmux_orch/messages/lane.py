"""The messages of one target: one lease, in order of acceptance, each resolved or delivered."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tmux_orch.clock import Clock
from tmux_orch.domain.message import Message, MessageState, Proof
from tmux_orch.domain.states import READY, AgentState
from tmux_orch.messages.compose import Standing, standing
from tmux_orch.messages.deliver import Delivery, Outcome
from tmux_orch.messages.gate import Kind, Verdict
from tmux_orch.messages.hands import Hands
from tmux_orch.messages.port import SeatPort, Sighting
from tmux_orch.messages.record import Record, in_line, may_stand_typed, was_handed
from tmux_orch.messages.resolve import SETTLE_S, Trace, Whereabouts, whereabouts
from tmux_orch.messages.survey import Survey, survey

_S = MessageState
# A paste refused because the window changed in that very moment is tried again so often at once.
_AT_ONCE = 3
# A reason that only the screen shows is looked at so often, for so long after it was met.
_SOON_S = 0.15
_SOON_FOR_S = 2.0
_NOT_RUNNING = Verdict(Kind.GONE, "the agent is not running")
_NOT_TAKEN = "the agent did not take it; it is sent again"


class Lane:
    """One target's messages. ``lease`` is held around every look-and-type of one message."""

    def __init__(
        self,
        key: str,
        ports: Callable[[str], SeatPort | None],
        hands: Hands,
        record: Record,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self.key = key
        self.lease = threading.Lock()
        self._ports = ports
        self._hands = hands
        self._record = record
        self._clock = clock
        self._stop = stop
        self._missing_since: dict[str, float] = {}
        self._state = threading.Lock()
        self._running = False
        self._dirty = False

    def wanted(self) -> bool:
        """Note that there is something to do; whether the caller must start :meth:`run`."""
        with self._state:
            self._dirty = True
            if self._running:
                return False
            self._running = True
            return True

    def run(self) -> None:
        """Work until nothing more can be done now. One thread at a time (see :meth:`wanted`)."""
        while True:
            with self._state:
                if not self._dirty or self._stop.is_set():
                    self._running = False
                    return
                self._dirty = False
            try:
                blocked = self._pass()
                if blocked is not None and self._may_pass_soon(blocked):
                    self._stop.wait(_SOON_S)
                    with self._state:
                        self._dirty = True
            except BaseException:
                with self._state:
                    self._running = False
                raise

    def late(self, message: Message) -> None:
        """Late proof of a message that was given up."""
        with self.lease:
            now = self._record.outbox.get(message.id)
            if now is not None and now.state in (_S.STRANDED, _S.UNKNOWN):
                self._record.move(now, _S.DELIVERED, proof=Proof.TRANSCRIPT)

    def _may_pass_soon(self, message_id: str) -> bool:
        """Whether what holds the message shows on the screen only, where no event tells its end.

        Such reasons (a program that has just started, keys of a person) often last a moment; a
        reason that has lasted is left to the scan.
        """
        port = self._ports(self.key)
        message = self._record.outbox.get(message_id)
        if port is None or message is None or port.fused().state not in READY:
            return False
        return (self._clock.now() - message.state_at).total_seconds() < _SOON_FOR_S

    def _pass(self) -> str | None:
        """Every message as far as it goes now; the id of the first one that has to wait."""
        rows = in_line(self._record.outbox.open_for(self.key))
        for place, row in enumerate(rows):
            if self._stop.is_set():
                return None
            with self.lease:
                blocks = self._step(row.id)
            if blocks is not None:
                self._hold_rest([m.id for m in rows[place + 1 :]], blocks)
                return row.id
        return None

    def _hold_rest(self, ids: list[str], verdict: Verdict) -> None:
        """Later messages wait for what the first one waits for; they say so."""
        with self.lease:
            rest = [self._record.outbox.get(message_id) for message_id in ids]
            waiting = [
                m for m in rest
                if m is not None and m.state in (_S.ACCEPTED, _S.GATE, _S.HELD)
                and not may_stand_typed(m)
            ]  # fmt: skip
            self._record.hold(waiting, verdict.reason)

    def _step(self, message_id: str) -> Verdict | None:
        """One message as far as it goes now; why later ones must wait, if they must."""
        message = self._record.outbox.get(message_id)
        port = self._ports(self.key)
        for _ in range(_AT_ONCE):
            if message is None or message.state not in _OPEN:
                return None  # a hook answer took it, or it is over
            if port is None:
                return self._without_agent(message)
            if may_stand_typed(message):
                outcome = self._resolve(message, port)
                if outcome.message.state is not _S.HELD or may_stand_typed(outcome.message):
                    return outcome.blocks
                message = outcome.message
            outcome = self._delivery(message, port).run()
            if not outcome.again:
                return outcome.blocks
            message = outcome.message
        return outcome.blocks

    def _delivery(self, message: Message, port: SeatPort) -> Delivery:
        return Delivery(message, port, self._hands, self._record, self._clock, self._stop)

    def _without_agent(self, message: Message) -> Verdict:
        """Nothing can be looked at: what may stand typed stays as it is until the agent is back."""
        if not may_stand_typed(message):
            self._record.hold([message], _NOT_RUNNING.reason)
        return _NOT_RUNNING

    # -- what was begun ------------------------------------------------------------------------

    def _resolve(self, message: Message, port: SeatPort) -> Outcome:
        """Look where a message is that may have been typed or handed over."""
        sighting = Sighting.NONE if message.raw else port.sighting(message.id)
        handed = was_handed(message)
        # Before the screen: what had been read by then is drawn there, or went nowhere.
        unread = not handed and self._hands.unread(port.seat())
        seen = survey(port, self._hands, always_look=not handed)
        stands = standing(seen.composer, message, before_was_empty=False)
        dead = seen.fused.state is AgentState.EXITED
        empty = seen.composer.empty is True
        missing = dead or (not unread and stands is Standing.ABSENT and (empty or handed))
        trace = Trace(
            sighting=sighting,
            handed=handed,
            markerless=message.raw,
            readable=port.transcript_readable(),
            keys=seen.keys,
            dead=dead,
            shown=stands is not Standing.ABSENT,
            mixed=stands is Standing.ALTERED,
            empty=empty,
            unread=unread,
            settled=self._settled(message, seen, missing),
            attempts=message.attempts,
        )
        where = whereabouts(trace)
        if where is not Whereabouts.WAIT:
            self._missing_since.pop(message.id, None)
        return self._act(where, message, port, seen, sighting)

    def _settled(self, message: Message, seen: Survey, missing: bool) -> bool:
        """Whether it was missing at two looks so far apart, and nothing else changed since.

        One look is not enough: a program may have read the text and not drawn it yet.
        """
        at, now = self._clock.monotonic(), self._clock.now()
        if not missing:
            self._missing_since.pop(message.id, None)
            return False
        quiet_s = min(
            at - self._missing_since.setdefault(message.id, at),
            (now - message.state_at).total_seconds(),
            (now - seen.fused.since_at).total_seconds(),
        )
        return quiet_s >= SETTLE_S

    def _act(
        self, where: Whereabouts, message: Message, port: SeatPort, seen: Survey, how: Sighting
    ) -> Outcome:
        if where is Whereabouts.DELIVERED:
            proof = Proof.ANSWERED if how is Sighting.ANSWERED else Proof.TRANSCRIPT
            return Outcome(self._end(message, _S.DELIVERED, proof=proof))
        if where is Whereabouts.SEEN:
            return Outcome(message)
        if where is Whereabouts.COMPOSER:
            if message.state is _S.HELD:
                message = self._record.move(message, _S.GATE, _S.COMPOSING)
            gap_s = port.adapter().composer_gap_s
            return self._delivery(message, port).submit(self._clock.monotonic() + gap_s)
        if where is Whereabouts.NOWHERE:
            if message.state is _S.HELD:
                return Outcome(self._record.explain(message, _NOT_TAKEN))
            return Outcome(self._record.move(message, _S.HELD, reason=_NOT_TAKEN))
        if where is Whereabouts.LOST:
            why = f"given {message.attempts} times and never taken"
            return Outcome(self._end(message, _S.STRANDED, reason=why))
        if where is Whereabouts.UNKNOWN:
            why = "whether it was taken cannot be told; it is not sent again"
            return Outcome(self._end(message, _S.UNKNOWN, reason=why))
        return self._wait(message, seen)

    def _wait(self, message: Message, seen: Survey) -> Outcome:
        verdict = seen.paste if seen.paste.kind is not Kind.GO else _STILL_LOOKING
        if message.state is _S.COMPOSING and verdict.kind is not Kind.GO:
            message = self._record.explain(message, verdict.reason)
        return Outcome(message, verdict)

    def _end(
        self, message: Message, state: MessageState, *, reason: str = "", proof: Proof = Proof.NONE
    ) -> Message:
        """Move to an end from wherever it is; a held one passes the states that lead there."""
        path = [state]
        if message.state is _S.HELD:
            path = [_S.GATE, _S.COMPOSING, state]
        return self._record.move(message, *path, reason=reason, proof=proof)


_OPEN = frozenset({_S.ACCEPTED, _S.GATE, _S.HELD, _S.COMPOSING, _S.SUBMITTED})
_STILL_LOOKING = Verdict(Kind.WAIT, "an earlier message is not proved yet")
