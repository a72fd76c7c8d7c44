"""A real Claude Code that is killed, or ended by its person, under the daemon's supervision."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.real_claude.team import Team
from tests.standin.anthropic_standin import State
from tests.whole.conftest import wait_until

pytestmark = [pytest.mark.real_claude, pytest.mark.full, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def team(version: str, api: tuple[str, State]) -> Iterator[Team]:
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    made = Team(root, api, version)
    made.start("--roles", "developer")
    yield made
    made.place.close()
    shutil.rmtree(root, ignore_errors=True)


def death(team: Team) -> dict[str, Any]:
    """The developer's last end, as it is kept."""
    where = f"file:{team.place.registry / 'orch.db'}?mode=ro"
    with closing(sqlite3.connect(where, uri=True)) as base:
        base.row_factory = sqlite3.Row
        row = base.execute("select * from deaths order by id desc limit 1").fetchone()
    return dict(row) if row is not None else {}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_agent_is_back_with_its_conversation_within_seconds(
    team: Team, number: signal.Signals
) -> None:
    before = team.await_state("developer", "idle")
    os.kill(before["pid"], number)
    wait_until(lambda: team.agents()["developer"]["pid"] != before["pid"], 20, "a new one")
    after = team.await_state("developer", "idle")
    assert after["conversation_id"] == before["conversation_id"]
    assert (death(team)["cause"], death(team)["signal"]) == ("signal", number.name)
    assert death(team)["exit_status"] in (None, 143)


def test_one_that_its_person_ended_stays_down_until_restart(team: Team) -> None:
    before = team.await_state("developer", "idle")
    known = death(team).get("id")
    pane = before["pane_id"]
    team.place.tmux("send-keys", "-t", pane, "-l", "/exit")
    wait_until(lambda: "/exit" in team.screen("developer"), 10, "it is typed")
    # The list of commands that opens while one types takes the first Enter at times.
    for _ in range(3):
        team.place.tmux("send-keys", "-t", pane, "Enter")
        try:
            wait_until(lambda: team.agents()["developer"]["state"] == "exited", 4)
            break
        except AssertionError:
            continue
    wait_until(lambda: death(team).get("id") != known, 10, "its end is kept")
    assert death(team)["cause"] == "by_person"
    assert "tmux-orch restart developer" in team.agents()["developer"]["evidence"]
    team.place.run("tmux-orch", "restart", "developer", timeout=60)
    after = team.await_state("developer", "idle")
    assert after["conversation_id"] == before["conversation_id"]
