"""Messages, permissions and hand-over while the real program works."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.agents.pane import until
from tests.real_claude.seat import RealSeat, bash, directive
from tmux_orch.agents.adapter import EntryKind
from tmux_orch.domain.states import AgentState

pytestmark = pytest.mark.real_claude

LONG = "[from pm · msg 1a2b3c4d]\n" + "\n".join(f"line {n} ü № 日本語 $VAR `x`" for n in range(40))


def only(event: str, answer: Callable[[], bytes]) -> Callable[[dict[str, Any], Any], bytes]:
    """Answer the first call of ``event``, nothing else."""
    left = [answer]

    def decide(payload: dict[str, Any], gone: Callable[[], bool]) -> bytes:
        return left.pop()() if left and payload["hook_event_name"] == event else b""

    return decide


# -- messages to an idle agent ----------------------------------------------------------------


@pytest.mark.parametrize("text", ["[from pm · msg 1a2b3c4d]\nshort", LONG, LONG * 8])
def test_a_pasted_message_is_taken_once_and_answered(agent: RealSeat, text: str) -> None:
    mark = f"mark {len(text)} {agent.version}"
    agent.turn(f"{text}\n{mark}")
    agent.await_answered(mark)
    taken = [e for e in agent.entries() if e.kind is EntryKind.TAKEN and mark in e.text]
    assert len(taken) == 1
    for line in text.splitlines():
        assert line in taken[0].text


def test_a_draft_is_seen_and_the_box_is_empty_again_after_it(agent: RealSeat) -> None:
    agent.pane.type("half a sentence")
    until(lambda: agent.adapter.composer(agent.pane.screen()).text == "half a sentence", "draft")
    agent.await_state("idle")  # the program's own word for it: only the screen tells of a draft
    agent.pane.keys("C-u")
    until(lambda: agent.adapter.composer(agent.pane.screen()).empty is True, "empty")


def test_what_is_queued_while_it_works_is_not_taken_yet(agent: RealSeat) -> None:
    agent.send('STANDIN{"words": 60, "chunk_delay": 0.05}')
    agent.await_state("working")
    agent.send("[from pm · msg 2b3c4d5e] queued")

    def kinds() -> list[EntryKind]:
        return [e.kind for e in agent.entries() if "msg 2b3c4d5e]" in e.text]

    until(lambda: EntryKind.QUEUED in kinds(), "queued")
    assert EntryKind.TAKEN not in kinds()
    agent.await_answered("msg 2b3c4d5e]")
    agent.await_state("idle")


# -- permissions ------------------------------------------------------------------------------


def test_a_held_permission_shows_a_dialog_and_the_answer_runs_exactly_it(agent: RealSeat) -> None:
    decided = threading.Event()
    agent.hooks.answer = lambda payload, gone: (
        agent.adapter.permission_answer(True, "")
        if payload["hook_event_name"] == "PermissionRequest" and decided.wait(20)
        else b""
    )
    before = len(agent.hooks.of("PermissionRequest"))
    agent.send(bash("touch held-and-allowed"))
    asked = agent.adapter.hook(agent.hooks.wait("PermissionRequest", count=before + 1), agent.now())
    assert asked.asks == ("Bash", "touch held-and-allowed")
    assert asked.reading.state is AgentState.WAITING_PERMISSION
    agent.await_state("waiting_permission")
    dialog = agent.await_dialog()
    assert dialog.state is AgentState.WAITING_PERMISSION
    assert "Yes" in dialog.options and "touch held-and-allowed" in dialog.question
    assert not (agent.house.worktree / "held-and-allowed").exists()
    decided.set()
    agent.await_state("idle")
    assert (agent.house.worktree / "held-and-allowed").exists()
    assert agent.adapter.dialog(agent.pane.screen()) is None


def test_a_denied_permission_tells_the_model_why(agent: RealSeat) -> None:
    agent.hooks.answer = only(
        "PermissionRequest", lambda: agent.adapter.permission_answer(False, "not on a Friday")
    )
    agent.turn(bash("touch denied"))
    assert not (agent.house.worktree / "denied").exists()
    assert "not on a Friday" in json.dumps(agent.requests()[-1]["tool_results"])


def test_an_answer_after_the_persons_own_is_ignored(agent: RealSeat) -> None:
    late = threading.Event()
    agent.hooks.answer = only(
        "PermissionRequest",
        lambda: agent.adapter.permission_answer(False, "too late") if late.wait(20) else b"",
    )
    agent.send(bash("touch by-the-person"))
    agent.choose("Yes")
    until(lambda: (agent.house.worktree / "by-the-person").exists(), "it ran")
    late.set()
    agent.await_state("idle")
    assert "too late" not in json.dumps(agent.requests()[-1]["tool_results"])


def test_a_persons_no_ends_the_hook(agent: RealSeat) -> None:
    ended = threading.Event()

    def hold(payload: dict[str, Any], gone: Callable[[], bool]) -> bytes:
        if payload["hook_event_name"] == "PermissionRequest":
            until(gone, "the program gave the hook up")
            ended.set()
        return b""

    agent.hooks.answer = hold
    agent.send(bash("touch refused"))
    agent.await_settled()
    agent.pane.keys("Escape")
    assert ended.wait(20)
    agent.await_state("idle")
    agent.pane.keys("C-u")


def test_a_question_is_for_the_person(agent: RealSeat) -> None:
    question = {
        "question": "Which database?",
        "header": "Database",
        "multiSelect": False,
        "options": [
            {"label": "SQLite", "description": "a"},
            {"label": "Other", "description": "b"},
        ],
    }
    before = len(agent.hooks.of("PermissionRequest"))
    agent.send(directive("AskUserQuestion", {"questions": [question]}))
    call = agent.hooks.wait("PermissionRequest", count=before + 1)
    read = agent.adapter.hook(call, agent.now())
    assert (read.asks, read.reading.state) == (None, AgentState.WAITING_ANSWER)
    dialog = agent.await_settled()
    assert dialog.state is AgentState.WAITING_ANSWER
    assert dialog.options[:2] == ("SQLite", "Other")
    assert "Which database?" in dialog.question
    agent.pane.keys("Escape")
    agent.await_state("idle")
    agent.pane.keys("C-u")


# -- what our settings allow ------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        'scm pm "all tests pass"',
        "scm pm - <<'END'\nall tests pass\nEND",
        "git add -A && git commit -m 'work done'",
        "git status && git diff main && git log --oneline",
        "cat {mate}/note.txt && grep -r note {mate}",
    ],
)
def test_our_own_commands_never_ask(agent: RealSeat, command: str) -> None:
    (agent.house.mate / "note.txt").write_text("a mate's note\n")
    calls = agent.turn(bash(command.format(mate=shlex.quote(str(agent.house.mate)))))
    assert "PermissionRequest" not in [call["hook_event_name"] for call in calls]


def test_a_report_reaches_our_command(agent: RealSeat) -> None:
    agent.turn(bash("scm pm hello there"))
    assert "delivered: pm hello there" in json.dumps(agent.requests()[-1]["tool_results"])


@pytest.mark.parametrize(
    "command",
    [
        "scm pm hi && touch x",
        "scm pm hi; rm -rf y",
        'scm pm "$(touch x)"',
        "scm pm x > ../out",
        "scmx pm",
        "git push",
        "git diff --output=../stolen main",
        'git commit -m "$(touch x)"',
        "tmux-orch stop",
        "git -C {mate} commit -m x",
    ],
)
def test_nothing_rides_on_our_commands(agent: RealSeat, command: str) -> None:
    agent.hooks.answer = only(
        "PermissionRequest", lambda: agent.adapter.permission_answer(False, "no")
    )
    calls = agent.turn(bash(command.format(mate=shlex.quote(str(agent.house.mate)))))
    assert "PermissionRequest" in [call["hook_event_name"] for call in calls]


def test_a_mates_odd_path_is_a_path_and_no_pattern(agent: RealSeat) -> None:
    note = agent.house.odd_mate / "note.txt"
    note.write_text("a mate's note\n")
    calls = agent.turn(directive("Read", {"file_path": str(note)}))
    assert "a mate's note" in json.dumps(agent.requests()[-1]["tool_results"])
    calls += agent.turn(directive("Write", {"file_path": str(note), "content": "x"}))
    assert "PermissionRequest" not in [call["hook_event_name"] for call in calls]
    assert note.read_text() == "a mate's note\n"


def test_mates_are_read_without_a_question_and_never_written(agent: RealSeat) -> None:
    mate = agent.house.mate
    (mate / "note.txt").write_text("a mate's note\n")
    calls = agent.turn(directive("Read", {"file_path": str(mate / "note.txt")}))
    for prompt in (
        directive("Write", {"file_path": str(mate / "new.txt"), "content": "x"}),
        directive(
            "Edit", {"file_path": str(mate / "note.txt"), "old_string": "a", "new_string": "b"}
        ),
        bash(f"echo x > {shlex.quote(str(mate))}/new.txt"),
        bash(f"touch {shlex.quote(str(mate))}/new.txt"),
    ):
        calls += agent.turn(prompt)
    assert "PermissionRequest" not in [call["hook_event_name"] for call in calls]
    assert (mate / "note.txt").read_text() == "a mate's note\n"
    assert not (mate / "new.txt").exists()


# -- hand-over --------------------------------------------------------------------------------


def test_the_end_of_a_turn_hands_over_all_that_waits(agent: RealSeat) -> None:
    texts = ["[from pm · msg 3c4d5e6f]\nfirst", "[from tester · msg 4d5e6f7a]\nsecond\nü"]
    agent.hooks.answer = only("Stop", lambda: agent.adapter.turn_end_answer(texts))
    agent.pane.type("a person's draft")
    until(lambda: agent.adapter.composer(agent.pane.screen()).empty is False, "draft")
    agent.pane.keys("C-u")
    stops = len(agent.hooks.of("Stop"))
    agent.send("a prompt")
    agent.hooks.wait("Stop", count=stops + 2)
    for mark in ("msg 3c4d5e6f]", "msg 4d5e6f7a]"):
        agent.await_answered(mark)
    assert texts[1] in agent.requests()[-1]["prompt"]
    agent.await_state("idle")


def test_a_hand_over_leaves_a_draft_alone(agent: RealSeat) -> None:
    agent.hooks.answer = only(
        "Stop", lambda: agent.adapter.turn_end_answer(["[from pm · msg 5e6f7a8b]\nx"])
    )
    agent.send('STANDIN{"words": 30, "chunk_delay": 0.05}')
    agent.await_state("working")
    agent.pane.type("a person's draft")
    agent.await_answered("msg 5e6f7a8b]")
    agent.await_state("idle")
    assert agent.adapter.composer(agent.pane.screen()).text == "a person's draft"
    agent.pane.keys("C-u")
    until(lambda: agent.adapter.composer(agent.pane.screen()).empty is True, "empty")


def test_a_tools_end_hands_over_in_mid_turn(agent: RealSeat) -> None:
    text = "[from pm · msg 6f7a8b9c]\n" + "urgent " * 1100
    agent.hooks.answer = only("PostToolUse", lambda: agent.adapter.tool_answer([text]))
    agent.turn(bash("git status"))
    agent.await_answered("msg 6f7a8b9c]")
    assert text.strip() in "".join(
        entry.text for entry in agent.entries() if entry.kind is EntryKind.TAKEN
    )


def test_a_helper_inside_the_agent_asks_for_the_agent_but_is_not_it(agent: RealSeat) -> None:
    agent.hooks.answer = lambda payload, gone: (
        agent.adapter.permission_answer(True, "")
        if payload["hook_event_name"] == "PermissionRequest"
        else b""
    )
    inner = bash("touch by-the-helper")
    given = {"description": "sub", "prompt": inner, "subagent_type": "general-purpose"}
    before = len(agent.hooks.calls)
    agent.send(directive("Agent", given))
    until(lambda: (agent.house.worktree / "by-the-helper").exists(), "the helper's work")
    agent.await_state("idle")
    read = [agent.adapter.hook(call, agent.now()) for call in agent.hooks.calls[before:]]
    assert ("Bash", "touch by-the-helper") in [reading.asks for reading in read]
    assert any(reading.subagent and reading.reading.state is None for reading in read)
    taken = [e.text for e in agent.entries() if e.kind is EntryKind.TAKEN]
    assert not any(text == inner for text in taken)
