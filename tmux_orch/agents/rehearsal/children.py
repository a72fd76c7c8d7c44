"""Commands the agent runs: no shell, own process group, output kept, a deadline."""

from __future__ import annotations

import os
import time

from tmux_orch.agents.rehearsal.loop import READ, WRITE
from tmux_orch.agents.rehearsal.signals import SIGKILL, SIGPIPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tmux_orch.agents.rehearsal.loop import Loop

# What is kept of a command's output; the rest is read and dropped, so the command never blocks.
MOST_OUTPUT = 65_536


class Child:
    """One running command. ``done(status, output)`` is called once, unless it was cancelled.

    ``status`` is the exit status, negative for a signal, 127 when it could not be started.
    """

    def __init__(
        self,
        loop: Loop,
        argv: Sequence[str],
        done: Callable[[int, bytes], None],
        *,
        deadline_s: float,
        stdin: bytes = b"",
        keep_errors: bool = True,
    ) -> None:
        self._loop = loop
        self._done: Callable[[int, bytes], None] | None = done
        self._output = bytearray()
        self._stdin = stdin
        self._out, self._in, self._pid = -1, -1, 0
        self.started_at = time.monotonic()
        try:
            self._spawn(argv, keep_errors)
        except OSError as error:
            text = f"{argv[0]}: {error.strerror or error}\n".encode()
            loop.soon(lambda: self._finish(127, text))
            return
        os.set_blocking(self._out, False)
        loop.watch(self._out, READ, self._read)
        if stdin:
            os.set_blocking(self._in, False)
            loop.watch(self._in, WRITE, self._feed)
        self._deadline = loop.after(deadline_s, self._kill)
        loop.child(self._pid, self._ended)

    def cancel(self) -> None:
        """Kill its process group; nobody is told."""
        self._done = None
        if self._pid:
            self._kill()

    def _spawn(self, argv: Sequence[str], keep_errors: bool) -> None:
        out, out_write = os.pipe2(os.O_CLOEXEC)
        ends = [out_write]
        actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = []
        if self._stdin:
            read, self._in = os.pipe2(os.O_CLOEXEC)
            ends.append(read)
            actions.append((os.POSIX_SPAWN_DUP2, read, 0))
        else:
            actions.append((os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0))
        actions.append((os.POSIX_SPAWN_DUP2, out_write, 1))
        if keep_errors:
            actions.append((os.POSIX_SPAWN_DUP2, out_write, 2))
        else:
            actions.append((os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0))
        try:
            self._pid = os.posix_spawnp(
                argv[0],
                list(argv),
                os.environ,
                file_actions=actions,
                setpgroup=0,
                setsigdef=[SIGPIPE],
            )
            self._out = out
        except OSError:
            os.close(out)
            if self._in >= 0:
                os.close(self._in)
            raise
        finally:
            for end in ends:
                os.close(end)

    def _feed(self) -> None:
        try:
            self._stdin = self._stdin[os.write(self._in, self._stdin) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._stdin = b""  # it does not want to read it all: its right
        if not self._stdin:
            self._close_in()

    def _close_in(self) -> None:
        if self._in >= 0:
            self._loop.forget(self._in)
            os.close(self._in)
            self._in = -1

    def _read(self) -> None:
        try:
            data = os.read(self._out, 65_536)
        except BlockingIOError:
            return
        self._output += data[: MOST_OUTPUT - len(self._output)]
        if not data:
            self._close_out()

    def _close_out(self) -> None:
        if self._out >= 0:
            self._loop.forget(self._out)
            os.close(self._out)
            self._out = -1

    def _kill(self) -> None:
        try:
            os.killpg(self._pid, SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # it ended meanwhile: its end is on the way to us

    def _ended(self, status: int) -> None:
        # Its own end counts; something it left in the background may hold the pipe for hours.
        while self._out >= 0:
            size = len(self._output)
            self._read()
            if self._out >= 0 and len(self._output) == size:
                break
        self._close_out()
        self._close_in()
        self._deadline.cancel()
        self._pid = 0
        self._finish(os.waitstatus_to_exitcode(status), bytes(self._output))

    def _finish(self, status: int, output: bytes) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(status, output)
