"""Programs that a person described in agents.yaml, through the real daemon."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import Place, is_zombie, wait_until

REPL = Path(__file__).parents[1] / "agents" / "command" / "repl.py"
SMALL = """
agents: 1
programs:
  small:
    command: [{python}, {repl}, --log, "{log}", --session, "{{conversation_id}}", "{{prompt}}"]
    resume: [{python}, {repl}, --log, "{log}", --resumed, "{{prompt}}"]
    composer: '^> ?'
    busy: {{pattern: '^Thinking', region: tail}}
    environment: [REPL_KEY]
    dialogs:
      - {{id: run, pattern: 'Run this command\\?', state: waiting_permission}}
      - {{id: trust, pattern: 'Trust this folder\\?', state: needs_trust}}
"""


def describe(place: Place, text: str = SMALL) -> Path:
    """Write agents.yaml and give the place a configuration directory of its own."""
    config = place.root / "config" / "tmux-orch"
    place.dead_stay_dead()
    log = place.root / "log.jsonl"
    body = text.format(python=sys.executable, repl=REPL, log=log)
    (config / "agents.yaml").write_text(body)
    return log


def up(place: Place, *more: str, check: bool = True) -> Any:
    spec = place.project.parent / "spec.md"
    spec.write_text("# Sample work\n\n- [ ] do the thing\n")
    return place.run(
        "auto-orchestrate", "--spec", str(spec), "--agent", "small", "--roles", "orchestrator",
        "--planner", "offline", *more, check=check, timeout=90,
    )  # fmt: skip


def did(log: Path, what: str) -> list[str]:
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    return [entry["text"] for line in lines if (entry := json.loads(line))["what"] == what]


def hub(place: Place) -> dict[str, Any]:
    return place.agents()["orchestrator"]


def await_state(place: Place, *states: str) -> dict[str, Any]:
    return wait_until(
        lambda: (agent := hub(place))["state"] in states and agent, 30, f"it is {states}"
    )


def send(place: Place, text: str, *options: str) -> dict[str, Any]:
    done = place.run("scm", "--json", *options, "orchestrator", text, check=False)
    return json.loads(done.stdout)


def test_a_described_program_starts_is_briefed_takes_messages_resumes_and_stops(
    place: Place,
) -> None:
    log = describe(place)
    place.extra["REPL_KEY"] = "k3y"
    up(place)
    assert did(log, "session") == [hub(place)["conversation_id"]]
    assert did(log, "environment") == ["k3y"]
    assert [text for text in did(log, "turn") if "[brief " in text]
    await_state(place, "idle")
    sent = send(place, "hello there")
    assert (sent["state"], sent["proof"]) == ("delivered", "working")
    await_state(place, "idle")
    assert did(log, "turn")[-1] == f"[from user · msg {sent['id']}] hello there"
    lines = send(place, "one\ntwo\nthree")
    assert lines["state"] == "delivered"
    await_state(place, "idle")
    pointed = did(log, "turn")[-1]
    assert ".orch/mailbox" in pointed and "\n" not in pointed

    sent = send(place, "danger here", "--no-wait")
    await_state(place, "waiting_permission")
    held = send(place, "not now", "--wait", "1")
    assert held["state"] != "delivered" and did(log, "answer") == []
    place.tmux("send-keys", "-t", hub(place)["pane_id"], "n")
    wait_until(lambda: any("not now" in text for text in did(log, "turn")), 30, "it follows")
    assert did(log, "answer") == ["no"]

    before = await_state(place, "idle")
    os.kill(before["pid"], signal.SIGKILL)
    await_state(place, "exited")
    place.run("auto-orchestrate", "--resume", timeout=90)
    assert "--resumed" in did(log, "flag")
    assert "[back " in did(log, "turn")[-1]
    after = await_state(place, "idle", "working")
    assert after["conversation_id"] == before["conversation_id"]
    place.run("tmux-orch", "stop", "--yes")
    assert is_zombie(after["pid"]) or not Path(f"/proc/{after['pid']}").exists()


def test_a_prompt_that_is_pasted_waits_for_a_slow_program(place: Place) -> None:
    log = describe(
        place,
        SMALL.replace("--session,", "--slow, '2', --session,")
        .replace(', "{{prompt}}"]', "]")
        .replace("    composer:", "    prompt: paste\n    composer:"),
    )
    up(place)
    assert len([text for text in did(log, "turn") if "[brief " in text]) == 1
    first = did(log, "turn")[0]
    assert first.startswith("[from orch · msg ")


@pytest.mark.full
def test_an_answer_that_leaves_no_trace_is_undecided_and_not_sent_again(place: Place) -> None:
    log = describe(place)
    up(place)
    await_state(place, "idle")
    sent = send(place, "quick one", "--wait", "8")
    assert sent["state"] != "delivered" or sent["proof"] == "working"
    wait_until(lambda: any("quick one" in text for text in did(log, "turn")), 20, "it is read")
    assert sum("quick one" in text for text in did(log, "turn")) == 1


def test_a_question_at_the_start_is_told_and_a_program_that_ends_too(place: Place) -> None:
    describe(place, SMALL.replace("--session,", "--ask, --session,"))
    done = up(place, check=False)
    assert done.returncode == 1
    assert "it asks at its start" in done.stdout + done.stderr
    assert hub(place)["state"] == "needs_trust"
    place.run("tmux-orch", "stop", "--yes")
    describe(place, SMALL.replace("--session,", "--exit, '3', --session,"))
    done = place.run("auto-orchestrate", "--resume", check=False, timeout=90)
    assert done.returncode == 1 and hub(place)["state"] == "exited"


def test_doctor_lists_them_and_a_broken_file_is_one_line(place: Place) -> None:
    describe(place)
    listed = place.run("tmux-orch", "doctor", check=False).stdout
    assert "agent small" in listed
    path = Path(place.extra["XDG_CONFIG_HOME"]) / "tmux-orch" / "agents.yaml"
    path.write_text(path.read_text().replace("composer:", "compsoer:"))
    listed = place.run("tmux-orch", "doctor", check=False).stdout
    assert "agents.yaml" in listed and "agent rehearsal" in listed
    done = up(place, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{path}:7: programs.small.compsoer" in done.stderr
    assert list((place.registry / "projects").glob("*")) == []


@pytest.mark.parametrize("where", ["tmux-orch", ".tmux-orch"])
def test_a_project_describes_no_program(place: Place, where: str) -> None:
    directory = place.project / where
    directory.mkdir()
    body = SMALL.format(python=sys.executable, repl=REPL, log="/dev/null")
    (directory / "agents.yaml").write_text(body)
    done = up(place, "--dry-run", check=False)
    assert done.returncode == 2 and "unknown agent program 'small'" in done.stderr
