"""The real opencode through our whole path: start, messages, permissions, death, resume, stop.

One process of it, shared: it holds about 1 GB and takes 6 s to start.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_programs.house import Team, program_directory
from tests.standin.other_standins import State
from tests.whole.conftest import is_zombie

pytestmark = [pytest.mark.real_programs, pytest.mark.timeout(120)]
VERSION = "1.18.33"
HUB = "orchestrator"


class OpenCodeTeam(Team):
    """One agent, the hub, whose person has instructions, a plugin and a question of his own."""

    def __init__(self, root: Path, api: tuple[str, State]) -> None:
        config = root / "home" / ".config" / "opencode"
        config.mkdir(parents=True)
        (root / "theirs.md").write_text("USER-INSTRUCTIONS: be brief.\n")
        (root / "theirs.js").write_text(
            "import fs from 'node:fs'\n"
            f"export const Theirs = async () => (fs.writeFileSync('{root}/loaded', ''), {{}})\n"
        )
        self.config = config / "opencode.json"
        model = {"name": "Standin", "limit": {"context": 100_000, "output": 4000}}
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Standin",
            "options": {"baseURL": f"{api[0]}/v1", "apiKey": "dummy"},
            "models": {"standin": model},
        }
        body = {
            "$schema": "https://opencode.ai/config.json",  # it adds this itself where it lacks
            "autoupdate": False,
            "share": "disabled",
            "model": "standin/standin",
            "small_model": "standin/standin",
            "provider": {"standin": provider},
            "permission": {"bash": "ask"},
            "instructions": [str(root / "theirs.md")],
            "plugin": [f"file://{root}/theirs.js"],
        }
        self.config.write_text(json.dumps(body))
        program = program_directory("opencode", VERSION)
        # What it would fetch from npm into a fresh home, and wait for, before it loads a plugin.
        shutil.copytree(program.parents[1] / "config", config, dirs_exist_ok=True, symlinks=True)
        quiet = {
            f"OPENCODE_DISABLE_{what}": "1"
            for what in ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD")
        }
        super().__init__(root, "opencode", program, quiet, api[1])
        self.theirs = self.config.read_bytes()

    def start_hub(self) -> None:
        self.place.run(
            "auto-orchestrate", "--spec", str(self.spec), "--agent", "opencode",
            "--roles", HUB, "--planner", "offline", "--permission-mode", "default", timeout=100,
        )  # fmt: skip


def directive(**rule: object) -> str:
    """A prompt that makes the stand-in's model do this."""
    return "STANDIN" + json.dumps(rule)


def bash(command: str) -> str:
    """A prompt that makes the model run ``command``."""
    return directive(tool={"name": "bash", "args": {"command": command, "description": "run"}})


@pytest.fixture(scope="module")
def team(api: tuple[str, State]) -> Iterator[OpenCodeTeam]:
    made = OpenCodeTeam(Path(tempfile.mkdtemp(prefix="o-", dir="/tmp")), api)
    made.start_hub()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def calm(team: OpenCodeTeam) -> None:
    with team.state.lock:
        team.state.queue.clear()
    team.await_state(HUB, "idle")


def test_it_starts_unattended_and_the_model_has_briefing_role_and_the_persons_own(
    team: OpenCodeTeam,
) -> None:
    role = Path(team.agent(HUB)["worktree"], ".orch", "role.md").read_text().splitlines()[0]
    # The program may also ask for a title of the conversation, without the role.
    first = next(body for body in team.bodies("[brief ") if role in body)
    assert first.count("[brief ") == 1
    assert "USER-INSTRUCTIONS" in first
    assert (team.root / "loaded").exists()  # the person's plugin runs beside ours
    assert team.config.read_bytes() == team.theirs


def test_no_port_is_open(team: OpenCodeTeam) -> None:
    mine = {
        os.readlink(entry).removeprefix("socket:[").removesuffix("]")
        for entry in Path(f"/proc/{team.agent(HUB)['pid']}/fd").iterdir()
        if os.readlink(entry).startswith("socket:")
    }
    rows = [
        line.split()
        for name in ("tcp", "tcp6", "udp")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    assert [row[1] for row in rows if row[9] in mine and row[3] == "0A"] == []


def test_a_message_to_an_idle_agent_is_delivered_with_proof(team: OpenCodeTeam) -> None:
    # A word with @ at the end opens a list in the composer, of which Enter would take an entry.
    receipt = team.receipt(HUB, "MARK-IDLE tell @developer")
    assert receipt["state"] == "delivered"
    assert receipt["proof"] in ("transcript", "answered")  # as far as it had come by then
    team.await_state(HUB, "idle")
    assert team.bodies("MARK-IDLE tell @developer")[-1].count(f"msg {receipt['id']}]") == 1


@pytest.mark.full
def test_a_long_message_arrives_whole(team: OpenCodeTeam) -> None:
    text = "\n".join(f"line {number} of it: Überprüfe 日本語" for number in range(60))
    receipt = team.receipt(HUB, text)
    assert receipt["state"] == "delivered"
    team.await_state(HUB, "idle")
    assert json.dumps(text, ensure_ascii=False)[1:-1] in team.bodies(receipt["id"])[-1]


def test_messages_to_a_busy_agent_are_handed_over_by_its_plugin(team: OpenCodeTeam) -> None:
    team.scm(HUB, directive(words=30, chunk_delay=0.05), "--no-wait")
    team.await_state(HUB, "working", "thinking")
    sent = [team.receipt(HUB, f"BUSY-{n}", "--no-wait")["id"] for n in range(3)]
    team.until(lambda: [team.message(i)["state"] for i in sent] == ["delivered"] * 3, "given", HUB)
    team.await_state(HUB, "idle")
    last = team.bodies("BUSY-0")[-1]
    assert [last.count(f"BUSY-{n}") for n in range(3)] == [1] * 3
    assert {team.message(i)["proof"] for i in sent} == {"answered"}


def test_while_a_permission_is_asked_nothing_is_sent_and_the_answer_decides(
    team: OpenCodeTeam,
) -> None:
    canary = Path(team.agent(HUB)["worktree"]) / "approved"
    team.scm(HUB, bash("touch approved"), "--no-wait")
    team.await_state(HUB, "waiting_permission")
    # The plugin's file says that it waits a moment before the hook says for what.
    team.until(lambda: "touch approved" in team.agent(HUB)["evidence"], "the command", HUB)
    held = team.receipt(HUB, "MARK-HELD", "--wait", "1", check=False)
    assert held["state"] == "held"
    assert not canary.exists()
    team.place.run("tmux-orch", "approve", HUB, "--yes")
    team.until(canary.exists, "the approved command ran", HUB)
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "follows", HUB)
    team.await_state(HUB, "idle")
    team.scm(HUB, bash("touch denied"), "--no-wait")
    team.await_state(HUB, "waiting_permission")
    team.place.run("tmux-orch", "deny", HUB, "--reason", "BECAUSE-NOT", "--yes")
    team.await_state(HUB, "idle")
    assert not canary.with_name("denied").exists()


def test_its_own_commit_asks_nobody_beside_the_persons_own_question(team: OpenCodeTeam) -> None:
    worktree = Path(team.agent(HUB)["worktree"])
    (worktree / "new.txt").write_text("x")
    team.scm(HUB, bash("git add new.txt && git commit -q -m 'Add new'"))
    team.until(lambda: team.agent(HUB)["commits_ahead"] == 1, "committed", HUB)


@pytest.mark.full
def test_a_rate_limit_that_it_waits_out_by_itself_is_no_hold(team: OpenCodeTeam) -> None:
    error = {"message": "Rate limit reached", "type": "rate_limit_error"}
    rule = {"status": 429, "headers": {"retry-after": "8"}, "error": error}
    with team.state.lock:
        team.state.queue.append(rule)
    team.scm(HUB, "MARK-RETRY", "--no-wait")
    agent = team.await_state(HUB, "retrying")
    assert "Rate limit reached [retrying in" in agent["evidence"]
    team.await_state(HUB, "idle")
    assert team.daemon.rows("holds", "id") == []
    assert len(team.daemon.events("limit_seen")) == 0
    told = [e["payload"]["evidence"] for e in team.daemon.events("condition_seen")]
    assert len([one for one in told if "retrying in" in one]) == 1  # not once per second


@pytest.mark.full
def test_a_question_is_a_state_and_nothing_is_typed_into_it(team: OpenCodeTeam) -> None:
    options = [{"label": "Red", "description": "w"}, {"label": "Blue", "description": "c"}]
    asks = {"question": "Which colour?", "header": "Colour", "options": options}
    team.scm(HUB, directive(tool={"name": "question", "args": {"questions": [asks]}}), "--no-wait")
    agent = team.await_state(HUB, "waiting_answer")
    held = team.receipt(HUB, "MARK-QUESTION", "--wait", "1", check=False)
    assert held["state"] == "held"
    team.place.tmux("send-keys", "-t", agent["pane_id"], "Escape")
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "follows", HUB)


@pytest.mark.full
def test_a_persons_draft_is_neither_submitted_nor_destroyed(team: OpenCodeTeam) -> None:
    pane = team.agent(HUB)["pane_id"]
    team.place.tmux("send-keys", "-t", pane, "-l", "--", "half a sentence")
    team.until(lambda: "half a sentence" in team.screen(HUB), "the draft", HUB)
    held = team.receipt(HUB, "MARK-DRAFT", "--wait", "2", check=False)
    assert held["state"] == "held" and "draft" in held["reason"]
    assert "half a sentence" in team.screen(HUB)
    team.place.tmux("send-keys", "-t", pane, "C-u")
    team.until(lambda: team.message(held["id"])["state"] == "delivered", "sent", HUB)
    assert not team.bodies("half a sentence")


def test_after_a_kill_resume_goes_on_with_the_same_conversation(team: OpenCodeTeam) -> None:
    team.receipt(HUB, "MARK-BEFORE")
    before = team.await_state(HUB, "idle")
    os.kill(before["pid"], signal.SIGKILL)
    team.await_state(HUB, "exited")
    team.place.run("auto-orchestrate", "--resume", timeout=100)
    after = team.await_state(HUB, "idle")
    assert after["conversation_id"] == before["conversation_id"]
    assert after["pid"] != before["pid"]
    receipt = team.receipt(HUB, "MARK-AFTER")
    assert receipt["state"] == "delivered"
    team.await_state(HUB, "idle")
    last = team.bodies("MARK-AFTER")[-1]
    assert "MARK-BEFORE" in last and last.count("[brief ") == 1


def test_stop_leaves_no_process(team: OpenCodeTeam) -> None:
    pid = team.agent(HUB)["pid"]
    team.place.run("tmux-orch", "stop", "--yes", "--checkpoint", "0", timeout=60)
    team.until(lambda: is_zombie(pid), "it has ended", HUB)
