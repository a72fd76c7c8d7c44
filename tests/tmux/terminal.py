"""A person's terminal, for tests of what happens while somebody looks."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import threading

from tmux_orch.tmux.processes import wait_until_gone


class Terminal:
    """A terminal of some size with a program in it; what it prints is read and dropped."""

    def __init__(self, argv: list[str], width: int, height: int, **extra: str) -> None:
        master, slave = pty.openpty()
        self.master = master
        self._resize(width, height)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in range(3):
                os.dup2(slave, number)
            os.closerange(3, 100)
            os.execvpe(argv[0], argv, {"TERM": "xterm", "PATH": os.environ["PATH"], **extra})
        os.close(slave)
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._drain)
        self._reader.start()

    def _drain(self) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([self.master], [], [], 0.05)
            try:
                if ready and not os.read(self.master, 65536):
                    return
            except OSError:
                return  # the program has ended

    def _resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width: int, height: int) -> None:
        self._resize(width, height)
        os.kill(self.pid, signal.SIGWINCH)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def close(self) -> None:
        """As when the person closes the window."""
        if self._over.is_set():
            return
        self._over.set()
        self._reader.join()
        os.close(self.master)
        wait_until_gone(self.pid, 5)
        os.waitpid(self.pid, 0)
