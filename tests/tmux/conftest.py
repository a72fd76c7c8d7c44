"""A server of each test's own, panes with recording programs, and waiting without guessing."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.tmux import receiver
from tests.tmux.terminal import Terminal
from tmux_orch.tmux import processes
from tmux_orch.tmux.capture import capture
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.server import Server
from tmux_orch.tmux.windows import Opened, WindowSpec, open_windows

TAG = "abcdef.1"


def wait_for(condition: Callable[[], object], what: str, deadline_s: float = 10.0) -> None:
    """Until ``condition`` is true; fails the test with ``what`` after the deadline."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {deadline_s:g} s: {what}"
        pause.wait(0.01)


def servers_at(socket: Path) -> list[psutil.Process]:
    """Every live tmux server process of that socket."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "tmux: server" and str(socket) in (process.info["cmdline"] or [])
    ]


@pytest.fixture
def cold(short_path: Path) -> Iterator[Server]:
    """A server that is not started yet; whatever becomes of it is ended by its process."""
    path = short_path
    server = Server(path / "s", path / "c", dict(os.environ))
    yield server
    for process in servers_at(path / "s"):
        with suppress(psutil.NoSuchProcess):
            process.kill()
        processes.wait_until_gone(process.pid, 5)


@pytest.fixture
def server(cold: Server) -> Server:
    """A running server."""
    cold.ensure()
    return cold


def spec(
    directory: Path, *argv: str, agent: str = "dev", session: str = "proj", **environment: str
) -> WindowSpec:
    """A window tagged as ``proj/dev``, incarnation ``abcdef.1``, with next to no environment."""
    return WindowSpec(
        session,
        agent,
        argv,
        directory,
        {"PATH": os.environ["PATH"], **environment},
        {"orch_agent": f"{session}/{agent}", "orch_incarnation": TAG},
    )


@dataclass(frozen=True)
class Receiver:
    """A pane that runs ``receiver.py``."""

    server: Server
    opened: Opened
    record: Path
    agent: str

    @property
    def guard(self) -> Guard:
        return Guard(self.opened.pane_id, f"proj/{self.agent}", TAG)

    def received(self) -> bytes:
        return self.record.read_bytes() if self.record.exists() else b""


@pytest.fixture
def receivers(server: Server, short_path: Path) -> Callable[..., list[Receiver]]:
    """Make panes with recording programs that are known to read."""

    def make(*agents: str, mode: str = "") -> list[Receiver]:
        files = [short_path / f"record-{agent}" for agent in agents]
        program = str(Path(receiver.__file__))
        specs = [
            spec(short_path, sys.executable, program, str(file), mode, agent=agent)
            for agent, file in zip(agents, files, strict=True)
        ]
        opened = open_windows(server, specs)
        ids = [pane.pane_id for pane in opened]
        wait_for(
            lambda: all("ready" in text for text in capture(server, ids).values()),
            "the receivers read",
        )
        return [
            Receiver(server, pane, file, agent)
            for pane, file, agent in zip(opened, files, agents, strict=True)
        ]

    return make


@pytest.fixture
def receiver_pane(receivers: Callable[..., list[Receiver]]) -> Receiver:
    """One such pane, of the agent ``dev``."""
    return receivers("dev")[0]


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def make(argv: list[str], width: int, height: int, **extra: str) -> Terminal:
        made.append(Terminal(argv, width, height, **extra))
        return made[-1]

    yield make
    for one in made:
        one.close()
