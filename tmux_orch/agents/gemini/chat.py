"""A conversation's file (JSON lines): where it is, and what each line is to us."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from tmux_orch.agents.adapter import Berth, Entry, EntryKind
from tmux_orch.agents.gemini import home
from tmux_orch.domain.work import Figures

_OTHER = Entry(EntryKind.OTHER, "")
#: What the program and our role hook put before the first prompt.
_NOT_A_PROMPT = ("<session_context>", "<hook_context>")
_OPEN, _CLOSE = "<hook_context>", "</hook_context>"
_UNTRUSTED_END = "</untrusted_context>"
#: A longer file is not counted: it would take more than 5 ms.
_COUNTED_BYTES = 512 * 1024


def file(berth: Berth) -> Path | None:
    """The conversation's file, or ``None`` when there is none yet.

    Its name has the first part of the id; one that belongs to another id is told by its first line.
    """
    chats = home.directory(berth).glob(f"tmp/*/chats/session-*-{berth.conversation_id[:8]}.jsonl")
    found = [path for path in chats if _is_of(path, berth.conversation_id)]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def has_turn(path: Path) -> bool:
    """Whether a prompt was taken in it: an empty conversation cannot be resumed."""
    try:
        with path.open("rb") as lines:
            return any(entry(line).kind is EntryKind.TAKEN for line in lines)
    except FileNotFoundError:
        return False


def entry(line: bytes) -> Entry:
    """What the line is to us; a torn or unknown one is ``OTHER`` with no text."""
    data = _object(line)
    identity = data.get("id")
    name = identity if isinstance(identity, str) else ""
    content = data.get("content")
    match data.get("type"):
        case "user":
            text = _taken(content)
            return Entry(EntryKind.TAKEN, text, name) if text else _OTHER
        case "gemini":
            return Entry(EntryKind.ANSWER, _texts(content), name)
        case _:
            # "$set" repeats old messages; info and warning are the program's own words.
            return _OTHER


def figures(path: Path) -> Figures | None:
    """The tokens of all answers so far, as the service counted them."""
    with suppress(OSError):
        if path.stat().st_size > _COUNTED_BYTES:
            return None
        answers: dict[object, Mapping[str, Any]] = {}
        for line in path.read_bytes().split(b"\n"):
            if b'"tokens"' in line:
                data = _object(line)
                if isinstance(data.get("tokens"), dict) and isinstance(data.get("id"), str):
                    answers[data["id"]] = data
        return _counted(list(answers.values()))
    return None


def _counted(answers: list[Mapping[str, Any]]) -> Figures | None:
    if not answers:
        return None
    last = answers[-1]
    try:
        at = datetime.fromisoformat(str(last.get("timestamp")))
    except ValueError:
        return None
    model = last.get("model")
    return Figures(
        at=at,
        input_tokens=sum(_number(one["tokens"].get("input")) for one in answers),
        output_tokens=sum(_number(one["tokens"].get("output")) for one in answers),
        model=model if isinstance(model, str) else "",
    )


def _taken(content: object) -> str:
    """What the model is asked with: prompts, and what a hook of ours put beside a tool's result."""
    if isinstance(content, str):
        return "" if content.startswith(_NOT_A_PROMPT) else content
    found: list[str] = []
    for part in content if isinstance(content, list) else []:
        if not isinstance(part, dict):
            continue
        text = part.get("text")
        if isinstance(text, str) and not text.startswith(_NOT_A_PROMPT):
            found.append(text)
        found.append(_beside(part.get("functionResponse")))
    return "\n".join(text for text in found if text)


def _beside(response: object) -> str:
    """What stands behind a tool's own output; what the output itself quotes proves nothing."""
    told = response.get("response") if isinstance(response, dict) else None
    output = told.get("output") if isinstance(told, dict) else None
    if not isinstance(output, str) or not output.endswith(_CLOSE):
        return ""
    behind = output.rpartition(_UNTRUSTED_END)[2]
    return behind[behind.find(_OPEN) + len(_OPEN) : -len(_CLOSE)] if _OPEN in behind else ""


def _texts(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    found = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(text for text in found if isinstance(text, str))


def _is_of(path: Path, conversation: str) -> bool:
    with suppress(OSError), path.open("rb") as lines:
        return _object(lines.readline(65536)).get("sessionId") == conversation
    return False


def _object(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
