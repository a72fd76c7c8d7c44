"""One live agent: its newest readings, the state they make, and its conversation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tmux_orch.agents.adapter import Adapter, Berth, HookReading
from tmux_orch.clock import Clock
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import (
    READY,
    AgentState,
    Condition,
    Fused,
    Reading,
    Source,
)
from tmux_orch.messages.port import Sighting
from tmux_orch.watch import process, restored
from tmux_orch.watch.conversation import Conversation
from tmux_orch.watch.edges import Edges
from tmux_orch.watch.fusion import STARTING_S, fuse, limit_met
from tmux_orch.watch.gauge import Gauge
from tmux_orch.watch.permissions import Asked
from tmux_orch.watch.readings import Readings
from tmux_orch.watch.restored import Known
from tmux_orch.watch.seat_view import SeatView
from tmux_orch.watch.seen import Seen, one_line
from tmux_orch.watch.surroundings import Surroundings

#: A program that is idle when it is first seen may be about to take the prompt of its own command
#: line: Claude Code 2.1.197 said idle and took it 0.24 s later (loaded machine). Nothing is typed
#: into a young program for this long.
SETTLES_S = 1.0


class LiveSeat(SeatView):
    """The watch's view of one agent; also the ``SeatPort`` that delivery asks.

    Every method may be called from any thread. The lock guards fields only; files, processes and
    tmux are looked at without it.
    """

    def __init__(
        self, seat: Seat, berth: Berth, adapter: Adapter, clock: Clock, around: Surroundings
    ) -> None:
        self._key = seat.key
        self._clock = clock
        self._around = around
        self._lock = threading.Lock()
        self._conversation = Conversation(adapter, berth, around.condition)
        self._looks = 0
        self._bind(seat, berth, adapter)
        self._fused = Fused(AgentState.UNKNOWN, clock.now(), "nothing was read yet")

    def _bind(self, seat: Seat, berth: Berth, adapter: Adapter) -> None:
        self._seat, self._adapter = seat, adapter
        self._berth = replace(berth, conversation_id=seat.conversation_id, pid=seat.pid)
        self._readings = Readings()
        self._bound_at = self._clock.monotonic()
        self._level_look = self._looks
        self._level_stamp: tuple[int, int] | None = None
        self._hooks_seen = False
        self._settled_at = 0.0
        self._seen: Seen | None = None
        self._screen_at = self._screen_changed_at = 0.0
        self._edges = Edges()
        self._known: Known | None = None
        self._moved_at: datetime | None = None
        self._gauge = Gauge(self._clock)
        self._conversation.move(adapter, self._berth)

    def rebind(self, seat: Seat, berth: Berth, adapter: Adapter) -> bool:
        """The seat's row changed. Returns whether its program is another process than before.

        Readings of another process are forgotten; what was seen of the conversation is kept.
        """
        with self._lock:
            old = self._seat
            other = (old.pid, old.pid_start, old.incarnation, old.adapter) != (
                seat.pid,
                seat.pid_start,
                seat.incarnation,
                seat.adapter,
            )
            if other:
                self._bind(seat, berth, adapter)
            else:
                self._seat, self._adapter = seat, adapter
                self._berth = replace(berth, conversation_id=seat.conversation_id, pid=seat.pid)
                self._conversation.move(adapter, self._berth)
            return other

    def restore(self, known: Known) -> None:
        """The daemon was started again, and this is what was known of the program before.

        Call it before anything is read of it.
        """
        with self._lock:
            self._known, self._fused = known, known.fused
            self._readings = restored.seeds(known)
            self._edges = Edges.told(known, self._readings)

    # -- for delivery and attention --------------------------------------------------------------

    def hold(self) -> str | None:
        """Why nothing may be sent to this agent now, in words; else ``None``."""
        with self._lock:
            seat, settled_at = self._seat, self._settled_at
            blind = self._known is not None and restored.is_blind(self._readings, self._clock.now())
        if (reason := self._around.hold_of(seat)) is not None:
            return reason
        if blind:
            return "what it does is being looked at again"
        return "the agent has just started" if self._clock.monotonic() < settled_at else None

    def mark(self, state: AgentState | None, reading: Reading | None) -> None:
        """What others concluded from outside: ``stuck`` over a busy state, ``complete`` over idle.

        It falls with the next hook or change of the session file; ``stuck`` also with the next
        output. ``None`` takes it back.
        """
        if state not in (None, AgentState.STUCK, AgentState.COMPLETE):
            raise ValueError(f"{state} is not marked from outside")
        with self._lock:
            seat = self._seat
            made = replace(reading, state=state) if state and reading else None
            self._readings = replace(self._readings, mark=made)
        self._fuse(seat)

    def let_go(self) -> None:
        """The limit that it is at is over: it is woken now.

        Their words may stand on its screen for long; another limit counts again.
        """
        with self._lock:
            seat = self._seat
            self._readings = self._readings.without_limit()
        self._fuse(seat)

    def limit_met(self) -> Reading | None:
        """The limit that broke off its last turn, while it has not worked since."""
        with self._lock:
            seat, state = self._seat, self._fused.state
        if state is not AgentState.USAGE_LIMITED and state not in READY:
            return None
        age_s = process.age_s(seat.pid_start) if seat.pid_start else 0.0
        with self._lock:
            return limit_met(self._aged(age_s), self._clock.now())

    # -- looking ---------------------------------------------------------------------------------

    def refresh(self) -> Fused:
        """The state after re-reading the session file and the process now.

        tmux's flags are those of the last tick: who types looks at the pane himself, a second tmux
        process per delivery would cost it 5 ms, and a server that hangs would hang the caller.
        """
        self.look(force=True)
        return self.fused()

    def look(self, force: bool = False) -> None:
        """Read the process and the session file (unless it has not changed); fuse.

        Args:
            force: Read the file even when its stamp is the one that was read last.
        """
        seat, berth, adapter = self.seat(), self.berth(), self.adapter()
        with self._lock:
            self._looks += 1
            look, stamp_before = self._looks, self._level_stamp
        alive = self.look_at_process(seat)
        stamp = _stamp(adapter, berth) if alive else None
        if alive and not force and stamp is not None and stamp == stamp_before:
            self._fuse(seat)
            return
        level = adapter.level(berth, self._clock.now()) if alive else None
        with self._lock:
            # A slower look that began earlier must not overwrite what a later one saw.
            if self._seat.pid == seat.pid and look > self._level_look:
                self._level_look, self._level_stamp = look, stamp
                if level is not None:
                    self._publishes(level)
                self._readings = self._readings.with_level(level)
        self._fuse(seat)

    def _publishes(self, level: Reading) -> None:
        young = process.age_s(self._seat.pid_start) < STARTING_S
        if not self._readings.published and young and level.state is AgentState.IDLE:
            self._settled_at = self._clock.monotonic() + SETTLES_S

    def look_at_process(self, seat: Seat) -> bool:
        """Whether the program runs; its death becomes a reading."""
        try:
            alive = seat.pid > 0 and process.runs(seat.pid, seat.pid_start)
        except CouldNotTell:
            return True  # nothing was seen, so nothing is concluded; the pidfd still tells a death
        if not alive:
            self.take_death(seat)
        return alive

    def take_death(self, seat: Seat) -> None:
        """The seat's process has ended."""
        told = f"pid {seat.pid} has ended" if seat.pid else "it has no process"
        self.take(
            Reading(Source.PROCESS, AgentState.EXITED, self._clock.now(), "process.gone", told),
            seat,
        )

    def start(self, seat: Seat) -> None:
        """Note that its process runs, as the first reading of its life."""
        told = f"pid {seat.pid} runs"
        self.take(Reading(Source.PROCESS, None, self._clock.now(), "process.alive", told), seat)

    # -- taking readings -------------------------------------------------------------------------

    def take(self, reading: Reading, of: Seat) -> None:
        """A reading of the process, of tmux or of git; dropped if ``of`` is a past life."""
        with self._lock:
            if not self._same_life(of):
                return
            after = self._readings.with_fact(reading)
            if after is self._readings:
                return
            self._readings = after
        self._fuse(of)

    def take_output(self, at: datetime, of: Seat) -> None:
        """tmux saw output of it at ``at``."""
        with self._lock:
            if not self._same_life(of) or (self._moved_at is not None and at <= self._moved_at):
                return
            self._moved_at = at
            mark = self._readings.mark
            fell = mark is not None and mark.state is AgentState.STUCK and at > mark.at
            if fell:
                self._readings = replace(self._readings, mark=None)
        if fell:
            self._fuse(of)

    def take_screen(self, seen: Seen, changed_at: float) -> None:
        """A look at its screen; ``changed_at`` is the monotonic instant of its last change."""
        with self._lock:
            seat = self._seat
            self._seen = seen
            self._screen_at, self._screen_changed_at = self._clock.monotonic(), changed_at
            parked = self._fused.state is AgentState.USAGE_LIMITED
            self._readings = self._readings.with_screen(seen.reading(), seen.limit(), parked)
            if seen.agreed:
                said = replace(seen.reading(), detail=seen.read.evidence)
                news = self._edges.condition(seen.read.condition, said)
            else:
                news = None
            if news is not None:
                self._around.tell("condition_seen", self._key, news)
        self._fuse(seat)

    def forget_screen(self) -> None:
        """What was last captured is not there any more; the next look says what is."""
        with self._lock:
            self._seen = None

    def keep_screen(self, changed_at: float | None = None) -> None:
        """The screen still says what it said; its last change, if it moved all the same."""
        with self._lock:
            self._screen_at = self._clock.monotonic()
            if changed_at is not None:
                self._screen_changed_at = changed_at

    def take_hook(self, told: HookReading) -> None:
        """One hook call of the seat's own conversation."""
        with self._lock:
            seat = self._seat
            if told.reading.source is Source.HOOK:
                self._hooks_seen = True
            idle = self._fused.state in READY
            if told.figures is not None:
                self._gauge.tell(told.figures)
            if told.reading.state is not None and not told.subagent:
                self._readings = self._readings.with_hook(told.reading)
            if (figures := self._gauge.told) is not None:
                self._readings = self._readings.with_quotas(figures.quotas)
            if told.subagent:
                if (news := self._edges.inside(told.condition, told.reading)) is not None:
                    self._around.tell("limit_inside", self._key, news)
            elif told.condition is not Condition.NONE:
                news = self._edges.condition(told.condition, told.reading)
                if news is not None:
                    self._around.tell("condition_seen", self._key, news)
        if told.prompt and not told.subagent:
            # Typed while it worked, a prompt is queued (seen 3 to 4 s before the model was asked).
            # Even of an idle agent the hook is not yet the transcript: a program killed in between
            # has no trace of it when it is resumed.
            self._conversation.note(told.prompt, Sighting.PROMPTED if idle else Sighting.QUEUED)
        self._fuse(seat)

    def take_asked(self, asked: Asked | None) -> None:
        """The permission request that is held now, or ``None`` when none is."""
        with self._lock:
            seat = self._seat
            self._readings = replace(self._readings, asking=_asking(asked) if asked else None)
        self._fuse(seat)

    def follow(self, conversation_id: str) -> None:
        """The program itself went to another conversation (``/clear``, resumed by the person)."""
        with self._lock:
            self._seat = replace(self._seat, conversation_id=conversation_id)
            self._berth = replace(self._berth, conversation_id=conversation_id)
            self._conversation.move(self._adapter, self._berth)

    # -- the conversation ------------------------------------------------------------------------

    def sighting(self, message_id: str) -> Sighting:
        """How far the message (or brief) was seen, after re-reading the transcript's tail now."""
        return self._conversation.seen(message_id)

    def await_sighting(self, message_id: str, at_least: Sighting, wait_s: float) -> Sighting:
        """Block until the message was seen at least that far, or ``wait_s`` passed; what is true.

        Returns early when the program has died.
        """
        return self._conversation.wait(
            message_id, at_least, wait_s, lambda: self.fused().state is AgentState.EXITED
        )

    def transcript_readable(self) -> bool:
        """Whether the transcript exists and was read to its last complete line."""
        return self._conversation.readable()

    # -- inside ----------------------------------------------------------------------------------

    def _same_life(self, of: Seat) -> bool:
        mine = self._seat
        return (of.pid, of.pid_start, of.incarnation) == (
            mine.pid,
            mine.pid_start,
            mine.incarnation,
        )

    def _fuse(self, of: Seat) -> None:
        age_s = process.age_s(of.pid_start) if of.pid_start else 0.0
        now = self._clock.now()
        with self._lock:
            if not self._same_life(of):
                return
            before, facts = self._fused, self._aged(age_s)
            after = self._still(facts, now) or fuse(facts, before, now)
            if after != before:
                self._fused = after
                if self._known is None:
                    self._around.changed(self, before, after)
            # Also of a state that stands: the status line may say its end more exactly later.
            if (news := self._edges.limit(after, self._readings)) is not None:
                self._around.tell("limit_seen", self._key, news)
            if after == before:
                return
        with self._around.condition:
            self._around.condition.notify_all()

    def _still(self, facts: Readings, now: datetime) -> Fused | None:
        """What was known before the daemon's start, or what follows it, while that is newest."""
        known = self._known
        if known is None:
            return None
        if restored.holds(known, facts, now, self._clock.monotonic() - self._bound_at):
            return restored.shown(known, facts, now)
        self._known = None
        return fuse(facts, restored.before(known, facts, now), now)

    def _aged(self, age_s: float) -> Readings:
        now = self._clock.monotonic()
        return replace(
            self._readings,
            age_s=age_s,
            screen_age_s=now - self._screen_at,
            still_s=now - self._screen_changed_at,
        )


def _asking(asked: Asked) -> Reading:
    told = one_line(f"{asked.tool}: {asked.exact}", 200)
    return Reading(Source.HOOK, AgentState.WAITING_PERMISSION, asked.at, "permission.held", told)


def _stamp(adapter: Adapter, berth: Berth) -> tuple[int, int] | None:
    """Modification time and inode of the session file, where the adapter says which it is."""
    place: Callable[[Berth], Path | None] | None = getattr(adapter, "session_file", None)
    path = place(berth) if place is not None else None
    if path is None:
        return None
    try:
        facts = path.stat()
    except OSError:
        return None  # absent or unreadable: the adapter is asked, and it says so
    return facts.st_mtime_ns, facts.st_ino
