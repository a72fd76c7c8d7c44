"""A month of a team of five on a virtual clock: whatever happens, no time is lost and none doubled.

The default run lives through the night of New York's clock change with some days around it; the
whole form is the month, with Berlin's too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tmux_orch.store.database import open_database

from .conftest import SetClock
from .month import BEGIN, Month

DAYS, FULL_DAYS = 2, 30
WEATHER = (
    "plans used up", "deaths of the daemon", "reboots", "crash loops that were stopped",
    "suspends", "times the clock was set",
)  # fmt: skip
#: The second evening before the night.
LATE = BEGIN + timedelta(days=5, hours=14)


def month(place: Path, days: int, seed: int, begin: datetime = BEGIN) -> Month:
    database = open_database(place / "orch.db", place)
    # What is tested is not the disk: a month has 200,000 transactions.
    connection = database.engine.raw_connection()
    connection.cursor().execute("PRAGMA synchronous=OFF")
    connection.close()
    made = Month(database, SetClock(), seed=seed, begin_at=begin)
    made.forecast(days)
    made.live(days)
    made.settle()
    found = made.wrong()
    print(dict(made.counts))
    database.close()
    assert not found, "\n".join(found[:20])
    return made


def test_some_days_of_a_team_lose_and_double_nothing(place: Path) -> None:
    made = month(place, DAYS, seed=7, begin=LATE)
    for what in WEATHER:
        assert made.counts[what], f"nothing of the kind happened: {what}"
    assert made.counts["check-ins asked"] > 200
    assert made.counts["resumes"] > 10


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_month_of_a_team_loses_and_doubles_nothing(place: Path, seed: int) -> None:
    made = month(place, FULL_DAYS, seed)
    assert made.counts["check-ins"] > 4000
    assert made.counts["resumes"] > 100
    assert made.counts["holds"] > 50
