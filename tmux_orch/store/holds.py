"""The holds of accounts and the waking of their agents, moved only along the domain's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from tmux_orch.domain.hold import (
    Cause,
    Confidence,
    Hold,
    HoldState,
    Wake,
    WakeState,
    hold_move,
    wake_move,
)
from tmux_orch.store.database import Database
from tmux_orch.store.rows import instant, new_number, row_reader, stamp
from tmux_orch.store.schema import HOLDS, WAKES

_H, _W = HOLDS.c, WAKES.c
_OPEN = select(HOLDS).where(_H.state != HoldState.ENDED.value).order_by(_H.id)
_GET = select(HOLDS).where(_H.id == bindparam("sought"))
_ADD = insert(HOLDS)
_CHANGE = update(HOLDS).where(_H.id == bindparam("sought"))
_OF_HOLD = select(WAKES).where(_W.hold == bindparam("of_hold")).order_by(_W.agent)
_WAKE = select(WAKES).where(_W.hold == bindparam("of_hold"), _W.agent == bindparam("of_agent"))
_ADD_WAKE = insert(WAKES)
_CHANGE_WAKE = update(WAKES).where(
    _W.hold == bindparam("of_hold"), _W.agent == bindparam("of_agent")
)
_LOOSE = (
    select(HOLDS)
    .where(
        _H.state == HoldState.ENDED.value,
        _H.id.in_(
            select(_W.hold).where(_W.state.in_((WakeState.ASKED.value, WakeState.SENT.value)))
        ),
    )
    .order_by(_H.id)
)


class Holds:
    """The tables ``holds`` and ``wakes``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> list[Hold]:
        """Every hold that has not ended, oldest first."""
        with self._database.read() as c:
            return [_hold(row) for row in c.execute(_OPEN)]

    def history(self, account: str | None, limit: int, scope: str | None = None) -> list[Hold]:
        """Ended holds, newest first; of one account, or of one scope, when given."""
        query = select(HOLDS).where(_H.state == HoldState.ENDED.value)
        if account is not None:
            query = query.where(_H.account == account)
        if scope is not None:
            query = query.where(_H.scope == scope)
        with self._database.read() as c:
            return [_hold(row) for row in c.execute(query.order_by(_H.id.desc()).limit(limit))]

    def add(
        self, hold: Hold, wakes: Iterable[Wake], also: Callable[[Connection, Hold], None]
    ) -> Hold:
        """Store a new hold with its first agents; the hold with its number.

        ``also`` is done in the same transaction, as in :meth:`save`.
        """
        with self._database.write() as c:
            number = new_number(c.execute(_ADD, _hold_row(hold)))
            for wake in wakes:
                c.execute(_ADD_WAKE, _wake_row(wake) | {"hold": number, "agent": wake.agent})
            added = _hold(c.execute(_GET, {"sought": number}).one())
            also(c, added)
        return added

    def save(
        self, hold: Hold | None, wakes: Iterable[Wake], also: Callable[[Connection], None]
    ) -> None:
        """Store a hold and wakings, new or changed, in one transaction.

        Raises:
            IllegalMove: a table does not have one of the moves; nothing was changed.
        """
        with self._database.write() as c:
            if hold is not None:
                old = _hold(c.execute(_GET, {"sought": hold.id}).one())
                if old.state is not hold.state:
                    hold_move(old.state, hold.state)
                c.execute(_CHANGE.values(**_hold_row(hold)), {"sought": hold.id})
            for wake in wakes:
                self._save_wake(c, wake)
            also(c)

    def wakes(self, hold_id: int) -> list[Wake]:
        """The wakings of one hold."""
        with self._database.read() as c:
            return [_wake(row) for row in c.execute(_OF_HOLD, {"of_hold": hold_id})]

    def loose(self) -> list[Hold]:
        """Ended holds with agents that a person was asked about, or has let be woken since."""
        with self._database.read() as c:
            return [_hold(row) for row in c.execute(_LOOSE)]

    def _save_wake(self, c: Connection, wake: Wake) -> None:
        place = {"of_hold": wake.hold, "of_agent": wake.agent}
        row = c.execute(_WAKE, place).one_or_none()
        if row is None:
            c.execute(_ADD_WAKE, _wake_row(wake) | {"hold": wake.hold, "agent": wake.agent})
            return
        old = _wake(row)
        if old.state is not wake.state:
            wake_move(old.state, wake.state)
        c.execute(_CHANGE_WAKE.values(**_wake_row(wake)), place)


def _hold_row(hold: Hold) -> dict[str, Any]:
    return {
        "account": hold.account,
        "scope": hold.scope,
        "cause": hold.cause.value,
        "agent": hold.agent,
        "since_at": stamp(hold.since_at),
        "until_at": stamp(hold.until_at) if hold.until_at else None,
        "source": hold.source,
        "confidence": hold.confidence.value,
        "state": hold.state.value,
        "probes": hold.probes,
        "ended_at": stamp(hold.ended_at) if hold.ended_at else None,
        "outcome": hold.outcome,
    }


def _wake_row(wake: Wake) -> dict[str, Any]:
    return {
        "state": wake.state.value,
        "met_at": stamp(wake.met_at) if wake.met_at else None,
        "due_at": stamp(wake.due_at) if wake.due_at else None,
        "message": wake.message,
        "state_at": stamp(wake.state_at) if wake.state_at else None,
    }


@row_reader
def _hold(row: Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        account=row.account,
        scope=row.scope,
        cause=Cause(row.cause),
        agent=row.agent,
        since_at=instant(row.since_at),
        until_at=instant(row.until_at) if row.until_at else None,
        source=row.source,
        confidence=Confidence(row.confidence),
        state=HoldState(row.state),
        probes=row.probes,
        ended_at=instant(row.ended_at) if row.ended_at else None,
        outcome=row.outcome,
    )


@row_reader
def _wake(row: Row[Any]) -> Wake:
    return Wake(
        hold=row.hold,
        agent=row.agent,
        state=WakeState(row.state),
        met_at=instant(row.met_at) if row.met_at else None,
        due_at=instant(row.due_at) if row.due_at else None,
        message=row.message,
        state_at=instant(row.state_at) if row.state_at else None,
    )
