"""What a hook call says. The form is that of Claude Code's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.agents.hook_calls import printable, text
from tmux_orch.domain.states import AgentState, Reading, Source

_S = AgentState


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One hook call's payload read; an event that we do not know says nothing about the state."""
    event = text(payload, "hook_event_name")
    # A question of a helper stands before the whole agent: only its other events are its own.
    subagent = bool(payload.get("agent_id")) and event != "PermissionRequest"
    state = None if subagent else _state(event)
    detail = "" if subagent else _detail(event, payload)
    return HookReading(
        reading=Reading(Source.HOOK, state, now, f"codex.hook.{event or 'unknown'}", detail),
        prompt=text(payload, "prompt") if event == "UserPromptSubmit" and not subagent else "",
        asks=_asks(payload) if event == "PermissionRequest" else None,
        turn_ended=event == "Stop" and not subagent,
        tool_done=event == "PostToolUse" and not subagent,
        conversation_id="" if subagent else text(payload, "session_id"),
        subagent=subagent,
    )


def _state(event: str) -> AgentState | None:
    match event:
        case "UserPromptSubmit" | "PreToolUse" | "PostToolUse":
            return _S.WORKING
        case "PreCompact":
            return _S.COMPACTING
        case "PermissionRequest":
            return _S.WAITING_PERMISSION
        case "Stop":
            return _S.IDLE
        case "SessionEnd":
            return _S.EXITED
        case _:
            return None


def _detail(event: str, payload: Mapping[str, Any]) -> str:
    name = {"SessionStart": "source", "SessionEnd": "reason"}.get(event, "tool_name")
    return printable(text(payload, name))[:300]


def _asks(payload: Mapping[str, Any]) -> tuple[str, str]:
    given = payload.get("tool_input")
    exact = given.get("command") if isinstance(given, dict) else None
    if not isinstance(exact, str):
        exact = json.dumps(given, ensure_ascii=False, indent=1)
    return printable(text(payload, "tool_name")), printable(exact)
