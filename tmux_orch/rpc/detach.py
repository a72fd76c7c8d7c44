"""Starting a process that outlives its caller and has nothing of his."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tmux_orch.rpc.ready import VARIABLE

LOG_LIMIT = 1 << 20


def detach(argv: Sequence[str], environment: dict[str, str], pipe: int, log: Path) -> None:
    """Run ``argv`` as nobody's child: own session, cwd ``/``, no descriptor but ``pipe`` (as 3).

    Forked twice, so that it is at once no descendant of the caller: an agent's tree is ended as a
    whole when the agent is stopped, and the daemon must not be in it.
    """
    environment = {**environment, VARIABLE: "3"}
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        if os.fstat(out).st_size > LOG_LIMIT:
            os.ftruncate(out, 0)
        null = os.open("/dev/null", os.O_RDWR)
        pipe, out = _above(pipe), _above(out)
        for fd, target in ((null, 0), (out, 1), (out, 2), (pipe, 3)):
            os.dup2(fd, target)
        _close_on_exec()
        os.execve(argv[0], list(argv), environment)  # noqa: S606 - no shell is what we want
    except BaseException as error:  # noqa: BLE001 - after fork nothing may unwind into the caller
        os.write(2, f"{argv[0]}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(127)


def _above(fd: int) -> int:
    """A duplicate of ``fd`` out of the way of 0 to 3."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)


def _close_on_exec() -> None:
    """Every descriptor above 3 ends with this program: the caller may have given us any."""
    for entry in list(Path("/proc/self/fd").iterdir()):
        try:
            fd = int(entry.name)
            if fd > 3:
                os.set_inheritable(fd, False)
        except OSError:
            continue  # the listing's own descriptor, closed already
