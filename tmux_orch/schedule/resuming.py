"""Waking one agent: one message before all others, and the proof that it works again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tmux_orch.domain import holding
from tmux_orch.domain.hold import Cause, Hold, HoldState, Wake, WakeState
from tmux_orch.domain.limit import Limit
from tmux_orch.domain.message import SYSTEM, Message, MessageState, Priority
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import BUSY, READY, AgentState
from tmux_orch.messages.port import Sighting
from tmux_orch.schedule import hold_words
from tmux_orch.schedule.book import Agent, Around, Book
from tmux_orch.schedule.shelf import Happened, Shelf, facts
from tmux_orch.worktrees.checkpoint_page import newest_page

#: A turn that ended without a limit: words of one on a screen are believed after 5 s of rest.
QUIET_S = 10.0
#: Busy for so long after the message was taken: the model's service is answering. Programs that are
#: refused ask again for a minute or two before they give up; most answers are seen much earlier.
WORKS_S = 300.0
#: Nobody waits longer for one agent that tries it (its message waits behind a dialog, a draft).
TRIES_S = 300.0
_UNTYPED = frozenset({MessageState.ACCEPTED, MessageState.GATE, MessageState.HELD})
_LOST = frozenset(
    {MessageState.STRANDED, MessageState.UNKNOWN, MessageState.EXPIRED, MessageState.REFUSED}
)


class Resuming:
    """The keeper's hands on one agent; one call at a time.

    Args:
        around: What it works with.
        shelf: The holds.
    """

    def __init__(self, around: Around, shelf: Shelf) -> None:
        self._around = around
        self._shelf = shelf

    def send(self, hold: Hold, wake: Wake) -> None:
        """Have one resume message go to the agent before all that waits for it."""
        now = self._now()
        sent = replace(wake, state=WakeState.SENT, message="", state_at=now)
        self._shelf.save(None, [sent])
        self._finish_sending(hold, sent)

    def _finish_sending(self, hold: Hold, wake: Wake) -> None:
        """The message, accepted once however often we die here; then nothing holds it."""
        live = self._around.live(wake.agent)
        if live is not None and not hold.inside:
            live.let_go()
        text = hold_words.resume(hold, wake, self._checkpoint(wake.agent))
        key = f"wake:{hold.id}:{wake.agent}:{hold.probes}"
        message = self.say(wake.agent, text, key, Priority.FIRST)
        wake = replace(wake, message=message.id)
        self._save(wake, "wake.sent", {"message": message.id})
        self._around.kick(wake.agent)

    def say(
        self, key: str, text: str, client_key: str, priority: Priority = Priority.MEDIUM
    ) -> Message:
        """Tell an agent something once; a repetition may word it otherwise."""
        before = self._around.find(SYSTEM, client_key)
        if before is not None:
            return before
        return self._around.accept(SYSTEM, key, text, priority=priority, client_key=client_key)

    def prove(self, book: Book, wake: Wake, live: Agent) -> bool:
        """Look whether an agent that was woken works; true when that is proved now."""
        message = self._message(wake)
        if message is None:
            self._finish_sending(book.hold, wake)
        elif message.state in _UNTYPED:
            if book.hold.state is not HoldState.HELD and not book.hold.inside:
                live.let_go()  # what its screen says is of before
        elif message.state in _LOST:
            self.leave(wake, f"its resume message {message.id} is {message.state}: look at it")
        elif live.fused().state is AgentState.ERROR and book.hold.cause is Cause.SPEND:
            self.failed(book, wake, None)
        elif self._works(book.hold, message, live):
            done = replace(wake, state=WakeState.VERIFIED, state_at=self._now())
            self._save(done, "wake.verified", {})
            return True
        return False

    def _works(self, hold: Hold, message: Message, live: Agent) -> bool:
        """Whether its model answers, or a turn ran that did not end in the limit."""
        now, fused = self._now(), live.fused()
        if fused.state is AgentState.USAGE_LIMITED:
            return False  # the keeper reads the limit
        if live.sighting(message.id) is Sighting.ANSWERED:
            return True
        # Whichever way the clock was set meanwhile.
        rested_s = abs((now - max(message.state_at, fused.since_at)).total_seconds())
        taken_s = abs((now - message.state_at).total_seconds())
        rests = fused.state in READY and rested_s >= QUIET_S
        works = fused.state in BUSY - {AgentState.RETRYING} and taken_s >= WORKS_S
        # Others must not wait until a person has answered: who asks was answered by its model.
        asks = fused.state is AgentState.WAITING_PERMISSION
        return message.state is MessageState.DELIVERED and (hold.inside or rests or works or asks)

    def is_trying(self, wake: Wake) -> bool:
        """Whether a woken agent's turn runs or is to begin soon, so that others wait for it."""
        if wake.state is not WakeState.SENT or wake.state_at is None:
            return False
        message = self._message(wake)
        taken = message is not None and message.state not in _UNTYPED
        return taken or abs((self._now() - wake.state_at).total_seconds()) < TRIES_S

    def was_tried(self, wake: Wake) -> bool:
        """Whether the limit was met after the agent was woken, so that the waking has failed."""
        if wake.state is WakeState.VERIFIED:
            return True
        message = self._message(wake)
        return message is not None and message.state not in _UNTYPED

    def failed(self, book: Book, wake: Wake, met: Limit | None) -> None:
        """An agent that was woken is at the limit again: the hold goes on."""
        now = self._now()
        after = WakeState.FAILED if wake.state is WakeState.SENT else WakeState.WAITING
        met_at = met.at if met is not None else wake.met_at
        back = replace(wake, state=after, met_at=met_at, message="", state_at=now)
        hold = book.hold
        if hold.state is HoldState.WAKING:
            hold = holding.failed(hold, met, now)
        self._shelf.save(hold, [back], Happened("wake.failed", wake.agent, facts(hold)))

    def leave(self, wake: Wake, why: str) -> None:
        """There is nothing of ours to do for it."""
        left = replace(wake, state=WakeState.LEFT, state_at=self._now())
        self._save(left, "wake.left", {"why": why})
        self._around.kick(wake.agent)

    def ask(self, hold: Hold, wake: Wake, seat: Seat, percent: float) -> None:
        """A person says whether it goes on; its messages wait for that."""
        now = self._now()
        asked = replace(wake, state=WakeState.ASKED, state_at=now)
        held_s = (now - (wake.met_at or hold.since_at)).total_seconds()
        told = {"context_percent": percent, "held_h": round(held_s / 3600)}
        self._save(asked, "wake.asked", told)
        live = self._around.live(wake.agent)
        if live is not None:
            live.let_go()
        for hub in self._shelf.hubs(seat.project):
            if hub.key != seat.key:
                text = hold_words.asks(hold, wake.agent, percent, held_s)
                self.say(hub.key, text, f"asked:{hold.id}:{wake.agent}")

    def _checkpoint(self, key: str) -> str:
        """The newest checkpoint page in the agent's worktree, if there is one."""
        seat = next((seat for seat in self._around.seats() if seat.key == key), None)
        if seat is None:
            return ""
        return newest_page(Path(seat.worktree), seat.name) or ""

    def _message(self, wake: Wake) -> Message | None:
        return self._around.message(wake.message) if wake.message else None

    def _now(self) -> datetime:
        return self._around.clock.now()

    def _save(self, wake: Wake, kind: str, payload: Mapping[str, object]) -> None:
        self._shelf.save(None, [wake], Happened(kind, wake.agent, {"hold": wake.hold, **payload}))
