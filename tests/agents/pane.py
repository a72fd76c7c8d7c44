"""One real program in one real pane of a tmux server of its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], what: str, *, deadline_s: float = 20) -> T:
    """The first true value of ``look()``."""
    ends = time.monotonic() + deadline_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > ends:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        time.sleep(0.02)  # paced: nothing tells of a change of a screen or a file


class Pane:
    """One program as the process of one pane, on a tmux server of its own."""

    def __init__(self, place: Path, columns: int = 120, rows: int = 40) -> None:
        self.socket = place
        self.size = (columns, rows)

    def open(self, argv: tuple[str, ...], directory: Path, environment: Mapping[str, str]) -> int:
        """Start ``argv``; its pid."""
        columns, rows = self.size
        if not self.socket.exists():
            self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "base", "-x", str(columns),
                       "-y", str(rows), "/bin/cat", environment=environment)  # fmt: skip
            self._tmux("set-option", "-g", "remain-on-exit", "on")
            self._tmux("set-option", "-g", "update-environment", "")
        # env(1) rather than -e: tmux replaces PATH by that of the client that asks for the window.
        exports = [f"{name}={value}" for name, value in environment.items()]
        self.id, pid = self._tmux(
            "new-window", "-d", "-P", "-F", "#{pane_id} #{pane_pid}", "-c", str(directory),
            "--", "/usr/bin/env", *exports, *argv,
        ).split()  # fmt: skip
        return int(pid)

    def screen(self, *, escapes: bool = True) -> str:
        return self._tmux("capture-pane", "-p", "-J", *(["-e"] if escapes else []), "-t", self.id)

    def keys(self, *keys: str) -> None:
        self._tmux("send-keys", "-t", self.id, *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", "-t", self.id, text)

    def paste(self, text: str) -> None:
        self._tmux("load-buffer", "-b", "test", "-", stdin=text)
        self._tmux("paste-buffer", "-p", "-r", "-d", "-b", "test", "-t", self.id)

    def facts(self, form: str) -> str:
        return self._tmux("display-message", "-p", "-t", self.id, form).strip()

    def close(self) -> None:
        if self.socket.exists():
            subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], check=False)

    def _tmux(
        self, *words: str, stdin: str | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), *words],
            input=stdin,
            env=dict(environment) if environment else {"PATH": os.defpath},
            text=True,
            capture_output=True,
            check=False,
            timeout=10,
        )
        assert done.returncode == 0, f"tmux {words[0]}: {done.stderr.strip()}"
        return done.stdout
