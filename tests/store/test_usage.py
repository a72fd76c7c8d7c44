"""Counters are kept at their highest, over restarts and repeats."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

from tmux_orch.domain.usage import Counter
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.usage import Usage

FIRST, SECOND = date(2026, 5, 4), date(2026, 5, 5)


def row(day: date, meter: str, tokens: int | None, cost: float | None = None) -> Counter:
    return Counter(day, "shop", "shop/dev", meter, tokens, tokens, cost)


def test_the_highest_is_kept_and_what_is_not_told_takes_nothing_away(
    reopen: Callable[[], Database],
) -> None:
    usage = Usage(reopen())
    usage.keep([row(FIRST, "c:1", 10), row(FIRST, "p:r.1", None, 0.5)])
    usage.keep([row(FIRST, "c:1", 7), row(FIRST, "p:r.1", None, None)])
    usage = Usage(reopen())
    usage.keep([row(FIRST, "c:1", 12)])
    assert sorted(usage.since("shop", FIRST), key=str) == [
        row(FIRST, "c:1", 12),
        row(FIRST, "p:r.1", None, 0.5),
    ]


def test_earlier_days_of_the_same_meters_come_along(reopen: Callable[[], Database]) -> None:
    usage = Usage(reopen())
    usage.keep([row(FIRST, "c:1", 10), row(FIRST, "c:old", 99), row(SECOND, "c:1", 30)])
    usage.keep([Counter(SECOND, "other", "other/dev", "c:9", 1, 1)])
    assert sorted(usage.since("shop", SECOND), key=str) == [
        row(FIRST, "c:1", 10),
        row(SECOND, "c:1", 30),
    ]


# Tables that the first schema did not have.
LATER = (
    "apscheduler_jobs", "budgets", "deaths", "holds", "quotas", "reminders", "restarts", "usage",
    "wakes",
)  # fmt: skip


def test_a_database_of_the_first_schema_is_brought_along(place: Path) -> None:
    path = place / "orch.db"
    open_database(path, place / "backups").close()
    with closing(sqlite3.connect(path)) as connection:
        later = "".join(f"DROP TABLE {table};" for table in LATER)
        connection.executescript(
            f"{later} UPDATE alembic_version SET version_num = '0001'; VACUUM;"
        )
    database = open_database(path, place / "backups")
    Usage(database).keep([row(FIRST, "c:1", 1)])
    assert Usage(database).since("shop", FIRST) == [row(FIRST, "c:1", 1)]
    database.close()
    (copy,) = (place / "backups").iterdir()
    assert copy.name.startswith("orch-0001-")
