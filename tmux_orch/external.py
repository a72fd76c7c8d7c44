"""The one function that runs external programs: deadline, scrubbed environment, typed errors."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tmux_orch import crash

# git reads its whole context from GIT_* (GIT_DIR overrides -C); TMUX* sends a call to the caller's
# server; PYTHON* and LD_* change what a program of another environment loads.
SCRUBBED_PREFIXES = ("GIT_", "TMUX", "PYTHON", "LD_")


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ended by itself.

    Attributes:
        argv: What was run.
        code: Exit status; negative for a signal.
        out, err: The streams as bytes.
        took_s: Wall time in seconds.
    """

    argv: tuple[str, ...]
    code: int
    out: bytes
    err: bytes
    took_s: float

    def text(self) -> str:
        """Standard output as text; undecodable bytes survive as surrogates."""
        return self.out.decode("utf-8", "surrogateescape")

    def complaint(self) -> str:
        """The last non-empty line of stderr (else stdout), for one-line errors."""
        for stream in (self.err, self.out):
            text = stream.decode("utf-8", "replace")
            lines = [line for line in text.splitlines() if line.strip()]
            if lines:
                return lines[-1].strip()
        return f"exit status {self.code}"


# The umask of the programs we run; -1 is our own.
_umask = -1


def keep_umask() -> None:
    """Make our own files private from now on, while programs go on with the umask we came with.

    What git writes into the person's repository and what agents write in their worktrees must have
    the modes the person is used to: 0600 objects would break a repository shared with a group.
    """
    global _umask
    _umask = os.umask(0o077)


class ProgramMissing(Exception):
    """The program is not there or may not be executed."""


class DeadlinePassed(Exception):
    """The program was killed at its deadline: it may or may not have done its work."""


def scrubbed(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """A copy of ``environment`` (default: ours) without the variables that redirect programs."""
    source = os.environ if environment is None else environment
    return {k: v for k, v in source.items() if not k.startswith(SCRUBBED_PREFIXES)}


def run(
    argv: Sequence[str],
    *,
    deadline_s: float,
    cwd: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> Completed:
    """Run ``argv`` to its end and return what it said; never through a shell.

    Args:
        argv: Program and arguments.
        deadline_s: Seconds after which its whole process group is killed.
        cwd: Directory to run in.
        environment: Complete environment; default is ours, scrubbed.
        stdin: Bytes given on standard input.

    Raises:
        ProgramMissing: it cannot be started.
        DeadlinePassed: it did not end in time and was killed.
    """
    crash.point("call")
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=dict(environment) if environment is not None else scrubbed(),
            close_fds=True,
            process_group=0,
            umask=_umask,
        )
    except OSError as error:
        raise ProgramMissing(f"{argv[0]}: {error.strerror or error}") from error
    try:
        out, err = process.communicate(stdin or None, timeout=deadline_s)
    except subprocess.TimeoutExpired:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended between the deadline and the kill: nothing is left to end
        _abandon(process)
        raise DeadlinePassed(f"{argv[0]} did not end within {deadline_s:g} s") from None
    return Completed(tuple(argv), process.returncode, out, err, time.monotonic() - started)


def _abandon(process: subprocess.Popen[bytes]) -> None:
    """Reap a killed program without reading its streams to their end.

    Another process may hold them: a tmux client hands its descriptors to the server, and a server
    that is stopped keeps them open for ever (seen on 3.3a).
    """
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):  # what was not written yet has nobody left to read it
                stream.close()
