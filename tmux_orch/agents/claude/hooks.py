"""What a hook call says, and what the hook prints to decide or to hand over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.domain.states import AgentState, Reading, Source

#: Only a person's own choice among the options answers these: an allow of the hook answers a
#: question with nothing in 2.1.197, and is ignored for both in 2.1.329.
_BY_PERSON = frozenset({"AskUserQuestion", "ExitPlanMode"})
#: The program goes on after these ends of a session: the same process opens another conversation.
_NOT_THE_END = frozenset({"clear", "resume"})


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One hook call's payload read; an event that we do not know says nothing about the state."""
    event = _text(payload, "hook_event_name")
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
        conversation_id=_text(payload, "session_id"),
        subagent=subagent,
    )


def permission_answer(allow: bool, reason: str) -> bytes:
    """Allow exactly what was asked, or deny it with the reason shown to the model."""
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
    """Put ``texts`` beside the tool's result; whole up to 9,500 characters together."""
    if not texts:
        return b""
    return _output({"hookEventName": "PostToolUse", "additionalContext": "\n\n".join(texts)})


def printable(text: str) -> str:
    """``text`` with everything that could deceive a reader's terminal written as an escape."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else sign.encode("unicode_escape").decode()
        for sign in text
    )


def _output(specific: Mapping[str, object]) -> bytes:
    return json.dumps({"hookSpecificOutput": specific}).encode()


def _prompt(payload: Mapping[str, Any]) -> str:
    prompt = _text(payload, "prompt")
    # What a helper of the agent reports may quote any message's marker.
    return "" if prompt.lstrip().startswith("<task-notification>") else prompt


def _asks(payload: Mapping[str, Any]) -> tuple[str, str] | None:
    tool = _text(payload, "tool_name")
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
            return AgentState.WORKING, _text(payload, "tool_name")
        case "PermissionRequest":
            tool = _text(payload, "tool_name")
            by_person = tool in _BY_PERSON
            waiting = AgentState.WAITING_ANSWER if by_person else AgentState.WAITING_PERMISSION
            return waiting, printable(tool)
        case "Stop":
            return AgentState.IDLE, ""
        case "StopFailure":
            kind = _text(payload, "error")
            said = printable(_text(payload, "last_assistant_message"))[:300]
            failed = kind == "authentication_failed"
            return AgentState.NEEDS_LOGIN if failed else AgentState.ERROR, f"{kind}: {said}"
        case "SessionEnd":
            reason = _text(payload, "reason")
            return (None if reason in _NOT_THE_END else AgentState.EXITED), reason
        case "Notification":
            return None, _text(payload, "notification_type")
        case "SessionStart":
            # It comes before the input box does: the session file says when that is there.
            return None, _text(payload, "source")
        case _:
            return None, ""


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
