"""Starting the daemon on demand: once, whoever asks and however many ask at once."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tmux_orch.config.files import write_atomically
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import Busy, Unreachable
from tmux_orch.rpc import environment, failures, lock
from tmux_orch.rpc.connection import Absent, Connection, Silent
from tmux_orch.rpc.detach import detach
from tmux_orch.rpc.ready import READY

# A start takes half a second on an idle machine, recovery of 20 seats at most 2 s (benchmarks/);
# the rest is for a machine that does ten other things.
START_S = 20.0
# One that died so often within so long, without a word, is not started by a command any more:
# what is started by the dozen (hooks of git, cron, agents' scm) would do it for ever.
DEATHS, DEATHS_S = 5, 60.0


class Died(Unreachable):
    """It ended, or said nothing in time, before it was ready."""


def ensure(
    registry: Registry, environ: Mapping[str, str], argv: Sequence[str] | None = None
) -> bool:
    """Make sure that a daemon listens at the registry's socket.

    Args:
        registry: Whose daemon.
        environ: The caller's environment, of which the allowed part is recorded at the first start.
        argv: What to start; the daemon module unless a test says another.

    Returns:
        Whether it was started now.

    Raises:
        OrchError: what the starting daemon said, or ``Unreachable`` when it said nothing in time.
    """
    registry.prepare()
    if listens(registry):
        return False
    try:
        held = lock.take_within(registry.start_lock, START_S)
    except Busy as error:
        raise Unreachable(
            f"the daemon is being started by another command that does not end: {error.message}",
            "end that process",
        ) from None
    try:
        if listens(registry):
            return False
        _wait_for_predecessor(registry)
        own = environment.recorded(registry, environ)
        if argv is not None or not _start_unit(registry, own):
            _start_unless_it_dies(registry, own, argv or daemon_argv())
        return True
    finally:
        held.release()


def forgive(registry: Registry) -> None:
    """Let it be started again at once, however often it died: a person says so."""
    _note_deaths(registry, [])


def _deaths(registry: Registry) -> list[float]:
    """When it died at its start, of the last minute; a clock that was set back forgives."""
    try:
        words = (registry.run / "daemon.died").read_text("ascii").split()
        instants = [float(word) for word in words[-DEATHS:]]
    except (OSError, ValueError):
        return []
    return [at for at in instants if abs(time.time() - at) < DEATHS_S]


def _note_deaths(registry: Registry, instants: Sequence[float]) -> None:
    write_atomically(registry.run / "daemon.died", " ".join(map(str, instants)).encode())


def _log(registry: Registry) -> Path:
    return registry.logs / "daemon.stderr.log"


def _wait_for_predecessor(registry: Registry) -> None:
    """A daemon that stops has closed its socket before it has ended: its lock says when it has."""
    try:
        lock.take_within(registry.lock, START_S).release()
    except Busy as error:
        raise Unreachable(
            f"a daemon that does not listen is still there: {error.message}",
            "see tmux-orch daemon status",
        ) from None


def listens(registry: Registry) -> bool:
    """Whether somebody listens at the registry's socket (it may hang all the same)."""
    try:
        Connection(os.fspath(registry.socket)).close()
    except Absent:
        return False
    except Silent:
        return True
    except OSError as error:
        raise Unreachable(
            f"cannot reach the daemon at {registry.socket}: {error.strerror}",
            "see tmux-orch doctor",
        ) from error
    return True


def daemon_argv() -> list[str]:
    """How the daemon is started: this interpreter, no directory of the caller's on its path."""
    return [sys.executable, "-P", "-m", "tmux_orch.daemon"]


def _start_unit(registry: Registry, environ: Mapping[str, str]) -> bool:
    """Start it through its service manager; ``False`` where it is nobody's service."""
    if not os.path.lexists(registry.service):
        return False
    from tmux_orch.rpc import unit

    return unit.start(registry, environ)


def _start_unless_it_dies(registry: Registry, environ: dict[str, str], argv: Sequence[str]) -> None:
    died = _deaths(registry)
    if len(died) >= DEATHS:
        raise Unreachable(
            f"the daemon died {len(died)} times at its start within a minute"
            f"{_last_line(_log(registry), 0)}",
            f"see {_log(registry)}, then: tmux-orch daemon start",
        )
    try:
        _start(registry, environ, argv)
    except Died:
        _note_deaths(registry, [*died, time.time()])
        raise
    if died:
        forgive(registry)


def _start(registry: Registry, environ: dict[str, str], argv: Sequence[str]) -> None:
    log = _log(registry)
    before = _size(log)
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    try:
        detach(argv, environ, theirs, log)
        os.close(theirs)
        theirs = -1
        said = _listen_to(ours)
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)
    if said.startswith(b"{"):
        raise failures.read(said)
    if said != READY and not listens(registry):
        raise Died(f"the daemon did not start{_last_line(log, before)}", f"see {log}")


def _listen_to(pipe: int) -> bytes:
    """What the daemon says before it closes the pipe, or nothing by the deadline."""
    until = time.monotonic() + START_S
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    said = b""
    while (left := until - time.monotonic()) > 0:
        if not poll.poll(left * 1000):
            break
        piece = os.read(pipe, 65536)
        said += piece
        if not piece or said.endswith(b"\n"):
            break
    return said


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return 0  # not there yet


def _last_line(log: Path, before: int) -> str:
    """What this start wrote last, for the one line the person sees."""
    try:
        data = log.read_bytes()
    except OSError:
        return ""  # nothing was written: the message stands without it
    text = data[before if before <= len(data) else 0 :][-2000:].decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f" ({lines[-1]})" if lines else ""
