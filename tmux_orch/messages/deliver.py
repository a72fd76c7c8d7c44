"""One delivery into a composer: look, paste, gap, look again, Enter, proof; Enter again at most.

The row says ``composing`` durably before the paste, so a crash at any moment leaves a row that is
resolved by looking (``resolve``), never by typing again on a guess. The text is pasted once.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Absent, CouldNotTell
from tmux_orch.domain.message import Message, MessageState, Proof
from tmux_orch.domain.states import BUSY
from tmux_orch.messages.compose import Standing, standing, whole
from tmux_orch.messages.gate import Kind, Verdict
from tmux_orch.messages.hands import Hands
from tmux_orch.messages.port import SeatPort, Sighting
from tmux_orch.messages.record import TYPED, Record
from tmux_orch.messages.survey import Survey, survey

_S = MessageState

# Enter once, and again at most three times (all of 49 stuck messages went out on a second Enter,
# Claude Code 2.1.329); then a person looks.
PRESSES = 4
# The look before Enter begins this long before the gap ends: a look takes 4 to 8 ms here.
LOOK_LEAD_S = 0.010
# A program that shows its composer's new text later than this does not show it.
APPEAR_S = 1.5
# Text to model took 0.05 to 0.15 s; a marker still in the box after this time means
# that Enter was swallowed. Doubled for each further Enter.
SWALLOWED_S = 0.3
# Proof within this time is written in one go with the submission.
QUICK_PROOF_S = 0.05
PROOF_S = 4.0
# A guard that refused because the cursor moved between look and act: look again, so often.
REFUSALS = 5
_POLL_S = 0.03
_UNREAD = "the agent has not read what was typed"
_ACCEPTED = frozenset({Sighting.QUEUED, Sighting.PROMPTED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one step for one message.

    Attributes:
        message: As it is now.
        blocks: Why later messages of the same target must wait, or ``None`` when they need not.
        again: Look again at once: what refused it may have been of a moment.
    """

    message: Message
    blocks: Verdict | None = None
    again: bool = False


class Delivery:
    """Types one message to one seat. Made for one attempt; the caller holds the target's lease."""

    def __init__(
        self,
        message: Message,
        port: SeatPort,
        hands: Hands,
        record: Record,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._message = message
        self._port = port
        self._hands = hands
        self._record = record
        self._clock = clock
        self._stop = stop
        self._pasted = False  # by us, now, into a composer that was proved empty

    def run(self) -> Outcome:
        """Deliver a message that was never typed, or provably went nowhere."""
        seen = self._survey()
        if seen.paste.kind is not Kind.GO:
            # Given before, it may be the very text that stands there.
            stands = self._standing(seen) if self._message.attempts else Standing.ABSENT
            return self._held(seen.paste, typed=stands is not Standing.ABSENT)
        if self._message.attempts and (late := self._late()) is not None:
            return late
        before = self._message.attempts
        self._message = self._record.move(
            self._message, _S.GATE, _S.COMPOSING, attempts=before + 1
        )  # fmt: skip
        try:
            text = whole(self._message) + getattr(self._port.adapter(), "paste_end", "")
            pasted = self._hands.paste(seen.seat, seen.look.cursor, self._message.id, text)
        except Absent:
            return self._held(Verdict(Kind.GONE, "the tmux server is not there"), before)
        except CouldNotTell as error:
            return self._in_doubt(error)
        if not pasted:
            why = Verdict(Kind.WAIT, "the window changed in the moment before the paste")
            return Outcome(self._held(why, before).message, why, again=True)
        self._pasted = True
        return self.submit(self._clock.monotonic() + self._port.adapter().composer_gap_s)

    def submit(self, enter_at: float) -> Outcome:
        """Press Enter on text that stands in the composer, not before ``enter_at`` (monotonic)."""
        presses = refusals = 0
        patience = enter_at + APPEAR_S
        late = False
        while not self._stop.is_set():
            self._until(enter_at - LOOK_LEAD_S)
            seen = self._survey()
            stands = self._standing(seen)
            if stands is Standing.ABSENT:
                if (done := self._proved()) is not None:
                    return done
                if presses or self._accepted():
                    self._submitted()
                    if (done := self._prove(presses)) is not None:
                        return done
                elif self._clock.monotonic() > patience or seen.keys.kind is Kind.GONE:
                    return self._held(self._nowhere(seen), typed=True)
                enter_at = self._clock.monotonic() + _POLL_S
                late = True
                continue
            if seen.keys.kind is not Kind.GO:
                return self._held(seen.keys, typed=True)
            if late:
                # The program read it only now, and its paste window begins when it reads.
                late = False
                enter_at = self._clock.monotonic() + self._port.adapter().composer_gap_s
                continue
            if stands is Standing.ALTERED:
                why = Verdict(Kind.WAIT, "a person typed into the composer")
                return self._held(why, typed=True)
            self._until(enter_at)
            try:
                pressed = self._hands.enter(seen.seat, seen.look.cursor)
            except (Absent, CouldNotTell) as error:
                return self._in_doubt(error)
            if not pressed:
                refusals += 1
                if refusals > REFUSALS:
                    why = Verdict(Kind.WAIT, "the window changes all the time")
                    return self._held(why, typed=True)
                enter_at = self._clock.monotonic() + _POLL_S
                continue
            presses += 1
            if (done := self._prove(presses)) is not None:
                return done
            enter_at = self._clock.monotonic()
        return self._blocked("the daemon is stopping")

    def _prove(self, presses: int) -> Outcome | None:
        """After Enter: what came of it; ``None`` when the text stands there still: press again."""
        pressed_at, pressed = self._clock.now(), self._clock.monotonic()
        if self._await(QUICK_PROOF_S) >= Sighting.TAKEN and (done := self._proved()):
            return done
        self._submitted()
        look_at = pressed + SWALLOWED_S * 2 ** (presses - 1)
        while not self._stop.is_set():
            now = self._clock.monotonic()
            # Without a transcript (or a marker) only the screen tells; it is looked at more often.
            sightless = self._message.raw or not self._port.transcript_readable()
            self._await(min(0.05 if sightless else 1.0, max(0.001, look_at - now)))
            if (done := self._proved()) is not None:
                return done
            now = self._clock.monotonic()
            if now < look_at and not sightless:
                continue
            if self._accepted() and not sightless:
                if now > pressed + PROOF_S:
                    return self._blocked("the agent's program has it for later")
                look_at = max(look_at, now + 0.05)
                continue
            # Before the screen: an Enter that had been read by then shows there.
            unread = now >= look_at and self._hands.unread(self._port.seat())
            seen = self._survey()
            shown = self._standing(seen) is not Standing.ABSENT
            emptied = seen.composer.empty is True
            began = seen.fused.state in BUSY or seen.fused.since_at > pressed_at
            if sightless and emptied and began:
                return self._delivered(Proof.WORKING)
            if now < look_at:
                continue
            if shown and unread:
                # It stands still and has the Enter before it; a second one could meet a dialog.
                if now > pressed + PROOF_S:
                    return self._blocked(_UNREAD)
                look_at = now + 0.3
                continue
            if shown and seen.keys.kind is Kind.GO:
                return None if presses < PRESSES else self._stranded()
            if shown or seen.keys.kind is Kind.GONE:
                return self._held(seen.keys, typed=True)
            if now > pressed + PROOF_S:
                return self._blocked("submitted, not proved yet")
            look_at = now + 0.5
        return self._blocked("the daemon is stopping")

    # -- looking -------------------------------------------------------------------------------

    def _survey(self) -> Survey:
        seen = survey(self._port, self._hands, always_look=self._pasted or self._typed_before())
        if seen.keys.kind is Kind.LEAVE_MODE:
            try:
                self._hands.leave_mode(seen.seat)
            except (Absent, CouldNotTell):
                return seen  # the verdict stands: nothing is typed
            seen = survey(self._port, self._hands, always_look=True)
        return seen

    def _typed_before(self) -> bool:
        return self._message.state in (_S.COMPOSING, _S.SUBMITTED)

    def _standing(self, seen: Survey) -> Standing:
        return standing(seen.composer, self._message, before_was_empty=self._pasted)

    def _await(self, wait_s: float) -> Sighting:
        if self._message.raw:
            self._stop.wait(wait_s)
            return Sighting.NONE
        return self._port.await_sighting(self._message.id, Sighting.TAKEN, wait_s)

    def _until(self, at: float) -> None:
        left = at - self._clock.monotonic()
        if left > 0:
            self._stop.wait(left)

    # -- ends ----------------------------------------------------------------------------------

    def _proved(self) -> Outcome | None:
        """Delivered, when the conversation says so."""
        if self._message.raw:
            return None
        seen = self._port.sighting(self._message.id)
        if seen is Sighting.ANSWERED:
            return self._delivered(Proof.ANSWERED)
        if seen is Sighting.TAKEN:
            return self._delivered(Proof.TRANSCRIPT)
        return None

    def _accepted(self) -> bool:
        """Whether the program has it, though its conversation does not show it yet."""
        return not self._message.raw and self._port.sighting(self._message.id) in _ACCEPTED

    def _submitted(self) -> None:
        if self._message.state is not _S.SUBMITTED:
            self._message = self._record.move(self._message, _S.SUBMITTED)

    def _late(self) -> Outcome | None:
        """A message that was given before: the conversation has it after all."""
        if self._message.raw or self._port.sighting(self._message.id) < Sighting.TAKEN:
            return None
        self._message = self._record.move(self._message, _S.GATE, _S.SUBMITTED)
        return self._proved()

    def _delivered(self, proof: Proof) -> Outcome:
        return Outcome(self._record.move(self._message, _S.DELIVERED, proof=proof))

    def _stranded(self) -> Outcome:
        why = "it stands in the composer; Enter was pressed and not taken"
        moved = self._record.move(self._message, _S.STRANDED, reason=why)
        return Outcome(moved, Verdict(Kind.WAIT, why))

    def _held(
        self, verdict: Verdict, attempts: int | None = None, *, typed: bool = False
    ) -> Outcome:
        reason = f"{TYPED}{verdict.reason}" if typed else verdict.reason
        if self._message.state in (_S.ACCEPTED, _S.HELD):
            moved = self._record.hold([self._message], reason)[0]
        else:
            moved = self._record.move(self._message, _S.HELD, reason=reason, attempts=attempts)
        return Outcome(moved, verdict)

    def _blocked(self, why: str) -> Outcome:
        return Outcome(self._record.explain(self._message, why), Verdict(Kind.WAIT, why))

    def _in_doubt(self, error: Exception) -> Outcome:
        return self._blocked(f"tmux did not say what it did ({error})")

    @staticmethod
    def _nowhere(seen: Survey) -> Verdict:
        if seen.keys.kind is not Kind.GO:
            return seen.keys
        if seen.composer.empty:
            return Verdict(Kind.WAIT, "the composer does not show it")
        return Verdict(Kind.WAIT, "the composer holds other text")
