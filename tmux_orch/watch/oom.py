"""Whether the kernel killed something for want of memory: its own counters, readable by everybody.

Which process it was stands only in the kernel's log, which ordinary users may not read. So a
SIGKILL counts as such a kill when the counter that covers the process has grown meanwhile:
``oom_kill`` in its control group's ``memory.events`` (version 2; the group and all below it), else
in ``/proc/vmstat`` (the whole machine).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmux_orch.agents import memory


@dataclass(frozen=True, slots=True)
class Mark:
    """What a counter showed: its file, and the number in it."""

    file: Path
    kills: int


class OomKills:
    """The kernel's counters.

    Args:
        root: Where ``proc`` and ``sys`` are.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def mark(self, pid: int) -> Mark | None:
        """What the counter that covers this process shows now; ``None`` when none can be read."""
        for file in (self._group(pid), self._root / "proc/vmstat"):
            kills = _read(file) if file is not None else None
            if file is not None and kills is not None:
                return Mark(file, kills)
        return None

    def grew(self, mark: Mark) -> bool:
        """Whether something was killed since."""
        kills = _read(mark.file)
        if kills is None:  # the group is gone with its last process
            return False
        return kills > mark.kills

    def _group(self, pid: int) -> Path | None:
        parts = memory.group(pid, self._root)
        if parts is None:
            return None
        return self._root.joinpath("sys/fs/cgroup", *parts, "memory.events")


def _read(file: Path) -> int | None:
    try:
        text = file.read_text("ascii", "replace")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, number = line.partition(" ")
        if name == "oom_kill" and number.isdigit():
            return int(number)
    return None
