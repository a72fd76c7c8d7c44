"""Which live process has a conversation open: told by its command line."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tmux_orch.agents.adapter import Berth


def owner(berth: Berth) -> int | None:
    """Pid of a live process that was started with the conversation, or ``None``.

    The program starts itself again as its own child, with the same words: the parent is told.
    """
    if not Path("/proc/self").exists():
        return None
    live = [int(one.name) for one in os.scandir("/proc") if one.name.isdecimal()]
    found = [pid for pid in live if _has(pid, berth.conversation_id)]
    return berth.pid if berth.pid in found else min(found, default=None)


def _has(pid: int, conversation: str) -> bool:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        named = any(word.endswith((b"/gemini", b"/gemini.js")) for word in words[:4])
        return named and conversation.encode() in words
    return False
