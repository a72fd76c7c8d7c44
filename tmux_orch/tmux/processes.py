"""The server as a process: found without its socket, waited for, told to make the socket again."""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import time
from itertools import pairwise
from pathlib import Path

import psutil

# The server names itself so (prctl); its clients are "tmux: client", and both keep the command line
# of the client that started the server. Seen on 3.3a, Linux.
_SERVER_NAME = "tmux: server"


def find_server(path: Path) -> psutil.Process | None:
    """The live tmux server of our user that was started with ``-S path``, or ``None``."""
    # Asked for its name first: the arguments of every process of a busy machine take 0.1 s.
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != _SERVER_NAME:
            continue
        try:
            ours = process.uids().real == os.getuid()
            if ours and ("-S", str(path)) in pairwise(process.cmdline()):
                return process
        except psutil.Error:
            continue  # it has just ended, or is another user's: not the one we look for
    return None


def is_stopped(process: psutil.Process) -> bool:
    """Whether it is stopped by a signal or a debugger (it will not answer until continued)."""
    try:
        return bool(process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP))
    except psutil.NoSuchProcess:
        return False


def make_socket_again(process: psutil.Process, path: Path, deadline_s: float) -> bool:
    """Have the server bind its socket again (SIGUSR1); whether somebody listens there in time.

    A server that was only being started when we asked is left alone: binding again would break the
    connections that others have just made.
    """
    if _listens(path):
        return True
    try:
        process.send_signal(signal.SIGUSR1)
    except psutil.NoSuchProcess:
        return False
    end = time.monotonic() + deadline_s
    while not _listens(path):
        if time.monotonic() > end or not process.is_running():
            return False
        time.sleep(0.005)
    return True


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def wait_until_gone(pid: int, deadline_s: float) -> bool:
    """Whether the process ``pid`` has ended within ``deadline_s``; one nobody has reaped counts."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(deadline_s * 1000))
    finally:
        os.close(descriptor)


def free_descriptors(pid: int) -> int | None:
    """How many more files the process may open; ``None`` when it cannot be known."""
    try:
        limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
        used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return None
    return None if limit == resource.RLIM_INFINITY else limit - used


def remind_of_children(pid: int) -> None:
    """Have the server ``pid`` look for ended children again.

    tmux 3.3a sometimes misses a SIGCHLD (1 of 240 kills beside other commands): the dead program
    stays a zombie and its pane without an exit status until another child ends. The signal does
    nothing to any other process.
    """
    try:
        os.kill(pid, signal.SIGCHLD)
    except (ProcessLookupError, PermissionError):
        pass  # it ended meanwhile; who looks next finds no server


def end(pid: int) -> None:
    """Kill it; that it is already gone is fine."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # what was wanted
