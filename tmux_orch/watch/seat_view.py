"""What others may ask of a live seat; no question looks at anything."""

from __future__ import annotations

import threading
from datetime import datetime

from tmux_orch.agents.adapter import Adapter, Berth, Dialog
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import BUSY, WAITING, AgentState, Fused
from tmux_orch.domain.work import Figures
from tmux_orch.watch.gauge import Gauge
from tmux_orch.watch.readings import Readings
from tmux_orch.watch.seen import Seen


class SeatView:
    """The fields of a live seat, read under its lock."""

    _key: str
    _lock: threading.Lock
    _seat: Seat
    _berth: Berth
    _adapter: Adapter
    _fused: Fused
    _readings: Readings
    _bound_at: float
    _hooks_seen: bool
    _seen: Seen | None
    _moved_at: datetime | None
    _gauge: Gauge

    @property
    def key(self) -> str:
        """``project/agent``."""
        return self._key

    def seat(self) -> Seat:
        """The stored row as it is now."""
        with self._lock:
            return self._seat

    def berth(self) -> Berth:
        """What its adapter is told of it."""
        with self._lock:
            return self._berth

    def adapter(self) -> Adapter:
        """The adapter of its program."""
        with self._lock:
            return self._adapter

    def fused(self) -> Fused:
        """The state as last fused; costs nothing."""
        with self._lock:
            return self._fused

    def readings(self) -> Readings:
        """The newest reading of each source."""
        with self._lock:
            return self._readings

    def lacks_exit_status(self) -> bool:
        """Whether the program has ended and tmux has not said how."""
        with self._lock:
            tmux = self._readings.tmux
            ended = self._fused.state is AgentState.EXITED
            return ended and bool(self._seat.pane_id) and (tmux is None or tmux.state is None)

    def bound_at(self) -> float:
        """Monotonic instant since when this process is watched."""
        with self._lock:
            return self._bound_at

    def busy_with_hooks(self) -> bool:
        """Whether a turn runs whose end (or next tool) will ask us for waiting messages.

        Only believed of a program that has called a hook in this life: hooks can be switched off
        by a policy of the machine.
        """
        with self._lock:
            working = self._fused.state in BUSY
            return working and self._hooks_seen and self._adapter.hands_over

    def is_mute(self) -> bool:
        """Whether its program runs and says nothing of itself, so that its screen must be read."""
        with self._lock:
            facts, running = self._readings, self._fused.state is not AgentState.EXITED
            return running and bool(self._seat.pid_start) and facts.level is None

    def seen(self) -> Seen | None:
        """The last look at its screen that was believed, or ``None`` before the first."""
        with self._lock:
            return self._seen

    def dialog(self) -> Dialog | None:
        """The dialog that stands on its screen, as last captured, while the agent waits.

        ``None`` also when it waits and the dialog was not captured yet, which takes a tick;
        :meth:`dialog_at` says since when exactly this one stands.
        """
        with self._lock:
            seen, state = self._seen, self._fused.state
        if seen is None or not seen.agreed or state not in WAITING | {AgentState.USAGE_LIMITED}:
            return None
        return seen.dialog

    def dialog_at(self) -> datetime | None:
        """When the dialog of :meth:`dialog` was first seen to look as it does."""
        seen = self.seen()
        return seen.at if seen is not None and seen.dialog is not None else None

    def figures(self) -> Figures | None:
        """What the program said of its use: to its status line, else in its own files."""
        with self._lock:
            gauge, adapter, berth = self._gauge, self._adapter, self._berth
        return gauge.figures(adapter, berth)

    def moved_at(self) -> datetime | None:
        """When anything of it last moved: output, a hook, its session file, its worktree."""
        with self._lock:
            facts, moved_at = self._readings, self._moved_at
        told = (facts.hook, facts.level, facts.git)
        instants = [reading.at for reading in told if reading is not None]
        return max([*instants, *([moved_at] if moved_at else [])], default=None)
