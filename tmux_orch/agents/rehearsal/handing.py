"""The program's hook calls, as the adapter reads them, and what it wants back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.domain.states import AgentState, Reading, Source


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One hook call's payload read; an unknown event says nothing about the state."""
    event = _text(payload, "hook_event_name")
    state, detail = _state(event, payload)
    return HookReading(
        reading=Reading(Source.HOOK, state, now, f"rehearsal.hook.{event or 'unknown'}", detail),
        prompt=_text(payload, "prompt") if event == "UserPromptSubmit" else "",
        asks=_asks(payload) if event == "PermissionRequest" else None,
        turn_ended=event == "Stop",
        tool_done=event == "PostToolUse",
        conversation_id=_text(payload, "session_id"),
    )


def permission_answer(allow: bool, reason: str) -> bytes:
    """Allow exactly what was asked, or deny it with the reason."""
    decision: dict[str, str] = {"behavior": "allow" if allow else "deny"}
    if not allow:
        decision["message"] = reason or "The person denied this."
    return _output({"hookEventName": "PermissionRequest", "decision": decision})


def turn_end_answer(texts: Sequence[str]) -> bytes:
    """Go on with ``texts`` as the next turn; nothing when there are none."""
    if not texts:
        return b""
    return json.dumps({"decision": "block", "reason": "\n\n".join(texts)}).encode()


def tool_answer(texts: Sequence[str]) -> bytes:
    """Put ``texts`` beside the tool's result; whole up to 10,000 characters together."""
    if not texts:
        return b""
    return _output({"hookEventName": "PostToolUse", "additionalContext": "\n\n".join(texts)})


def _output(specific: Mapping[str, object]) -> bytes:
    return json.dumps({"hookSpecificOutput": specific}).encode()


def _state(event: str, payload: Mapping[str, Any]) -> tuple[AgentState | None, str]:
    match event:
        case "UserPromptSubmit" | "PostToolUse":
            return AgentState.WORKING, _printable(_text(payload, "tool_name"))
        case "PermissionRequest":
            tool = _text(payload, "tool_name")
            question = tool == "AskUserQuestion"
            state = AgentState.WAITING_ANSWER if question else AgentState.WAITING_PERMISSION
            return state, _printable(tool)
        case "Stop":
            return AgentState.IDLE, ""
        case "StopFailure":
            return AgentState.IDLE, _printable(_text(payload, "last_assistant_message"))[:300]
        case _:
            # SessionStart is sent after the program has begun with its prompt, and SessionEnd
            # before it is gone: the session file and the process know better.
            return None, ""


def _asks(payload: Mapping[str, Any]) -> tuple[str, str] | None:
    tool = _text(payload, "tool_name")
    if tool == "AskUserQuestion":
        return None  # a question with its own options, not a yes or no
    given = payload.get("tool_input")
    exact = given.get("command") if isinstance(given, Mapping) else None
    if not isinstance(exact, str):
        exact = json.dumps(given, ensure_ascii=False)
    return _printable(tool), _printable(exact)


def _printable(text: str) -> str:
    """``text`` with everything that could deceive a reader's terminal written as an escape."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else sign.encode("unicode_escape").decode()
        for sign in text
    )


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
