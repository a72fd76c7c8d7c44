"""Seats that have said nothing since they started: their screen is looked at for a dialog.

A start-up dialog has no session file and no hook; the missing file is one sign,
the adapter's own rule for the dialog the other. What no rule knows stays ``initializing``: the last
screen line is shown and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Reading, Source
from tmux_orch.tmux.panes import PaneFacts
from tmux_orch.watch import process
from tmux_orch.watch.eyes import Eyes
from tmux_orch.watch.live_seat import LiveSeat

#: A program that is ready publishes it 0.4 to 0.6 s after its window was made (Claude Code, both
#: versions, quiet machine); one that has not after this long may be standing in a dialog.
SILENT_S = 1.5
#: The same dialog must be seen in two looks, so that a half-drawn screen is not read.
_LOOKS = 2

# CSI, OSC and two-character escapes, then the other controls.
_PLAIN = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|[\x00-\x1f\x7f-\x9f]"
)
_DIALOGS = frozenset(
    {
        AgentState.NEEDS_TRUST,
        AgentState.NEEDS_LOGIN,
        AgentState.INITIALIZING,
        AgentState.WAITING_ANSWER,
    }
)


@dataclass(slots=True)
class StartUp:
    """Captures the screens of silent seats, all in one tmux process per tick."""

    eyes: Eyes
    clock: Clock
    _seen: dict[str, tuple[str, int]] = field(default_factory=dict)

    def look(self, seats: Sequence[LiveSeat], panes: Mapping[str, PaneFacts]) -> None:
        """Look at those that need it."""
        silent = {live.seat().pane_id: live for live in seats if self._is_silent(live, panes)}
        self._seen = {k: v for k, v in self._seen.items() if k in {s.key for s in silent.values()}}
        if not silent:
            return
        try:
            screens = self.eyes.capture(list(silent))
        except CouldNotTell:
            return  # the look at the panes reports a server that does not answer
        for pane_id, live in silent.items():
            if pane_id in screens:
                self._read(live, live.seat(), screens[pane_id])

    def _is_silent(self, live: LiveSeat, panes: Mapping[str, PaneFacts]) -> bool:
        seat, facts = live.seat(), live.readings()
        pane = panes.get(seat.pane_id)
        if pane is None or pane.dead or not seat.pid_start:
            return False
        if facts.level is not None or facts.hook is not None:
            return False
        return process.age_s(seat.pid_start) >= SILENT_S

    def _read(self, live: LiveSeat, seat: Seat, screen: str) -> None:
        dialog = live.adapter().dialog(screen)
        now = self.clock.now()
        if dialog is None or dialog.state not in _DIALOGS:
            self._seen.pop(seat.key, None)
            told = last_line(screen)
            reading = Reading(Source.SCREEN, None, now, "screen.no_known_dialog", told)
        else:
            # The whole question, on one line: the evidence a person decides by.
            told = " ".join(f"{dialog.question} {' / '.join(dialog.options)}".split())[:400]
            told_before, looks = self._seen.get(seat.key, ("", 0))
            looks = looks + 1 if told == told_before else 1
            self._seen[seat.key] = (told, looks)
            state = dialog.state if looks >= _LOOKS else None
            reading = Reading(Source.SCREEN, state, now, dialog.rule, told)
        live.take(reading, seat)


def last_line(screen: str) -> str:
    """The last line with something on it, without escapes, for a person to see."""
    lines = [_PLAIN.sub("", line).strip() for line in screen.splitlines()]
    return next((line[:200] for line in reversed(lines) if line), "an empty screen")
