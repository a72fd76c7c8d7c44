"""What the real Claude Code is told of its plan is what the person sees of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.real_claude.limited import DEV, HUB, Limited, limited

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(120)]


def windows(team: Limited) -> dict[str, dict[str, Any]]:
    """The windows of the only account, by name, looked at now."""
    team.place.run("tmux-orch", "credits", "check")
    done = team.place.run("tmux-orch", "credits", "forecast", "--json")
    (account,) = json.loads(done.stdout)["accounts"]
    assert account["program"] == "claude"
    return {window["name"]: window for window in account["windows"]}


@pytest.mark.parametrize("version", ["2.1.329", pytest.param("2.1.197", marks=pytest.mark.full)])
def test_a_plans_windows_are_seen_after_the_first_answer(version: str) -> None:
    with limited(version, quick=False) as team:
        ends = team.plan.near(0.42, 7200)
        team.begin(HUB, DEV)
        team.scm(DEV, "work on step 1", "--no-wait")
        found = team.until(lambda: windows(team), "windows are told")
        assert found["five_hour"]["used_percent"] == 42
        assert found["seven_day"]["used_percent"] == 20
        assert datetime.fromisoformat(found["five_hour"]["resets_at"]).timestamp() == ends
        assert found["five_hour"]["sureness"] == "none"
        team.plan.near(0.57, 7200)
        team.scm(DEV, "work on step 2", "--no-wait")
        team.until(lambda: windows(team)["five_hour"]["used_percent"] == 57, "it is used more")
