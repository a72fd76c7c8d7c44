"""A lock held for life: at most one daemon per registry.

Taken before recovery and before binding. The kernel gives it back when the holder dies, however it
dies; the pid in the file only informs.
"""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from tmux_orch.domain.errors import Busy


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock we hold."""

    path: Path
    fd: int

    def release(self) -> None:
        """Give it back; also done by the kernel at our end."""
        os.close(self.fd)


def take(path: Path) -> Lock:
    """Take the lock now.

    Raises:
        Busy: another process holds it; says which.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        holder = f"process {pid}" if (pid := holder_of(path)) else "another process"
        raise Busy(f"{holder} holds {path}", "see tmux-orch daemon status") from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return Lock(path, fd)


def take_within(path: Path, wait_s: float, pause_s: float = 0.01) -> Lock:
    """Take the lock, waiting for its holder at most ``wait_s``.

    Asked again every ``pause_s``: a blocking ``flock`` has no deadline, and a stopped holder must
    not hang us.

    Raises:
        Busy: it was held all the time.
    """
    until = time.monotonic() + wait_s
    while True:
        try:
            return take(path)
        except Busy:
            if time.monotonic() >= until:
                raise
        time.sleep(pause_s)


def holder_of(path: Path) -> int:
    """The pid written by the last holder; 0 when none can be read. For messages only."""
    try:
        return int(path.read_bytes()[:20])
    except (OSError, ValueError):
        return 0
