"""The holds as they stand now, in memory: asked by everybody, without waiting for the keeper."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.hold import ACCOUNT, Hold, HoldState, Wake, WakeState
from tmux_orch.domain.names import split_key
from tmux_orch.domain.roles import HUB_ROLE
from tmux_orch.domain.seat import Seat
from tmux_orch.schedule import hold_words
from tmux_orch.schedule.book import Around, Book

_log = logging.getLogger(__name__)

#: Of an ended hold: a person has not answered, or its agent is being woken since.
_ASKED = frozenset({WakeState.ASKED, WakeState.SENT})


@dataclass(frozen=True, slots=True)
class Happened:
    """One event to write with what it tells of; ``agent`` is a key, or empty."""

    kind: str
    agent: str
    payload: Mapping[str, object]


class Shelf:
    """The open holds, and ended ones with agents that a person was asked about.

    Every method may be called from any thread; only the keeper, who changes them, calls
    :meth:`read`.

    Args:
        around: What the keeper works with.
    """

    def __init__(self, around: Around) -> None:
        self._around = around
        self.books: tuple[Book, ...] = ()
        self._is_stale = False
        self._mute: set[str] = set()
        self.read()

    def read(self) -> None:
        """Take what is stored now."""
        self._is_stale = True  # should it fail, until the next time
        store = self._around.store
        holds = sorted([*store.open(), *store.loose()], key=lambda hold: hold.id)
        self.books = tuple(
            Book(hold, {wake.agent: wake for wake in store.wakes(hold.id)}) for hold in holds
        )
        self._is_stale = False

    def refresh(self) -> None:
        """Take what is stored, if that could not be read after the last change."""
        if self._is_stale:
            self.read()

    def book(self, hold_id: int) -> Book | None:
        """The hold with this number, while it is open."""
        return next((book for book in self.books if book.hold.id == hold_id), None)

    def concerned(self, book: Book) -> list[Seat]:
        """The agents that a hold concerns, by project and slot."""
        found = []
        for seat in self._around.seats():
            if book.hold.inside:
                if seat.key == book.hold.agent:
                    found.append(seat)
            elif book.concerns(seat, self.account(seat), self._model(seat)):
                found.append(seat)
        return found

    def book_of(self, seat: Seat) -> Book | None:
        """The hold that keeps messages from this agent; of several the one that ends last."""
        return max(self.books_of(seat), key=lambda book: _end(book.hold), default=None)

    def books_of(self, seat: Seat, but: int = 0) -> list[Book]:
        """All holds that keep messages from this agent, without the one with the number ``but``."""
        books = self.books
        if not books:
            return []
        account, model = self.account(seat), self._model(seat)
        return [
            book
            for book in books
            if book.hold.id != but and book.concerns(seat, account, model) and book.holds(seat.key)
        ]

    def account(self, seat: Seat) -> str:
        """Whose plan it spends; empty when that cannot be told."""
        try:
            return self._around.account(seat)
        except (OrchError, OSError, KeyError) as error:
            if seat.key not in self._mute:
                _log.warning("the account of %s cannot be told: %s", seat.key, error)
            self._mute.add(seat.key)
            return ""

    def _model(self, seat: Seat) -> str:
        if not any(book.hold.scope != ACCOUNT for book in self.books):
            return seat.model
        live = self._around.live(seat.key)
        figures = live.figures() if live is not None else None
        return (figures.model if figures is not None else "") or seat.model

    def open_of(self, account: str, scope: str, agent: str = "") -> Book | None:
        """The open hold of this account and scope; of helpers only, that inside ``agent``."""
        for book in self.books:
            hold = book.hold
            if hold.state is HoldState.ENDED or (hold.account, hold.scope) != (account, scope):
                continue
            if not hold.inside or hold.agent == agent:
                return book
        return None

    def is_asked_about(self, key: str) -> bool:
        """Whether a person is asked about this agent of a hold that has ended."""
        wakes = (b.wakes.get(key) for b in self.books if b.hold.state is HoldState.ENDED)
        return any(wake is not None and wake.state in _ASKED for wake in wakes)

    def hubs(self, project: str) -> Iterator[Seat]:
        """The hub of a team, if it is to run."""
        for seat in self._around.seats():
            if seat.project == project and seat.role == HUB_ROLE:
                yield seat

    def add(self, hold: Hold, *wakes: Wake) -> Hold:
        """Store a new hold, and that it has begun; the hold with its number."""

        def begun(connection: Connection, added: Hold) -> None:
            self._happened(connection, Happened("hold.begun", added.agent, facts(added)))

        added = self._around.store.add(hold, wakes, begun)
        self.read()
        return added

    def save(self, hold: Hold | None, wakes: Sequence[Wake], *happened: Happened) -> None:
        """Store what has changed, and with it what has happened."""

        def also(connection: Connection) -> None:
            for one in happened:
                self._happened(connection, one)

        self._around.store.save(hold, wakes, also)
        self.read()

    def _happened(self, connection: Connection, one: Happened) -> None:
        project = split_key(one.agent)[0] if one.agent else None
        append = self._around.append
        append(one.kind, project, one.agent or None, one.payload, connection=connection)


def facts(hold: Hold, **more: object) -> dict[str, object]:
    """What an event of a hold tells of it."""
    return {
        "hold": hold.id,
        "account": hold.account,
        "scope": hold.scope,
        "cause": str(hold.cause),
        "what": hold_words.what(hold),
        "until_at": hold.until_at.isoformat() if hold.until_at else None,
        "source": hold.source,
        "confidence": str(hold.confidence),
        **more,
    }


def _end(hold: Hold) -> float:
    return hold.until_at.timestamp() if hold.until_at is not None else float("inf")
