"""Starting again what died: every agent that is wanted up, within its budget of starts.

Level-triggered: each round compares what is wanted with what lives, so a death that nobody told of
(the daemon was down) is treated as one that was. A row is written before each effect: killed at any
point, the next daemon neither forgets a start nor makes it twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tmux_orch import crash
from tmux_orch.domain import restart
from tmux_orch.domain.errors import Busy, CouldNotTell, OrchError
from tmux_orch.domain.restart import Cause, Death, Move, Restart, RestartState, moved
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.store.projects import Project
from tmux_orch.team import given_up, starts
from tmux_orch.team.decide import Act
from tmux_orch.team.reconcile import Outcome
from tmux_orch.team.up import Up
from tmux_orch.upkeep.bring_back import bring_back
from tmux_orch.upkeep.ends import Ends, Fate
from tmux_orch.watch import process
from tmux_orch.watch.oom import OomKills
from tmux_orch.watch.server_loss import ServerState

_log = logging.getLogger(__name__)

#: A death wakes us; this is the net below it.
LOOK_S = 3.0
#: How soon a death that cannot be judged yet is looked at again.
SOON_S = 0.2
#: A conversation that is open elsewhere is looked at again so often.
OPEN_ELSEWHERE_S = 30.0
#: The daemon's stop waits so long for a start that runs.
STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class Timing:
    """What tests make shorter.

    Attributes:
        healthy_s: Age at which a program counts as healthy.
        backoff_s: The wait after so many starts of ours.
    """

    healthy_s: float = restart.HEALTHY_S
    backoff_s: Callable[[int], float] = restart.backoff_s


class Supervise:
    """Watches over all live teams in a thread of its own, until stopped.

    Args:
        up: The main job, through which agents are started again.
        always: Whether dead agents are started again; their ends are kept either way.
        oom: The kernel's counters.
        timing: How long things take.
    """

    def __init__(
        self,
        up: Up,
        *,
        always: bool = True,
        oom: OomKills | None = None,
        timing: Timing = Timing(),
    ) -> None:
        self._up = up
        self._parts = up.parts
        self._always = always
        self._timing = timing
        self.ends = Ends(up.parts, oom or OomKills())
        self._due: dict[str, float] = {}
        self._own = starts.Own(up.parts)
        self._noted: set[tuple[str, str]] = set()
        self._running: dict[str, threading.Thread] = {}
        # Every word costs the hub a turn; of one that goes round in circles it hears as an alert.
        self._told: set[str] = set()
        self._undecided = False
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervise", daemon=True)

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Go round in a thread of our own."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing any more; waits a little for what runs."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        for thread in list(self._running.values()):
            thread.join(STOP_S)

    def state(self, key: str, fused: Fused) -> None:
        """An agent has a new state (from the board)."""
        self.ends.state(key, fused)
        if fused.state in (AgentState.EXITED, AgentState.UNKNOWN):
            self._wake.set()

    def leave(self, seats: Iterable[Seat], why: str) -> None:
        """These are down for a reason that has a rule of its own: they are not started again.

        Durable when the call returns. ``why`` follows "it": "went down with the machine".
        """
        with self._parts.database.write() as connection:
            for seat in seats:
                row = replace(self._row(seat), state=RestartState.UP)
                left = self._after(row, Move.LEAVE, seat.incarnation, reason=why)
                self._parts.restarts.put(left, connection)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.round()
            except OrchError as error:
                _log.warning("%s", error.line())
            except Exception:  # noqa: BLE001 - the next round may do better
                _log.exception("a round of supervision failed")
            self._wake.wait(self._pause_s())
            self._wake.clear()

    def _pause_s(self) -> float:
        now = self._parts.clock.monotonic()
        waits = [at - now for at in list(self._due.values())]
        return max(0.01, min([SOON_S if self._undecided else LOOK_S, *(w for w in waits if w > 0)]))

    # -- looking -------------------------------------------------------------------------------

    def round(self) -> None:
        """Look once at everybody, and begin what is due."""
        parts = self._parts
        self._undecided = False
        if parts.board.server_state() is ServerState.HUNG:
            return  # nothing can be concluded, and nothing can be started
        for project in parts.projects.all():
            if project.name in self._running:
                continue
            try:
                # What an act that runs has half done is no death.
                with self._up.holds.hold(project.path, unasked=True, patience_s=0):
                    fresh = parts.projects.by_path(project.path)
                    due = self._team(fresh) if fresh is not None else []
            except Busy:
                continue
            if due:
                self._begin(project, due)

    def _team(self, project: Project) -> list[Seat]:
        """Look at one team; whose start is due."""
        due = []
        for seat in self._parts.seats.of_project(project.name):
            try:
                if not project.live or seat.desired is not Desired.UP:
                    self._forget(seat.key)
                elif self._seat(seat):
                    due.append(seat)
            except CouldNotTell as error:
                _log.warning("%s: %s", seat.key, error.line())
        return due

    def _seat(self, seat: Seat) -> bool:
        """Look at one agent; whether its start is due."""
        row, fate = self._parts.restarts.get(seat.key), self.ends.fate(seat)
        if fate in (Fate.UNKNOWN, Fate.UNTOLD):
            self._undecided |= fate is Fate.UNTOLD
            return False
        if fate is Fate.LIVES:
            self._lives(seat, row)
            return False
        known = row is not None and (fate is Fate.NONE or row.incarnation == seat.incarnation)
        if row is not None and known and row.state is RestartState.STARTING:
            # The daemon was killed before the program was there.
            row = self._put_off(row, seat.incarnation, 0.0, row.reason)
        if row is not None and known and row.state is RestartState.WAITING:
            return self._is_due(row) and self._parts.board.held(seat) is None
        if fate is Fate.NONE:
            return False  # it was never started: a person's --resume does that
        if row is not None and known and row.state in (RestartState.GIVEN_UP, RestartState.LEFT):
            self._tell_given_up(seat, row)
            return False
        self._died(seat, row, fate)
        return False

    def _is_due(self, row: Restart) -> bool:
        now = self._parts.clock.monotonic()
        if row.agent not in self._due:
            # Planned by an earlier daemon: the rest of its wait, by the wall clock.
            left = restart.wait_s(
                row.attempts, self._parts.clock.now(), row.next_at or row.since_at
            )
            self._due[row.agent] = now + left
        return self._due[row.agent] <= now

    def _lives(self, seat: Seat, row: Restart | None) -> None:
        self.ends.lives(seat)
        if row is None:
            return
        if row.state is not RestartState.UP:
            self._came_up(seat, row)
        elif process.age_s(seat.pid_start) >= self._timing.healthy_s:
            self._forget(seat.key)

    def _came_up(self, seat: Seat, row: Restart) -> None:
        with self._parts.database.write() as connection:
            after = self._after(row, Move.LIVES, seat.incarnation, reason="")
            if row.state in (RestartState.GIVEN_UP, RestartState.LEFT):
                after = replace(after, attempts=0)  # somebody else has brought it back
            self._parts.restarts.put(after, connection)
            if row.state is RestartState.STARTING:
                self._parts.events.append(
                    "restart.done", seat.project, seat.key, {"attempt": row.attempts},
                    connection=connection,
                )  # fmt: skip

    # -- deciding ------------------------------------------------------------------------------

    def _died(self, seat: Seat, row: Restart | None, fate: Fate) -> None:
        """Write down the end of it, and what follows."""
        if not self._always and (seat.key, seat.tag) in self._noted:
            return
        death = self.ends.death(seat, fate)
        if not self._always:
            self._parts.deaths.add(death)
            self._noted.add((seat.key, seat.tag))
            return
        if row is None or row.state is not RestartState.STARTING:
            row = replace(self._row(seat), state=RestartState.UP)
        move = restart.after_end(death.end.cause, self._own.lately(seat))
        self._decide(seat, row, move, death.end.words(), death)
        self.ends.forget(seat)

    def _failed(self, seat: Seat, row: Restart, reason: str) -> None:
        """It could not even be started."""
        move = restart.after_end(Cause.UNKNOWN, self._own.lately(seat))
        self._decide(seat, row, move, f"could not be started: {reason}", None)

    def _decide(
        self, seat: Seat, row: Restart, move: Move, reason: str, death: Death | None
    ) -> None:
        parts, now = self._parts, self._parts.clock.now()
        if row.attempts == 0:
            self._told.discard(seat.key)
        wait = self._timing.backoff_s(row.attempts)
        after = self._after(row, move, seat.incarnation, reason=reason)
        payload: dict[str, object] = {"why": reason}
        if death is not None:
            payload |= {"cause": str(death.end.cause), "exit_status": death.end.exit_status,
                        "signal": death.end.signal, "screen": death.screen}  # fmt: skip
        match move:
            case Move.RETRY:
                kind = "restart.planned"
                after = replace(after, next_at=now + timedelta(seconds=wait))
                payload |= {"in_s": wait, "attempt": row.attempts + 1}
                self._due[seat.key] = parts.clock.monotonic() + wait
            case Move.GIVE_UP:
                kind = "restart.given_up"
                after = replace(after, reason=f"{restart.TOO_OFTEN}; the last time it {reason}")
                payload |= {"attempt": row.attempts}
            case _:
                kind = "restart.left"
        with parts.database.write() as connection:
            if death is not None:
                parts.deaths.add(death, connection)
            parts.restarts.put(after, connection)
            parts.events.append(kind, seat.project, seat.key, payload, connection=connection)
        crash.point("restart")
        if after.state is RestartState.GIVEN_UP:
            self._tell_given_up(seat, after)

    # -- starting ------------------------------------------------------------------------------

    def _begin(self, project: Project, seats: Sequence[Seat]) -> None:
        """Start these again, in a thread: one that is slow keeps no other team waiting."""
        parts, reasons, keys = self._parts, set(), []
        with parts.database.write() as connection:
            for seat in seats:
                row = parts.restarts.get(seat.key)
                if row is None or row.state is not RestartState.WAITING:
                    continue
                reasons.add(row.reason)
                keys.append(seat.key)
                begun = self._after(row, Move.BEGIN, row.incarnation, reason=row.reason)
                parts.restarts.put(replace(begun, attempts=row.attempts + 1), connection)
                self._own.begun(seat)
                self._due.pop(seat.key, None)
        crash.point("restart")
        why = f"it {', '.join(sorted(reasons))}"
        thread = threading.Thread(
            target=self._bring_back, args=(project, keys, why), name="restart", daemon=True
        )
        self._running[project.name] = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads: the next round puts the start off
            del self._running[project.name]
            raise

    def _bring_back(self, project: Project, keys: Sequence[str], why: str) -> None:
        try:
            with self._up.holds.hold(project.path, unasked=True):
                self._again(project, keys, why)
        except Busy:
            pass  # the rows stay "starting": the round after that act puts them off
        except Exception:  # noqa: BLE001 - a fault of ours counts, lest it be repeated for ever
            _log.exception("%s could not be brought back", ", ".join(keys))
            self._all_failed(keys, "an error that nobody foresaw; the daemon's log has it")
        finally:
            del self._running[project.name]
            self._wake.set()

    def _again(self, project: Project, keys: Sequence[str], why: str) -> None:
        try:
            outcomes = bring_back(self._up, project, keys, why=why, untold=self._told)
        except OrchError as error:
            self._all_failed(keys, error.line())
        else:
            self._told |= {one.seat.key for one in outcomes if not one.trouble}
            self._came({outcome.seat.key: outcome for outcome in outcomes}, keys)

    def _all_failed(self, keys: Sequence[str], reason: str) -> None:
        for row in self._starting(keys):
            if (seat := self._parts.seats.get(row.agent)) is not None:
                self._failed(seat, row, reason)

    def _starting(self, keys: Iterable[str]) -> list[Restart]:
        rows = (self._parts.restarts.get(key) for key in keys)
        return [row for row in rows if row is not None and row.state is RestartState.STARTING]

    def _came(self, outcomes: dict[str, Outcome], keys: Sequence[str]) -> None:
        """What became of the starts."""
        parts = self._parts
        for row in self._starting(keys):
            outcome = outcomes.get(row.agent)
            seat = parts.seats.get(row.agent)
            if outcome is None or seat is None:
                self._forget(row.agent)  # it is not wanted any more
                continue
            fate = self.ends.fate(seat)
            if fate is Fate.LIVES:
                self._came_up(seat, row)
            elif outcome.act is Act.WAIT:
                self._put_off(row, seat.incarnation, OPEN_ELSEWHERE_S, outcome.trouble)
            elif fate is Fate.NONE or seat.incarnation == row.incarnation:
                self._failed(seat, row, outcome.trouble)
            # Else it was started and has ended: the next round judges that end.

    def _put_off(self, row: Restart, incarnation: int, wait_s: float, reason: str) -> Restart:
        """The start was not made, and does not count."""
        now = self._parts.clock.now()
        after = replace(
            self._after(row, Move.PUT_OFF, incarnation, reason=reason),
            attempts=max(0, row.attempts - 1),
            next_at=now + timedelta(seconds=wait_s),
        )
        self._own.not_made(row.agent)
        self._keep(after)
        self._due[row.agent] = self._parts.clock.monotonic() + wait_s
        return after

    # -- keeping -------------------------------------------------------------------------------

    def _row(self, seat: Seat) -> Restart:
        """What is kept of it, or what would be."""
        row, now = self._parts.restarts.get(seat.key), self._parts.clock.now()
        return row or Restart(seat.key, seat.project, RestartState.UP, 0, seat.incarnation, now)

    def _after(self, row: Restart, move: Move, incarnation: int, *, reason: str) -> Restart:
        return replace(
            row, state=moved(row.state, move), incarnation=incarnation,
            since_at=self._parts.clock.now(), next_at=None, reason=reason,
        )  # fmt: skip

    def _keep(self, row: Restart) -> None:
        self._parts.restarts.put(row)

    def _forget(self, key: str) -> None:
        self._parts.restarts.forget(key)
        self._due.pop(key, None)
        self._own.forget(key)

    def _tell_given_up(self, seat: Seat, row: Restart) -> None:
        if row.state is RestartState.GIVEN_UP and (seat.key, seat.tag) not in self._noted:
            self._noted.add((seat.key, seat.tag))
            given_up.tell_hub(self._parts, seat, row)
