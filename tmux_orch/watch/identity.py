"""Who speaks: the agent in whose process tree the caller lives, else what its environment says.

The kernel names the peer of a unix socket (SO_PEERCRED). Its ancestry is walked up to a pane
process of ours. A child that was put into a session of its own (``setsid``, the background children
of an agent's shell tool) has parent 1 and is found by ``ORCH_AGENT`` in its start environment,
which the kernel keeps and the process cannot take back without another exec.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.names import is_name, split_key
from tmux_orch.watch.process import Stat, stat

MARK = "ORCH_AGENT"
# Nobody nests deeper than this by accident; the bound ends a walk through a changing tree.
_MOST_STEPS = 64
_MARK_AT_START = MARK.encode() + b"="
# execve's own limit for all strings together is 6 MiB (fs/exec.c); read no more than that.
_ENVIRONMENT_BYTES = 6 * 1024 * 1024

Panes = Mapping[int, tuple[int, str]]


def ancestors(pid: int) -> list[tuple[int, Stat]]:
    """The process and its ancestors, nearest first, up to but without pid 1.

    Raises:
        CouldNotTell: the process itself is gone, so nothing can be said of who it was.
    """
    line: list[tuple[int, Stat]] = []
    here = pid
    for _ in range(_MOST_STEPS):
        if here <= 1:
            break
        found = stat(here)
        if found is None:
            if not line:
                raise CouldNotTell(f"the calling process {pid} is gone")
            # The parent ended while we walked: its child has another parent now. Ask it again.
            here, _ = line.pop()
            continue
        line.append((here, found))
        here = found.parent
    return line


def claimed(pid: int) -> str | None:
    """The agent key in the process's start environment, or ``None`` when it has no mark.

    Raises:
        CouldNotTell: the environment is empty or may not be read, the process is gone, or the mark
            is no key.
    """
    try:
        handle = os.open(f"/proc/{pid}/environ", os.O_RDONLY | os.O_CLOEXEC)
        try:
            block = b"".join(iter(lambda: os.read(handle, 65536), b""))[:_ENVIRONMENT_BYTES]
        finally:
            os.close(handle)
    except OSError as error:
        raise CouldNotTell(f"who process {pid} is cannot be read: {error.strerror}") from error
    if not block:
        # In the middle of an exec, or wiped on purpose: no shell of a person starts it so.
        raise CouldNotTell(f"process {pid} shows no environment")
    for entry in block.split(b"\0"):
        if entry.startswith(_MARK_AT_START):
            key = entry[len(_MARK_AT_START) :].decode("utf-8", "replace")
            project, agent = split_key(key)
            if is_name(project) and is_name(agent):
                return key
            if key:
                raise CouldNotTell(f"{MARK} of process {pid} is no agent", f"unset {MARK}")
    return None


def agent_of(pid: int, panes: Panes) -> str | None:
    """The agent a process belongs to, or ``None`` for the person.

    Args:
        pid: The peer, as the kernel named it.
        panes: Pane processes of ours: pid → (start tick, agent key).

    Raises:
        CouldNotTell: the process is gone or unreadable. It must then not be taken for the person.
    """
    for ancestor, found in ancestors(pid):
        pane = panes.get(ancestor)
        if pane is not None and pane[0] == found.start:
            return pane[1]
    return claimed(pid)
