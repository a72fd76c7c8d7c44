"""The table of reset texts: every row in six zones, both nights of the year among them.

Its expected instants come from walking the minutes of UTC and reading each zone's wall clock.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tmux_orch.domain.reset_time import resolve

TABLE = Path(__file__).parents[1] / "data/reset_times.csv"
with TABLE.open(newline="", encoding="utf-8") as _file:
    ROWS = list(csv.DictReader(_file))
ZONES = sorted({row["zone"] for row in ROWS})


def test_the_table_has_sixty_rows_in_each_of_six_zones():
    counted = Counter(row["zone"] for row in ROWS)
    assert len(counted) == 6 and min(counted.values()) >= 60
    offsets = {datetime.fromisoformat(row["now"]).utcoffset() for row in ROWS}
    assert {offset.total_seconds() / 3600 for offset in offsets if offset} >= {-5, 1, 5.75, 13}


@pytest.mark.parametrize("zone", ZONES)
def test_every_row_of_the_table_is_right(zone: str):
    wrong = []
    for row in ROWS:
        if row["zone"] != zone:
            continue
        now = datetime.fromisoformat(row["now"])
        found = resolve(row["text"], now, ZoneInfo(zone), five_hour=bool(row["window"]))
        got = f"{found:%Y-%m-%dT%H:%M:%SZ}" if found else "none"
        if got != row["expected"]:
            wrong.append(
                f"{row['now']} {row['text']!r}: {got}, not {row['expected']} ({row['why']})"
            )
    assert not wrong, "\n".join(wrong)
