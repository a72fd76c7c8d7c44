"""A real Claude Code of each pinned version, in a house of its own, against the stand-in."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.real_claude.house import House
from tests.real_claude.seat import RealSeat
from tests.standin.anthropic_standin import State, make_server

VERSIONS = ("2.1.329", "2.1.197")


def program_path(version: str) -> Path:
    """The pinned program; fails the test, never skips it, when it is not installed."""
    cache = os.environ.get("TMUX_ORCH_TEST_CACHE", "~/.cache/tmux-orch-test")
    path = Path(cache).expanduser() / f"claude-{version}" / "node_modules" / ".bin" / "claude"
    if not path.exists():
        pytest.fail(f"Claude Code {version} is not installed; type: ./scripts/agent-programs")
    return path


@pytest.fixture(scope="session", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each pinned version in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def api() -> Iterator[tuple[str, State]]:
    """The stand-in of the model API: its address and what it has seen."""
    server = make_server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", server.state
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def make_seat(version: str, api: tuple[str, State]) -> Iterator[Callable[..., RealSeat]]:
    """Makes a seat (not started yet) in a new house; all are ended and removed afterwards."""
    seats: list[RealSeat] = []

    def make(*, trusted: bool = True) -> RealSeat:
        root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
        address, state = api
        house = House(root, address, program_path(version), trusted=trusted)
        seats.append(RealSeat(house, version, state))
        return seats[-1]

    yield make
    for seat in seats:
        seat.close()
        shutil.rmtree(seat.house.root, ignore_errors=True)


@pytest.fixture
def seat(make_seat: Callable[..., RealSeat]) -> Iterator[RealSeat]:
    """A seat of its own for one test."""
    made = make_seat()
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared(make_seat: Callable[..., RealSeat]) -> RealSeat:
    """A running agent that has had its first turn; shared by tests that leave it idle."""
    made = make_seat()
    made.begin("Hello.")
    return made


@pytest.fixture
def agent(shared: RealSeat) -> Iterator[RealSeat]:
    """The shared agent, idle, with hooks that answer nothing."""
    yield shared
    shared.hooks.answer = lambda payload, gone: b""
    shared.calm()
