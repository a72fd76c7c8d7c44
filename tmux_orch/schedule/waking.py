"""Waking the agents of a hold whose time has come: one after the other, each once, and proved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tmux_orch.domain import holding
from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.hold import (
    SETTLED,
    Cause,
    Confidence,
    Hold,
    HoldState,
    Wake,
    WakeState,
)
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState
from tmux_orch.schedule.book import Agent, Around, Book
from tmux_orch.schedule.resuming import Resuming
from tmux_orch.schedule.shelf import Happened, Shelf, facts

_log = logging.getLogger(__name__)

#: A conversation with so much of its context used, held for so long, is asked about first: to go
#: on with a stale one of 121k tokens burnt the new window (AgentsCommander #55).
STALE_PERCENT, STALE_S = 60.0, 12 * 3600.0
#: It has worked for so long: it was no flicker between the end of a turn and the word of it.
WORKS_S = 10.0
#: A wait that is over for longer was missed: the line begins now.
_MISSED = timedelta(seconds=30)


class Waking:
    """The steps of a hold after it was begun; the keeper calls them, one at a time.

    Args:
        around: What it works with.
        shelf: The holds.
        resuming: Wakes one agent.
        ending: A hold is about to end.
    """

    def __init__(
        self, around: Around, shelf: Shelf, resuming: Resuming, ending: Callable[[Book], None]
    ) -> None:
        self._around = around
        self._shelf = shelf
        self._resuming = resuming
        self._ending = ending
        self._busy_since: dict[str, float] = {}

    def next_at(self, book: Book) -> datetime | None:
        """When something is due of this hold; ``None`` when nothing is by itself."""
        if book.hold.state is HoldState.HELD:
            return holding.due(book.hold)
        if book.hold.state is HoldState.ENDED:
            return None
        now = self._now()
        waiting = [w.due_at for w in book.wakes.values() if w.state is WakeState.WAITING]
        # Whose turn has come and who still waits, waits for another one: a round sees that.
        return min((at for at in waiting if at is not None and at > now), default=None)

    def step(self, book: Book, concerned: Sequence[Seat]) -> None:
        """Do what is due now."""
        now = self._around.clock.now()
        if book.hold.state is HoldState.HELD:
            self._look_after(book, concerned)
            book = self._fresh(book)
            due_at = holding.due(book.hold)
            if due_at is not None and now >= due_at:
                self.begin(book, concerned)
                book = self._fresh(book)
        for wake in sorted(book.wakes.values(), key=lambda w: (_at(w.due_at), w.agent)):
            try:
                self._wake(self._fresh(book), wake.agent, concerned)
            except OrchError as error:  # the next round tries again; the others do not wait for it
                _log.warning("%s is not woken: %s", wake.agent, error.line())
        book = self._fresh(book)
        done = all(wake.state in SETTLED for wake in book.wakes.values())
        if book.hold.state is HoldState.WAKING and done:
            self._end(book)

    # -- the line --------------------------------------------------------------------------------

    def begin(self, book: Book, concerned: Sequence[Seat], only: str = "") -> None:
        """The hold's time has come; or a person has only one agent woken, and the others wait."""
        now, due_at = self._around.clock.now(), holding.due(book.hold)
        start: datetime | None = now
        if due_at is not None and now - due_at <= _MISSED:
            start = due_at
        if only:
            start = due_at if due_at is not None and due_at > now else None
        wakes, place = [], 0
        for seat in concerned:
            wake = book.wakes.get(seat.key) or Wake(
                book.hold.id, seat.key, WakeState.WAITING, state_at=now
            )
            if wake.state not in (WakeState.WAITING, WakeState.FAILED):
                continue
            # One that has nothing to be woken for takes no place in the line.
            in_line = wake.met_at is not None or self._waiting(seat) > 0
            turn = start + holding.stagger(place if in_line else 0) if start is not None else None
            if seat.key == only:
                turn = now
            place += in_line
            state_at = wake.state_at if wake.state is WakeState.WAITING else now
            wakes.append(
                replace(wake, state=WakeState.WAITING, due_at=turn, message="", state_at=state_at)
            )
        # Those that are not in their team any more are settled with the others.
        keys = {seat.key for seat in concerned}
        for wake in book.wakes.values():
            if wake.state in (WakeState.WAITING, WakeState.FAILED) and wake.agent not in keys:
                wakes.append(replace(wake, state=WakeState.WAITING, due_at=now, message=""))
        hold = replace(book.hold, state=HoldState.WAKING)
        told = Happened("hold.probed", hold.agent, facts(hold, probe=hold.probes + 1))
        self._shelf.save(hold, wakes, *([told] if holding.is_probe(hold) else []))

    def hasten(self, book: Book, now: datetime) -> None:
        """The account is seen to work: those whose turn is later or never come one by one now."""
        wakes, place = [], 1
        waiting = [w for w in book.wakes.values() if w.state is WakeState.WAITING]
        for wake in sorted(waiting, key=lambda w: (_at(w.due_at), w.agent)):
            turn = now + holding.stagger(place)
            place += 1
            if wake.due_at is None or wake.due_at > turn:
                wakes.append(replace(wake, due_at=turn))
        if wakes:
            self._shelf.save(None, wakes)

    def allow(self, wake: Wake) -> None:
        """A person lets an agent go on whose conversation was asked about."""
        book = self._shelf.book(wake.hold)
        if book is not None:
            self._resuming.send(book.hold, wake)

    def _wake(self, book: Book, key: str, concerned: Sequence[Seat]) -> None:
        wake = book.wakes[key]
        if wake.state not in (WakeState.WAITING, WakeState.SENT, WakeState.ASKED):
            return
        waking = book.hold.state is HoldState.WAKING
        if wake.state is WakeState.WAITING and not (waking and _has_come(wake, self._now())):
            return
        live = self._around.live(key)
        if not any(seat.key == key for seat in concerned):
            self._resuming.leave(wake, "it is not to run any more")
        elif live is None or live.fused().state is AgentState.EXITED:
            self._resuming.leave(wake, "it does not run")
        elif wake.state is WakeState.ASKED:
            if live.fused().state in BUSY:
                self._resuming.leave(wake, "somebody let it go on in its window")
        elif self._is_held_besides(book, wake, concerned):
            self._resuming.leave(wake, "another limit holds it")
        elif wake.state is WakeState.SENT:
            if self._resuming.prove(book, wake, live) and waking:
                self.hasten(self._fresh(book), self._now())
        else:
            self._turn(book, wake, live, next(seat for seat in concerned if seat.key == key))

    def _is_held_besides(self, book: Book, wake: Wake, concerned: Sequence[Seat]) -> bool:
        """Whether it could not go on now: the hold that ends last resumes it, once."""
        if book.hold.inside or (
            wake.state is WakeState.SENT and not self._resuming.was_tried(wake)
        ):
            return False
        seat = next(seat for seat in concerned if seat.key == wake.agent)
        others = self._shelf.books_of(seat, but=book.hold.id)
        if others and wake.met_at is not None:
            self.pass_on(wake, others[0])
        return bool(others)

    def pass_on(self, wake: Wake, book: Book) -> None:
        """That its turn was broken off is remembered by the hold that resumes it."""
        now, due_at = self._now(), None
        if book.hold.state is HoldState.WAKING:
            due_at = now
        known = book.wakes.get(wake.agent) or Wake(
            book.hold.id, wake.agent, WakeState.WAITING, due_at=due_at, state_at=now
        )
        if known.met_at is None:
            self._shelf.save(None, [replace(known, met_at=wake.met_at)])

    def _turn(self, book: Book, wake: Wake, live: Agent, seat: Seat) -> None:
        """Its turn in the line has come: look what it does first."""
        hold, state = book.hold, live.fused().state
        if not hold.inside:
            if state in BUSY:
                self._resuming.leave(wake, "it works already")
                return
            if wake.met_at is None and (state in WAITING or hold.cause is Cause.PERSON):
                self._resuming.leave(wake, "its turn was not broken off")
                return
            if wake.met_at is None and not self._waiting(seat):
                self._resuming.leave(wake, "it had nothing to go on with")
                return
            if holding.is_probe(hold) and self._somebody_tries(book):
                return
            if (percent := self._stale(hold, wake, live)) is not None:
                self._resuming.ask(hold, wake, seat, percent)
                return
        self._resuming.send(book.hold, wake)

    def _somebody_tries(self, book: Book) -> bool:
        """Whether the account is being tried by one agent, or was found not to work yet."""
        since = book.hold.until_at or book.hold.since_at
        for wake in book.wakes.values():
            if wake.state is WakeState.VERIFIED and wake.state_at and wake.state_at >= since:
                return False
        return any(self._resuming.is_trying(wake) for wake in book.wakes.values())

    def _stale(self, hold: Hold, wake: Wake, live: Agent) -> float | None:
        """How much of its context is used, when a person must be asked about it first."""
        held_s = (self._now() - (wake.met_at or hold.since_at)).total_seconds()
        figures = live.figures()
        percent = figures.context_percent if figures is not None else None
        by_person = hold.confidence is Confidence.PERSON
        if percent is None or percent < STALE_PERCENT or held_s < STALE_S or by_person:
            return None
        return percent

    # -- the end ------------------------------------------------------------------------------

    def _end(self, book: Book) -> None:
        counts = [
            (sum(w.state is state for w in book.wakes.values()), said)
            for state, said in (
                (WakeState.VERIFIED, "resumed"),
                (WakeState.LEFT, "left alone"),
                (WakeState.ASKED, "asked about"),
            )
        ]
        outcome = ", ".join(f"{count} {said}" for count, said in counts if count)
        hold = replace(
            book.hold, state=HoldState.ENDED, ended_at=self._now(), outcome=outcome or "nobody held"
        )
        self._ending(book)
        told = Happened("hold.ended", hold.agent, facts(hold, outcome=hold.outcome))
        self._shelf.save(hold, (), told)
        for key in book.wakes:
            self._around.kick(key)

    # -- while it is held ------------------------------------------------------------------------

    def _look_after(self, book: Book, concerned: Sequence[Seat]) -> None:
        """Those that work again by themselves are left; then the account may be tried at once."""
        if book.hold.inside:
            return  # its agent works all the time, and is told when the helpers' limit has ended
        hold, wanted = book.hold, {seat.key for seat in concerned}
        met = [w for w in book.wakes.values() if w.met_at and w.state is WakeState.WAITING]
        left: list[tuple[Wake, str]] = []
        for wake in met:
            live = self._around.live(wake.agent)
            if hold.cause is Cause.SPEND and wake.agent not in wanted:
                # No time ends it, and who is gone is never seen to work again.
                left.append((wake, "it is not to run any more"))
            elif live is not None and self._works_again(wake, live):
                left.append((wake, "it works again without us"))
        if left and len(left) == len(met) and hold.cause not in (Cause.MODEL, Cause.PERSON):
            # First, lest a kill in between leave a hold that nothing ends.
            moved = replace(hold, until_at=self._now(), source="work", confidence=Confidence.GUESS)
            self._shelf.save(moved, (), Happened("hold.moved", "", facts(moved)))
        for wake, why in left:
            self._resuming.leave(wake, why)

    def _works_again(self, wake: Wake, live: Agent) -> bool:
        """Whether a turn runs, or one has ended well, since it met the limit."""
        fused, facts = live.fused(), live.readings()
        if fused.state not in BUSY:
            self._busy_since.pop(wake.agent, None)
            hook = facts.hook
            ended_well = hook is not None and hook.state in READY
            return (
                fused.state in READY and ended_well and facts.limit_said() is None
                and hook is not None and wake.met_at is not None and hook.at > wake.met_at
            )  # fmt: skip
        at = self._around.clock.monotonic()
        return at - self._busy_since.setdefault(wake.agent, at) >= WORKS_S

    # -- inside ----------------------------------------------------------------------------------

    def _waiting(self, seat: Seat) -> int:
        return self._around.waiting(seat.project).get(seat.key, 0)

    def _now(self) -> datetime:
        return self._around.clock.now()

    def _fresh(self, book: Book) -> Book:
        return self._shelf.book(book.hold.id) or book


def _at(at: datetime | None) -> float:
    return at.timestamp() if at is not None else float("inf")


def _has_come(wake: Wake, now: datetime) -> bool:
    return wake.due_at is not None and wake.due_at <= now
