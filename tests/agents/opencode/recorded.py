"""What opencode 1.18.33 showed and what our plugin wrote and called in it, on a quiet machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.agents.conformance import Samples
from tmux_orch.domain.states import AgentState

_SCREENS = Path(__file__).with_name("screens")
SESSION = "ses_e00f9341fffeDpIkgMjY3x62pW"


def screen(name: str) -> str:
    return (_SCREENS / f"{name}.txt").read_text("utf-8")


def line(kind: str, text: str, own: str, parent: str = "") -> bytes:
    body = {"type": kind, "id": own, "parent": parent, "text": text, "session": SESSION, "at": 1}
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def call(event: str, **fields: Any) -> dict[str, Any]:
    """A hook call of the plugin."""
    return {
        "hook_event_name": event,
        "session_id": "6a3ac2f5-2f5c-4d8b-9f49-4a1f6e4f1f00",
        **fields,
    }


MESSAGE = "[from pm · msg 0000aaaa] look at the tests "

SAMPLES = Samples(
    taken=(
        (line("taken", MESSAGE, "msg_1ff0740f2001i7lXwhcTi2N165"), "msg 0000aaaa]"),
        (line("taken", "[from pm · msg 11bb22cc] urgent", "prt_1ff0741d800112l4Id2"), "urgent"),
    ),
    queued=((line("queued", MESSAGE, "msg_1ff0740f2001i7lXwhcTi2N165"), "msg 0000aaaa]"),),
    answers=(line("answer", "all done", "prt_1ff075015001vMArer", "msg_1ff074fa50011c6Znf"),),
    others=(b"{}\n", line("compacted", MESSAGE, "x"), b'{"type":"taken","text":7}\n', b"[]\n"),
    empty=tuple(
        map(
            screen, ["home_120", "empty_after_turn_200", "resumed_120", "working_120", "queued_200"]
        )
    ),
    drafts=(
        (screen("draft_short_200"), "hello draft text"),
        (screen("draft_21_200"), "[Pasted ~21 lines]"),
        (screen("pasted_120"), "[Pasted ~300 lines]"),
        (screen("at_popup_200"), "look at @a.txt"),
        (screen("shell_200"), "!"),
        (screen("slash_200"), "/"),
    ),
    dialogs=(
        (screen("permission_120"), AgentState.WAITING_PERMISSION, "Allow once"),
        (screen("external_200"), AgentState.WAITING_PERMISSION, "Reject"),
        (screen("always_200"), AgentState.WAITING_PERMISSION, "Cancel"),
        (screen("question_200"), AgentState.WAITING_ANSWER, "Blue"),
    ),
    boxless=("", "$ ls\n┃ no box\n"),
    prompt=call("UserPromptSubmit", prompt=MESSAGE),
    permission=call(
        "PermissionRequest",
        tool_name="bash",
        tool="bash",
        tool_input={"command": "touch made_this && scm x", "description": "make"},
    ),
    asked=("bash", "touch made_this && scm x"),
    turn_end=call("Stop"),
    tool=call("PostToolUse", tool_name="bash"),
)
