"""What a hook call says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.agents.hook_calls import printable, text
from tmux_orch.domain.states import AgentState, Reading, Source

_S = AgentState
#: What the program puts in the place of an answer when a turn failed: nothing is handed over then,
#: because the next turn would fail as well.
_FAILED = "[no response text]"
#: Requests that only a person's own choice answers.
_QUESTIONS = frozenset({"ask_user", "exit_plan_mode"})


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One hook call's payload read; an event that we do not know says nothing about the state."""
    event = text(payload, "hook_event_name")
    state, detail = _state(event, payload)
    failed = text(payload, "prompt_response").strip() == _FAILED
    return HookReading(
        reading=Reading(Source.HOOK, state, now, f"gemini.hook.{event or 'unknown'}", detail),
        prompt=text(payload, "prompt") if event == "BeforeAgent" else "",
        turn_ended=event == "AfterAgent" and not failed,
        tool_done=event == "AfterTool",
        conversation_id=text(payload, "session_id"),
    )


def tool_answer(texts: Sequence[str]) -> bytes:
    """Put ``texts`` beside the tool's result; nothing when there are none."""
    if not texts:
        return b""
    told = {"hookEventName": "AfterTool", "additionalContext": "\n\n".join(texts)}
    return json.dumps({"hookSpecificOutput": told}).encode()


def _state(event: str, payload: Mapping[str, Any]) -> tuple[AgentState | None, str]:
    match event:
        case "BeforeAgent":
            return _S.WORKING, ""
        case "AfterTool":
            return _S.WORKING, printable(text(payload, "tool_name"))
        case "AfterAgent":
            # Also after Esc, and after a turn that failed.
            return _S.IDLE, ""
        case "Notification":
            return _asked(payload)
        case "SessionEnd":
            reason = text(payload, "reason")
            return (None if reason == "clear" else _S.EXITED), printable(reason)
        case "SessionStart":
            return None, printable(text(payload, "source"))
        case _:
            return None, ""


def _asked(payload: Mapping[str, Any]) -> tuple[AgentState | None, str]:
    """A question stands; the call only tells of it, its answer decides nothing."""
    kind = text(payload, "notification_type")
    if kind != "ToolPermission":
        return None, printable(kind)
    details = payload.get("details")
    details = details if isinstance(details, dict) else {}
    if text(details, "type") in _QUESTIONS:
        return _S.WAITING_ANSWER, printable(text(payload, "message"))
    exact = next(
        (told for name in ("command", "filePath", "toolName") if (told := text(details, name))), ""
    )
    told = f"{text(details, 'title')}: {exact}" if exact else text(payload, "message")
    return _S.WAITING_PERMISSION, printable(told)
