"""Agents that die are started again, within their budget; the real daemon, tmux and git."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import Place, wait_until
from tests.whole.test_crash_points import daemon_with
from tests.whole.traffic import QUIET

UP = ("idle", "working", "thinking")


def team(place: Place, **extra: str) -> dict[str, dict[str, Any]]:
    place.extra = {**QUIET, **extra}
    place.up("--roles", "developer", check=not extra)
    return place.agents()


def rows(place: Place, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{place.registry / 'orch.db'}?mode=ro", uri=True)) as base:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute(f"select * from {table}")]


def events(place: Place, kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(row["payload"]) | {"agent": row["agent"]}
        for row in rows(place, "events")
        if row["kind"] == kind
    ]


def back(place: Place, name: str, before: dict[str, Any]) -> dict[str, Any]:
    """The agent, once it runs as another process with the same conversation."""

    def look() -> dict[str, Any] | None:
        now = place.agents()[name]
        return now if now["state"] in UP and now["pid"] != before["pid"] else None

    now = wait_until(look, 30, f"{name} is back")
    assert now["conversation_id"] == before["conversation_id"]
    assert now["worktree"] == before["worktree"]
    return now


def test_a_killed_agent_is_back_with_its_conversation_and_its_messages_once(place: Place) -> None:
    before = team(place)["developer"]
    place.run("scm", "--no-wait", "developer", 'REHEARSAL{"work_s": 60}')
    wait_until(lambda: place.agents()["developer"]["state"] == "working", 10)
    os.kill(before["pid"], signal.SIGKILL)
    place.run("scm", "--no-wait", "--id", "one", "developer", "are you back?")
    back(place, "developer", before)
    wait_until(lambda: all(m["state"] == "delivered" for m in place.messages()), 30)
    (death,) = rows(place, "deaths")
    assert (death["agent"], death["cause"], death["signal"]) == (
        "sample/developer", "signal", "SIGKILL",
    )  # fmt: skip
    assert "rehearsal" in Path(death["screen"]).read_text()
    (planned,) = events(place, "restart.planned")
    assert (planned["in_s"], planned["attempt"], planned["cause"]) == (1.0, 1, "signal")
    assert len(events(place, "restart.done")) == 1
    told = [m for m in place.messages() if "Started again" in m["text"]]
    assert [m["to"] for m in told] == ["sample/orchestrator"]


def windows(place: Place) -> int:
    """How often the developer's program was started, by the journal."""
    found = rows(place, "steps")
    return len([r for r in found if (r["agent"], r["name"]) == ("sample/developer", "window")])


def killed_at(place: Place, point: str, pid: int) -> None:
    """The agent dies under a daemon that dies at this point of what it does about it."""
    place.kill_daemon(signal.SIGTERM)
    daemon = daemon_with(place, ORCH_CRASH_AT=point)
    os.kill(pid, signal.SIGKILL)
    assert daemon.wait(20) == -signal.SIGKILL, point
    assert daemon.stderr is not None
    daemon.stderr.close()


# Planned, begun, and each step of the start itself: worktree, files, window.
POINTS = [
    "restart:2",
    *(pytest.param(p, marks=pytest.mark.full) for p in ("restart:1", "step:2", "step:3", "step:4")),
]


@pytest.mark.parametrize("point", POINTS)
def test_a_daemon_killed_on_the_way_neither_loses_the_restart_nor_does_it_twice(
    place: Place, point: str
) -> None:
    before = team(place)["developer"]
    killed_at(place, point, before["pid"])
    back(place, "developer", before)
    assert len(rows(place, "deaths")) == 1
    assert len(events(place, "restart.planned")) == 1
    # A start whose program nobody has seen yet is made again; one that was seen never is.
    assert windows(place) <= 3
    programs = subprocess.run(
        ["pgrep", "-fc", before["conversation_id"]], capture_output=True, text=True, check=False
    )
    assert programs.stdout.strip() == "1"
