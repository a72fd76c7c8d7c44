"""Looks at all panes: one ``list-panes`` shared by everybody who asks at the same time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Reading, Source
from tmux_orch.tmux.panes import PaneFacts
from tmux_orch.tmux.server import ServerId
from tmux_orch.watch import process
from tmux_orch.watch.eyes import Eyes

#: A server that just kept us waiting for a whole deadline is not asked again for this long.
HUNG_PAUSE_S = 1.0
#: Rule of a reading.
SERVER_LOST = "tmux.server_lost"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed.

    Attributes:
        began, ended: Monotonic instants; what was made after ``began`` is not in it.
        server: The server's identity, or ``None`` when there is none.
        panes: The panes by id.
        failure: Why nothing could be seen; empty when something was.
        reading_clock: For the times of readings.
    """

    began: float
    ended: float
    server: ServerId | None
    panes: Mapping[str, PaneFacts]
    failure: str
    reading_clock: Clock

    def reading(self, seat: Seat, bound_at: float) -> Reading | None:
        """What the look says of this seat; ``None`` when it is about a time before it."""
        if self.failure or not seat.pane_id or self.began < bound_at:
            return None
        now = self.reading_clock.now()
        if self.server is None or (seat.server and str(self.server) != seat.server):
            lost = "the tmux server that held it is gone"
            return Reading(Source.TMUX, AgentState.UNKNOWN, now, SERVER_LOST, lost)
        pane = self.panes.get(seat.pane_id)
        if pane is None:
            gone = "its window is gone"
            return Reading(Source.TMUX, AgentState.UNKNOWN, now, "tmux.pane_missing", gone)
        if pane.dead:
            told = exit_words(pane)
            return Reading(Source.TMUX, AgentState.EXITED, now, "tmux.pane_dead", told)
        return Reading(Source.TMUX, None, now, "tmux.pane_alive")


def exit_words(pane: PaneFacts) -> str:
    """How the program ended, as far as tmux knows (its status is empty at times, tmux 3.3a)."""
    if pane.exit_signal:
        return f"ended by signal {pane.exit_signal}"
    if pane.exit_status is not None:
        return f"exit status {pane.exit_status}"
    return "exit status unknown"


@dataclass(slots=True)
class Looks:
    """Makes looks; whoever asks while one is being made waits for the next and shares it."""

    eyes: Eyes
    clock: Clock
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _last: Look | None = None
    _server_pid: int = 0

    def look(self) -> Look:
        """A look that began after this call did."""
        asked = self.clock.monotonic()
        with self._turn:
            last = self._last
            if last is not None and (last.began >= asked or self._is_hung(last, asked)):
                return last
            self._last = self._look()
            return self._last

    def _look(self) -> Look:
        began = self.clock.monotonic()
        try:
            self._expect_answer()
            seen = self.eyes.observe()
        except CouldNotTell as error:
            return Look(began, self.clock.monotonic(), None, {}, error.message, self.clock)
        self._server_pid = seen.server_id.pid if seen.server_id is not None else 0
        panes = {pane.pane_id: pane for pane in seen.panes}
        return Look(began, self.clock.monotonic(), seen.server_id, panes, "", self.clock)

    def _expect_answer(self) -> None:
        """A stopped server is seen in the process table; asking it would cost a whole deadline."""
        found = process.stat(self._server_pid) if self._server_pid else None
        if found is not None and found.stopped:
            raise CouldNotTell(f"the tmux server (process {self._server_pid}) is stopped")

    def _is_hung(self, last: Look, asked: float) -> bool:
        return bool(last.failure) and asked - last.ended < HUNG_PAUSE_S

    def older_than(self, age_s: float) -> bool:
        """Whether the last look is older, or there was none."""
        last = self._last
        return last is None or self.clock.monotonic() - last.began >= age_s

    def forget(self) -> None:
        """Make the next tick look again."""
        self._last = None

    def server(self) -> str | None:
        """The server as last seen, empty for none; ``None`` when it could not be told."""
        last = self._last
        if last is None or last.failure:
            return None
        return str(last.server) if last.server is not None else ""

    def pane(self, seat: Seat) -> PaneFacts | None:
        """The seat's own pane as last seen."""
        found = self.panes().get(seat.pane_id)
        mine = found is not None and (found.agent, found.incarnation) == (seat.key, seat.tag)
        return found if mine else None

    def panes(self) -> Mapping[str, PaneFacts]:
        """The panes as last seen."""
        last = self._last
        return last.panes if last is not None else {}
