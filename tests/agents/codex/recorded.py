"""Screens, a conversation's lines and hook payloads recorded from the real program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.agents.conformance import Samples
from tmux_orch.domain.states import AgentState

DATA = Path(__file__).parents[2] / "data" / "codex" / "0.169.0"

#: Screens in which the input box is empty, whatever hint stands in it.
EMPTY = """
idle after_clearing after_escape after_turn after_rejection busy busy_queued shortcuts retrying
unauthorized usage_limit
"""
DRAFTS = {
    "draft": "half a sentence of a person",
    "draft_cursor_inside": "half a sentence of a person",
    "draft_two_lines": "half a sentence of a person\ntwo",
    "draft_pasted": "[Pasted Content 1071 chars]",
    "draft_slash": "/",
    "draft_file": "@",
    "draft_shell": "!ls",
    "busy_draft": "typing while it works",
}
DIALOGS = {
    "trust_dialog": (AgentState.NEEDS_TRUST, "Trust and continue"),
    "permission_command": (AgentState.WAITING_PERMISSION, "Yes, proceed"),
    "permission_lines": (
        AgentState.WAITING_PERMISSION,
        "No, and tell Codex what to do differently",
    ),
}
BOXLESS = "command_center transcript_view"


def screen(name: str) -> str:
    return (DATA / f"{name}.txt").read_text("utf-8")


def lines() -> list[bytes]:
    return (DATA / "rollout.jsonl").read_bytes().splitlines()


def payload(event: str) -> dict[str, Any]:
    found = [json.loads(line) for line in (DATA / "hooks.jsonl").read_text().splitlines()]
    return next(one for one in found if one["hook_event_name"] == event)


def samples() -> Samples:
    every = lines()

    def those(*marks: bytes) -> tuple[bytes, ...]:
        return tuple(line for line in every if all(mark in line for mark in marks))

    taken = (
        (those(b'"item_completed"', b'"UserMessage"')[0], "[brief 0badcafe]"),
        (those(b'"item_completed"', b'"HookPrompt"')[0], "· msg 77aa77aa] Hello block"),
        (those(b'["hooks.additional_context"]')[0], "ROLE-PAGE"),
    )
    answers = (*those(b'"item_completed"', b'"AgentMessage"'), *those(b'"function_call",'))
    used = {line for line, _ in taken} | set(answers)
    return Samples(
        taken=taken,
        answers=answers,
        others=tuple(line for line in every if line not in used),
        empty=tuple(screen(name) for name in EMPTY.split()),
        drafts=tuple((screen(name), text) for name, text in DRAFTS.items()),
        dialogs=tuple((screen(name), *about) for name, about in DIALOGS.items()),
        boxless=tuple(screen(name) for name in BOXLESS.split()),
        prompt=payload("UserPromptSubmit"),
        permission=payload("PermissionRequest"),
        turn_end=payload("Stop"),
        tool=payload("PostToolUse"),
        helper={**payload("Stop"), "agent_id": "a1"},
        asked=("Bash", "touch made"),
    )
