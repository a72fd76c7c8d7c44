"""What a call of our plugin says; it speaks the form of Claude Code's hooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.agents.hook_calls import printable, text
from tmux_orch.domain.states import AgentState, Reading, Source


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One call's payload read; an event that we do not know says nothing about the state."""
    event = text(payload, "hook_event_name")
    state, detail = _state(event, payload)
    return HookReading(
        reading=Reading(Source.HOOK, state, now, f"opencode.hook.{event or 'unknown'}", detail),
        prompt=text(payload, "prompt") if event == "UserPromptSubmit" else "",
        asks=_asks(payload) if event == "PermissionRequest" else None,
        turn_ended=event == "Stop",
        tool_done=event == "PostToolUse",
        conversation_id=text(payload, "session_id"),
    )


def _asks(payload: Mapping[str, Any]) -> tuple[str, str]:
    """The permission that is asked for, and the tool's own input, which is what will run."""
    asked, tool = text(payload, "tool_name"), text(payload, "tool")
    given = payload.get("tool_input")
    exact = given.get("command") if tool == "bash" and isinstance(given, dict) else None
    if not isinstance(exact, str):
        exact = json.dumps(given, ensure_ascii=False, indent=1)
    name = asked if tool in ("", asked) else f"{tool} ({asked})"
    return printable(name), printable(exact)


def _state(event: str, payload: Mapping[str, Any]) -> tuple[AgentState | None, str]:
    match event:
        case "UserPromptSubmit" | "PostToolUse":
            return AgentState.WORKING, printable(text(payload, "tool_name"))
        case "PermissionRequest":
            return AgentState.WAITING_PERMISSION, printable(text(payload, "tool_name"))
        case "Stop":
            return AgentState.IDLE, ""
        case "StopFailure":
            kind = text(payload, "error")
            said = printable(text(payload, "last_assistant_message"))[:300]
            failed = kind == "authentication_failed"
            state = AgentState.NEEDS_LOGIN if failed else AgentState.ERROR
            return state, f"{printable(kind)[:100]}: {said}"
        case _:
            return None, ""
