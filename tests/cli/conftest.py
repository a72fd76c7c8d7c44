"""The commands against a daemon whose answers the test writes, as processes and on terminals."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tmux_orch import __version__
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import BadInput, OrchError
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.rpc.server import Listener

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = {
    "auto-orchestrate": "from tmux_orch.cli.auto_orchestrate import main; main()",
    "tmux-orch": "from tmux_orch.cli.main import main; main()",
    "scm": "import sys; from tmux_orch.rpc.scm import main; sys.exit(main())",
}


@dataclass
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def both(self) -> str:
        return self.out + self.err


@dataclass
class House:
    """A place to run commands in.

    ``answers`` maps a verb to what the daemon says: a result, an ``OrchError``, a list (its last
    item the result, those before progress), or a function of the body. ``asked`` is what came.
    """

    place: Path
    environ: dict[str, str]
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def registry(self) -> Registry:
        return Registry.find(self.environ)

    def run(self, command: str, *argv: str, **more: Any) -> Done:
        done = subprocess.run(
            [sys.executable, "-c", ENTRIES[command], *argv],
            env=self.environ | more.pop("env", {}),
            cwd=more.pop("cwd", self.place),
            stdin=more.pop("stdin", subprocess.DEVNULL),
            capture_output=True,
            timeout=40,
            **more,
        )
        return Done(done.returncode, _text(done.stdout), _text(done.stderr))

    def on_terminal(self, command: str, *argv: str, typed: str = "", **env: str) -> Done:
        """The same with a terminal of 100 columns; what both streams show is in ``out``.

        ``typed`` is written when the command has said something ending in ``: ``.
        """
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.place)
            environ = self.environ | {"TERM": "xterm-256color", "COLUMNS": "100"} | env
            os.execve(sys.executable, [sys.executable, "-c", ENTRIES[command], *argv], environ)
        shown, answers = b"", [line + "\n" for line in typed.split("\n")] if typed else []
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                piece = os.read(fd, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if answers and shown.rstrip(b"\x1b[0m").endswith(b": "):
                os.write(fd, answers.pop(0).encode())
        os.close(fd)
        return Done(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), _text(shown), "")

    def answer(self, request: Request, reply: Reply) -> None:
        self.asked.append((request.verb, request.body() if request.verb != "scm" else {}))
        if request.verb not in self.answers:
            raise BadInput(f"no answer for {request.verb}")
        answer = self.answers[request.verb]
        if callable(answer):
            answer = answer(request.body())
        if isinstance(answer, OrchError):
            raise answer
        if isinstance(answer, list):
            for step in answer[:-1]:
                reply.progress(step)
            answer = answer[-1]
        reply.result(answer)

    def started_nothing(self) -> bool:
        """Whether no registry was made, so no daemon started."""
        return not self.registry.root.exists()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@pytest.fixture
def house(tmp_path: Path, short_path: Path) -> House:
    """No daemon, no registry yet."""
    home, place = tmp_path / "home", tmp_path / "place"
    home.mkdir()
    place.mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "TMUX_ORCH_REGISTRY": str(short_path / "reg"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return House(place, environ)


@pytest.fixture
def served(house: House) -> Iterator[House]:
    """The same, with a daemon that gives ``house.answers``."""
    house.registry.prepare()
    listener = Listener(house.registry.socket, house.answer, __version__)
    listener.start()
    yield house
    listener.stop(2)


def until(condition: Any, deadline_s: float = 10) -> None:
    """Wait until ``condition`` holds."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        pause.wait(0.02)


AGENT = {
    "name": "developer",
    "role": "developer",
    "state": "idle",
    "state_since_at": "2026-01-02T03:04:05+00:00",
    "evidence": "session_file: claude.session.idle",
    "window_id": "@1",
    "pane_id": "%1",
    "pid": 42,
    "conversation_id": "c",
    "worktree": "/r/w/developer",
    "branch": "orch/ab12cd/developer",
    "dirty_files": 2,
    "commits_ahead": 3,
    "held_messages": 0,
}
STATUS = {
    "schema": "tmux-orch/status/1",
    "project": {
        "name": "sample",
        "path": "/src/sample",
        "run": "ab12cd",
        "live": True,
        "starting_branch": "main",
    },
    "agents": [AGENT, AGENT | {"name": "tester", "commits_ahead": None, "git_trouble": "gone"}],
}
