"""Processor and memory of every agent's process tree: one pass over all processes for all."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tmux_orch.domain.work import Load

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STAT_BYTES = 1024
#: A pass costs 10 us per process of the machine (psutil: 60 us, with a dozen objects for each); who
#: asks again within this time is given the same answer.
FRESH_S = 2.0


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    start: int
    ticks: int  # of processor time so far
    pages: int  # in memory


@dataclass(frozen=True, slots=True)
class _Pass:
    at: float
    processes: Mapping[int, _Process]
    children: Mapping[int, tuple[int, ...]]


class Loads:
    """The newest pass, and the one before it, which the share of processor time is told against."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: _Pass | None = None
        self._before: _Pass | None = None

    def of(self, roots: Mapping[str, int], fresh_s: float = FRESH_S) -> dict[str, Load]:
        """The load of each process tree by its key; a process that is gone has none.

        Memory that processes of a tree share is counted for each of them. The share of processor
        time is that since the pass before (of a lifetime, for the first); 100 is one core.

        Args:
            roots: Key → pid of an agent's program.
            fresh_s: A pass that is younger is used again.
        """
        with self._lock:
            if self._last is None or time.monotonic() - self._last.at >= fresh_s:
                self._before, self._last = self._last, _look()
            last, before = self._last, self._before
        found = {}
        for key, pid in roots.items():
            if pid in last.processes:
                found[key] = _load(pid, last, before)
        return found


def _load(root: int, last: _Pass, before: _Pass | None) -> Load:
    tree, ahead = [], [root]
    while ahead:
        pid = ahead.pop()
        tree.append(last.processes[pid])
        ahead += last.children.get(pid, ())
    percent = sum(_percent(process, last, before) for process in tree)
    return Load(round(percent, 1), sum(p.pages for p in tree) * _PAGE, len(tree))


def _percent(process: _Process, last: _Pass, before: _Pass | None) -> float:
    earlier = before.processes.get(process.pid) if before is not None else None
    if before is not None and earlier is not None and earlier.start == process.start:
        passed, ticks = last.at - before.at, process.ticks - earlier.ticks
    else:
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - process.start / _TICKS
        passed, ticks = age_s, process.ticks
    return 100.0 * ticks / _TICKS / max(passed, 0.01)


def _look() -> _Pass:
    processes = {process.pid: process for process in _all()}
    children: dict[int, list[int]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    return _Pass(time.monotonic(), processes, {p: tuple(c) for p, c in children.items()})


def _all() -> Iterator[_Process]:
    for name in os.listdir("/proc"):  # noqa: PTH208 - names, a thousand of them
        if not name.isdigit():
            continue
        try:
            handle = os.open(f"/proc/{name}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue  # it ended meanwhile
        try:
            line = os.read(handle, _STAT_BYTES)
        except OSError:
            continue
        finally:
            os.close(handle)
        # The name stands in parentheses and may hold any byte, also ") ": the last one ends it.
        fields = line.rpartition(b")")[2].split()
        if len(fields) > 21:
            ticks = int(fields[11]) + int(fields[12])
            yield _Process(int(name), int(fields[1]), int(fields[19]), ticks, int(fields[21]))
