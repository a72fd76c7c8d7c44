"""What the program asks the daemon, and that it does what it is answered."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agents.hookserver import HookServer
from tests.agents.pane import until
from tests.agents.rehearsal.conftest import Run, directive
from tests.agents.rehearsal.desk import Desk
from tmux_orch.agents.rehearsal import places
from tmux_orch.agents.rehearsal.adapter import Rehearsal
from tmux_orch.agents.rehearsal.turn import MOST_BLOCKS

Make = Callable[..., Run]
DAEMON = ("--hooks", "daemon")
ADAPTER = Rehearsal()


def test_every_event_has_the_real_programs_shape(rehearsal: Make, desk: Desk) -> None:
    run = rehearsal().start(*DAEMON, "--session-id", "c0ffee-1", "--model", "m").ready()
    run.send(directive(run=["echo", "hi"], say="end")).ready()
    common = {"session_id": "c0ffee-1", "cwd": str(run.directory)}
    start = desk.wait("SessionStart")
    assert start.items() >= {**common, "source": "startup", "model": "m"}.items()
    assert start["transcript_path"].endswith("/conversations/c0ffee-1.jsonl")
    prompt = desk.wait("UserPromptSubmit")
    assert prompt["prompt"].startswith("REHEARSAL{")
    tool = desk.wait("PostToolUse")
    assert (tool["tool_name"], tool["tool_input"]["command"]) == ("Bash", "echo hi")
    assert tool["tool_response"]["stdout"] == "hi\n"
    stop = desk.wait("Stop")
    assert (stop["stop_hook_active"], stop["last_assistant_message"]) == (False, "end")
    assert prompt["prompt_id"] == tool["prompt_id"] == stop["prompt_id"]
    assert stop["permission_mode"] == "default"
    run.kill()
    assert desk.wait("SessionEnd").items() >= {**common, "reason": "other"}.items()
    assert set(desk.peers) == {(run.pid, "sample/developer")}


def test_a_resumed_conversation_says_so(rehearsal: Make, desk: Desk) -> None:
    run = rehearsal().start(*DAEMON, "--session-id", "c0ffee-1", "first").ready()
    run.kill(signal.SIGKILL)
    run.dead()
    run.start(*DAEMON, "--resume", "c0ffee-1").ready()
    assert desk.wait("SessionStart", 2)["source"] == "resume"


def test_nobody_there_changes_nothing(rehearsal: Make) -> None:
    run = rehearsal().start(*DAEMON, "hello").ready()
    assert run.answers() == ["Understood: hello"]
    run.kill()
    run.dead()


def test_a_hung_daemon_does_not_hold_the_first_screen(rehearsal: Make, desk: Desk) -> None:
    held = threading.Event()
    desk.answer = lambda payload, gone: b"" if held.wait(20) else b"{}"
    rehearsal().start(*DAEMON).ready().shows("❯")
    held.set()


def test_a_daemon_that_is_ending_gives_no_answer(rehearsal: Make, desk: Desk) -> None:
    desk._listener.stopping.set()
    run = rehearsal().start(*DAEMON, "hello").ready()
    assert run.answers() == ["Understood: hello"]


def test_another_version_of_the_daemon_is_still_told(rehearsal: Make, short_path: Path) -> None:
    desk = Desk(short_path / "registry", version="99.0.0")
    rehearsal().start(*DAEMON, "hello").ready()
    desk.wait("Stop")
    desk.close()


def exchange(place: Path, silence_s: float) -> subprocess.CompletedProcess[str]:
    """One hook call in a process of its own, with less patience than the program has."""
    code = f"""
from tmux_orch.agents.rehearsal import hooks, loop
from tmux_orch.rpc import connection
connection.SILENCE_S = {silence_s}
hooks.AGAIN_FOR_S = 0.3
loop = loop.Loop()
handler = {{"type": "socket", "path": {str(place)!r}}}
hooks.HookCall(loop, [handler], b"{{}}", lambda answer: (print(answer), loop.stop()))
loop.run()
"""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=10, check=True
    )


def test_a_daemon_that_says_nothing_is_given_up(short_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(short_path / "s"))
        silent.listen(5)
        assert exchange(short_path / "s", 0.3).stdout == "{}\n"


def test_a_daemon_with_a_full_queue_is_given_up(short_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as full, socket.socket(socket.AF_UNIX) as first:
        full.bind(str(short_path / "s"))
        full.listen(0)
        first.connect(str(short_path / "s"))
        assert exchange(short_path / "s", 60).stdout == "{}\n"


def test_what_is_not_the_daemon_is_no_answer(short_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(short_path / "s"))
        other.listen(5)
        threading.Thread(target=lambda: other.accept()[0].sendall(b"HTTP/1.1 400 \n\n")).start()
        assert exchange(short_path / "s", 60).stdout == "{}\n"


def test_a_hung_daemon_does_not_hold_the_end(rehearsal: Make, desk: Desk) -> None:
    held = threading.Event()
    desk.answer = lambda payload, gone: b"" if held.wait(20) else b"{}"
    run = rehearsal().start(*DAEMON).ready()
    run.kill()
    until(lambda: not places.lives(run.pid, ""), "its end", deadline_s=8)
    held.set()


@pytest.mark.parametrize("allow", [True, False])
def test_the_hook_answers_a_permission_while_the_dialog_stands(
    rehearsal: Make, desk: Desk, allow: bool
) -> None:
    decided = threading.Event()

    def answer(payload: dict[str, object], gone: Callable[[], bool]) -> bytes:
        if payload["hook_event_name"] != "PermissionRequest":
            return b""
        assert decided.wait(20)
        return ADAPTER.permission_answer(allow, "not today")

    desk.answer = answer
    run = rehearsal().start(*DAEMON).ready().send(directive(permission="touch made", say="after"))
    run.status("waiting", "permission prompt").shows("Do you want to proceed?")
    asked = desk.wait("PermissionRequest")
    assert (asked["tool_name"], asked["tool_input"]["command"]) == ("Bash", "touch made")
    assert not (run.directory / "made").exists()
    decided.set()
    run.answered("after").ready()
    assert (run.directory / "made").exists() is allow
    assert any("not today" in answer for answer in run.answers()) is not allow
    assert ADAPTER.dialog(run.pane.screen()) is None


def test_a_person_at_the_screen_answers_first_and_the_hook_sees_it(
    rehearsal: Make, desk: Desk
) -> None:
    noticed = threading.Event()

    def answer(payload: dict[str, object], gone: Callable[[], bool]) -> bytes:
        if payload["hook_event_name"] == "PermissionRequest":
            until(gone, "that nobody waits any more")
            noticed.set()
        return b""

    desk.answer = answer
    run = rehearsal().start(*DAEMON).ready().send(directive(permission="touch made"))
    run.status("waiting", "permission prompt")
    run.pane.keys("Enter")
    run.ready()
    assert noticed.wait(10)
    assert (run.directory / "made").exists()


@pytest.mark.parametrize("keys", [("Escape",), ("3",), ("Down", "Down", "Enter")])
def test_a_rejected_permission_ends_the_turn_without_a_stop_hook(
    rehearsal: Make, desk: Desk, keys: tuple[str, ...]
) -> None:
    run = rehearsal().start(*DAEMON).ready().send(directive(permission="touch made", say="never"))
    run.status("waiting", "permission prompt")
    run.pane.keys(*keys)
    run.ready()
    assert desk.of("Stop") == [] and run.answers() == []
    assert not (run.directory / "made").exists()


def test_a_paste_into_the_dialog_is_lost_and_its_enter_grants(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send(directive(permission="touch made"))
    run.status("waiting", "permission prompt").send("3 of a message").ready()
    assert (run.directory / "made").exists()
    assert len(run.asked()) == 1


def test_what_was_allowed_for_the_session_is_not_asked_again(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send(directive(permission="touch made"))
    run.status("waiting", "permission prompt")
    run.pane.keys("2")
    run.ready().send(directive(permission="touch made", say="again")).answered("again")


def test_a_stop_hook_hands_over_the_next_turn(rehearsal: Make, desk: Desk) -> None:
    texts = ["[from pm · msg 1a2b3c4d]\n" + directive(say="did it"), "second"]

    def answer(payload: dict[str, object], gone: Callable[[], bool]) -> bytes:
        first = payload["hook_event_name"] == "Stop" and not payload["stop_hook_active"]
        return ADAPTER.turn_end_answer(texts if first else [])

    desk.answer = answer
    run = rehearsal().start(*DAEMON).ready()
    run.pane.type("a draft")
    run.pane.keys("C-u")
    run.send("go")
    desk.wait("Stop", 2)
    run.pane.type("a draft of a person")
    run.ready().shows("a draft of a person")
    assert run.asked() == ["go", "Stop hook feedback:\n" + "\n\n".join(texts)]
    assert run.lines()[2]["isMeta"] is True
    assert run.answers() == ["Understood: go", "did it"]
    assert [call["stop_hook_active"] for call in desk.of("Stop")] == [False, True]
    assert len(desk.of("UserPromptSubmit")) == 1
    run.box_is("a draft of a person")


def test_the_ninth_stop_block_in_a_row_is_overridden_and_seen_with_the_next_prompt(
    rehearsal: Make, desk: Desk
) -> None:
    count = 0

    def answer(payload: dict[str, object], gone: Callable[[], bool]) -> bytes:
        nonlocal count
        if payload["hook_event_name"] != "Stop" or count > MOST_BLOCKS:
            return b""
        count += 1
        return ADAPTER.turn_end_answer([directive(say=f"turn {count}")])

    desk.answer = answer
    run = rehearsal().start(*DAEMON).ready().send("go").ready()
    assert run.answers() == ["Understood: go", *(f"turn {n}" for n in range(1, 9))]
    assert len(run.asked()) == 10 and directive(say="turn 9") in run.asked()[-1]
    run.send("next").answered("turn 9")


def test_context_beside_a_tool_result_is_taken_and_answered(rehearsal: Make, desk: Desk) -> None:
    def answer(payload: dict[str, object], gone: Callable[[], bool]) -> bytes:
        tool = payload["hook_event_name"] == "PostToolUse"
        return ADAPTER.tool_answer(["[from pm · msg 88bb0000]\nhurry"] if tool else [])

    desk.answer = answer
    run = rehearsal().start(*DAEMON).ready().send(directive(run=["true"])).answered("hurry")
    entries = [ADAPTER.entry(json.dumps(line).encode()) for line in run.lines()]
    assert [entry.kind.value for entry in entries] == ["taken", "other", "taken", "answer"]
    assert entries[2].text == "[from pm · msg 88bb0000]\nhurry"


@pytest.mark.parametrize(("length", "whole"), [(9_500, True), (10_500, False)])
def test_long_context_becomes_a_preview(
    rehearsal: Make, desk: Desk, length: int, whole: bool
) -> None:
    def answer(payload: dict[str, object], gone: Callable[[], bool]) -> bytes:
        tool = payload["hook_event_name"] == "PostToolUse"
        return ADAPTER.tool_answer(["x" * length] if tool else [])

    desk.answer = answer
    run = rehearsal().start(*DAEMON).ready().send(directive(run=["true"])).ready()
    text = run.lines()[2]["attachment"]["content"]
    assert (text == "x" * length) is whole
    assert whole or len(text) < 2_200


def test_a_prompt_can_be_blocked(rehearsal: Make, desk: Desk) -> None:
    desk.answer = lambda payload, gone: (
        b'{"decision":"block","reason":"no"}'
        if payload["hook_event_name"] == "UserPromptSubmit"
        else b""
    )
    run = rehearsal().start(*DAEMON).ready().send("hello").shows("blocked by a hook: no").ready()
    assert run.asked() == []


@pytest.mark.parametrize("answer", [b"not json", b"[1]", b'{"decision":7}', b"\xff", b"{}"])
def test_a_senseless_answer_is_no_answer(rehearsal: Make, desk: Desk, answer: bytes) -> None:
    desk.answer = lambda payload, gone: answer
    run = rehearsal().start(*DAEMON).ready().send(directive(run=["true"], say="end"))
    run.answered("end").ready()


def test_a_limit_ends_the_turn_with_its_own_hook(rehearsal: Make, desk: Desk) -> None:
    text = "You've hit your 5-hour limit · resets 1:23pm (UTC)"
    run = rehearsal().start(*DAEMON).ready().send(directive(limit=text)).ready().shows(text)
    failure = desk.wait("StopFailure")
    assert (failure["error"], failure["last_assistant_message"]) == ("rate_limit", text)
    assert desk.of("Stop") == [] and run.answers() == []
    run.send(directive(limit=text, limit_menu=True)).status("waiting", "dialog open")
    run.pane.keys("Enter")
    run.ready()


def test_a_question_has_its_own_options(rehearsal: Make, desk: Desk) -> None:
    asked = {"question": "Which database?", "options": ["SQLite", "Postgres"]}
    run = rehearsal().start(*DAEMON).ready().send(directive(ask=asked, say="good"))
    run.status("waiting", "input needed")
    call = desk.wait("PermissionRequest")
    assert call["tool_name"] == "AskUserQuestion"
    run.pane.keys("Down", "Enter")
    run.answered("good")
    assert run.lines()[1]["tool_response"] == {"answer": "Postgres"}


def test_command_hooks_work_as_the_socket_does(rehearsal: Make, short_path: Path) -> None:
    server = HookServer(short_path)
    client = server.client(short_path / "our commands" / "orch-hook")
    server.answer = lambda payload, gone: (
        ADAPTER.tool_answer(["beside"]) if payload["hook_event_name"] == "PostToolUse" else b""
    )
    settings = {
        "hooks": {
            event: [{"hooks": [{"type": "command", "command": [str(client)], "timeout": 10}]}]
            for event in ("UserPromptSubmit", "PostToolUse", "Stop")
        }
    }
    path = short_path / "settings.json"
    path.write_text(json.dumps(settings))
    run = rehearsal().start("--settings", str(path)).ready().send(directive(run=["true"]))
    run.answered("Understood: beside").ready()
    assert [call["hook_event_name"] for call in server.calls] == [
        "UserPromptSubmit", "PostToolUse", "Stop",
    ]  # fmt: skip
    server.close()


def test_a_first_briefing_is_read_committed_and_reported(rehearsal: Make, desk: Desk) -> None:
    run = rehearsal()
    for words in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "Start"]):
        subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e@x", *words],
            cwd=run.directory, check=True,
        )  # fmt: skip
    (run.directory / ".orch").mkdir()
    (run.directory / ".orch/.gitignore").write_text("*\n")
    (run.directory / ".orch/briefing.md").write_text("Build it.\n")
    scm = run.root / "bin" / "scm"
    scm.parent.mkdir()
    scm.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$HOME/reported"\n')
    scm.chmod(0o755)
    run.environment |= {
        "PATH": f"{scm.parent}:{run.environment['PATH']}",
        **{
            f"GIT_{who}_{what}": "t@x"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    run.start(*DAEMON, "Read .orch/briefing.md and begin. [brief 0badcafe]").ready()
    log = subprocess.run(
        ["git", "log", "--format=%s", "--name-only"], cwd=run.directory, capture_output=True,
        text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    assert log[:3] == ["Add the notes of developer", "", "notes/developer.md"]
    reported = (run.root / "reported").read_text().split("\n")
    assert reported[1] == "orchestrator" and "notes/developer.md" in reported[2]
    assert run.asked() == ["Read .orch/briefing.md and begin. [brief 0badcafe]"]
    assert len(run.answers()) == 1
