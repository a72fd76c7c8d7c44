"""Budgets and checkpoints of a real team: held over a killed daemon, extended; a stop asks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.whole.conftest import Place, wait_until

PAGE = ".orch/DEVELOPER_CHECKPOINT_20990101_0000.md"


def events(place: Place, kind: str) -> list[dict[str, Any]]:
    log = place.run("tmux-orch", "log", "--since", "0", "--limit", "1000", "--json").stdout
    return [event for event in json.loads(log)["events"] if event["kind"] == kind]


def stage(place: Place) -> str:
    done = place.run("tmux-orch", "budget", "show", "--json")
    return str(json.loads(done.stdout)["budgets"][0]["stage"])


def spend(place: Place, usd: float) -> None:
    place.run("scm", "--until", "idle", "developer", f'REHEARSAL{{"use": {{"usd": {usd}}}}}')


def test_a_team_is_warned_held_and_goes_on_when_its_budget_is_extended(place: Place):
    place.up("--roles", "developer,tester", "--budget", "5usd")
    end = {"write": {"whole.txt": "the turn ran to its end"}}
    busy = {"run": ["sh", "-c", "test -e go || sleep 0.5"], "repeat": 60, "then": end}
    place.run("scm", "--no-wait", "tester", f"REHEARSAL{json.dumps(busy)}")
    spend(place, 4.5)
    wait_until(lambda: stage(place) == "warned", 15)
    (warned,) = [m for m in place.messages() if "90 % of the team's budget" in m["text"]]
    assert warned["to"] == "sample/orchestrator"
    spend(place, 0.5)
    wait_until(lambda: stage(place) == "held", 15)
    held = place.run("scm", "--wait", "0.5", "developer", "go on", check=False)
    assert held.returncode == 3
    assert "budget of 5.00 USD for today is used up; tmux-orch budget extend" in held.stdout
    wait_until(
        lambda: [m["to"] for m in place.messages() if "Checkpoint" in m["text"]
                 and m["state"] in ("submitted", "delivered")] == ["sample/tester"],
        5, "who still works is asked to come to an end",
    )  # fmt: skip
    place.kill_daemon()
    assert place.run("scm", "--wait", "0.5", "tester", "you too", check=False).returncode == 3
    tester = place.agents()["tester"]["worktree"]
    Path(tester, "go").touch()
    wait_until(Path(tester, "whole.txt").exists, 20, "a running turn goes on to its end")
    wait_until(
        lambda: "budget" in [one["kind"] for one in place.agents()["orchestrator"]["attention"]],
        15, "the person sees why",
    )  # fmt: skip
    assert [m["state"] for m in place.messages() if m["text"] == "go on"] == ["held"]
    assert place.run("tmux-orch", "budget", "extend", "--usd", "5").returncode == 0
    for name, text in (("developer", "go on"), ("tester", "you too")):
        wait_until(
            lambda text=text: [m["state"] for m in place.messages() if m["text"] == text]
            == ["delivered"],
            15, f"what {name} was told meanwhile arrives once",
        )  # fmt: skip
    assert [len(events(place, f"budget.{kind}")) for kind in ("warned", "held", "freed")] == [1] * 3


def test_a_stop_asks_who_has_something_to_save_and_the_resume_page_names_the_answer(place: Place):
    place.extra["REHEARSAL_ON_MESSAGE"] = json.dumps({"write": {PAGE: "# Where I was\n"}})
    place.up("--roles", "developer,tester")
    place.run("scm", "--until", "idle", "developer", 'REHEARSAL{"write": {"half.txt": "x"}}')
    place.run("scm", "--until", "idle", "tester", "are you ready?")
    place.run("scm", "tester", 'REHEARSAL{"work_s": 60}')
    done = place.run("tmux-orch", "stop", "--yes", "--checkpoint", "2")
    assert f"developer: {PAGE}" in done.stderr
    assert "tester: wrote no checkpoint" in done.stderr
    asked = [event["agent"] for event in events(place, "checkpoint.asked")]
    assert asked == ["sample/developer", "sample/tester"], "the hub has nothing to save"
    states = {m["to"]: m["state"] for m in place.messages() if "Checkpoint" in m["text"]}
    assert states == {"sample/developer": "delivered", "sample/tester": "expired"}
    worktree = place.agents()["developer"]["worktree"]
    shown = subprocess.run(
        ["git", "status", "--porcelain"], cwd=worktree, capture_output=True, text=True
    )
    assert shown.stdout == "?? half.txt\n", "git ignores the page"
    place.run("auto-orchestrate", "--resume")
    with open(f"{worktree}/.orch/resume.md", encoding="utf-8") as page:
        assert f"read `{PAGE}` first" in page.read()
