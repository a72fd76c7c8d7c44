"""How much memory agent programs need, and how much there is for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tmux_orch.agents.adapter import Adapter
from tmux_orch.domain.memory import Room

#: One agent of a program whose adapter names no figure (``memory_mb``). The others' figures are
#: resident memory after some turns, measured: Claude Code 256 MB (2.1.197 and 2.1.329), Codex
#: 200 MB, Gemini CLI 375 MB, opencode 984 MB; a rehearsal agent 9.4 MB. What an agent starts
#: (compilers, browsers, test databases) comes on top, and nobody can foretell it.
UNKNOWN_MB = 300
_MB = 1_000_000


def needed_mb(adapter: Adapter) -> int:
    """What one agent of this program needs."""
    return int(getattr(adapter, "memory_mb", UNKNOWN_MB))


def room(pid: int = 0, root: Path = Path("/")) -> Room | None:
    """Memory that new programs could have now; ``None`` where it cannot be told (no ``/proc``).

    Args:
        pid: Of a process in whose control group they will run (the tmux server); 0 for our own.
        root: Where ``proc`` and ``sys`` are.
    """
    machine = _machine(root)
    if machine is None:
        return None
    free, total = machine
    for limit, used in _groups(root, pid):
        total = min(total, limit)
        free = min(free, max(0, limit - used))
    return Room(free // _MB, total // _MB)


def group(pid: int, root: Path) -> list[str] | None:
    """The path of a process's control group (version 2) below its top; ``None`` if untold."""
    lines = _text(root / f"proc/{pid}/cgroup").splitlines()
    path = next((line[3:] for line in lines if line.startswith("0::/")), None)
    if path is None or ".." in path.split("/"):
        return None
    return [part for part in path.split("/") if part]


def _machine(root: Path) -> tuple[int, int] | None:
    found: dict[str, int] = {}
    for line in _text(root / "proc/meminfo").splitlines():
        words = line.replace(":", " ").split()
        if len(words) == 3 and words[1].isdigit() and words[2] == "kB":
            found[words[0]] = int(words[1]) * 1024
    if "MemAvailable" not in found or "MemTotal" not in found:
        return None
    return found["MemAvailable"], found["MemTotal"]


def _groups(root: Path, pid: int) -> Iterator[tuple[int, int]]:
    """Limit and use of each limited control group that the process is in (version 2 only)."""
    parts = group(pid or os.getpid(), root)
    if parts is None:
        return
    if not pid and parts and parts[-1].endswith(".service"):
        # A limit on the daemon's own unit is not the agents': they get a scope of their own.
        parts.pop()
    for depth in range(len(parts) + 1):
        place = root.joinpath("sys/fs/cgroup", *parts[:depth])
        limit = _text(place / "memory.max").strip()
        if limit.isdigit():
            yield int(limit), _used(place)


def _used(group: Path) -> int:
    """Without what the kernel would give up before anything else (file pages not in use)."""
    now = _text(group / "memory.current").strip()
    if not now.isdigit():
        return 0
    for line in _text(group / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "inactive_file" and value.isdigit():
            return max(0, int(now) - int(value))
    return int(now)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
