"""A board over a real tmux server and real panes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from tests.watch.conftest import FakeAdapter, eventually, make_berth, make_seat
from tmux_orch.agents.adapter import Adapter
from tmux_orch.clock import SystemClock
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Reading
from tmux_orch.tmux.server import Server
from tmux_orch.tmux.windows import WindowSpec, open_windows
from tmux_orch.watch.board import Board
from tmux_orch.watch.eyes import TmuxEyes
from tmux_orch.watch.process import start_tick

SLEEP = ("/bin/sleep", "600")


@dataclass
class Real:
    """The board, its server, and what it told."""

    server: Server
    board: Board
    adapter: FakeAdapter
    place: Path
    events: list[tuple[str, Any]]

    def open(self, *names: str, argv: tuple[str, ...] = SLEEP, status: str = "idle") -> list[Seat]:
        """Windows that run ``argv``, adopted, publishing ``status``."""
        seats = []
        for name in names:
            seat = self.window(make_seat(name), argv, {})
            if status:
                self.adapter.publish(seat.pid, status)
            seats.append(self.board.adopt(seat, make_berth(seat)).seat())
        return seats

    def window(self, seat: Seat, argv: tuple[str, ...], environment: Mapping[str, str]) -> Seat:
        """Open the seat's window; the seat with its ids."""
        server = self.server.ensure()
        spec = WindowSpec(
            "shop",
            seat.name,
            argv,
            self.place,
            {"PATH": os.environ["PATH"], "ORCH_AGENT": seat.key, **environment},
            {"orch_agent": seat.key, "orch_incarnation": seat.tag},
        )
        (opened,) = open_windows(self.server, [spec])
        assert not opened.problem
        return replace(
            seat,
            server=str(server),
            pane_id=opened.pane_id,
            window_id=opened.window_id,
            pid=opened.pid,
        )

    def state(self, seat: Seat) -> AgentState:
        live = self.board.seat(seat.key)
        assert live is not None
        return live.fused().state

    def readings(self, seat: Seat) -> list[Reading]:
        live = self.board.seat(seat.key)
        return live.readings().all() if live is not None else []

    def evidence(self, seat: Seat) -> str:
        live = self.board.seat(seat.key)
        assert live is not None
        return live.fused().evidence

    def told(self, kind: str) -> list[Any]:
        assert self.board.settle()
        return [payload for name, payload in self.events if name == kind]


@contextmanager
def real_board(place: Path, **adapters: Adapter) -> Iterator[Real]:
    """A board on a tmux server below ``place``; both are ended afterwards."""
    server = Server(place / "s", place / "c", dict(os.environ))
    fake = FakeAdapter(place)
    events: list[tuple[str, Any]] = []
    board = Board(
        TmuxEyes(server),
        {"fake": fake, **adapters},
        SystemClock(),
        on_event=lambda kind, _key, payload: events.append((kind, payload)),
    )
    try:
        yield Real(server, board, fake, place, events)
    finally:
        board.close()
        for process in psutil.process_iter(["name", "cmdline"]):
            line = process.info["cmdline"] or []
            if process.info["name"] == "tmux: server" and str(place / "s") in line:
                process.kill()
                # Nobody may reap it for a while: a zombie has ended too.
                eventually(lambda pid=process.pid: start_tick(pid) is None)
