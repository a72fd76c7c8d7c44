"""What a hook call says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.agents.hook_calls import printable, text
from tmux_orch.domain.states import AgentState, Reading, Source

#: Only a person's own choice among the options answers these: an allow of the hook answers a
#: question with nothing in 2.1.197, and is ignored for both in 2.1.329.
_BY_PERSON = frozenset({"AskUserQuestion", "ExitPlanMode"})
#: The program goes on after these ends of a session: the same process opens another conversation.
_NOT_THE_END = frozenset({"clear", "resume"})


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One hook call's payload read; an event that we do not know says nothing about the state."""
    event = text(payload, "hook_event_name")
    # A question of a helper stands before the whole agent: only its other events are its own.
    subagent = bool(payload.get("agent_id")) and event != "PermissionRequest"
    state, detail = (None, "") if subagent else _state(event, payload)
    rule = f"claude.hook.{event or 'unknown'}"
    return HookReading(
        reading=Reading(Source.HOOK, state, now, rule, detail),
        prompt=_prompt(payload) if event == "UserPromptSubmit" and not subagent else "",
        asks=_asks(payload) if event == "PermissionRequest" else None,
        turn_ended=event == "Stop" and not subagent,
        tool_done=event == "PostToolUse" and not subagent,
        conversation_id=text(payload, "session_id"),
        subagent=subagent,
    )


def _prompt(payload: Mapping[str, Any]) -> str:
    prompt = text(payload, "prompt")
    # What a helper of the agent reports may quote any message's marker.
    return "" if prompt.lstrip().startswith("<task-notification>") else prompt


def _asks(payload: Mapping[str, Any]) -> tuple[str, str] | None:
    tool = text(payload, "tool_name")
    if tool in _BY_PERSON:
        return None
    given = payload.get("tool_input")
    exact = given.get("command") if tool == "Bash" and isinstance(given, dict) else None
    if not isinstance(exact, str):
        exact = json.dumps(given, ensure_ascii=False, indent=1)
    return printable(tool), printable(exact)


def _state(event: str, payload: Mapping[str, Any]) -> tuple[AgentState | None, str]:
    match event:
        case "UserPromptSubmit" | "PostToolUse" | "PreCompact":
            return AgentState.WORKING, text(payload, "tool_name")
        case "PermissionRequest":
            tool = text(payload, "tool_name")
            by_person = tool in _BY_PERSON
            waiting = AgentState.WAITING_ANSWER if by_person else AgentState.WAITING_PERMISSION
            return waiting, printable(tool)
        case "Stop":
            return AgentState.IDLE, ""
        case "StopFailure":
            kind = text(payload, "error")
            said = printable(text(payload, "last_assistant_message"))[:300]
            failed = kind == "authentication_failed"
            return AgentState.NEEDS_LOGIN if failed else AgentState.ERROR, f"{kind}: {said}"
        case "SessionEnd":
            reason = text(payload, "reason")
            return (None if reason in _NOT_THE_END else AgentState.EXITED), reason
        case "Notification":
            return None, text(payload, "notification_type")
        case "SessionStart":
            # It comes before the input box does: the session file says when that is there.
            return None, text(payload, "source")
        case _:
            return None, ""
