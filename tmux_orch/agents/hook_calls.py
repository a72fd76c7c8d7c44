"""Hook calls in the form of Claude Code, which ``rehearsal`` speaks too: fields and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def text(payload: Mapping[str, Any], name: str) -> str:
    """The field ``name``; empty when it is missing or no text."""
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def printable(text: str) -> str:
    """``text`` with everything that could deceive a reader's terminal written as an escape."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else sign.encode("unicode_escape").decode()
        for sign in text
    )


class HookAnswers:
    """The part of an adapter that answers hooks, for programs (and plugins) that read this form."""

    def permission_answer(self, allow: bool, reason: str) -> bytes:
        """Allow exactly what was asked, or deny it with the reason shown to the model."""
        decision: dict[str, str] = {"behavior": "allow" if allow else "deny"}
        if not allow:
            decision["message"] = reason or "The person denied this."
        return _output({"hookEventName": "PermissionRequest", "decision": decision})

    def turn_end_answer(self, texts: Sequence[str]) -> bytes:
        """Go on with ``texts`` as the next turn; nothing when there are none."""
        if not texts:
            return b""
        return json.dumps({"decision": "block", "reason": "\n\n".join(texts)}).encode()

    def tool_answer(self, texts: Sequence[str]) -> bytes:
        """Put ``texts`` beside the tool's result; nothing when there are none.

        Claude Code takes 9,500 characters together whole, ``rehearsal`` 10,000.
        """
        if not texts:
            return b""
        return _output({"hookEventName": "PostToolUse", "additionalContext": "\n\n".join(texts)})


def _output(specific: Mapping[str, object]) -> bytes:
    return json.dumps({"hookSpecificOutput": specific}).encode()
