"""A conversation's file (JSON lines): what each line is to us, and what its end says.

Turns begin with ``task_started`` and end with ``task_complete`` (with the error, if one ended it)
or ``turn_aborted``; nothing is written while a question waits. Prompts, texts handed over at the
end of a turn and the model's words come as ``item_completed``, each once; what a tool hook adds is
a ``developer`` message marked as a hook's.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from tmux_orch.agents.adapter import Entry, EntryKind
from tmux_orch.agents.hook_calls import printable
from tmux_orch.domain.reset_time import resolve
from tmux_orch.domain.states import AgentState, Reading, Source
from tmux_orch.domain.work import Figures, Quota

_OTHER = Entry(EntryKind.OTHER, "")
_HOOK = "hooks.additional_context"
#: The end that is read for the state: the last turn's beginning or end stands in it, unless one
#: tool's output is larger; then more is read.
TAIL_BYTES = 64 * 1024
_MOST_BYTES = 8 * 1024 * 1024
#: How long a turn that ended in an error is shown as such; then the program is simply idle.
ERROR_STANDS_S = 60.0
#: A usage limit whose end the program does not tell is believed for so long.
UNTOLD_LIMIT_S = 3600.0
#: A service of the person's own that refuses the key has no kind of its own.
_REFUSED = re.compile(r"unexpected status 401\b", re.IGNORECASE)
_TURN = (b'"task_started"', b'"task_complete"', b'"turn_aborted"')
_FIGURES = b'"token_count"'
_CALL = b'"call_id"'


def entry(line: bytes) -> Entry:
    """What the line is to us; a torn or unknown one is ``OTHER`` with no text."""
    data = _object(line)
    payload = data.get("payload")
    if not isinstance(payload, dict):
        return _OTHER
    if data.get("type") == "event_msg" and payload.get("type") == "item_completed":
        item = payload.get("item")
        return _item(item) if isinstance(item, dict) else _OTHER
    if data.get("type") == "response_item":
        return _response(payload)
    return _OTHER


def _item(item: Mapping[str, Any]) -> Entry:
    match item.get("type"):
        case "UserMessage":
            return _taken(_texts(item.get("content")))
        case "HookPrompt":
            return _taken(_texts(item.get("fragments")))
        case "AgentMessage":
            return Entry(EntryKind.ANSWER, _texts(item.get("content")))
        case _:
            return _OTHER


def _response(payload: Mapping[str, Any]) -> Entry:
    kind = payload.get("type")
    if kind in ("function_call", "custom_tool_call", "local_shell_call"):
        return Entry(EntryKind.ANSWER, "")  # the model spoke, with a call of a tool
    if kind != "message" or payload.get("role") != "developer":
        return _OTHER
    about = payload.get("internal_chat_message_metadata_passthrough")
    kinds = about.get("content_item_kinds") if isinstance(about, dict) else None
    if not isinstance(kinds, list) or _HOOK not in kinds:
        return _OTHER
    return _taken(_texts(payload.get("content")))


def _taken(text: str) -> Entry:
    return Entry(EntryKind.TAKEN, text) if text else _OTHER


@dataclass(frozen=True, slots=True)
class Turn:
    """The last beginning or end of a turn.

    Attributes:
        running: Whether it is a beginning.
        at: When, by the line itself.
        moved_at: When the last line of all was written.
        error, message: The kind and the words of what ended it, if an error did.
        resets_at: When the usage limit ends, where the service said so.
        calling: A tool was called and has given no result: it runs, or the person is asked.
    """

    running: bool
    at: datetime
    moved_at: datetime
    error: str = ""
    message: str = ""
    resets_at: datetime | None = None
    calling: bool = False


def last_turn(path: Path) -> Turn | None:
    """The state of the conversation's turn, or ``None`` when no turn was begun or none is seen."""
    moved_at = None
    quotas: tuple[Quota, ...] | None = None
    results: set[str] = set()
    calling = False
    for line in _backwards(path):
        if _CALL in line:
            calling = calling or _is_open(_object(line), results)
        if moved_at is None:
            moved_at = _instant(_object(line).get("timestamp"))
        if quotas is None and _FIGURES in line:
            figures = _figures(_object(line))
            quotas = figures.quotas if figures else ()
        if not any(mark in line for mark in _TURN):
            continue
        data = _object(line)
        payload = data.get("payload")
        if data.get("type") != "event_msg" or not isinstance(payload, dict):
            continue
        at = _instant(data.get("timestamp"))
        kind = payload.get("type")
        if at is None or kind not in ("task_started", "task_complete", "turn_aborted"):
            continue
        error = payload.get("error") if kind == "task_complete" else None
        told = error if isinstance(error, dict) else {}
        return Turn(
            running=kind == "task_started",
            at=at,
            moved_at=max(moved_at or at, at),
            error=_kind(told.get("codex_error_info")) if error else "",
            message=_text(told, "message"),
            resets_at=_full(quotas or ()),
            calling=calling and kind == "task_started",
        )
    return None


def _is_open(data: Mapping[str, Any], results: set[str]) -> bool:
    """Whether this is a call whose result was not met among the later lines."""
    payload = data.get("payload")
    if data.get("type") != "response_item" or not isinstance(payload, dict):
        return False
    kind, call = _text(payload, "type"), _text(payload, "call_id")
    if kind.endswith("_call_output"):
        results.add(call)
    return kind.endswith("_call") and bool(call) and call not in results


def level(turn: Turn, now: datetime, zone: tzinfo) -> Reading:
    """What the conversation's file says of the state; ``zone`` is that of its clock times."""
    state, rule, detail, until = AgentState.IDLE, "codex.rollout.idle", "", None
    at = turn.at
    if turn.running:
        # Whatever is written during a turn shows that it goes on: a question was answered.
        rule = "codex.rollout.call" if turn.calling else "codex.rollout.turn"
        state, at = AgentState.WORKING, turn.moved_at
    elif turn.error == "usage_limit_exceeded":
        until = turn.resets_at or resolve(turn.message, turn.at, zone)
        ends_at = until or turn.at + timedelta(seconds=UNTOLD_LIMIT_S)
        if now < ends_at:
            state, rule = AgentState.USAGE_LIMITED, "codex.rollout.usage_limit"
    elif turn.error == "unauthorized" or _REFUSED.search(turn.message):
        state, rule = AgentState.NEEDS_LOGIN, "codex.rollout.unauthorized"
    elif turn.error and (now - turn.at).total_seconds() <= ERROR_STANDS_S:
        state, rule = AgentState.ERROR, "codex.rollout.error"
    if state not in (AgentState.IDLE, AgentState.WORKING):
        detail = printable(" ".join(f"{turn.error}: {turn.message}".split()))[:300]
    return Reading(Source.SESSION_FILE, state, at, rule, detail, until)


def figures(path: Path) -> Figures | None:
    """What the program counted last, or ``None`` when it has not yet."""
    found: Figures | None = None
    for line in _backwards(path, TAIL_BYTES):
        if found is None and _FIGURES in line:
            found = _figures(_object(line))
        elif found is not None and b'"turn_context"' in line:
            payload = _object(line).get("payload")
            model = _text(payload, "model") if isinstance(payload, dict) else ""
            return Figures(
                found.at,
                found.context_percent,
                found.input_tokens,
                found.output_tokens,
                None,
                model,
                found.quotas,
            )
    return found


def _figures(data: Mapping[str, Any]) -> Figures | None:
    payload, at = data.get("payload"), _instant(data.get("timestamp"))
    if not isinstance(payload, dict) or payload.get("type") != "token_count" or at is None:
        return None
    info = payload.get("info")
    info = info if isinstance(info, dict) else {}
    total, last = _part(info, "total_token_usage"), _part(info, "last_token_usage")
    window, used = _number(info.get("model_context_window")), _number(last.get("total_tokens"))
    return Figures(
        at=at,
        context_percent=round(100 * used / window, 1) if window and used is not None else None,
        input_tokens=_whole(total.get("input_tokens")),
        output_tokens=_whole(total.get("output_tokens")),
        quotas=tuple(_quotas(payload.get("rate_limits"))),
    )


def _quotas(limits: object) -> Iterator[Quota]:
    if not isinstance(limits, dict):
        return
    for name in ("primary", "secondary"):
        window = limits.get(name)
        used = _number(window.get("used_percent")) if isinstance(window, dict) else None
        if isinstance(window, dict) and used is not None:
            resets = _number(window.get("resets_at"))
            yield Quota(name, used, _epoch(resets) if resets else None)


def _full(quotas: tuple[Quota, ...]) -> datetime | None:
    """When the last of the used-up windows ends."""
    ends = [quota.resets_at for quota in quotas if quota.used_percent >= 100]
    return max((end for end in ends if end is not None), default=None)


# -- reading ---------------------------------------------------------------------------------


def _backwards(path: Path, first: int = TAIL_BYTES) -> Iterator[bytes]:
    """The complete lines from the last one on, over at most :data:`_MOST_BYTES`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return
    try:
        end = size = os.fstat(handle).st_size
        torn = b""
        last = True
        while end > 0 and size - end < _MOST_BYTES:
            start = max(0, end - first)
            block = os.pread(handle, end - start, start) + torn
            *lines, rest = block.split(b"\n")[::-1]
            if last:
                lines, last = lines[1:], False  # behind the last newline: nothing, or a torn line
            yield from (line for line in lines if line)
            torn, end = rest, start
        if end == 0 and torn and not last:
            yield torn
    except OSError:
        return
    finally:
        os.close(handle)


def _object(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _texts(content: object) -> str:
    if not isinstance(content, list):
        return ""
    found = [_text(part, "text") for part in content if isinstance(part, dict)]
    return "\n".join(text for text in found if text)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _kind(value: object) -> str:
    """The error's kind; some kinds are an object with one name."""
    if isinstance(value, dict) and value:
        value = next(iter(value))
    return value if isinstance(value, str) and value else "error"


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _epoch(value: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
