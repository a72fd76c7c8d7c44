"""The program's transcript, as the adapter reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tmux_orch.agents.adapter import Entry, EntryKind

_OTHER = Entry(EntryKind.OTHER, "")


def entry(line: bytes) -> Entry:
    """What the line is to us; a torn or unknown one is ``OTHER`` with no text."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return _OTHER
    if not isinstance(data, dict):
        return _OTHER
    match data.get("type"):
        case "user":
            return _entry(EntryKind.TAKEN, _content(data.get("message")))
        case "assistant":
            return _entry(EntryKind.ANSWER, _blocks(_content(data.get("message"))))
        case "attachment":
            return _entry(EntryKind.TAKEN, _content(data.get("attachment")))
        case "queue-operation" if data.get("operation") == "enqueue":
            return _entry(EntryKind.QUEUED, data.get("content"))
        case _:
            return _OTHER


def _entry(kind: EntryKind, text: object) -> Entry:
    return Entry(kind, text) if isinstance(text, str) and text else _OTHER


def _content(holder: object) -> object:
    return holder.get("content") if isinstance(holder, Mapping) else None


def _blocks(content: object) -> str:
    blocks: list[Any] = content if isinstance(content, list) else []
    texts = [block.get("text") for block in blocks if isinstance(block, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))
