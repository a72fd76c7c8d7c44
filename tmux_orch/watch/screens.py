"""Whose screen is looked at when: only what changed, only where something can be learnt from it.

Programs that publish their state are looked at when a dialog stands, now and then while they are
busy (a retry is told by nothing else), and once after they came to rest. The others are looked at
every tick in which their pane changed: their screen is all there is. All in one tmux process.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tmux_orch.agents import zone
from tmux_orch.clock import Clock
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.states import BUSY, WAITING, Condition
from tmux_orch.tmux.capture import Shown
from tmux_orch.tmux.panes import PaneFacts
from tmux_orch.watch import process
from tmux_orch.watch.eyes import Eyes
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.seen import Seen
from tmux_orch.watch.tail import tail

#: A program that is ready publishes it 0.4 to 0.6 s after its window was made (Claude Code, both
#: versions, quiet machine); one that has not after this long may be standing in a dialog.
SILENT_S = 1.5
#: A new state on a screen is looked at again after so long before it is believed.
CONFIRM_S = 0.12
#: Somebody looks at the team so long after each question about it.
WATCHED_S = 60.0
#: Between two looks at one screen: a dialog or a program that says nothing itself (shorter than a
#: tick, so that a look that confirmed late costs no tick); a busy program
#: while somebody looks, and while nobody does; one at rest.
SHOWN_S, BUSY_S, BUSY_UNWATCHED_S, REST_S = 0.4, 3.0, 10.0, 2.0
#: A program whose hooks came by so lately is not retrying.
_HOOK_QUIET_S = 2.0
_FAST_TRIES = 3
#: A busy screen whose bottom says the same is read again after so long.
READ_AGAIN_S = 20.0
#: tmux tells the last output to the second: what came in the second of a capture may be later.
_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class _Memory:
    """What is remembered of one seat's screen; ``agreed`` is the last look that was believed."""

    seen: Seen
    agreed: Seen | None
    pane: tuple[object, ...]
    captured_at: datetime
    looked_at: float  # monotonic
    changed_at: float  # monotonic
    bottom: Sequence[str]
    read_at: float  # monotonic
    tries: int = 0  # looks since the last one that was believed

    @property
    def unsure(self) -> bool:
        return not self.seen.agreed

    @property
    def is_chased(self) -> bool:
        """Looked at again at once; not for ever, if it never stands still."""
        return not self.seen.agreed and self.tries <= _FAST_TRIES


@dataclass(slots=True)
class Screens:
    """Captures the screens that are worth it and gives what they say to their seats."""

    eyes: Eyes
    clock: Clock
    _memory: dict[tuple[str, int], _Memory] = field(default_factory=dict)
    _watched_until: float = 0.0
    # The tick and whoever asks about one agent; a seat never calls us.
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watched(self) -> None:
        """Somebody looks at the team, and will for a while."""
        self._watched_until = self.clock.monotonic() + WATCHED_S

    def look(
        self,
        seats: Sequence[LiveSeat],
        panes: Mapping[str, PaneFacts],
        asked: bool = False,
    ) -> None:
        """Look at those of ``seats`` that need it.

        Args:
            seats: Live seats.
            panes: The panes as last seen.
            asked: Somebody asks about just these: whatever changed is looked at.
        """
        watched = self.clock.monotonic() < self._watched_until or any(
            pane.looked_at for pane in panes.values()
        )
        wanted: dict[str, LiveSeat] = {}
        with self._lock:
            for live in seats:
                pane = panes.get(live.seat().pane_id)
                if pane is None or pane.dead:
                    continue
                if self._is_news(live, pane) if asked else self._is_wanted(live, pane, watched):
                    wanted[pane.pane_id] = live
            self._capture(wanted, panes)

    def confirm(self, seats: Sequence[LiveSeat], panes: Mapping[str, PaneFacts]) -> None:
        """Look again at the screens that said something new a moment ago, all at once."""
        now = self.clock.monotonic()
        lives = {_name(live): live for live in seats}
        wanted: dict[str, LiveSeat] = {}
        with self._lock:
            for name in [name for name, memory in self._memory.items() if memory.is_chased]:
                live = lives.get(name)
                pane = panes.get(live.seat().pane_id) if live is not None else None
                if live is None or pane is None or pane.dead:
                    # It ended before the second look: it would be due for ever, and nobody sleep.
                    del self._memory[name]
                elif now - self._memory[name].looked_at >= CONFIRM_S / 2:
                    wanted[pane.pane_id] = live
            self._capture(wanted, panes)

    def confirm_at(self) -> float | None:
        """Monotonic instant at which :meth:`confirm` has something to do."""
        with self._lock:
            chased = [m.looked_at for m in self._memory.values() if m.is_chased]
        return min(chased) + CONFIRM_S if chased else None

    def _capture(self, wanted: Mapping[str, LiveSeat], panes: Mapping[str, PaneFacts]) -> None:
        if not wanted:
            return
        try:
            shown = self.eyes.capture(list(wanted))
        except CouldNotTell:
            shown = {}  # the look at the panes reports a server that does not answer
        for pane_id, live in wanted.items():
            if pane_id in shown:
                self._take(live, panes[pane_id], shown[pane_id])
            elif (memory := self._memory.get(_name(live))) is not None:
                memory.looked_at = self.clock.monotonic()

    def keep(self, seats: Sequence[LiveSeat], panes: Mapping[str, PaneFacts]) -> None:
        """Forget programs that are gone; screens that did not change still say what they said."""
        lives = {_name(live): live for live in seats}
        with self._lock:
            self._memory = {name: m for name, m in self._memory.items() if name in lives}
            for name, memory in self._memory.items():
                pane = panes.get(lives[name].seat().pane_id)
                if pane is not None and not memory.unsure and not _has_changed(memory, pane):
                    lives[name].keep_screen()

    def _is_wanted(self, live: LiveSeat, pane: PaneFacts, watched: bool) -> bool:
        seat, facts = live.seat(), live.readings()
        if not seat.pid_start:
            return False
        memory, now = self._memory.get(_name(live)), self.clock.monotonic()
        if memory is not None and memory.unsure:
            return now - memory.looked_at >= SHOWN_S
        level = facts.level
        if level is None and (facts.published or process.age_s(seat.pid_start) < SILENT_S):
            return False
        if memory is None:
            return True
        since_s, changed = now - memory.looked_at, _has_changed(memory, pane)
        if level is None:
            return changed and since_s >= SHOWN_S
        if level.state in WAITING:
            # The pane as last seen may be older than the dialog.
            older = memory.captured_at < level.at or memory.seen.dialog is None
            return (older or changed) and since_s >= SHOWN_S
        if level.state in BUSY:
            hook = facts.hook
            quiet_s = (self.clock.now() - hook.at).total_seconds() if hook else _HOOK_QUIET_S
            every_s = BUSY_S if watched else BUSY_UNWATCHED_S
            return changed and quiet_s >= _HOOK_QUIET_S and since_s >= every_s
        return changed and since_s >= REST_S

    def _is_news(self, live: LiveSeat, pane: PaneFacts) -> bool:
        memory = self._memory.get(_name(live))
        return memory is None or memory.unsure or _has_changed(memory, pane)

    def _take(self, live: LiveSeat, pane: PaneFacts, shown: Shown) -> None:
        now, at = self.clock.monotonic(), self.clock.now()
        memory = self._memory.get(_name(live))
        changed_at, again = now, False
        if memory is not None and _is_same(memory.seen, shown):
            seen, changed_at = replace(memory.seen, agreed=True), memory.changed_at
            again = memory.seen.agreed
            bottom, read_at = memory.bottom, memory.read_at
        else:
            bottom = tail(shown.screen, shown.title)
            if memory is not None and _goes_on(memory, bottom, now):
                again, read_at = True, memory.read_at
                seen = replace(memory.seen, capture=shown.screen, title=shown.title)
            else:
                seen, read_at = _read(live, shown, at, memory), now
        before = memory.agreed if memory is not None else None
        tries = 0 if seen.agreed else (memory.tries if memory is not None else 0) + 1
        self._memory[_name(live)] = _Memory(
            seen, seen if seen.agreed else before, _marks(pane), at, now, changed_at,
            bottom, read_at, tries,
        )  # fmt: skip
        if again:
            live.keep_screen(changed_at)
        elif seen.agreed or before is None:
            live.take_screen(seen, changed_at)


def _is_same(seen: Seen, shown: Shown) -> bool:
    return (seen.capture, seen.title) == (shown.screen, shown.title)


def _goes_on(memory: _Memory, bottom: Sequence[str], now: float) -> bool:
    """Whether a busy program shows the same words at its bottom as when it was last read."""
    if memory.seen.read.condition is not Condition.NONE:
        return False
    busy = memory.seen.agreed and memory.seen.state in BUSY
    return busy and bottom == memory.bottom and now - memory.read_at < READ_AGAIN_S


def _read(live: LiveSeat, shown: Shown, at: datetime, memory: _Memory | None) -> Seen:
    """A screen that looks otherwise than before; busy ones change all the time."""
    adapter = live.adapter()
    read = adapter.screen(shown.screen, shown.title, at, zone.of(live.berth().environment))
    seen = Seen(shown.screen, shown.title, read, adapter.dialog(shown.screen), at)
    return replace(seen, agreed=_is_agreed(seen, memory))


def _is_agreed(seen: Seen, memory: _Memory | None) -> bool:
    """Whether it says what was believed before, or what the look before said too.

    A busy screen changes all the time; any other must have stood still between two looks.
    """
    if memory is None or memory.agreed is None:
        news = seen.state is not None or seen.read.condition is not Condition.NONE
        if not news:
            return True
    elif _says(memory.agreed) == _says(seen):
        return True
    moves = seen.state is None or seen.state in BUSY
    return memory is not None and moves and _says(memory.seen) == _says(seen)


def _says(seen: Seen) -> tuple[object, ...]:
    return seen.state, seen.dialog, seen.read.condition, seen.read.blocked


def _has_changed(memory: _Memory, pane: PaneFacts) -> bool:
    """Whether the pane may show something else than when it was captured."""
    if _marks(pane) != memory.pane:
        return True
    return pane.activity_at + _SECOND >= memory.captured_at.replace(microsecond=0)


def _marks(pane: PaneFacts) -> tuple[object, ...]:
    return pane.activity_at, pane.cursor, pane.history, pane.width, pane.height


def _name(live: LiveSeat) -> tuple[str, int]:
    seat = live.seat()
    return seat.key, seat.pid_start
