"""Reading one line of the transcript that our plugin writes."""

from __future__ import annotations

import json

from tmux_orch.agents.adapter import Entry, EntryKind

_KINDS = {
    # Stored by the program, not yet in front of the model.
    "queued": EntryKind.QUEUED,
    # The model is asked with it: an answer to it, or to a later message, has begun.
    "taken": EntryKind.TAKEN,
    "answer": EntryKind.ANSWER,
}
_OTHER = Entry(EntryKind.OTHER, "")


def entry(line: bytes) -> Entry:
    """What the line is to us; a torn or unknown one is ``OTHER`` with no text."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return _OTHER
    if not isinstance(data, dict):
        return _OTHER
    kind, text = data.get("type"), data.get("text")
    if not isinstance(kind, str) or kind not in _KINDS or not isinstance(text, str):
        return _OTHER
    own, parent = data.get("id"), data.get("parent")
    return Entry(
        _KINDS[kind],
        text,
        id=own if isinstance(own, str) else "",
        parent=parent if isinstance(parent, str) else "",
    )
