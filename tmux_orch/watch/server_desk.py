"""The tmux server as the board knows it: looked at, its process waited for, its loss told once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tmux_orch.domain.seat import Seat
from tmux_orch.tmux.server import ServerId
from tmux_orch.watch import process
from tmux_orch.watch.deaths import Deaths, Watched
from tmux_orch.watch.server_loss import Change, ServerState, ServerWatch

#: The name under which the server's own process is watched; no agent key is empty.
NAME = ""


class ServerDesk:
    """Turns looks and deaths into ``server_lost``, ``server_hung`` and ``server_back``.

    Args:
        seats: The seats that are watched, to name those that a lost server held.
        tell: Takes an event: its kind and its payload.
    """

    def __init__(
        self,
        seats: Callable[[], Iterable[Seat]],
        tell: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._lock = threading.Lock()
        self._seats = seats
        self._tell = tell
        self._watch = ServerWatch()
        self._process: Watched | None = None

    def state(self) -> ServerState:
        """What is known of the server."""
        with self._lock:
            return self._watch.state

    def seen(self, server: ServerId, deaths: Deaths) -> None:
        """It answered. Its process is waited for from now on."""
        start = process.start_tick(server.pid)
        watched = None if start is None else Watched(NAME, server.pid, start)
        with self._lock:
            before = self._process
            self._process = watched or before
            changes = self._watch.seen(str(server))
        self._told(changes, "another one runs")
        if watched is not None and watched != before:
            if before is not None:
                deaths.forget(before)
            deaths.watch(watched)

    def holds(self, seat: Seat, deaths: Deaths) -> None:
        """A seat's program was opened in its server, which no look may have shown yet.

        A server that ended within the two seconds before the first look was never missed. Only the
        parent of the seat's program is taken for it: after a restart of ours the row may be old.
        """
        if self.state() not in (ServerState.ABSENT, ServerState.LOST):
            return
        pid, _, started = seat.server.partition(":")
        found = process.stat(seat.pid) if seat.pid and started else None
        if found is not None and found.start == seat.pid_start and found.parent == int(pid):
            self.seen(ServerId(int(pid), int(started)), deaths)

    def silent(self, why: str) -> None:
        """It did not answer in time."""
        with self._lock:
            changes = self._watch.silent()
        self._told(changes, why)

    def absent(self) -> None:
        """There is none."""
        with self._lock:
            self._process = None
            changes = self._watch.gone()
        self._told(changes, "there is none any more")

    def died(self, watched: Watched) -> bool:
        """A process that was waited for as the server has ended. Returns whether it was news."""
        with self._lock:
            if self._process != watched:
                return False  # told already, or there is another one by now
            self._process = None
            changes = self._watch.gone()
        self._told(changes, "its process ended")
        return True

    def check(self) -> bool:
        """Whether the server's process has ended, and it was not told yet: then it is told now.

        A dying server takes its agents with it; this lets its end be told before theirs.
        """
        with self._lock:
            watched = self._process
        if watched is None or process.runs(watched.pid, watched.start):
            return False
        return self.died(watched)

    def _told(self, changes: list[Change], why: str) -> None:
        for change in changes:
            held = sorted(seat.key for seat in self._seats() if seat.server == change.server)
            self._tell(change.event, {"server": change.server, "agents": held, "why": why})
