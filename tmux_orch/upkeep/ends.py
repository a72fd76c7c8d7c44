"""What became of an agent's program: whether it lives, and how it ended."""

from __future__ import annotations

from collections import deque
from enum import Enum
from pathlib import Path

from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.restart import Death, Signs, how
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.team import last_work
from tmux_orch.team.parts import Parts
from tmux_orch.tmux.panes import PaneFacts
from tmux_orch.watch import process
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.oom import Mark, OomKills
from tmux_orch.watch.panes import SERVER_LOST
from tmux_orch.watch.server_loss import ServerState

#: tmux tells an exit status some ms after the death, or (3.3a) never; so long it is waited for.
STATUS_S = 2.0
_ASKED = frozenset({AgentState.NEEDS_TRUST, AgentState.NEEDS_LOGIN})


class Fate(Enum):
    """What can be said of the program of a seat now."""

    NONE = "none"  # it has none
    LIVES = "lives"
    ENDED = "ended"
    LOST = "lost"  # its tmux server is gone: nobody can reach it, if it lives at all
    UNTOLD = "untold"  # it ended, and how is about to be told
    UNKNOWN = "unknown"


class Ends:
    """Remembers what an end is judged by.

    Args:
        parts: The rooms' objects.
        oom: The kernel's counters.
    """

    def __init__(self, parts: Parts, oom: OomKills) -> None:
        self._parts = parts
        self._oom = oom
        self._before: dict[str, AgentState] = {}
        # Monotonic instant at which a program was first seen gone, by seat and start.
        self._gone: dict[tuple[str, str], float] = {}
        # The last two: a program that is being killed still runs for a moment.
        self._marks: dict[tuple[str, str], deque[Mark]] = {}

    def state(self, key: str, fused: Fused) -> None:
        """An agent has a new state."""
        if fused.state is not AgentState.EXITED:
            self._before[key] = fused.state

    def lives(self, seat: Seat) -> None:
        """Its program was seen running; kept for the day it does not."""
        self._gone.pop((seat.key, seat.tag), None)
        mark = self._oom.mark(seat.pid)
        marks = self._marks.setdefault((seat.key, seat.tag), deque(maxlen=2))
        if mark is not None:
            marks.append(mark)

    def forget(self, seat: Seat) -> None:
        """This start of it is over and judged."""
        self._gone.pop((seat.key, seat.tag), None)
        self._marks.pop((seat.key, seat.tag), None)

    def fate(self, seat: Seat) -> Fate:
        """What became of it.

        Raises:
            CouldNotTell: tmux or the process table did not answer.
        """
        live = self._parts.board.seat(seat.key)
        if live is None:
            return self._unwatched(seat)
        if live.seat().tag != seat.tag:
            return Fate.UNKNOWN  # between two rows
        tmux, fused = live.readings().tmux, live.fused()
        lost = self._parts.board.server_state() is ServerState.LOST and bool(seat.pane_id)
        if lost or (tmux is not None and tmux.rule == SERVER_LOST):
            return Fate.LOST
        if fused.state is not AgentState.EXITED:
            reachable = tmux is None or tmux.state is not AgentState.UNKNOWN
            return Fate.LIVES if reachable else Fate.UNKNOWN
        if not seat.pid:
            return Fate.NONE
        return Fate.ENDED if self._is_told(seat) else Fate.UNTOLD

    def _unwatched(self, seat: Seat) -> Fate:
        """It was not there when the daemon started."""
        if not seat.pid:
            return Fate.NONE
        server = self._parts.board.looks.server()
        if server is None:
            return Fate.UNTOLD
        if server != seat.server:
            return Fate.LOST
        return Fate.UNKNOWN if process.runs(seat.pid, seat.pid_start) else Fate.ENDED

    def _is_told(self, seat: Seat) -> bool:
        """Whether tmux has said how it ended, or will not any more."""
        board, now = self._parts.board, self._parts.clock.monotonic()
        since = self._gone.setdefault((seat.key, seat.tag), now)
        if _says(board.looks.pane(seat)) or now - since >= STATUS_S:
            return True
        board.look_at_panes()
        return _says(board.looks.pane(seat))

    def death(self, seat: Seat, fate: Fate) -> Death:
        """The end of it, with its last screen kept where there is one."""
        live, now = self._parts.board.seat(seat.key), self._parts.clock.now()
        pane = None if fate is Fate.LOST else self._parts.board.looks.pane(seat)
        marks = self._marks.get((seat.key, seat.tag))
        end = how(
            Signs(
                server_lost=fate is Fate.LOST,
                status=pane.exit_status if pane is not None else None,
                signal=pane.exit_signal if pane is not None else None,
                reason=_reason(live),
                asked=self._before.get(seat.key) in _ASKED,
                oom_grew=bool(marks) and self._oom.grew(marks[0]) if marks else False,
            )
        )
        screen = self._screen(pane, seat) if pane is not None else ""
        return Death(seat.key, seat.project, seat.run, seat.incarnation, now, end, screen)

    def _screen(self, pane: PaneFacts, seat: Seat) -> str:
        try:
            kept: Path = last_work.keep_screen(self._parts, pane, seat.incarnation)
        except (OrchError, OSError):
            return ""  # that it ended is worth more than what stood there
        return str(kept)


def _says(pane: PaneFacts | None) -> bool:
    return pane is not None and not (pane.exit_status is pane.exit_signal is None)


def _reason(live: LiveSeat | None) -> str:
    """Why its session ended, by its own last hook."""
    hook = live.readings().hook if live is not None else None
    return hook.detail if hook is not None and hook.state is AgentState.EXITED else ""
