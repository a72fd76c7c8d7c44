"""A limit that an agent meets: it begins a hold of its account, or joins or moves the open one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tmux_orch.domain import holding, limit
from tmux_orch.domain.hold import ACCOUNT, Cause, Hold, HoldState, Wake, WakeState
from tmux_orch.domain.limit import Limit
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import BUSY, Reading, Source
from tmux_orch.schedule import hold_words
from tmux_orch.schedule.book import Around, Book
from tmux_orch.schedule.resuming import Resuming
from tmux_orch.schedule.shelf import Happened, Shelf, facts

#: A mate that still works is asked for its checkpoint before a hold of so long.
LONG_S = 3600.0
#: So many ended holds of an account tell the pattern of its resets.
_HISTORY = 20


class LimitsMet:
    """The keeper calls it, one call at a time.

    Args:
        around: What it works with.
        shelf: The holds.
        resuming: Told when an agent that was woken is at the limit again.
        ask: Asks an agent for its checkpoint: the seat, why, within how many seconds.
    """

    def __init__(
        self,
        around: Around,
        shelf: Shelf,
        resuming: Resuming,
        ask: Callable[[Seat, str, float], None],
    ) -> None:
        self._around = around
        self._shelf = shelf
        self._resuming = resuming
        self._ask = ask
        #: Holds whose hubs need not be looked for again by this daemon.
        self._told: set[int] = set()

    def look_at(self, seat: Seat) -> None:
        """Take the limit that an agent is at, if it is at one."""
        live = self._around.live(seat.key)
        reading = live.limit_met() if live is not None else None
        if reading is not None:
            self._met(seat, self._limit_of(seat.key, reading))

    def _limit_of(self, key: str, reading: Reading, *, inside: bool = False) -> Limit:
        live = self._around.live(key)
        figures = live.figures() if live is not None else None
        return limit.read(
            key, reading.at, source=str(reading.source), evidence=reading.detail,
            until_at=reading.until_at, quotas=figures.quotas if figures is not None else (),
            inside=inside,
        )  # fmt: skip

    def told(self, key: str, payload: Mapping[str, Any], *, inside: bool = False) -> None:
        """A limit that is no state of its agent: money is missing, or only helpers met it."""
        seat = next((seat for seat in self._around.seats() if seat.key == key), None)
        if seat is None:
            return
        until = payload.get("until_at")
        reading = Reading(
            Source.HOOK, None, self._around.clock.now(), str(payload.get("rule")),
            str(payload.get("evidence")), datetime.fromisoformat(until) if until else None,
        )  # fmt: skip
        found = self._limit_of(key, reading, inside=inside)
        if not inside:
            found = replace(found, cause=Cause.SPEND, scope=ACCOUNT, until_at=None)
        elif self._shelf.book_of(seat) is not None:
            return  # the agent itself is held: it looks after its helpers when it is woken
        self._met(seat, found)

    def _met(self, seat: Seat, met: Limit) -> None:
        """An agent has met a limit; or is seen to be at the one that is known."""
        now, account = self._around.clock.now(), self._shelf.account(seat)
        if not account:
            return
        book = self._shelf.open_of(account, met.scope, met.agent)
        if book is None:
            if self._shelf.is_asked_about(seat.key):
                return  # a person is asked about it: the words on its screen are the old ones
            self._begin(seat, account, met)
            return
        wake = book.wakes.get(seat.key)
        tried = wake is not None and wake.state in (WakeState.SENT, WakeState.VERIFIED)
        if wake is not None and tried:
            if not self._resuming.was_tried(wake):
                return  # the words on its screen are the old ones
            self._resuming.failed(book, wake, met)
        elif wake is None or wake.met_at is None or wake.state is WakeState.LEFT:
            state = wake.state if wake is not None else WakeState.WAITING
            state = WakeState.WAITING if state is WakeState.LEFT else state
            due_at = now if book.hold.state is HoldState.WAKING else None
            joined = Wake(book.hold.id, seat.key, state, met.at, due_at, "", now)
            self._shelf.save(None, [joined])
        self._move(book.hold.id, met)

    def _move(self, hold_id: int, met: Limit) -> None:
        book = self._shelf.book(hold_id)
        if book is None or book.hold.state is not HoldState.HELD:
            return
        hold = book.hold
        moved = holding.extend(hold, met, self._around.clock.now())
        if moved is not hold:
            told = Happened("hold.moved", met.agent, facts(moved))
            self._shelf.save(moved, (), *([told] if moved.until_at != hold.until_at else []))

    def _begin(self, seat: Seat, account: str, met: Limit) -> None:
        around, now = self._around, self._around.clock.now()
        history = around.store.history(account, _HISTORY, met.scope)
        hold = holding.begin(account, met, history)
        first = Wake(0, seat.key, WakeState.WAITING, met.at, None, "", now)
        hold = self._shelf.add(hold, first)
        if hold.inside:
            return
        book = next(book for book in self._shelf.books if book.hold.id == hold.id)
        self._ask_for_checkpoints(hold, seat, self._shelf.concerned(book), now)

    def tell_hubs(self, book: Book) -> None:
        """Tell the hub of every team that a hold concerns, once however often it is called."""
        hold = book.hold
        if (
            hold.id in self._told
            or hold.inside
            or hold.cause is Cause.PERSON
            or hold.state is HoldState.ENDED
        ):
            return
        concerned = self._shelf.concerned(book)
        keys = [seat.key for seat in concerned]
        for project in dict.fromkeys(seat.project for seat in concerned):
            for hub in self._shelf.hubs(project):
                text = hold_words.to_hub(hold, keys, self._around.clock.now())
                self._resuming.say(hub.key, text, f"hold:{hold.id}:{project}")
        self._told.add(hold.id)

    def _ask_for_checkpoints(
        self, hold: Hold, first: Seat, concerned: Sequence[Seat], now: datetime
    ) -> None:
        if hold.until_at is None or hold.until_at - now < timedelta(seconds=LONG_S):
            return
        why = f"the {hold_words.what(hold)} of your account is reached"
        for mate in concerned:
            live = self._around.live(mate.key)
            if mate.key != first.key and live is not None and live.fused().state in BUSY:
                self._ask(mate, why, LONG_S)
