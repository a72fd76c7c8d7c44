"""The time zone of an agent's program: any value of TZ is survived."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tmux_orch.agents import zone

WINTER, SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Europe/Berlin", ":Europe/Berlin"])
def test_a_named_zone_is_that_zone(name):
    assert zone.of({"TZ": name}) == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "name", ["", ":", "EST5EDT,M3.2.0,M11.1.0", "UTC-3", "No/Where", "Europe", "/x", "../x", "a\0b"]
)
def test_what_names_no_zone_is_the_machines(name):
    found, machine = zone.of({"TZ": name}), zone.machine()
    for at in (WINTER, SUMMER):
        assert at.astimezone(found).utcoffset() == at.astimezone(machine).utcoffset()
