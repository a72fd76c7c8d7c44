"""A real team whose agents hang, forget to commit, finish and say so; thresholds of seconds."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import make_repository
from tests.whole.conftest import Place, wait_until

CONFIG = "attention: {stuck_s: 2, silent_s: 2, uncommitted_s: 1}\n"
#: Of these thresholds, with two rounds of three seconds and a machine that is busy.
BOUND_S = 20


@pytest.fixture(scope="module")
def team() -> Iterator[Place]:
    """Every agent does its part at once; the tests look at what is seen of it."""
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    (root / "config/tmux-orch").mkdir(parents=True)
    (root / "config/tmux-orch/config.yaml").write_text(CONFIG)
    extra = {"XDG_CONFIG_HOME": str(root / "config")}
    place = Place(root, make_repository(root / "p" / "sample"), extra)
    place.up("--roles", "developer:2,tester")
    agents = place.agents()
    os.mkfifo(root / "pipe")
    do(place, "developer", work_s=0.1, read=str(root / "pipe"))
    do(place, "tester", write={"x.txt": "hello"}, say="ERROR: no database\nGiving up")
    page(agents["tester"]).write_text("- [x] **T1** one\n- [ ] two\n")
    page(agents["developer-2"]).write_text("- [x] one\r\n- [X] two\r\n")
    yield place
    place.close()


def page(agent: dict[str, Any]) -> Path:
    return Path(agent["worktree"], ".orch/tasks.md")


def do(place: Place, agent: str, **directive: Any) -> None:
    place.run("scm", "--no-wait", agent, f"REHEARSAL{json.dumps(directive)}")


def agent(place: Place, name: str) -> dict[str, Any]:
    found: dict[str, Any] = place.agents()[name]
    return found


def kinds(place: Place, name: str) -> set[str]:
    return {alert["kind"] for alert in agent(place, name)["attention"]}


def events(place: Place, kind: str, name: str) -> list[dict[str, Any]]:
    found = place.run("tmux-orch", "log", "--since", "0", "--limit", "1000", "--json").stdout
    return [
        event["payload"]
        for event in json.loads(found)["events"]
        if (event["kind"], event["agent"]) == (kind, f"sample/{name}")
    ]


def test_an_agent_that_hangs_is_stuck_and_told_once_until_it_goes_on(team: Place) -> None:
    """It reads a pipe into which nobody writes; a stopped one would be continued by tmux."""
    busy = agent(team, "developer")
    try:
        wait_until(lambda: "stuck" in kinds(team, "developer"), BOUND_S, "stuck is found")
        assert agent(team, "developer")["state"] == "stuck"
        window = busy["window_id"]
        shown = team.tmux("show-options", "-wv", "-t", window, "@orch_attention")
        assert shown.strip() == "stuck"
        assert "Needs a look:\n  developer: stuck" in team.run("tmux-orch", "status").stdout
        wait_until(lambda: told(team), BOUND_S, "the hub is told")
    finally:
        with (team.root / "pipe").open("wb") as writer:
            writer.write(b"x")
    wait_until(lambda: "stuck" not in kinds(team, "developer"), BOUND_S, "it goes on")
    assert agent(team, "developer")["state"] != "stuck"
    assert [p["kind"] for p in events(team, "attention.raised", "developer")].count("stuck") == 1
    assert [p["kind"] for p in events(team, "attention.cleared", "developer")].count("stuck") == 1
    assert len(told(team)) == 1


def told(place: Place) -> list[str]:
    return [m["text"] for m in place.messages() if "developer is stuck" in m["text"]]


def test_files_that_nobody_commits_and_tasks_that_nobody_does_are_seen(team: Place) -> None:
    wait_until(lambda: kinds(team, "tester") >= {"uncommitted", "silent"}, BOUND_S, "both")
    found = agent(team, "tester")
    assert (found["dirty_files"], found["commits_behind"], found["last_line"]) == (
        1, 0, "Giving up",
    )  # fmt: skip
    assert found["progress_done"] == 1
    assert found["progress_total"] >= 2
    assert found["memory_bytes"] > 2**20
    assert events(team, "agent.said", "tester") == [{"kind": "error", "text": "no database"}]


def test_complete_is_every_task_done_and_committed(team: Place) -> None:
    name = "developer-2"
    wait_until(lambda: agent(team, name)["state"] == "complete", 30, "it is complete")
    work = Path(agent(team, name)["worktree"])
    (work / "left.txt").write_text("left")
    page(agent(team, name)).write_text("- [x] one\n- [ ] two\n")
    wait_until(lambda: agent(team, name)["state"] == "idle", BOUND_S, "there is more to do")
    assert team.tmux("list-windows", "-a").count("\n") == 4, "nobody was ended"


def test_a_screen_is_shown_to_the_person_and_to_agents_with_the_right(team: Place) -> None:
    do(team, "tester", say="words for the screen")
    wait_until(
        lambda: "words for the screen" in team.run("tmux-orch", "peek", "tester").stdout, 20, "seen"
    )
    found = json.loads(team.run("tmux-orch", "peek", "tester", "--lines", "3", "--json").stdout)
    assert len(found["lines"]) <= 3
    assert found["dead"] is False
    do(team, "developer-2", run=["sh", "-c", "tmux-orch peek tester > read && mv read seen"])
    seen = Path(agent(team, "developer-2")["worktree"], "seen")
    wait_until(seen.exists, 20, "the agent has read it")
    assert "words for the screen" in seen.read_text()
    assert team.run("tmux-orch", "peek", "nobody", check=False).returncode == 2
    assert team.run("tmux-orch", "peek", "tester", "--lines", "0", check=False).returncode == 2
    assert "no agent's program" in team.run("tmux-orch", "usage").stdout
