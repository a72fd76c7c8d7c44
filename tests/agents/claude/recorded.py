"""Screens, transcripts and hook payloads recorded from the real programs, by version."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.agents.conformance import Samples
from tmux_orch.domain.states import AgentState

DATA = Path(__file__).parents[2] / "data" / "claude"
VERSIONS = ("2.1.329", "2.1.197")

#: Screens in which the input box is empty, whatever hint stands in it.
EMPTY = """
idle after_ctrl_c after_escape busy busy_queued shortcuts plan1 nokey_after_message seen_idle
seen_api_400_credit seen_api_401 seen_api_429_plain_retry seen_compacting seen_streaming
seen_queued_messages seen_thinking seen_resumed seen_usage_limit_5h seen_stream_aborted
"""
DRAFTS = {
    "draft": "half a sentence of a person",
    "draft_cursor_inside": "half a sentence of a person",
    "draft_two_lines": "one\ntwo",
    "draft_pasted": "[Pasted text #1 +11 lines]",
    "draft_one_letter_under_cursor": "x",
    "draft_shell": "!ls",
    "busy_draft": "typing while it works",
    "file_menu": "@",
    "slash_menu_mod": "/mod",
    "seen_paste_12_lines_in_box": "[Pasted text #8 +11 lines]",
}
DIALOGS = {
    "trust_dialog": (AgentState.NEEDS_TRUST, "Yes, I trust this folder"),
    "bypass_dialog": (AgentState.WAITING_ANSWER, "No, exit"),
    "apikey_dialog": (AgentState.NEEDS_LOGIN, "No (recommended)"),
    "settings_dialog": (AgentState.WAITING_ANSWER, "Continue"),
    "limit_dialog": (AgentState.WAITING_ANSWER, "Stop and wait for limit to reset"),
    "permission_bash": (AgentState.WAITING_PERMISSION, "Yes"),
    "permission_bash_lines": (AgentState.WAITING_PERMISSION, "No"),
    "permission_fetch": (AgentState.WAITING_PERMISSION, "Yes"),
    "permission_write": (AgentState.WAITING_PERMISSION, "No"),
    "question": (AgentState.WAITING_ANSWER, "Postgres"),
    "question_several": (AgentState.WAITING_ANSWER, "[ ] Back"),
    "question_submit": (AgentState.WAITING_ANSWER, "Submit"),
    "question_review": (AgentState.WAITING_ANSWER, "Submit answers"),
    "plan0": (AgentState.WAITING_ANSWER, "No"),
    "model_menu": (AgentState.WAITING_ANSWER, "Sonnet"),
    "seen_trust_dialog": (AgentState.NEEDS_TRUST, "No, exit"),
    "seen_plan_approval": (AgentState.WAITING_ANSWER, "Yes, manually approve edits"),
    "seen_permission_80x24": (AgentState.WAITING_PERMISSION, "Yes"),
    "seen_rate_limit_options_menu": (AgentState.WAITING_ANSWER, "Upgrade your plan"),
    "seen_usage_limit_7d_opus": (AgentState.WAITING_ANSWER, "Stop and wait for limit to reset"),
}
BOXLESS = """
help history_search transcript_view agents_view seen_killed_9 seen_exited seen_firstrun_1
seen_resume_unknown seen_bypass_as_root
"""


def screen(version: str, name: str) -> str:
    """One recorded screen, with escapes."""
    return (DATA / version / f"{name}.txt").read_text("utf-8")


def has(version: str, name: str) -> bool:
    """Whether that version has this recording."""
    return (DATA / version / f"{name}.txt").exists()


def lines(version: str) -> list[bytes]:
    """A transcript of many kinds of lines; those of helpers at its end."""
    return (DATA / version / "transcript.jsonl").read_bytes().splitlines()


def hook(version: str, event: str, **more: Any) -> dict[str, Any]:
    """The first recorded payload of an event, with ``more`` in it."""
    for line in (DATA / version / "hooks.jsonl").read_text("utf-8").splitlines():
        payload: dict[str, Any] = json.loads(line)
        if payload["hook_event_name"] == event:
            return payload | more
    raise LookupError(event)


def pick(version: str, test: Callable[[dict[str, Any]], bool]) -> tuple[bytes, ...]:
    """The transcript's lines that pass ``test``."""
    return tuple(line for line in lines(version) if test(json.loads(line)))


def samples(version: str) -> Samples:
    """All recordings of a version, sorted by what must be read from them."""
    main = [json.loads(line) for line in lines(version)]
    assert any(line.get("isSidechain") for line in main)
    return Samples(
        taken=tuple((_line(version, mark, kind), mark) for mark, kind in _TAKEN),
        queued=tuple((_line(version, mark, "queue-operation"), mark) for mark in _QUEUED),
        answers=pick(version, lambda d: d["type"] == "assistant" and _own(d)),
        others=pick(version, _proves_nothing),
        empty=_screens(version, EMPTY),
        drafts=tuple((screen(version, n), t) for n, t in DRAFTS.items() if has(version, n)),
        dialogs=tuple((screen(version, n), *d) for n, d in DIALOGS.items() if has(version, n)),
        boxless=_screens(version, BOXLESS),
        prompt=hook(version, "UserPromptSubmit"),
        permission=hook(version, "PermissionRequest"),
        turn_end=hook(version, "Stop"),
        tool=hook(version, "PostToolUse"),
        helper=hook(version, "Stop", agent_id="a322bd809f93fc117"),
        asked=("Bash", "touch made && sleep 1"),
    )


#: A mark in the text, and the type of the line that must be read as taken.
_TAKEN = (
    ("msg 11111111]", "user"),
    ("[from tester · msg 77aa77aa]\nplease look\n\n[from pm · msg 77bb77bb]", "user"),
    ("[from pm · msg 88bb88bb]\nurgent", "attachment"),
    ("QUEUED msg 22222222", "user"),
    ("MIDTURN msg 33333333", "attachment"),
    ("line 7 msg 44444444", "user"),
)
_QUEUED = ("QUEUED msg 22222222", "QUEUED-B msg 22222223", "MIDTURN msg 33333333")


def _screens(version: str, names: str) -> tuple[str, ...]:
    return tuple(screen(version, name) for name in names.split() if has(version, name))


def _line(version: str, mark: str, kind: str) -> bytes:
    quoted = json.dumps(mark, ensure_ascii=False)[1:-1].encode()
    for line in lines(version):
        data = json.loads(line)
        attachment = data.get("attachment", {}).get("type")
        if (
            quoted in line
            and data["type"] == kind
            and attachment in (None, "hook_additional_context", "queued_command")
            and data.get("operation") in (None, "enqueue")
        ):
            return line
    raise LookupError(mark)


def _own(line: dict[str, Any]) -> bool:
    return not line.get("isSidechain") and line["message"]["model"] != "<synthetic>"


def _proves_nothing(line: dict[str, Any]) -> bool:
    content = line.get("message", {}).get("content", "")
    return (
        bool(line.get("isSidechain"))
        or line["type"] in ("system", "mode", "last-prompt", "api-request-blob", "tools-used")
        or line.get("attachment", {}).get("type") in ("hook_success", "hook_blocking_error")
        or line.get("operation") in ("dequeue", "remove")
        or line.get("message", {}).get("model") == "<synthetic>"
        or (isinstance(content, list) and content[0]["type"] == "tool_result")
        or (isinstance(content, str) and content.startswith(("<bash-", "<task-notification")))
    )
