"""The real Codex through our whole path: start, messages, permissions, limits, death, stop."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.real_programs.conftest import codex_team
from tests.real_programs.house import Team
from tests.standin.other_standins import State
from tests.whole.conftest import wait_until

pytestmark = [pytest.mark.real_programs, pytest.mark.timeout(120)]


def directive(**rule: object) -> str:
    """A prompt that makes the stand-in's model do this."""
    return "STANDIN" + json.dumps(rule)


def run(command: str, **more: object) -> str:
    """A prompt that makes the model run ``command`` inside the sandbox."""
    return directive(tool={"name": "exec_command", "args": {"cmd": command, **more}})


def outside(command: str) -> str:
    """The same outside of the sandbox, which the program asks the person about."""
    return run(command, sandbox_permissions="require_escalated", justification="need it")


@pytest.fixture(scope="module")
def team(api: tuple[str, State]) -> Iterator[Team]:
    made = codex_team(api)
    try:
        made.start("--permission-mode", "acceptEdits")
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def calm(team: Team) -> None:
    with team.state.lock:
        team.state.queue.clear()
    for name in ("orchestrator", "developer"):
        team.await_state(name, "idle")


def test_agents_start_unattended_and_the_model_has_role_and_briefing_once(team: Team) -> None:
    agent = team.agent("developer")
    role = Path(agent["worktree"], ".orch", "role.md").read_text()
    first = next(text for text in team.bodies("[brief ") if agent["worktree"] in text)
    assert first.count("[brief ") == 1
    assert json.dumps(role, ensure_ascii=False)[1:-1] in first
    assert team.place.run("tmux-orch", "ls").returncode == 0


def test_a_message_to_an_idle_agent_is_delivered_with_proof(team: Team) -> None:
    receipt = team.receipt("developer", "hello MARK-IDLE")
    assert receipt["state"] == "delivered"
    assert receipt["proof"] in ("transcript", "answered")  # as far as it had come by then
    team.await_state("developer", "idle")
    assert team.bodies("MARK-IDLE")[-1].count(f"msg {receipt['id']}]") == 1


def test_messages_to_a_busy_agent_are_handed_over_by_its_hooks(team: Team) -> None:
    team.scm("developer", directive(words=40, chunk_delay=0.05), "--no-wait")
    team.await_state("developer", "working")
    sent = [team.receipt("developer", f"BUSY-{n}", "--no-wait")["id"] for n in range(3)]
    team.until(
        lambda: [team.message(i)["state"] for i in sent] == ["delivered"] * 3, "given", "developer"
    )
    team.await_state("developer", "idle")
    last = team.bodies("BUSY-0")[-1]
    assert [last.count(f"BUSY-{n}") for n in range(3)] == [1] * 3
    assert {team.message(i)["proof"] for i in sent} == {"answered"}


def test_while_a_permission_is_asked_nothing_is_sent_and_the_answer_decides(team: Team) -> None:
    canary = Path(team.agent("developer")["worktree"]) / "approved"
    team.scm("developer", outside("touch approved"), "--no-wait")
    agent = team.await_state("developer", "waiting_permission")
    assert "touch approved" in agent["evidence"]
    held = team.receipt("developer", "MARK-HELD", "--wait", "1", check=False)
    assert held["state"] == "held"
    assert not canary.exists()
    assert "tmux-orch approve developer" in team.screen("developer")
    team.place.run("tmux-orch", "approve", "developer", "--yes")
    team.until(canary.exists, "the approved command ran", "developer")
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "follows", "developer")
    team.await_state("developer", "idle")
    team.scm("developer", outside("touch denied"), "--no-wait")
    team.await_state("developer", "waiting_permission")
    team.place.run("tmux-orch", "deny", "developer", "--reason", "BECAUSE-NOT", "--yes")
    team.await_state("developer", "idle")
    assert not canary.with_name("denied").exists()
    assert team.bodies("BECAUSE-NOT")


def test_a_dialog_that_outlives_the_daemon_is_still_a_state(team: Team) -> None:
    """Without the daemon the hook ends, and the program shows its own dialog."""
    team.scm("developer", outside("touch orphan"), "--no-wait")
    team.await_state("developer", "waiting_permission")
    team.place.kill_daemon()
    agent = team.await_state("developer", "waiting_permission")
    team.until(
        lambda: "Would you like to run" in team.screen("developer"), "the dialog", "developer"
    )
    team.until(
        lambda: "codex.dialog.permission" in team.agent("developer")["evidence"],
        "by its screen",
        "developer",
    )
    held = team.receipt("developer", "MARK-ORPHAN", "--wait", "1", check=False)
    assert held["state"] == "held"
    team.place.tmux("send-keys", "-t", agent["pane_id"], "Escape")
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "follows", "developer")
    assert not Path(agent["worktree"], "orphan").exists()


def test_an_agents_own_report_and_commit_ask_nobody(team: Team) -> None:
    worktree = Path(team.agent("developer")["worktree"])
    (worktree / "new.txt").write_text("x")
    team.scm("developer", outside("git add new.txt"))
    team.until(lambda: not team.agent("developer")["dirty_files"] or "A  new.txt", "", "developer")
    team.await_state("developer", "idle")
    team.scm("developer", outside("git commit -q -m 'Add new (file)'"))
    team.until(lambda: team.agent("developer")["commits_ahead"] == 1, "committed", "developer")
    team.await_state("developer", "idle")
    team.scm("developer", outside('scm orchestrator "report MARK-REPORT"'))
    team.until(lambda: team.bodies("report MARK-REPORT"), "the hub has it", "orchestrator")


def test_a_usage_limit_holds_the_account_and_each_agent_goes_on_once_after_it(team: Team) -> None:
    team.daemon.kill_and_start()
    team.await_state("orchestrator", "idle")
    before = len(team.daemon.rows("holds", "id"))
    resets_at, due_at = team.daemon.due_in(9)
    error = {"type": "usage_limit_reached", "message": "limit", "resets_at": resets_at}
    with team.state.lock:
        team.state.queue.append({"status": 429, "error": error})
    team.scm("orchestrator", "MARK-USED-UP", "--no-wait")
    team.await_state("orchestrator", "usage_limited")
    refused_at = time.time()
    team.until(lambda: len(team.daemon.rows("holds", "id")) > before, "a hold", "orchestrator")
    hold = team.daemon.rows("holds", "id")[-1]
    assert datetime.fromisoformat(hold["until_at"]).timestamp() == resets_at
    sent = [
        team.receipt(name, f"MARK-HELD-{n}", "--no-wait")["id"]
        for name in ("orchestrator", "developer")
        for n in range(2)
    ]
    held = team.receipt("developer", "MARK-HELD-2", "--wait", "1", check=False)
    assert held["state"] == "held" and "held until" in held["reason"]
    team.until(
        lambda: all(team.message(i)["state"] == "delivered" for i in [*sent, held["id"]]),
        "all follow", "orchestrator",
    )  # fmt: skip
    asked = [r["t"] for r in team.state.requests if str(team.root) in json.dumps(r["body"])]
    assert [at for at in asked if refused_at < at < due_at] == []
    for name in ("orchestrator", "developer"):
        team.await_state(name, "idle")
    team.until(
        lambda: [h["state"] for h in team.daemon.rows("holds", "id")[before:]] == ["ended"],
        "the hold ends", "orchestrator",
    )  # fmt: skip
    last = team.bodies("MARK-USED-UP")[-1]
    marks = ["plan's limit has reset. Go on", "MARK-HELD-0", "MARK-HELD-1"]
    places = [last.find(mark) for mark in marks]
    assert -1 not in places and places == sorted(places)
    assert [last.count(mark) for mark in marks] == [1, 1, 1]


@pytest.mark.full
def test_a_usage_limit_is_a_state_that_holds_messages(team: Team) -> None:
    resets_at = int(time.time()) + 7200
    error = {"type": "usage_limit_reached", "message": "limit", "resets_at": resets_at}
    with team.state.lock:
        team.state.queue.append({"status": 429, "error": error})
    team.scm("orchestrator", "MARK-LIMIT", "--no-wait")
    agent = team.await_state("orchestrator", "usage_limited")
    assert "hit your usage limit" in agent["evidence"]
    held = team.receipt("orchestrator", "MARK-LATER", "--wait", "1", check=False)
    assert held["state"] == "held"
    # The person goes on by himself: the next turn's beginning ends the state.
    team.place.tmux("send-keys", "-t", agent["pane_id"], "-l", "--", "go on")

    def pressed() -> bool:  # an Enter within 120 ms after typing is taken for a line break
        team.place.tmux("send-keys", "-t", agent["pane_id"], "Enter")
        return team.agent("orchestrator")["state"] != "usage_limited"

    team.until(pressed, "the person's turn", "orchestrator")
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "sent", "orchestrator")


@pytest.mark.full
def test_a_persons_draft_is_neither_submitted_nor_destroyed(team: Team) -> None:
    pane = team.agent("developer")["pane_id"]
    team.place.tmux("send-keys", "-t", pane, "-l", "--", "half a sentence")
    team.until(lambda: "half a sentence" in team.screen("developer"), "the draft", "developer")
    held = team.receipt("developer", "MARK-DRAFT", "--wait", "2", check=False)
    assert held["state"] == "held" and "draft" in held["reason"]
    assert "half a sentence" in team.screen("developer")
    team.place.tmux("send-keys", "-t", pane, "C-u")
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "sent", "developer")
    assert not team.bodies("half a sentence")


def test_after_a_kill_resume_goes_on_with_the_same_conversation(team: Team) -> None:
    team.receipt("developer", "MARK-BEFORE")
    before = team.await_state("developer", "idle")
    os.kill(before["pid"], signal.SIGKILL)
    team.await_state("developer", "exited")
    team.place.run("auto-orchestrate", "--resume", timeout=120)
    after = team.await_state("developer", "idle")
    assert after["conversation_id"] == before["conversation_id"]
    assert after["pid"] != before["pid"]
    receipt = team.receipt("developer", "MARK-RESUMED")
    assert receipt["state"] == "delivered"
    team.await_state("developer", "idle")
    assert "MARK-BEFORE" in team.bodies("MARK-RESUMED")[-1]


def test_stopping_leaves_no_process(team: Team) -> None:
    pids = [agent["pid"] for agent in team.agents().values()]
    team.place.run("tmux-orch", "stop", "--yes", "--checkpoint", "0")
    # tmux reaps an ended program a moment after its end.
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 5, "all are gone")
    left = [
        path for path in Path("/proc").glob("[0-9]*/environ")
        if str(team.root).encode() in _read(path) and b"CODEX_HOME" in _read(path)
        and b"codex" in _read(path.with_name("comm"))
    ]  # fmt: skip
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
