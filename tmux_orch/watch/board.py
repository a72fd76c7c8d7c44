"""All live seats: who is there, what they do, who died; one tick for all of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tmux_orch.agents.adapter import Adapter, Berth
from tmux_orch.clock import Clock
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.watch import dialogs, identity, process, server_desk, worktree
from tmux_orch.watch.deaths import Deaths, Watched
from tmux_orch.watch.edges import is_news
from tmux_orch.watch.eyes import Eyes
from tmux_orch.watch.fusion import is_ending
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.notices import Notices
from tmux_orch.watch.pace import Pace
from tmux_orch.watch.panes import Looks
from tmux_orch.watch.permissions import Permissions, is_over
from tmux_orch.watch.restored import Known
from tmux_orch.watch.screens import Screens
from tmux_orch.watch.server_desk import ServerDesk
from tmux_orch.watch.server_loss import ServerState

_log = logging.getLogger(__name__)

#: Time between two ticks; hooks and pidfds make most of them empty.
TICK_S = 1.0
#: After a hook the session file follows within 0.1 s; it is looked at this often, so long.
_AFTER_HOOK = (0.05, 1.5)
#: tmux reaps a program some ms after its death, and only then knows its exit status.
_AFTER_DEATH = (0.2, 1.5)
#: While somebody waits for a state of a seat that has no hook to tell it.
_AWAITED_EVERY_S, _AWAITED_FOR_S = 0.2, 1.0
#: One ``list-panes`` this often. Deaths come by pidfd; this one is for a hung or lost server, which
#: must be noticed within 5 s, and costs one process of about 5 ms.
PANES_EVERY_S = 2.0
# A tick comes a little early or late; one that finds the last look a hair too young skips none.
_JITTER_S = 0.1
#: While an agent's screen is all that tells of it, looks and ticks come this often: a change is
#: told within 1.2 s then, the second look that confirms it included.
BY_SCREEN_EVERY_S, MUTE_A_S = 0.9, 130  # of hundreds of them not more than so many a second

OnChange = Callable[[str, Fused], None]
OnEvent = Callable[[str, str | None, Mapping[str, Any]], None]


class Board:
    """The live seats of one tmux server.

    ``on_change(key, fused)`` is called for every new state, ``on_event(kind, key, payload)`` for
    ``server_lost`` (once per server, with the agents it held), ``server_hung``, ``server_back``,
    ``conversation_changed``, ``hook_ignored``, ``limit_seen``, ``limit_inside`` (it stopped a
    helper of the agent), ``condition_seen`` and ``dialog.*``; both in one thread, in order, with no
    lock held. They may block; set them until :meth:`start`.
    ``held(seat)`` says why nothing may be sent to a seat for reasons that are not the agent's own
    (a hold of its account, a budget), in words, or ``None``; it is asked often, from any thread.

    Args:
        eyes: Looks at the tmux server.
        adapters: Agent programs by name.
        clock: Time.
        permissions: Where held permission requests wait; an agent's end drops its own.
    """

    def __init__(
        self,
        eyes: Eyes,
        adapters: Mapping[str, Adapter],
        clock: Clock,
        *,
        on_change: OnChange = lambda _key, _fused: None,
        on_event: OnEvent = lambda _kind, _key, _payload: None,
        permissions: Permissions | None = None,
    ) -> None:
        self.on_change = on_change
        self.on_event = on_event
        self.held: Callable[[Seat], str | None] = lambda _seat: None
        self.permissions = permissions or Permissions(clock)
        self.condition = threading.Condition()
        self._adapters = adapters
        self._clock = clock
        self._seats: dict[str, LiveSeat] = {}
        self._processes: dict[int, tuple[int, str]] = {}
        self._looks = Looks(eyes, clock)
        self._screens = Screens(eyes, clock)
        self.dialogs = dialogs.Dialogs(eyes, clock, self.permissions, self.tell)
        self._notices = Notices()
        self._server = ServerDesk(
            lambda: [live.seat() for live in self.seats()],
            lambda kind, payload: self.tell(kind, None, payload),
        )
        self._pace = Pace()
        self._deaths = Deaths(self._died)
        self._open = True
        self._thread: threading.Thread | None = None

    # -- who is there ----------------------------------------------------------------------------

    def adopt(self, seat: Seat, berth: Berth, known: Known | None = None) -> LiveSeat:
        """Watch this seat's process from now on; again after each start, or when its row changed.

        A missing start tick is looked up; a process that is gone makes the seat ``exited`` at once.
        ``known``: what was known of this very process before the daemon's start.
        """
        if seat.pid and not seat.pid_start:
            seat = replace(seat, pid_start=process.start_tick(seat.pid) or 0)
        adapter = self._adapters[seat.adapter]
        with self.condition:
            live = self._seats.get(seat.key)
            before = live.seat() if live is not None else None
            if live is None:
                live = self._seats[seat.key] = LiveSeat(seat, berth, adapter, self._clock, self)
                fresh = True
                if known is not None:
                    live.restore(known)
            else:
                fresh = live.rebind(seat, berth, adapter)
            if fresh:
                self._unwatch(before)
                if seat.pid:
                    self._processes[seat.pid] = (seat.pid_start, seat.key)
        if fresh:
            if before is not None:
                self.permissions.drop(seat.key)
            self._begin(live, seat)
            with self.condition:
                self.condition.notify_all()
        return live

    def drop(self, key: str) -> None:
        """Watch this seat no longer; requests of it that wait are given up."""
        with self.condition:
            live = self._seats.pop(key, None)
            self._unwatch(live.seat() if live is not None else None)
            self.condition.notify_all()
        self._pace.forget(key)
        self.permissions.drop(key)

    def seat(self, key: str) -> LiveSeat | None:
        """The live seat, or ``None`` when it was never adopted (also the courier's ``ports``)."""
        with self.condition:
            return self._seats.get(key)

    def await_seat(self, key: str, wait_s: float) -> LiveSeat | None:
        """The live seat once its program of now is watched; else, after ``wait_s``, what is there.

        A program calls its first hooks within 20 ms of its start; its window is adopted some
        10 ms after it was opened, and later on a loaded machine.
        """
        with self.condition:
            self.condition.wait_for(lambda: not self._open or self._is_up(key), wait_s)
            return self._seats.get(key)

    def _is_up(self, key: str) -> bool:
        live = self._seats.get(key)
        return live is not None and live.fused().state is not AgentState.EXITED

    @property
    def looks(self) -> Looks:
        """What the last look at all panes showed."""
        return self._looks

    def seats(self) -> list[LiveSeat]:
        """All live seats."""
        with self.condition:
            return list(self._seats.values())

    def who(self, pid: int) -> str | None:
        """The agent that a process belongs to, ``None`` for the person (below 0.1 ms).

        Raises:
            CouldNotTell: the process is gone; it must not be taken for the person.
        """
        return identity.agent_of(pid, self._processes)

    def look_at_screen(self, key: str) -> None:
        """Look at this seat's screen now, if its pane has changed: somebody asks about it."""
        live = self.seat(key)
        self.watched()
        if live is not None:
            self.look_at_panes()
            self._look(live)
            self._look_at_screens([live], asked=True)

    def server_state(self) -> ServerState:
        """What is known of the tmux server; ``hung`` is the degraded state."""
        return self._server.state()

    # -- waiting ---------------------------------------------------------------------------------

    def wait_for(
        self, key: str, predicate: Callable[[Fused], bool], deadline_s: float
    ) -> Fused | None:
        """Block until the seat's state satisfies ``predicate``; ``None`` at the deadline.

        Also ``None`` as soon as the seat is dropped, or the board is closed.
        """
        until = time.monotonic() + deadline_s
        with self.condition:
            while self._open and (live := self._seats.get(key)) is not None:
                fused = live.fused()
                if predicate(fused):
                    return fused
                left = until - time.monotonic()
                if left <= 0:
                    return None
                # A little at a time: it must not go on for the whole deadline of one who has left.
                self._pace.hurry(key, _AWAITED_EVERY_S, 2 * _AWAITED_FOR_S)
                self.condition.wait(min(left, _AWAITED_FOR_S))
        return None

    # -- looking ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Tick in a thread of our own until :meth:`close`."""
        self._thread = threading.Thread(target=self._run, name="watch-tick", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all threads and give up all waits; agents are left as they are."""
        with self.condition:
            self._open = False
            self.condition.notify_all()
        self._pace.wake()
        self.permissions.close()
        if self._thread is not None:
            self._thread.join()
        self._deaths.close()
        self._notices.close()

    def settle(self, deadline_s: float = 5.0) -> bool:
        """Wait until every change so far was told to the listeners; whether it was in time."""
        return self._notices.settle(deadline_s)

    def tick(self) -> None:
        """One look at everything that no event tells: at most two tmux calls, and file stats."""
        self._deaths.look()
        if self._looks.older_than(self._every_s(PANES_EVERY_S) - _JITTER_S):
            self.look_at_panes()
        live_seats = self.seats()
        for live in live_seats:
            self._look(live)
            self._give_up_answered(live)
        self._screens.keep(live_seats, self._looks.panes())
        self._look_at_screens(live_seats)
        self.dialogs.look(live_seats)

    def watched(self) -> None:
        """Somebody asked about the agents: busy ones are looked at more often for a while."""
        self._screens.watched()

    def _look_at_screens(self, live_seats: Sequence[LiveSeat], *, asked: bool = False) -> None:
        self._screens.look(live_seats, self._looks.panes(), asked)

    def _every_s(self, usual_s: float) -> float:
        """How often to look: more often while an agent runs that says nothing of itself."""
        mute = sum(live.is_mute() for live in self.seats())
        return min(PANES_EVERY_S, max(BY_SCREEN_EVERY_S, mute / MUTE_A_S)) if mute else usual_s

    def look_at_panes(self) -> None:
        """One ``list-panes``, shared by all who ask at the same time."""
        look = self._looks.look()
        if look.failure:
            self._server.silent(look.failure)
            return
        if look.server is None:
            self._server.absent()
        else:
            self._server.seen(look.server, self._deaths)
        for live in self.seats():
            seat = live.seat()
            reading = look.reading(seat, live.bound_at())
            if reading is None:
                continue
            live.take(reading, seat)
            if (pane := look.panes.get(seat.pane_id)) is not None:
                live.take_output(pane.activity_at, seat)
            if (change := worktree.last_change(seat.worktree)) is not None:
                live.take(change, seat)

    # -- Surroundings of a seat ------------------------------------------------------------------

    def changed(self, live: LiveSeat, before: Fused, after: Fused) -> None:
        """Called by a seat under its lock: put the news in line."""
        if is_news(before, after):
            self._notices.put(lambda: self.on_change(live.key, after))

    def hold_of(self, seat: Seat) -> str | None:
        """Why nothing can be typed at this seat, whatever its agent does."""
        state = self._server.state()
        if state is ServerState.HUNG:
            return "the tmux server does not answer"
        if state is ServerState.LOST and seat.pane_id:
            return "the tmux server is gone"
        return self.held(seat)

    def tell(self, kind: str, key: str | None, payload: Mapping[str, Any]) -> None:
        """Put an event in line for ``on_event``."""
        self._notices.put(lambda: self.on_event(kind, key, payload))

    def look_soon(self, key: str) -> None:
        """The session file of this seat is about to change: look at it often for a moment."""
        self._pace.hurry(key, *_AFTER_HOOK)

    # -- inside ----------------------------------------------------------------------------------

    def _begin(self, live: LiveSeat, seat: Seat) -> None:
        if seat.pid and seat.pid_start:
            live.start(seat)
            self._deaths.watch(Watched(seat.key, seat.pid, seat.pid_start))
            self._server.holds(seat, self._deaths)
        self._look(live)
        if live.lacks_exit_status():
            self._ask_how_it_ended(seat.key)

    def _unwatch(self, seat: Seat | None) -> None:
        if seat is not None and seat.pid:
            self._deaths.forget(Watched(seat.key, seat.pid, seat.pid_start))
            self._processes.pop(seat.pid, None)

    def _look(self, live: LiveSeat) -> None:
        try:
            live.look()
            if is_ending(live.readings(), self._clock.now()):
                self.look_soon(live.key)
        except OSError as error:
            # One seat's unreadable file must not blind us to the others; it is tried again.
            _log.warning("%s could not be read: %s", live.key, error)

    def _give_up_answered(self, live: LiveSeat) -> None:
        """Requests that the person at the terminal has answered, whose hook hangs on."""
        level, now = live.readings().level, self._clock.now()
        if level is None:
            return
        if any(is_over(asked, level, now) for asked in self.permissions.all(live.key)):
            self.permissions.drop(live.key, level.at)

    def _died(self, watched: Watched) -> None:
        """Called by the deaths thread."""
        if watched.name == server_desk.NAME:
            news = self._server.died(watched)
        else:
            news = self._server.check()
            live = self.seat(watched.name)
            seat = live.seat() if live is not None else None
            if live and seat and (seat.pid, seat.pid_start) == (watched.pid, watched.start):
                live.take_death(seat)
                self.permissions.drop(watched.name)
                news = True
        if news:
            self._ask_how_it_ended(watched.name)

    def _ask_how_it_ended(self, key: str) -> None:
        """Have tmux asked now, and again for a moment, until it knows the exit status."""
        self._looks.forget()
        self._pace.hurry(key, *_AFTER_DEATH)

    def _run(self) -> None:
        next_tick = 0.0
        while self._open:
            due = self._pace.due()
            if time.monotonic() >= next_tick or self._looks.older_than(PANES_EVERY_S):
                # From now, not from when it was due: what a stall made us miss is dropped.
                next_tick = time.monotonic() + self._every_s(TICK_S)
                self._safely(self.tick)
            else:
                self._safely(lambda: self._look_at(due))  # noqa: B023 - called at once
            confirm_at = self._screens.confirm_at()
            self._pace.sleep(min(next_tick, confirm_at or next_tick) - time.monotonic())

    def _look_at(self, keys: list[str]) -> None:
        due = [live for live in self.seats() if live.key in keys]
        for live in due:
            self._look(live)
            if live.lacks_exit_status():
                self._looks.forget()
        if due:
            self._look_at_screens(due)
        confirm_at = self._screens.confirm_at()
        if confirm_at is not None and time.monotonic() >= confirm_at:
            self._screens.confirm(self.seats(), self._looks.panes())

    def _safely(self, work: Callable[[], None]) -> None:
        try:
            work()
        except CouldNotTell as error:
            _log.warning("%s", error.line())
        except Exception:  # noqa: BLE001 - the tick must go on for the other seats
            _log.exception("a tick of the watch failed")
