"""The daemon's socket file: bound without a gap, never taken from a daemon that lives."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

from tmux_orch.domain.errors import Absent, Busy
from tmux_orch.rpc.request import Peer


def is_alive(path: Path) -> bool:
    """Whether somebody listens at ``path``.

    Raises:
        Absent: there is no socket at all.
    """
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.settimeout(1)
        probe.connect(os.fspath(path))
    except FileNotFoundError:
        raise Absent(f"no socket {path}") from None
    except ConnectionRefusedError:
        return False
    except (BlockingIOError, TimeoutError):
        return True  # its queue is full: it is there
    finally:
        probe.close()
    return True


def listen(path: Path) -> socket.socket:
    """A socket that listens at ``path``, 0600, not blocking.

    Raises:
        Busy: somebody listens there already; their socket is left alone.
    """
    try:
        if is_alive(path):
            raise Busy(f"another daemon listens at {path}", "see tmux-orch daemon status")
    except Absent:
        pass
    # Bound beside and renamed over: the path never names a socket that does not listen yet, and a
    # dead one is replaced without a moment in which there is none.
    beside = path.with_name(f".{os.getpid() % 100000}")
    beside.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(os.fspath(beside))
        beside.chmod(0o600)
        listening.listen(4096)  # the kernel cuts this to net.core.somaxconn
        listening.setblocking(False)
        beside.rename(path)
    except BaseException:
        listening.close()
        beside.unlink(missing_ok=True)
        raise
    return listening


def inode(path: Path) -> int:
    """By which to know later whether ``path`` still is the same file; -1 when there is none."""
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return -1


def peer(connection: socket.socket) -> Peer | None:
    """Who connected, as the kernel says; ``None`` when it does not."""
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    except OSError:
        return None
    return Peer(*struct.unpack("3i", packed))
