"""The real Gemini CLI through our whole path: start, messages, permissions, death, stop."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.agents.conformance import tree
from tests.conftest import git
from tests.real_programs.conftest import gemini_team
from tests.real_programs.house import Team
from tests.standin.other_standins import State
from tests.whole.conftest import wait_until

pytestmark = [pytest.mark.real_programs, pytest.mark.timeout(180)]


AGENT = "orchestrator"


def directive(**rule: object) -> str:
    """A prompt that makes the stand-in's model do this."""
    return "STANDIN" + json.dumps(rule)


def run(command: str) -> str:
    """A prompt that makes the model run ``command``."""
    return directive(tool={"name": "run_shell_command", "args": {"command": command}})


@pytest.fixture(scope="module")
def team(api: tuple[str, State]) -> Iterator[Team]:
    made = gemini_team(api)
    try:
        before = tree(made.home)
        made.start("--permission-mode", "default", "--trust")
        assert tree(made.home) == before, "the person's files were touched"
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def calm(team: Team) -> None:
    with team.state.lock:
        team.state.queue.clear()
    team.await_state(AGENT, "idle", deadline_s=60)


def test_agents_start_unattended_and_the_model_has_role_and_briefing_once(team: Team) -> None:
    agent = team.agent(AGENT)
    role = Path(agent["worktree"], ".orch", "role.md").read_text()
    first = next(text for text in team.bodies("[brief ") if agent["worktree"] in text)
    assert first.count("[brief ") == 1
    assert json.dumps(role, ensure_ascii=False)[1:-1] in first


def test_a_message_to_an_idle_agent_is_delivered_with_proof(team: Team) -> None:
    receipt = team.receipt(AGENT, "hello MARK-IDLE")
    assert receipt["state"] == "delivered"
    assert receipt["proof"] in ("transcript", "answered")  # as far as it had come by then
    team.await_state(AGENT, "idle")
    assert team.bodies("MARK-IDLE")[-1].count(f"msg {receipt['id']}]") == 1


def test_messages_to_a_busy_agent_are_handed_over_by_its_hooks(team: Team) -> None:
    team.scm(AGENT, directive(words=40, chunk_delay=0.05), "--no-wait")
    team.await_state(AGENT, "working", "thinking")
    sent = [team.receipt(AGENT, f"BUSY-{n}", "--no-wait")["id"] for n in range(2)]
    team.until(
        lambda: [team.message(i)["state"] for i in sent] == ["delivered"] * 2, "given", AGENT
    )
    team.await_state(AGENT, "idle")
    last = team.bodies("BUSY-0")[-1]
    assert [last.count(f"BUSY-{n}") for n in range(2)] == [1] * 2


def test_an_agents_own_commands_ask_nobody(team: Team) -> None:
    worktree = Path(team.agent(AGENT)["worktree"])
    (worktree / "new.txt").write_text("x")
    team.scm(AGENT, run("git add new.txt"))
    team.until(lambda: git(worktree, "diff", "--cached", "--name-only"), "it is added", AGENT)


def test_what_rides_on_an_own_command_is_asked_about_and_nothing_is_sent(team: Team) -> None:
    canary = Path(team.agent(AGENT)["worktree"]) / "approved"
    team.scm(AGENT, run("git add new.txt && touch approved"), "--no-wait")
    agent = team.await_state(AGENT, "waiting_permission")
    assert "touch approved" in agent["evidence"]
    held = team.receipt(AGENT, "MARK-HELD", "--wait", "1", check=False)
    assert held["state"] == "held"
    assert not canary.exists()
    assert "Allow execution of" in team.screen(AGENT)
    team.place.tmux("send-keys", "-t", agent["pane_id"], "Enter")
    team.until(canary.exists, "the approved command ran", AGENT)
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "follows", AGENT)


@pytest.mark.full
def test_a_used_up_quota_is_held_and_its_menu_is_left_to_a_person(team: Team) -> None:
    """Its menu has no option that only waits, and nothing says when the quota ends."""
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    kind = "type.googleapis.com/google.rpc.QuotaFailure"
    quota = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
    failure = {"@type": kind, "violations": [{"quotaMetric": metric, "quotaId": quota}]}
    said = "You exceeded your current quota, please check your plan and billing details."
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": said, "details": [failure]}
    with team.state.lock:
        team.state.queue.append({"status": 429, "error": error})
    team.scm(AGENT, "MARK-QUOTA", "--no-wait")
    agent = team.await_state(AGENT, "usage_limited")
    team.until(lambda: team.daemon.rows("holds", "id"), "a hold", AGENT)
    (hold,) = team.daemon.rows("holds", "id")
    assert (hold["cause"], hold["scope"]) == ("model", "gemini-standin")
    tried_in = datetime.fromisoformat(hold["until_at"]) - datetime.fromisoformat(hold["since_at"])
    assert (hold["confidence"], tried_in) == ("guess", timedelta(seconds=300))
    held = team.receipt(AGENT, "MARK-HELD", "--wait", "4", check=False)
    assert held["state"] == "held" and "tried again at" in held["reason"]
    assert "Keep trying" in team.screen(AGENT)
    assert team.daemon.events("dialog.answering") == []
    # The person stops that turn; the account is tried when he says so, and it works.
    team.place.tmux("send-keys", "-t", agent["pane_id"], "Down", "Enter")
    team.until(lambda: "Keep trying" not in team.screen(AGENT), "the menu goes", AGENT)
    team.place.run("tmux-orch", "credits", "wake", AGENT)
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "follows", AGENT)
    team.until(
        lambda: [h["state"] for h in team.daemon.rows("holds", "id")] == ["ended"], "ends", AGENT
    )
    team.await_state(AGENT, "idle")


def test_after_a_kill_resume_goes_on_with_the_same_conversation(team: Team) -> None:
    team.receipt(AGENT, "MARK-BEFORE", "--wait", "20")
    before = team.await_state(AGENT, "idle")
    os.kill(before["pid"], signal.SIGKILL)
    team.await_state(AGENT, "exited")
    team.place.run("auto-orchestrate", "--resume", timeout=120)
    after = team.await_state(AGENT, "idle", deadline_s=60)
    assert after["conversation_id"] == before["conversation_id"]
    assert after["pid"] != before["pid"]
    receipt = team.receipt(AGENT, "MARK-RESUMED", "--wait", "20")
    assert receipt["state"] == "delivered"
    team.await_state(AGENT, "idle")
    assert "MARK-BEFORE" in team.bodies("MARK-RESUMED")[-1]


def test_stopping_leaves_no_process(team: Team) -> None:
    pids = [agent["pid"] for agent in team.agents().values()]
    team.place.run("tmux-orch", "stop", "--yes", "--checkpoint", "0")
    # tmux reaps an ended program a moment after its end.
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 5, "all are gone")
    mark = str(team.root).encode()
    assert [path for path in Path("/proc").glob("[0-9]*/cmdline") if _is_gemini(path, mark)] == []


def _is_gemini(path: Path, mark: bytes) -> bool:
    try:
        return b"/gemini" in path.read_bytes() and mark in path.with_name("environ").read_bytes()
    except OSError:
        return False
