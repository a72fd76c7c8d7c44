"""Ends are kept once each; where restarts stand is what was written last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tmux_orch.domain.errors import Internal
from tmux_orch.domain.restart import Cause, Death, End, Restart, RestartState
from tmux_orch.store.database import Database
from tmux_orch.store.restarts import Deaths, Restarts

AT = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
KEY = "p/developer"


def death(incarnation: int = 1, run: str = "0a1b2c") -> Death:
    end = End(Cause.SIGNAL, None, "SIGKILL")
    return Death(KEY, "p", run, incarnation, AT, end, "/r/screens/\udcff.txt")


def test_an_end_is_kept_once_for_each_start_of_each_run(
    reopen: Callable[[], Database],
) -> None:
    deaths = Deaths(reopen())
    assert deaths.add(death())
    assert not deaths.add(death())
    assert deaths.add(death(2))
    assert deaths.add(death(1, "ffffff"))
    assert deaths.of("p/tester") == []
    assert Deaths(reopen()).of(KEY) == [death(1, "ffffff"), death(2), death()]


def test_where_it_stands_survives_and_is_forgotten_when_asked(
    reopen: Callable[[], Database],
) -> None:
    database = reopen()
    restarts = Restarts(database)
    assert restarts.get(KEY) is None
    one = Restart(KEY, "p", RestartState.WAITING, 3, 7, AT, AT + timedelta(seconds=8), "ended")
    restarts.put(one)
    assert restarts.get(KEY) == one
    two = Restart(KEY, "p", RestartState.GIVEN_UP, 4, 8, AT, None, "ended again")
    with database.write() as connection:
        restarts.put(two, connection)
    assert restarts.all() == [two]
    assert Restarts(reopen()).get(KEY) == two
    again = Restarts(reopen())
    again.forget(KEY)
    again.forget(KEY)
    assert again.all() == []


def test_what_was_not_committed_is_not_remembered(reopen: Callable[[], Database]) -> None:
    database = reopen()
    restarts = Restarts(database)
    one = Restart(KEY, "p", RestartState.UP, 0, 1, AT)
    with pytest.raises(RuntimeError, match="undone"), database.write() as connection:
        restarts.put(one, connection)
        raise RuntimeError("undone")
    assert restarts.get(KEY) is None


def test_a_damaged_row_is_one_line(reopen: Callable[[], Database]) -> None:
    database = reopen()
    Restarts(database).put(Restart(KEY, "p", RestartState.UP, 0, 1, AT))
    with database.write() as connection:
        connection.exec_driver_sql("update restarts set state = 'sideways'")
    with pytest.raises(Internal, match="damaged"):
        Restarts(database).get(KEY)
