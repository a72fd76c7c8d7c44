"""A terminal for the program: a real pane, or a bare pseudo-terminal where no screen is needed."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.agents.pane import Pane, until
from tests.agents.rehearsal.desk import Desk
from tmux_orch.agents.adapter import Composer
from tmux_orch.agents.rehearsal.adapter import Rehearsal

PROGRAM = Rehearsal().locate({}).path
ARGV = (sys.executable, "-I", "-S", PROGRAM)


class Run:
    """The program in a pane: what it shows, publishes, writes down and was sent."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.root = root
        self.home = root / "state"
        self.directory = root / "work tree's"
        self.directory.mkdir(exist_ok=True)
        self.bytes_path = root / "bytes"
        self.environment = {
            "HOME": str(root),
            "PATH": os.environ["PATH"],
            "TERM": "tmux-256color",
            "LANG": "C.UTF-8",
            "REHEARSAL_HOME": str(self.home),
            "TMUX_ORCH_REGISTRY": str(root / "registry"),
            "ORCH_AGENT": "sample/developer",
            "REHEARSAL_WORK_S": "0",
            "REHEARSAL_BYTES": str(self.bytes_path),
            **environment,
        }
        self.pane = Pane(root / "t.sock")
        self.pid = 0
        self.entered_at = 0

    def start(self, *words: str) -> Run:
        """Run it with these words."""
        self.entered_at = 0
        self.pid = self.pane.open(ARGV + words, self.directory, self.environment)
        return self

    def ready(self) -> Run:
        """Wait until it is idle, and not still so from before the last Enter."""
        until(
            lambda: (
                self.published().get("status") == "idle"
                and self.published()["statusUpdatedAt"] > self.entered_at
            ),
            f"idle; it says {self.published()}\n{self.screen()}",
        )
        return self

    def status(self, wanted: str, waiting_for: str = "") -> Run:
        """Wait until it publishes this."""
        until(
            lambda: (
                self.published().get("status") == wanted
                and self.published().get("waitingFor", "") == waiting_for
            ),
            f"{wanted} {waiting_for}; it says {self.published()}\n{self.screen()}",
        )
        return self

    def published(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.session_file().read_text())
        except FileNotFoundError:
            return {}
        return found

    def session_file(self) -> Path:
        return self.home / "sessions" / f"{self.pid}.json"

    def lines(self) -> list[dict[str, Any]]:
        """The transcript of the one conversation."""
        paths = list((self.home / "conversations").glob("*.jsonl"))
        if not paths:
            return []
        assert len(paths) == 1
        # A megabyte takes the kernel more than a moment: only ended lines are whole.
        whole, _, _ = paths[0].read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.split(b"\n") if line]

    def asked(self) -> list[str]:
        """Every text the agent was asked with."""
        return [line["message"]["content"] for line in self.lines() if line["type"] == "user"]

    def answers(self) -> list[str]:
        return [
            line["message"]["content"][0]["text"]
            for line in self.lines()
            if line["type"] == "assistant"
        ]

    def answered(self, text: str, count: int = 1) -> Run:
        """Wait for an answer that contains ``text``."""
        until(
            lambda: sum(text in answer for answer in self.answers()) >= count,
            f"{count} x answer {text!r}",
        )
        return self

    def send(self, text: str) -> Run:
        """Paste, see that it was read, leave the paste window, Enter."""
        before = self._pastes_read()
        self.pane.paste(text)
        until(lambda: self._pastes_read() > before, "that the paste was read")
        return self.enter()

    def _pastes_read(self) -> int:
        path = self.bytes_path
        return path.read_bytes().count(b"\x1b[201~") if path.exists() else 0

    def enter(self) -> Run:
        """Enter once the paste window is over."""
        window = float(self.environment.get("REHEARSAL_PASTE_WINDOW_S", "0.15"))
        sent_at = os.times().elapsed
        until(lambda: os.times().elapsed > sent_at + window + 0.05, "the paste window's end")
        self.entered_at = self.published().get("statusUpdatedAt", 0)
        self.pane.keys("Enter")
        return self

    def screen(self) -> str:
        return self.pane.screen(escapes=False)

    def shows(self, text: str) -> Run:
        until(lambda: text in self.screen(), f"{text!r} on the screen:\n{self.screen()}")
        return self

    def box_is(self, text: str) -> Run:
        """Wait until the box holds this draft and nothing else."""
        until(
            lambda: Rehearsal().composer(self.pane.screen()) == Composer(not text, text),
            f"{text!r} in the box:\n{self.screen()}",
        )
        return self

    def kill(self, number: int = signal.SIGTERM) -> None:
        os.kill(self.pid, number)

    def dead(self) -> Run:
        """Wait for its end. tmux 3.3a now and then loses the exit status: not asked for here."""
        until(lambda: self.pane.facts("#{pane_dead}") == "1", f"its end:\n{self.screen()}")
        return self


class Bare:
    """The program on a bare pseudo-terminal: our own child, so its exit status is certain."""

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        self.environment = dict(environment)
        self.directory = directory
        self.seen = b""

    def start(self, *words: str) -> Bare:
        self.terminal, theirs = os.openpty()
        self.child = subprocess.Popen(
            ARGV + words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.directory,
            env=self.environment, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        return self

    def shows(self, text: str, deadline_s: float = 10) -> Bare:
        """Read until it wrote ``text``."""
        ends = time.monotonic() + deadline_s
        while text.encode() not in self.seen:
            left = ends - time.monotonic()
            assert left > 0 and self.read(left), f"{text!r} not in {self.seen!r}"
        return self

    def read(self, wait_s: float) -> bool:
        """Read once; ``False`` at the end or when nothing came."""
        if not select.select([self.terminal], [], [], wait_s)[0]:
            return False
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.seen += data
        return bool(data)

    def write(self, data: bytes) -> None:
        os.write(self.terminal, data)

    def status(self, deadline_s: float = 10) -> int:
        """Wait for its end, reading on."""
        ends = time.monotonic() + deadline_s
        while self.child.poll() is None:
            assert time.monotonic() < ends, f"still there: {self.seen!r}"
            self.read(0.05)
        while self.read(0.05):
            pass
        return self.child.returncode

    def session_file(self) -> Path:
        return Path(self.environment["REHEARSAL_HOME"]) / "sessions" / f"{self.child.pid}.json"

    def close(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        with contextlib.suppress(OSError):
            os.close(self.terminal)


@pytest.fixture
def bare(short_path: Path) -> Iterator[Callable[..., Bare]]:
    """Make a :class:`Bare` with these extra environment variables."""
    made: list[Bare] = []

    def make(**environment: str) -> Bare:
        run = Run(short_path, **environment)
        made.append(Bare(run.environment, run.directory))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def desk(short_path: Path) -> Iterator[Desk]:
    """A daemon that takes hooks, at the registry that every :class:`Run` is told of."""
    made = Desk(short_path / "registry")
    yield made
    made.close()


@pytest.fixture
def rehearsal(short_path: Path) -> Iterator[Callable[..., Run]]:
    """Make a :class:`Run` with these extra environment variables."""
    made: list[Run] = []

    def make(**environment: str) -> Run:
        run = Run(short_path, **environment)
        made.append(run)
        return run

    yield make
    for run in made:
        run.pane.close()


def directive(**keys: Any) -> str:
    """A text with one directive."""
    return f"REHEARSAL{json.dumps(keys)}"


def hooks(path: Path, events: Mapping[str, Any], kind: Mapping[str, Any]) -> Path:
    """A settings file that sends ``events`` to one handler."""
    path.write_text(json.dumps({"hooks": {event: [{"hooks": [kind]}] for event in events}}))
    return path
