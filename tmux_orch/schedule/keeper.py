"""The keeper of holds: a limit is met, its account rests, and its agents are woken once.

Everything is written down before its effect; a round (or a ring) looks what stands there and goes
on, so it may die anywhere. Events only make it look sooner.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from tmux_orch.domain.errors import Absent, BadInput, OrchError
from tmux_orch.domain.hold import (
    ACCOUNT,
    Cause,
    Confidence,
    Hold,
    HoldState,
    Wake,
    WakeState,
)
from tmux_orch.domain.job import At
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Condition, Fused, Source
from tmux_orch.schedule import hold_words
from tmux_orch.schedule.book import Around, Book
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.schedule.limits_met import LimitsMet
from tmux_orch.schedule.resuming import Resuming
from tmux_orch.schedule.shelf import Happened, Shelf, facts
from tmux_orch.schedule.waking import Waking

_log = logging.getLogger(__name__)


class Keeper:
    """Every method may be called from any thread; :meth:`held` and :meth:`shown` never wait.

    ``reminders_after_reset(keys)`` is called when a hold of these agents ends (once more after a
    kill in that moment),
    ``checkpoint(seat, why, within_s)`` for those that still work when a long one begins.

    Args:
        around: What it works with.
        clockwork: Where the resume jobs stand.
    """

    def __init__(self, around: Around, clockwork: Clockwork) -> None:
        self.reminders_after_reset: Callable[[Sequence[str]], None] = lambda _keys: None
        self.checkpoint: Callable[[Seat, str, float], object] = lambda _seat, _why, _within: None
        self._around = around
        self._clockwork = clockwork
        self._lock = threading.RLock()
        self._after: list[Callable[[], object]] = []
        self._jobs: dict[int, datetime] = {}
        self._shelf = Shelf(around)
        self._resuming = Resuming(around, self._shelf)
        self._waking = Waking(around, self._shelf, self._resuming, self._ending)
        self._met = LimitsMet(around, self._shelf, self._resuming, self._ask_checkpoint)

    # -- asked; without the lock, which is held while messages are accepted --------------------

    def held(self, seat: Seat) -> str | None:
        """Why nothing may be sent to this agent, in words, or ``None``."""
        book = self._shelf.book_of(seat)
        if book is None:
            return None
        return hold_words.held(book.hold, book.wakes.get(seat.key), self._around.clock.now())

    def asks(self, key: str) -> str:
        """What a person is asked before this agent goes on; empty when nothing is."""
        for book in self._shelf.books:
            wake = book.wakes.get(key)
            if wake is not None and wake.state is WakeState.ASKED:
                return hold_words.held(book.hold, wake, self._around.clock.now())
        return ""

    def shown(self, seat: Seat) -> dict[str, Any] | None:
        """The hold that concerns an agent, as JSON-ready data; ``None`` when none does."""
        book = self._shelf.book_of(seat)
        if book is None:
            return None
        hold, wake = book.hold, book.wakes.get(seat.key)
        return {
            "id": hold.id,
            "account": hold.account,
            "scope": hold.scope,
            "cause": str(hold.cause),
            "until_at": hold.until_at.isoformat() if hold.until_at else None,
            "source": hold.source,
            "confidence": str(hold.confidence),
            "state": str(hold.state),
            "wake": str(wake.state) if wake is not None else None,
        }

    def open(self) -> list[Hold]:
        """Every hold that has not ended, oldest first."""
        return [book.hold for book in self._shelf.books if book.hold.state is not HoldState.ENDED]

    def wakes(self, hold_id: int) -> list[Wake]:
        """The agents of one hold, as far as they met its limit or are being woken."""
        return self._around.store.wakes(hold_id)

    def history(self, account: str | None = None, limit: int = 50) -> list[Hold]:
        """Ended holds, newest first."""
        return self._around.store.history(account, limit)

    # -- told ------------------------------------------------------------------------------------

    def event(self, kind: str, key: str | None, payload: Mapping[str, Any]) -> None:
        """Something happened to an agent; what is no limit's is passed over. Never raises."""
        if key is None:
            return
        if kind == "limit_seen":
            self._safely(self.round)
        elif kind == "limit_inside":
            self._safely(lambda: self._do(lambda: self._met.told(key, payload, inside=True)))
        elif kind == "condition_seen" and _is_billing(payload):
            self._safely(lambda: self._do(lambda: self._met.told(key, payload)))

    def state(self, key: str, fused: Fused) -> None:
        """An agent has a new state. Never raises."""
        limited = fused.state is AgentState.USAGE_LIMITED
        if limited or any(_is_sent(book.wakes.get(key)) for book in self._shelf.books):
            self._safely(self.round)

    def round(self) -> None:
        """Look at every agent at its limit and go on with every hold; the level-triggered net."""
        self._do(self._go_round)
        self._put_jobs()

    def ring(self, job_id: str, due: Sequence[datetime]) -> None:
        """The clockwork's answer to ``resume:<hold>``."""
        del due
        self._jobs.pop(int(job_id.partition(":")[2]), None)
        # No job may be put here: the clockwork removes the one that rings when this returns.
        self._do(self._go_round)

    # -- a person's ------------------------------------------------------------------------------

    def hold(self, account: str, until_at: datetime | None) -> Hold:
        """Hold an account until then, or until it is woken; an open hold of it is moved.

        Raises:
            BadInput: the time has passed.
        """
        now = self._around.clock.now()
        if until_at is not None and until_at <= now:
            raise BadInput("that time has passed", "name one ahead: tmux-orch credits hold --help")
        with self._doing():
            book = self._shelf.open_of(account, ACCOUNT)
            if book is None:
                cause, by = Cause.PERSON, Confidence.PERSON
                hold = Hold(0, account, ACCOUNT, cause, "", now, until_at, "person", by)
                found = self._shelf.add(hold)
            else:
                state = HoldState.HELD
                found = replace(
                    book.hold, until_at=until_at, source="person", state=state,
                    confidence=Confidence.PERSON,
                )  # fmt: skip
                # Those that were woken already, or left, are held with the others.
                again = [
                    replace(wake, state=WakeState.WAITING, met_at=None, due_at=None, state_at=now)
                    for wake in book.wakes.values()
                    if wake.state in (WakeState.VERIFIED, WakeState.LEFT)
                ]
                self._shelf.save(found, again, Happened("hold.moved", "", facts(found)))
        self._put_jobs()
        return found

    def wake(self, account_or_agent: str) -> list[str]:
        """Wake the agents of an account, or one agent by its key, now; the keys that are held.

        Raises:
            Absent: no hold concerns it.
        """
        with self._doing():
            keys = self._wake_account(account_or_agent) or self._wake_agent(account_or_agent)
            if not keys:
                raise Absent(
                    f"nothing holds {account_or_agent}", "see the holds: tmux-orch credits status"
                )
            self._go_round()
        self._put_jobs()
        return keys

    def _wake_account(self, account: str) -> list[str]:
        now, keys = self._around.clock.now(), []
        for book in self._shelf.books:
            if book.hold.account != account:
                continue
            keys += [seat.key for seat in self._shelf.concerned(book) if book.holds(seat.key)]
            if book.hold.state is not HoldState.ENDED:
                moved = replace(
                    book.hold, until_at=now, source="person", confidence=Confidence.PERSON
                )
                self._shelf.save(moved, (), Happened("hold.moved", "", facts(moved)))
                if moved.state is HoldState.WAKING:
                    self._waking.hasten(Book(moved, book.wakes), now)
        for wake in [
            w for b in self._shelf.books if b.hold.account == account for w in b.wakes.values()
        ]:
            if wake.state is WakeState.ASKED:
                self._waking.allow(wake)
        self._shelf.read()
        return list(dict.fromkeys(keys))

    def _wake_agent(self, key: str) -> list[str]:
        seat = next((seat for seat in self._around.seats() if seat.key == key), None)
        book = self._shelf.book_of(seat) if seat is not None else None
        if seat is None or book is None:
            return []
        for other in self._shelf.books_of(seat, but=book.hold.id):
            known = other.wakes.get(key) or Wake(other.hold.id, key, WakeState.WAITING)
            if known.met_at is not None:
                self._waking.pass_on(known, book)
            self._resuming.leave(known, "a person woke it")
        book = self._shelf.book(book.hold.id) or book
        wake = book.wakes.get(key)
        if wake is not None and wake.state is WakeState.ASKED:
            self._waking.allow(wake)
        elif book.hold.state is HoldState.HELD:
            self._waking.begin(book, self._shelf.concerned(book), only=key)
        elif wake is not None:
            now = self._around.clock.now()
            self._shelf.save(None, [replace(wake, due_at=now)])
        return [key]

    # -- going round -----------------------------------------------------------------------------

    def _go_round(self) -> None:
        self._shelf.refresh()
        # What one agent or hold meets (its files are gone, a message is refused) is its own.
        for seat in self._around.seats():
            self._safely(partial(self._met.look_at, seat))
        for book in self._shelf.books:
            self._safely(partial(self._step, book))

    def _step(self, book: Book) -> None:
        self._met.tell_hubs(book)
        self._waking.step(book, self._shelf.concerned(book))

    def _ending(self, book: Book) -> None:
        """Before it is written down: a kill in between has the reminders rung again, not lost."""
        keys = [seat.key for seat in self._shelf.concerned(book)] or list(book.wakes)
        self._safely(lambda: self.reminders_after_reset(keys))

    def _ask_checkpoint(self, seat: Seat, why: str, within_s: float) -> None:
        self._after.append(lambda: self.checkpoint(seat, why, within_s))

    # -- inside ----------------------------------------------------------------------------------

    def _put_jobs(self) -> None:
        """Without the lock: the clockwork may be ringing, and wait for it."""
        wanted = {book.hold.id: self._waking.next_at(book) for book in self._shelf.books}
        for hold_id, at in wanted.items():
            if at is not None and self._jobs.get(hold_id) != at:
                self._jobs[hold_id] = at
                self._clockwork.put(f"resume:{hold_id}", At(at))
        for hold_id in [known for known in list(self._jobs) if wanted.get(known) is None]:
            self._jobs.pop(hold_id, None)
            self._clockwork.drop(f"resume:{hold_id}")

    def _do(self, work: Callable[[], None]) -> None:
        with self._doing():
            work()

    @contextmanager
    def _doing(self) -> Iterator[None]:
        """One at a time; what others are told of comes after it, when nobody is kept waiting."""
        after: list[Callable[[], object]] = []
        try:
            with self._lock:
                try:
                    yield
                finally:
                    after, self._after = self._after, []
        finally:
            for act in after:
                self._safely(act)

    def _safely(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OrchError as error:
            _log.warning("%s", error.line())  # the next round looks again
        except Exception:  # noqa: BLE001 - logged; the next round looks again
            _log.exception("a hold met a fault of ours")


def _is_billing(payload: Mapping[str, Any]) -> bool:
    """Whether the program itself says that money is missing; words on a screen hold nobody."""
    said = (payload.get("source"), payload.get("condition"))
    return said == (Source.HOOK, Condition.BILLING)


def _is_sent(wake: Wake | None) -> bool:
    return wake is not None and wake.state is WakeState.SENT
