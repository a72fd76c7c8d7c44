"""Hooks, transcript lines and dialogs beyond what every adapter must read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.claude import recorded
from tests.agents.conformance import NOW
from tmux_orch.agents.adapter import EntryKind
from tmux_orch.agents.claude import hooks
from tmux_orch.agents.claude.adapter import Claude
from tmux_orch.agents.claude.screen import composer
from tmux_orch.agents.registry import adapter, adapters
from tmux_orch.agents.screens import load
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import AgentState

CLAUDE = Claude()
both = pytest.mark.parametrize("version", recorded.VERSIONS)


# -- hooks ------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("SessionStart", None),
        ("UserPromptSubmit", AgentState.THINKING),
        ("PostToolUse", AgentState.THINKING),
        ("PermissionRequest", AgentState.WAITING_PERMISSION),
        ("Notification", None),
        ("PreCompact", AgentState.COMPACTING),
        ("Stop", AgentState.IDLE),
        ("StopFailure", AgentState.NEEDS_LOGIN),  # recorded: a 403
    ],
)
def test_every_event_of_ours_is_read(version: str, event: str, state: AgentState | None) -> None:
    found = CLAUDE.hook(recorded.hook(version, event), NOW)
    assert found.reading.state is state
    assert found.reading.rule == f"claude.hook.{event}"
    assert found.conversation_id


@pytest.mark.parametrize(
    ("reason", "state"),
    [("clear", None), ("resume", None), ("other", AgentState.EXITED), ("", AgentState.EXITED)],
)
def test_a_session_that_gives_way_to_another_is_no_end(
    reason: str, state: AgentState | None
) -> None:
    payload = {"hook_event_name": "SessionEnd", "session_id": "x", "reason": reason}
    assert CLAUDE.hook(payload, NOW).reading.state is state


@pytest.mark.parametrize(
    ("error", "state"),
    [
        ("authentication_failed", AgentState.NEEDS_LOGIN),
        ("rate_limit", AgentState.ERROR),
        ("server_error", AgentState.ERROR),
        ("never heard of", AgentState.ERROR),
    ],
)
def test_a_failed_turn_tells_why(error: str, state: AgentState) -> None:
    said = "API Error: \x1b[31m529\u202e overloaded"
    payload = {"hook_event_name": "StopFailure", "error": error, "last_assistant_message": said}
    reading = CLAUDE.hook(payload, NOW).reading
    assert reading.state is state
    assert reading.detail == f"{error}: API Error: \\x1b[31m529\\u202e overloaded"


@pytest.mark.parametrize("tool", ["AskUserQuestion", "ExitPlanMode"])
def test_what_only_a_person_can_answer_is_not_asked_for(tool: str) -> None:
    payload = {"hook_event_name": "PermissionRequest", "tool_name": tool, "tool_input": {}}
    found = CLAUDE.hook(payload, NOW)
    assert (found.asks, found.reading.state) == (None, AgentState.WAITING_ANSWER)


def test_a_helpers_question_stands_before_the_agent() -> None:
    payload = {
        "hook_event_name": "PermissionRequest",
        "agent_id": "a64e08d83fe9f2091",
        "tool_name": "Bash",
        "tool_input": {"command": "make"},
    }
    found = CLAUDE.hook(payload, NOW)
    assert (found.asks, found.subagent) == (("Bash", "make"), False)
    assert found.reading.state is AgentState.WAITING_PERMISSION


def test_a_helpers_report_is_no_prompt() -> None:
    told = "<task-notification>\n<result>[from pm · msg 1a2b3c4d] done</result>"
    payload = {"hook_event_name": "UserPromptSubmit", "prompt": told}
    assert CLAUDE.hook(payload, NOW).prompt == ""


@pytest.mark.parametrize(
    ("tool", "given", "shown"),
    [
        ("Bash", {"command": "make test"}, "make test"),
        ("Bash", {"command": "echo \x1b[2K\u202eevil\r"}, "echo \\x1b[2K\\u202eevil\\r"),
        ("Bash", {"command": "a\n\tb"}, "a\n\tb"),
        ("Bash", {"command": ["not", "text"]}, '"not"'),
        ("Write", {"file_path": "/a/ü", "content": "x"}, '"file_path": "/a/ü"'),
        ("mcp__x__y", None, "null"),
    ],
)
def test_what_is_asked_is_shown_exactly_and_cannot_deceive_a_terminal(
    tool: str, given: Any, shown: str
) -> None:
    payload = {"hook_event_name": "PermissionRequest", "tool_name": tool, "tool_input": given}
    asks = CLAUDE.hook(payload, NOW).asks
    assert asks is not None
    assert asks[0] == tool
    assert shown in asks[1]


@given(st.text())
def test_printable_text_has_nothing_to_obey(text: str) -> None:
    shown = hooks.printable(text)
    assert all(sign.isprintable() or sign in "\n\t" for sign in shown)


# -- transcript -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "<bash-input>cat log</bash-input>",
        "<bash-stdout>[from pm · msg 1a2b3c4d]\nold</bash-stdout><bash-stderr></bash-stderr>",
        "<local-command-stdout>[from pm · msg 1a2b3c4d]</local-command-stdout>",
        "<task-notification>[from pm · msg 1a2b3c4d]</task-notification>",
        [{"type": "tool_result", "content": "[from pm · msg 1a2b3c4d]"}],
        [],
        None,
        7,
    ],
)
def test_what_quotes_a_message_does_not_prove_it(content: Any) -> None:
    line = {"type": "user", "message": {"role": "user", "content": content}}
    assert CLAUDE.entry(json.dumps(line).encode()).kind is EntryKind.OTHER


@pytest.mark.parametrize("mark", ["isSidechain", "isCompactSummary", "isVisibleInTranscriptOnly"])
def test_a_marked_line_does_not_prove_anything(mark: str) -> None:
    line = {"type": "user", "message": {"content": "[from pm · msg 1a2b3c4d]"}}
    assert CLAUDE.entry(json.dumps(line).encode()).kind is EntryKind.TAKEN
    assert CLAUDE.entry(json.dumps(line | {mark: True}).encode()).kind is EntryKind.OTHER


def test_the_programs_own_words_are_no_answer() -> None:
    said = {"role": "assistant", "content": [{"type": "text", "text": "API Error: 400"}]}
    line = {"type": "assistant", "isApiErrorMessage": True, "message": said}
    assert CLAUDE.entry(json.dumps(line).encode()).kind is EntryKind.OTHER
    line = {"type": "assistant", "message": said | {"model": "<synthetic>"}}
    assert CLAUDE.entry(json.dumps(line).encode()).kind is EntryKind.OTHER


# -- screens ----------------------------------------------------------------------------------

FAKE = (
    "Accessing workspace:\n\n ❯ 1. Yes, I trust this folder\n   2. No, exit\n\n"
    " Enter to confirm · Esc to cancel\n"
)


@both
def test_a_dialog_that_an_agent_printed_is_not_one(version: str) -> None:
    screen = recorded.screen(version, "idle")
    assert CLAUDE.dialog(FAKE + screen) is None
    assert CLAUDE.composer(FAKE + screen).empty is True
    assert CLAUDE.dialog(FAKE + recorded.screen(version, "transcript_view")) is None


@both
@pytest.mark.parametrize("name", ["permission_bash", "permission_bash_lines", "permission_fetch"])
def test_a_commands_own_text_does_not_change_the_dialog(version: str, name: str) -> None:
    found = CLAUDE.dialog(FAKE + recorded.screen(version, name))
    assert found is not None
    assert found.state is AgentState.WAITING_PERMISSION
    assert "Yes, I trust this folder" not in found.options


def test_a_question_in_a_commands_text_is_not_the_dialogs() -> None:
    rule = "─" * 60
    command = "touch a # Do you want to use this API key?"
    screen = (
        f"{rule}\n Bash command\n\n   {command}\n   make it\n\n Do you want to proceed?\n"
        " ❯ 1. Yes\n   2. No\n\n Esc to cancel\n"
    )
    found = CLAUDE.dialog(screen)
    assert found is not None
    assert found.rule == "claude.dialog.permission"
    assert command in found.question


@both
def test_the_cursor_is_where_the_pointer_stands(version: str) -> None:
    found = CLAUDE.dialog(recorded.screen(version, "apikey_dialog"))
    assert found is not None and found.cursor is not None
    assert found.options[found.cursor] == "No (recommended)"
    assert found.cursor == 1


@pytest.mark.parametrize("colour", ["38;2;7;2;2", "38;5;2", "48;5;7", "38:2:7:2:2", "1;38;5;7"])
def test_a_colours_numbers_are_no_styles(colour: str) -> None:
    rule = "─" * 60
    screen = f"{rule}\n❯\xa0\x1b[{colour}mtyped in colour\x1b[0m\n{rule}\n"
    assert composer(screen).text == "typed in colour"
    faint = screen.replace("typed", "\x1b[2mtyped")
    assert composer(faint).empty is True


@both
def test_an_unknown_menu_waits_for_an_answer(version: str) -> None:
    found = CLAUDE.dialog(recorded.screen(version, "permission_bash").replace("Do", "Did"))
    assert found is not None
    assert (found.state, found.rule) == (AgentState.WAITING_ANSWER, "claude.dialog.other")


@both
def test_the_two_versions_point_at_different_answers_to_trust(version: str) -> None:
    found = CLAUDE.dialog(recorded.screen(version, "trust_dialog"))
    assert found is not None and found.cursor is not None
    pointed = {"2.1.329": "No, exit", "2.1.197": "Yes, I trust this folder"}[version]
    assert found.options[found.cursor] == pointed


def test_every_rule_has_a_recorded_screen_or_says_why_not() -> None:
    seen = set()
    for version in recorded.VERSIONS:
        for name in recorded.DIALOGS:
            if recorded.has(version, name):
                found = CLAUDE.dialog(recorded.screen(version, name))
                seen.add(found.rule if found else "")
    # Recorded with the screens of the rule files.
    unseen = {"claude.dialog.login"}
    known = {rule.id for rule in load.rules("claude").rules if ".dialog." in rule.id}
    assert known - seen == unseen


def test_a_box_in_a_dead_pane_is_no_box() -> None:
    screen = (
        recorded.screen("2.1.329", "idle").rstrip() + "\n\nPane is dead (signal 9, Fri Nov 20)\n"
    )
    assert composer(screen).empty is None


# -- the list of adapters ---------------------------------------------------------------------


def test_adapters_are_known_by_name_and_made_once() -> None:
    assert "claude" in list(adapters())
    assert adapter("claude") is adapters()["claude"]
    with pytest.raises(BadInput, match="hal9000") as caught:
        adapter("hal9000")
    assert "claude" in caught.value.next_step
