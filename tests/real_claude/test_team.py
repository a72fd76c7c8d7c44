"""The whole product with the real Claude Code: a team of five, messages, permissions, crashes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_claude.seat import bash
from tests.real_claude.team import Team, everything, user_texts
from tests.standin.anthropic_standin import State
from tests.whole.conftest import unsupervised, wait_until

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
TEAM = ["orchestrator", "project_manager", "developer", "tester", "testrunner"]


@pytest.fixture(scope="module")
def team(version: str, api: tuple[str, State]) -> Iterator[Team]:
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    made = Team(root, api, version)
    unsupervised(made.house.home / ".config")  # the test says when somebody is brought back
    made.start()
    yield made
    made.place.close()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(autouse=True)
def calm(team: Team) -> None:
    for name in TEAM:
        team.await_state(name, "idle")


def brief_ids(team: Team) -> dict[str, str]:
    body = subprocess.run(
        ["python3", "-c", "import sqlite3,sys,json;c=sqlite3.connect(sys.argv[1]);"
         "print(json.dumps(dict(c.execute('select name, brief_id from seats'))))",
         str(team.place.registry / "orch.db")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found: dict[str, str] = json.loads(body)
    return found


def test_five_agents_start_unattended_and_each_model_is_asked_once_with_its_briefing(team: Team):
    briefs = brief_ids(team)
    assert list(team.agents()) == TEAM
    for name in TEAM:
        assert user_texts(team.requests(name)[-1], f"[brief {briefs[name]}]") == 1


def test_a_message_is_seen_once_by_the_right_session_and_by_no_other(team: Team):
    done = team.scm("developer", "hello MARK-ONE", "--json")
    ident = json.loads(done.stdout)["id"]
    assert json.loads(done.stdout)["state"] == "delivered"
    team.await_state("developer", "idle")
    assert user_texts(team.requests("developer")[-1], f"msg {ident}]") == 1
    assert not any(team.asked_with(name, ident) for name in TEAM if name != "developer")


def test_an_agents_own_report_opens_no_dialog_and_arrives(team: Team):
    before = len(team.requests("tester"))
    team.scm("tester", bash('scm orchestrator "report MARK-TWO"'))
    wait_until(lambda: team.asked_with("orchestrator", "report MARK-TWO"), 40, "the hub has it")
    wait_until(lambda: len(team.requests("tester")) >= before + 2, 40, "the tool ran")
    rows = team.place.ask("messages", project="project", limit=200)["messages"]
    to_hub = [row for row in rows if row["to"] == "project/orchestrator"]
    sender = [row["sender"] for row in to_hub if "MARK-TWO" in row["text"]]
    assert sender == ["project/tester"]


def test_while_a_dialog_is_open_a_message_is_held_and_follows_after_the_approval(team: Team):
    agent = team.agents()["developer"]
    canary = Path(agent["worktree"]) / "approved"
    team.scm("developer", bash("touch approved"), "--no-wait")
    team.await_state("developer", "waiting_permission")
    wait_until(lambda: "Do you want to proceed?" in team.screen("developer"), 20, "the dialog")
    held = team.scm("developer", "MARK-THREE", "--json", "--wait", "1", check=False)
    assert held.returncode == 3, held.stdout + held.stderr
    assert "Do you want to proceed?" in team.screen("developer")
    assert not canary.exists()
    shown = team.place.run("tmux-orch", "approve", "developer", "--yes")
    assert "touch approved" in shown.stderr
    wait_until(canary.exists, 20, "the approved command ran")
    wait_until(lambda: team.sent(held)["state"] == "delivered", 30, "the message follows")
    team.await_state("developer", "idle")
    assert user_texts(team.requests("developer")[-1], "MARK-THREE") == 1


def test_a_denied_command_does_not_run_and_the_model_hears_why(team: Team):
    agent = team.agents()["developer"]
    team.scm("developer", bash("touch denied"), "--no-wait")
    team.await_state("developer", "waiting_permission")
    team.place.run("tmux-orch", "deny", "developer", "--reason", "BECAUSE-NOT", "--yes")
    team.await_state("developer", "idle")
    assert not (Path(agent["worktree"]) / "denied").exists()
    assert "BECAUSE-NOT" in everything(team.requests("developer")[-1])


def test_twelve_messages_in_one_long_turn_are_handed_over_by_hooks_and_none_is_lost(team: Team):
    screen_before = team.screen("tester").count("Pasted text")
    team.scm("tester", 'STANDIN{"words": 120, "chunk_delay": 0.05}', "--no-wait")
    team.await_state("tester", "thinking", "working")
    sent = [
        json.loads(team.scm("tester", f"TWELVE-{n:02}", "--no-wait", "--json").stdout)["id"]
        for n in range(12)
    ]

    def states() -> list[str]:
        rows = team.place.ask("messages", project="project", limit=500)["messages"]
        return [row["state"] for row in rows if row["id"] in sent]

    wait_until(lambda: states() == ["delivered"] * 12, 60, "all are delivered")
    team.await_state("tester", "idle")
    # Human texts only: 2.1.329 repeats a hook's answer in a system reminder of its own.
    said = " ".join(team.requests("tester")[-1]["all_human"])
    assert [said.count(f"TWELVE-{n:02}") for n in range(12)] == [1] * 12
    assert team.screen("tester").count("Pasted text") == screen_before


def test_a_persons_draft_is_neither_submitted_nor_destroyed(team: Team):
    pane = team.agents()["testrunner"]["pane_id"]
    team.place.tmux("send-keys", "-t", pane, "-l", "--", "half a sentence")
    wait_until(lambda: "half a sentence" in team.screen("testrunner"), 10, "the draft")
    held = team.scm("testrunner", "MARK-DRAFT", "--json", "--wait", "4", check=False)
    assert held.returncode == 3
    assert "draft" in json.loads(held.stdout)["reason"]
    assert "half a sentence" in team.screen("testrunner")
    assert not team.asked_with("testrunner", "half a sentence")
    team.place.tmux("send-keys", "-t", pane, "C-u")
    wait_until(lambda: team.sent(held)["state"] == "delivered", 30, "the message follows")
    assert not team.asked_with("testrunner", "half a sentence")


@pytest.mark.parametrize("victim", ["agent", "daemon", "server"])
def test_after_a_kill_resume_goes_on_with_the_same_conversations_once(team: Team, victim: str):
    before = team.agents()
    if victim == "agent":
        os.kill(before["developer"]["pid"], signal.SIGKILL)
        team.await_state("developer", "exited")
    elif victim == "daemon":
        team.place.kill_daemon()
    else:
        server = int(team.place.tmux("display-message", "-p", "#{pid}"))
        os.kill(server, signal.SIGKILL)
        for name in TEAM:
            team.await_state(name, "exited")
    team.place.run("auto-orchestrate", "--resume", timeout=120)
    after = {name: team.await_state(name, "idle") for name in TEAM}
    restarted = {"agent": {"developer"}, "daemon": set(), "server": set(TEAM)}[victim]
    for name in TEAM:
        assert after[name]["conversation_id"] == before[name]["conversation_id"]
        assert (after[name]["pid"] != before[name]["pid"]) == (name in restarted)
    owners = live_conversations(team)
    assert sorted(owners) == sorted(a["conversation_id"] for a in after.values())
    team.scm("developer", f"after the kill of the {victim}")
    team.await_state("developer", "idle")
    briefs = brief_ids(team)
    for name in restarted | {"developer"}:
        assert user_texts(team.requests(name)[-1], f"[brief {briefs[name]}]") == 1


def live_conversations(team: Team) -> list[str]:
    """Conversations that live processes have open, from the program's own session files."""
    found = []
    for path in (team.house.config / "sessions").glob("*.json"):
        if Path(f"/proc/{path.stem}").exists():
            found.append(json.loads(path.read_text())["sessionId"])
    return found
