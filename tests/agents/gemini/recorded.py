"""Screens, a conversation's lines and hook payloads recorded from the real program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.agents.conformance import Samples
from tmux_orch.domain.states import AgentState

DATA = Path(__file__).parents[2] / "data" / "gemini" / "0.61.0"

#: Screens in which the input box is empty, whatever hint stands in it.
EMPTY = "idle after_ctrl_c after_clearing after_rejection busy help"
DRAFTS = {
    "draft": "half a sentence of a person",
    "draft_cursor_inside": "half a sentence of a person",
    "draft_two_lines": "half a sentence of a person\ntwo",
    "draft_pasted": "[Pasted Text: 31 lines]",
    "draft_slash": "/",
    "draft_shell": "!ls",
}
DIALOGS = {
    "trust_dialog": (AgentState.NEEDS_TRUST, "Trust folder (wt)"),
    "permission_command": (AgentState.WAITING_PERMISSION, "Allow once"),
    "permission_edit": (AgentState.WAITING_PERMISSION, "No, suggest changes"),
    "limit_dialog": (AgentState.WAITING_ANSWER, "Stop"),
    "question": (AgentState.WAITING_ANSWER, "SQLite"),
}


def screen(name: str) -> str:
    return (DATA / f"{name}.txt").read_text("utf-8")


def lines() -> list[bytes]:
    return (DATA / "chat.jsonl").read_bytes().splitlines()


def payloads(event: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (DATA / "hooks.jsonl").read_text().splitlines()]
    return [one for one in found if one["hook_event_name"] == event]


def samples() -> Samples:
    every = lines()

    def those(*marks: bytes) -> tuple[bytes, ...]:
        return tuple(line for line in every if all(mark in line for mark in marks))

    prompts = those(b'"type": "user"', b'"content": [{"text": "')
    taken = tuple(
        (line, mark)
        for mark in ("[brief 0badcafe]", "msg 77aa77aa] Hello block", "msg aaaaaaa2]")
        for line in prompts
        if mark.encode() in line.partition(b"displayContent")[0]
    )
    beside = those(b'"type": "user"', b'"functionResponse"')[0]
    answers = those(b'"type": "gemini"')
    used = {*prompts, beside, *answers}
    notes = those(b"_context>", b'"content": [{"text": "<')
    return Samples(
        taken=(*taken, (beside, "[from pm · msg 88bb88bb] beside")),
        answers=answers,
        others=(*(line for line in every if line not in used), *notes),
        empty=tuple(screen(name) for name in EMPTY.split()),
        drafts=tuple((screen(name), text) for name, text in DRAFTS.items()),
        dialogs=tuple((screen(name), *about) for name, about in DIALOGS.items()),
        prompt=payloads("BeforeAgent")[0],
        turn_end=payloads("AfterAgent")[0],
        tool=payloads("AfterTool")[0],
    )
