"""The program's hook calls, as the adapter reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.agents.hook_calls import printable, text
from tmux_orch.domain.states import AgentState, Reading, Source


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One hook call's payload read; an unknown event says nothing about the state."""
    event = text(payload, "hook_event_name")
    state, detail = _state(event, payload)
    return HookReading(
        reading=Reading(Source.HOOK, state, now, f"rehearsal.hook.{event or 'unknown'}", detail),
        prompt=text(payload, "prompt") if event == "UserPromptSubmit" else "",
        asks=_asks(payload) if event == "PermissionRequest" else None,
        turn_ended=event == "Stop",
        tool_done=event == "PostToolUse",
        conversation_id=text(payload, "session_id"),
    )


def _state(event: str, payload: Mapping[str, Any]) -> tuple[AgentState | None, str]:
    match event:
        case "UserPromptSubmit" | "PostToolUse":
            return AgentState.WORKING, printable(text(payload, "tool_name"))
        case "PermissionRequest":
            tool = text(payload, "tool_name")
            question = tool == "AskUserQuestion"
            state = AgentState.WAITING_ANSWER if question else AgentState.WAITING_PERMISSION
            return state, printable(tool)
        case "Stop":
            return AgentState.IDLE, ""
        case "StopFailure":
            return AgentState.IDLE, printable(text(payload, "last_assistant_message"))[:300]
        case _:
            # SessionStart is sent after the program has begun with its prompt, and SessionEnd
            # before it is gone: the session file and the process know better.
            return None, ""


def _asks(payload: Mapping[str, Any]) -> tuple[str, str] | None:
    tool = text(payload, "tool_name")
    if tool == "AskUserQuestion":
        return None  # a question with its own options, not a yes or no
    given = payload.get("tool_input")
    exact = given.get("command") if isinstance(given, Mapping) else None
    if not isinstance(exact, str):
        exact = json.dumps(given, ensure_ascii=False)
    return printable(tool), printable(exact)
