"""What a hook call says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tmux_orch.agents import activity
from tmux_orch.agents.adapter import HookReading
from tmux_orch.agents.claude import status_line
from tmux_orch.agents.hook_calls import printable, text
from tmux_orch.domain.reset_time import resolve
from tmux_orch.domain.states import AgentState, Condition, Reading, Source

#: Only a person's own choice among the options answers these: an allow of the hook answers a
#: question with nothing in 2.1.197, and is ignored for both in 2.1.329.
_BY_PERSON = frozenset({"AskUserQuestion", "ExitPlanMode"})
#: Tools that only look.
_READS = frozenset(
    {"Read", "Grep", "Glob", "LS", "WebFetch", "WebSearch", "NotebookRead", "ToolSearch"}
)
#: The field of a tool's input that tells a person most.
_ABOUT = ("file_path", "notebook_path", "pattern", "path", "url", "query", "description")
#: A plan's limit, in all wordings seen and in the bundles; a plain 429 is no such text.
_LIMIT = re.compile(
    r"\b(?:hit|reached) (?:your|the)\b[^.\n]{0,40}\blimit\b|\blimit reached\b"
    r"|\bout of (?:extra )?usage\b",
    re.IGNORECASE,
)
_FIVE_HOUR = re.compile(r"5-hour|session", re.IGNORECASE)
_CONDITIONS = {
    "authentication_failed": Condition.AUTH,
    "billing_error": Condition.BILLING,
}
#: The program goes on after these ends of a session: the same process opens another conversation.
_NOT_THE_END = frozenset({"clear", "resume"})


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One hook call's payload read; an event that we do not know says nothing about the state."""
    event = text(payload, "hook_event_name")
    if not event and "context_window" in payload:
        return status_line.read(payload, now)
    # A question of a helper stands before the whole agent: only its other events are its own.
    subagent = bool(payload.get("agent_id")) and event != "PermissionRequest"
    state, detail = (None, "") if subagent else _state(event, payload)
    reading = Reading(Source.HOOK, state, now, f"claude.hook.{event or 'unknown'}", detail)
    condition = Condition.NONE
    if event == "StopFailure":
        _, said = _state(event, payload)
        condition = _condition(text(payload, "error"), said)
        if condition is Condition.USAGE_LIMIT:
            until_at = _resets_at(text(payload, "last_assistant_message"), now)
            limited = None if subagent else AgentState.USAGE_LIMITED
            reading = replace(reading, state=limited, until_at=until_at, detail=said)
        elif subagent:
            condition = Condition.NONE
    return HookReading(
        reading=reading,
        prompt=_prompt(payload) if event == "UserPromptSubmit" and not subagent else "",
        asks=_asks(payload) if event == "PermissionRequest" else None,
        turn_ended=event == "Stop" and not subagent,
        tool_done=event == "PostToolUse" and not subagent,
        conversation_id=text(payload, "session_id"),
        subagent=subagent,
        condition=condition,
    )


def _condition(kind: str, said: str) -> Condition:
    """What the failed turn's ``error`` means; a rate limit is a plan's limit only by its text."""
    if kind == "rate_limit" and _LIMIT.search(said):
        return Condition.USAGE_LIMIT
    if "529" in said or "verloaded" in said:
        return Condition.OVERLOADED
    return _CONDITIONS.get(kind, Condition.API_ERROR)


def _resets_at(said: str, now: datetime) -> datetime | None:
    """When the limit in the text ends; the text names its time zone, else it is the machine's."""
    five_hour = _FIVE_HOUR.search(said) is not None
    return resolve(said, now, now.astimezone().tzinfo or UTC, five_hour=five_hour)


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
        case "UserPromptSubmit" | "PostToolUse" | "PostToolUseFailure":
            # The tool's name only when it has just ended; the model is asked now.
            return AgentState.THINKING, printable(text(payload, "tool_name"))
        case "PreToolUse":
            return _doing(payload)
        case "PreCompact":
            return AgentState.COMPACTING, text(payload, "trigger")
        case "PostCompact":
            # By hand it ends the turn; by itself the turn goes on.
            auto = text(payload, "trigger") == "auto"
            return (AgentState.THINKING if auto else None), text(payload, "trigger")
        case "PermissionRequest":
            tool = text(payload, "tool_name")
            by_person = tool in _BY_PERSON
            waiting = AgentState.WAITING_ANSWER if by_person else AgentState.WAITING_PERMISSION
            return waiting, printable(tool)
        case "Elicitation":
            return AgentState.WAITING_ANSWER, printable(text(payload, "message"))[:300]
        case "ElicitationResult" | "PermissionDenied":
            return AgentState.WORKING, printable(text(payload, "tool_name"))
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
            # All late (6 s after a dialog, 60 s after a turn's end) but this one: it works again.
            kind = text(payload, "notification_type")
            resumed = kind == "quota_auto_resume_fired"
            return (AgentState.THINKING if resumed else None), kind
        case "SessionStart":
            # It comes before the input box does: the session file says when that is there.
            return None, text(payload, "source")
        case _:
            return None, ""


def _doing(payload: Mapping[str, Any]) -> tuple[AgentState, str]:
    """What a tool that begins now does; its input in short, for a person to read."""
    tool = text(payload, "tool_name")
    given = payload.get("tool_input")
    told = dict(given) if isinstance(given, dict) else {}
    if tool == "Bash":
        command = text(told, "command")
        return activity.of_command(command), printable(f"Bash: {command}")[:200]
    if tool in _BY_PERSON:
        return AgentState.THINKING, tool  # its question is about to stand, and says so itself
    about = next((text(told, name) for name in _ABOUT if text(told, name)), "")
    state = AgentState.READING if tool in _READS else AgentState.WORKING
    return state, printable(f"{tool}: {about}" if about else tool)[:200]
