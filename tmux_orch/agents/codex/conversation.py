"""Under which id a seat's conversation goes: the program chooses it, and we find it.

The program holds the conversation's file open, so a live process names its conversation itself.
What was found is remembered beside the seat's files, under the id that we had chosen: after a
restart of the daemon or a kill, the seat is resumed with it. Its own hooks say it too, and then the
seat's row has it.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from tmux_orch.agents import private_file
from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.codex import home

_FILE = re.compile(
    r"/sessions/.+/rollout-[^/]*-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$"
)


def current(berth: Berth) -> str | None:
    """The program's own id of the seat's conversation, or ``None`` when it has none yet."""
    if home.rollout(berth.environment, berth.conversation_id) is not None:
        return berth.conversation_id
    opened = open_in(berth.pid)
    known = _remembered(berth)
    if opened is not None and opened != known:
        private_file.replace(_memory(berth), f"{opened}\n".encode())
    return opened or known


def transcript(berth: Berth) -> Path | None:
    """The file of the current conversation, or ``None`` when there is none yet."""
    identity = current(berth)
    return home.rollout(berth.environment, identity) if identity else None


def open_in(pid: int) -> str | None:
    """The conversation whose file the process holds open, or ``None`` when that cannot be seen."""
    if not pid:
        return None
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                found = _FILE.search(os.readlink(entry.path))  # noqa: PTH115
                if found is not None:
                    return found[1]
    return None


def owner(berth: Berth) -> int | None:
    """Pid of a live process that has the conversation open now, or ``None``."""
    identity = current(berth)
    if identity is None:
        return None
    if open_in(berth.pid) == identity:
        return berth.pid
    live = (int(entry.name) for entry in os.scandir("/proc") if _is_codex(entry))
    return next((pid for pid in live if open_in(pid) == identity), None)


def _is_codex(process: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        name = Path(process.path, "comm").read_bytes() if process.name.isdecimal() else b""
        return name.startswith(b"codex")
    return False


def _memory(berth: Berth) -> Path:
    return berth.private / f"codex-{berth.conversation_id}"


def _remembered(berth: Berth) -> str | None:
    with suppress(OSError):
        return _memory(berth).read_text("ascii", "replace").strip() or None
    return None
