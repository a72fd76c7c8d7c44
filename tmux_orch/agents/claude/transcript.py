"""Reading one line of a conversation's transcript (JSON lines), as both tried versions write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tmux_orch.agents.adapter import Entry, EntryKind

_OTHER = Entry(EntryKind.OTHER, "")
#: User lines that carry output of commands or of helpers, never a message of ours: a file printed
#: with ``!cat`` may quote any message's marker.
_NOT_A_PROMPT = (
    "<bash-input>",
    "<bash-stdout>",
    "<bash-stderr>",
    "<command-name>",
    "<command-message>",
    "<local-command-",
    "<task-notification>",
)


def entry(line: bytes) -> Entry:
    """What the line is to us; a torn or unknown one is ``OTHER`` with no text."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return _OTHER
    if not isinstance(data, dict) or data.get("isSidechain") is True:
        return _OTHER
    own, parent = data.get("uuid"), data.get("parentUuid")
    return replace(
        _read(data),
        id=own if isinstance(own, str) else "",
        parent=parent if isinstance(parent, str) else "",
    )


def _read(data: Mapping[str, Any]) -> Entry:
    match data.get("type"):
        case "user":
            return _user(data)
        case "assistant":
            return _assistant(data)
        case "attachment":
            return _attachment(data.get("attachment"))
        case "queue-operation":
            return _queue(data)
        case _:
            # api-request-blob and last-prompt of 2.1.329 repeat prompts: they prove nothing more.
            return _OTHER


def _user(data: Mapping[str, Any]) -> Entry:
    if data.get("isCompactSummary") is True or data.get("isVisibleInTranscriptOnly") is True:
        return _OTHER  # a summary quotes old messages
    text = _message_text(data)
    if not text or text.lstrip().startswith(_NOT_A_PROMPT):
        return _OTHER
    return Entry(EntryKind.TAKEN, text)


def _assistant(data: Mapping[str, Any]) -> Entry:
    if data.get("isApiErrorMessage") is True:
        return _OTHER  # the program's own words in the model's place
    message = data.get("message")
    if not isinstance(message, dict) or message.get("model") == "<synthetic>":
        return _OTHER
    return Entry(EntryKind.ANSWER, _message_text(data))


def _attachment(attachment: object) -> Entry:
    if not isinstance(attachment, dict):
        return _OTHER
    match attachment.get("type"):
        case "hook_additional_context":
            return _taken(attachment.get("content"))
        case "queued_command" if attachment.get("commandMode", "prompt") == "prompt":
            return _taken(attachment.get("prompt"))
        case _:
            return _OTHER


def _queue(data: Mapping[str, Any]) -> Entry:
    content = data.get("content")
    if data.get("operation") != "enqueue" or not isinstance(content, str):
        return _OTHER
    if content.lstrip().startswith(_NOT_A_PROMPT):
        return _OTHER
    return Entry(EntryKind.QUEUED, content)


def _taken(content: object) -> Entry:
    text = _text(content)
    return Entry(EntryKind.TAKEN, text) if text else _OTHER


def _message_text(data: Mapping[str, Any]) -> str:
    message = data.get("message")
    return _text(message.get("content")) if isinstance(message, dict) else ""


def _text(content: object) -> str:
    """The text of a content field: a string, or a list of strings and text blocks."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = []
    for block in content:
        if isinstance(block, str):
            parts.append(block)
        elif isinstance(block, dict) and block.get("type") == "text":
            text = block.get("text")
            parts.append(text if isinstance(text, str) else "")
    return "\n".join(part for part in parts if part)
