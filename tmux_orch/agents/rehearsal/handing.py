"""The program's hook calls, as the adapter reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.agents.hook_calls import printable, text
from tmux_orch.domain.reset_time import resolve
from tmux_orch.domain.states import AgentState, Condition, Reading, Source


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One hook call's payload read; an unknown event says nothing about the state."""
    event = text(payload, "hook_event_name")
    state, detail = _state(event, payload)
    limited = state is AgentState.USAGE_LIMITED
    until_at = resolve(detail, now, now.astimezone().tzinfo or UTC) if limited else None
    rule = f"rehearsal.hook.{event or 'unknown'}"
    return HookReading(
        reading=Reading(Source.HOOK, state, now, rule, detail, until_at),
        prompt=text(payload, "prompt") if event == "UserPromptSubmit" else "",
        asks=_asks(payload) if event == "PermissionRequest" else None,
        turn_ended=event == "Stop",
        tool_done=event == "PostToolUse",
        conversation_id=text(payload, "session_id"),
        condition=Condition.USAGE_LIMIT if limited else Condition.NONE,
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
            # Its only failure is the limit that it was told to show.
            said = printable(text(payload, "last_assistant_message"))
            return AgentState.USAGE_LIMITED, said[:300]
        case "SessionEnd":
            return AgentState.EXITED, printable(text(payload, "reason"))[:300]
        case _:
            # SessionStart is sent after the program has begun with its prompt: the session file
            # knows better.
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
