"""Make what is there equal to the plan: one journalled step at a time, all agents in parallel.

Bootstrap, ``--resume`` and ``--add-roles`` are this one act. Every step is written down before it
is done and checked before it is repeated, so it may die anywhere and be run again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tmux_orch.agents.adapter import Berth, Program
from tmux_orch.briefing import render
from tmux_orch.config.files import private_directory
from tmux_orch.domain.errors import Absent, OrchError, Partly
from tmux_orch.domain.plan import Plan
from tmux_orch.domain.restart import TOO_OFTEN, within_budget
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import BUSY, READY, AgentState
from tmux_orch.messages.port import Sighting
from tmux_orch.store.projects import Project
from tmux_orch.team import last_work, pages, processes, starts
from tmux_orch.team.asking import ask, prompt_of
from tmux_orch.team.decide import Act, Seen, decide, living
from tmux_orch.team.opener import Opener
from tmux_orch.team.parts import Parts, Progress
from tmux_orch.tmux.panes import Observation, PaneFacts, observe
from tmux_orch.tmux.windows import Opened, WindowSpec, close_window, open_windows, show_first
from tmux_orch.watch import process
from tmux_orch.worktrees.include import Listed, copy, listed
from tmux_orch.worktrees.make import make
from tmux_orch.worktrees.repository import Repository

# A real program shows its first screen within 0.6 s, Gemini 2.5 s, opencode 6 s;
# a loaded machine starts dozens at once.
READY_S = 60.0
# From ready to the briefing in the conversation: one prompt hook.
BRIEFED_S = 30.0
STARTED = (
    READY
    | BUSY
    | {AgentState.WAITING_PERMISSION, AgentState.WAITING_ANSWER, AgentState.USAGE_LIMITED}
)
ASKS = frozenset({AgentState.NEEDS_TRUST, AgentState.NEEDS_LOGIN})
GONE = frozenset({AgentState.EXITED, AgentState.ERROR})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seat: the act, and why it is not ready (empty when it is)."""

    seat: Seat
    act: Act
    trouble: str


class Reconcile:
    """One reconcile of one project.

    Args:
        parts: The rooms' objects.
        project, plan, repository: What is wanted, and where.
        programs: The agent programs found, by adapter name.
        progress: Called from several threads with one event per stage of each agent.
        trust: Answers a start-up trust dialog; ``None`` when the person did not say so.
        rebrief: Write the pages of agents that live anew too.
        only: Of those wanted up, the keys it is about; ``None``: all, and the stopped ones too.
    """

    def __init__(
        self,
        parts: Parts,
        project: Project,
        plan: Plan,
        repository: Repository,
        programs: dict[str, Program],
        progress: Progress,
        *,
        trust: Callable[[Parts, Seat], None] | None,
        rebrief: bool,
        only: Collection[str] | None = None,
    ) -> None:
        self.parts = parts
        self.project = project
        self.plan = plan
        self.repository = repository
        self.programs = programs
        self.progress = progress
        self.trust = trust
        self.rebrief = rebrief
        self.only = only
        self._offer: Listed | None = None
        self._remote: Future[str] = Future()
        # Seats whose worktree was begun before this act, and this act's own steps.
        self._ours: set[str] = set()
        self._steps: dict[str, int] = {}
        # What a program that takes no prompt at its start is asked with when it is ready.
        self._typed: dict[str, str] = {}
        # Whether some agent of the team was at work before this act.
        self._under_way = False
        self._seen: Future[Observation] = Future()
        # More checkouts at once than cores gain nothing on small trees.
        self._git = threading.Semaphore(max(2, os.cpu_count() or 2))
        self._started = time.monotonic()

    def run(self) -> list[Outcome]:
        """Bring every wanted seat up; returns one outcome per seat, in slot order."""
        team = self.parts.seats.of_project(self.project.name)
        seats = [seat for seat in team if self._is_meant(seat)]
        if not seats:
            return []
        self._ours = {seat.key for seat in seats if self.parts.made_by_us(seat)}
        self._under_way = any(seat.briefed for seat in team)
        # Starting a tmux server takes as long as a small checkout: both at once. A seat that never
        # had a window has no pane to be looked for first. Where a checkout was begun before, its
        # git may outlive the daemon that began it: that one gets the time of the look to end.
        new = [s for s in seats if not s.incarnation and s.key not in self._ours]
        others = [s for s in seats if s not in new]
        with (
            Opener(self._open_all) as opener,
            ThreadPoolExecutor(len(seats) + 2, "reconcile") as pool,
        ):
            self._seen = pool.submit(self._look_around)
            self._remote = pool.submit(pages.remote, Path(self.project.path))
            running = self._set_out(new, None, opener, pool)
            seen = self._seen.result()
            running |= self._set_out(others, seen, opener, pool)
            outcomes = [running[seat.key].result() for seat in seats]
        self._close_stale(seen, outcomes)
        self._show_hub(outcomes)
        return outcomes

    def _is_meant(self, seat: Seat) -> bool:
        if self.only is None:
            return seat.desired is not Desired.REMOVED
        return seat.key in self.only and seat.desired is Desired.UP

    def _look_around(self) -> Observation:
        self.parts.server.ensure()
        return observe(self.parts.server)

    def _set_out(
        self, seats: Sequence[Seat], seen: Observation | None, opener: Opener, pool: Executor
    ) -> dict[str, Future[Outcome]]:
        """Decide what these seats need and begin with it; their outcomes to come, by key."""
        acts = [(seat, self._act(seat, seen)) for seat in seats]
        starting = [seat for seat, act in acts if act in (Act.START, Act.RESUME)]
        if starting:
            if self._offer is None:
                self._offer = listed(self.repository)
            steps = self._begin("worktree", [seat.key for seat in starting])
            self._steps |= dict(zip((seat.key for seat in starting), steps, strict=True))
        return {seat.key: pool.submit(self._bring_up, seat, act, opener) for seat, act in acts}

    # --- deciding -----------------------------------------------------------------------------

    def _act(self, seat: Seat, seen: Observation | None) -> Act:
        adapter, berth = self.parts.adapter(seat), self.parts.berth(seat)
        alive = living(seat, seen.panes) if seen is not None else None
        if alive is not None and seen is not None:
            self._adopt(seat, alive, seen)
            return Act.ADOPT
        processes.end_orphan(seat)
        conversation = adapter.has_conversation(berth)
        return decide(
            Seen(
                pane_alive=False,
                conversation=conversation,
                briefed=seat.briefed or (conversation and last_work.was_briefed(adapter, berth)),
                owner=adapter.owner(berth),
            )
        )

    def _adopt(self, seat: Seat, pane: PaneFacts, seen: Observation) -> None:
        """Take a living pane as the seat's own, also when we died before writing its ids down."""
        incarnation = int(pane.incarnation.rpartition(".")[2])
        fresh = self.parts.seats.update(
            seat.key,
            incarnation=incarnation,
            pane_id=pane.pane_id,
            window_id=pane.window_id,
            server=str(seen.server_id),
            pid=pane.pid,
            pid_start=process.start_tick(pane.pid) or 0,
            desired=Desired.UP,
        )
        self.parts.board.adopt(fresh, self.parts.berth(fresh))

    # --- one seat -----------------------------------------------------------------------------

    def _bring_up(self, seat: Seat, act: Act, opener: Opener) -> Outcome:
        """Every stage of one seat; a failure is reported and stops only this seat."""
        try:
            if act is Act.WAIT:
                raise Partly(
                    f"its conversation {seat.conversation_id} is open in another process",
                    "end that one, then use --resume",
                )
            if act is Act.ADOPT:
                if self.rebrief:
                    self._pages(seat, act)
                self._tell(seat, "adopted")
            else:
                self._start(seat, act, opener)
            self._prove(self.parts.seats.get(seat.key) or seat)
        except OrchError as error:
            self._tell(seat, "failed", error.line())
            self.parts.events.append(
                "agent.failed", self.project.name, seat.key, {"reason": error.line()}
            )
            return Outcome(seat, act, error.line())
        return Outcome(self.parts.seats.get(seat.key) or seat, act, "")

    def _start(self, seat: Seat, act: Act, opener: Opener) -> None:
        if not within_budget(starts.lately(self.parts, seat)):
            raise Partly(TOO_OFTEN, f"look at its last screen, then: tmux-orch restart {seat.name}")
        self._worktree(seat)
        self._tell(seat, "worktree")
        journal = self.parts.journal
        with self.parts.database.write() as connection:
            seat = self.parts.seats.update(
                seat.key,
                connection=connection,
                incarnation=seat.incarnation + 1,
                pane_id="", window_id="", pid=0, pid_start=0, desired=Desired.UP,
            )  # fmt: skip
            step = journal.begin(
                self.project.name, self.plan.run, seat.key, "files", connection=connection
            )
        spec = self._prepare(seat, act)
        journal.done(step)
        opened = opener.open(seat.key, spec)
        if opened.problem:
            raise Partly(
                f"tmux could not open its window: {opened.problem}", "see tmux-orch doctor"
            )
        self._tell(seat, "restarted" if act is Act.RESUME else "window")

    def _worktree(self, seat: Seat) -> None:
        ours = seat.key in self._ours
        with self._git:
            made = make(self.repository, Path(seat.worktree), seat.branch, seat.base, ours=ours)
            left_out = self._include(seat)
        for line in filter(None, (made.note, *left_out)):
            self.progress({"event": "note", "text": f"{seat.name}: {line}"})
        result = {"state": made.state, "note": made.note, "left_out": left_out}
        self.parts.journal.done(self._steps[seat.key], result)

    def _include(self, seat: Seat) -> list[str]:
        """Copy the ignored files that the person listed; what was refused, with the reason."""
        if self._offer is None:
            return []
        copied = copy(self._offer, Path(seat.worktree))
        return list(copied.refused)

    def _pages(self, seat: Seat, act: Act) -> Berth:
        """Write what the agent reads: its first pages, or the page for one that comes back."""
        parts, mates = self.parts, pages.mates(self.parts, seat)
        berth = replace(parts.berth(seat, mates), trusted=self.trust is not None)
        private_directory(berth.private)
        variant = pages.variant(seat, act, self._under_way)
        about = pages.reader(
            parts, self.project, self.plan, seat, variant, mates, self._remote.result()
        )
        overrides = pages.overrides(berth.environment)
        if act is Act.RESUME:
            pages.write_resume(berth.worktree, about, overrides)
        else:
            pages.write_first(berth.worktree, berth.role_page, self.plan, about, overrides)
        return berth

    def _prepare(self, seat: Seat, act: Act) -> WindowSpec:
        """Write the seat's files and say which window to open."""
        berth = self._pages(seat, act)
        adapter, program = self.parts.adapter(seat), self.programs[seat.adapter]
        if act is Act.RESUME:
            launch = adapter.resume(berth, program, prompt_of(self.parts, seat))
        else:
            launch = adapter.start(berth, program, render.first_prompt(seat.brief_id))
        self._typed[seat.key] = launch.typed
        return WindowSpec(
            session=self.project.name,
            window=self.parts.templates_of(self.project).window_of(seat.role, seat.name),
            argv=launch.argv,
            directory=Path(seat.worktree),
            environment={**berth.environment, **launch.environment},
            tags={"orch_agent": seat.key, "orch_incarnation": seat.tag},
        )

    def _open_all(self, wanted: Sequence[tuple[str, WindowSpec]]) -> Sequence[Opened]:
        """Open the windows that are ready, in one tmux list, journalled before and after."""
        parts, keys = self.parts, [key for key, _ in wanted]
        steps = self._begin("window", keys)
        seen = self._seen.result()  # the server is there, or we end here as the whole act does
        opened = open_windows(parts.server, [spec for _, spec in wanted], seen.server_id)
        with parts.database.write() as connection:
            fresh = [
                parts.seats.update(
                    key, connection=connection, pane_id=one.pane_id, window_id=one.window_id,
                    server=one.server, pid=one.pid, pid_start=process.start_tick(one.pid) or 0,
                )
                for key, one in zip(keys, opened, strict=True)
            ]  # fmt: skip
            parts.journal.done_many([(step, {}) for step in steps], connection)
        for seat in fresh:
            parts.board.adopt(seat, parts.berth(seat))
        return opened

    def _prove(self, seat: Seat) -> None:
        """Wait until the program is ready and its conversation has the briefing.

        Raises:
            Partly: it did not get there in time, asks something, or ended; with its last screen.
        """
        board = self.parts.board
        fused = board.wait_for(seat.key, lambda f: f.state in STARTED | ASKS | GONE, READY_S)
        if fused is None:
            raise Partly(f"it was not ready within {READY_S:g} s", self._look(seat))
        if fused.state is AgentState.NEEDS_TRUST and self.trust is not None:
            self.trust(self.parts, seat)
            fused = board.wait_for(seat.key, lambda f: f.state in STARTED | GONE, READY_S) or fused
        if fused.state in ASKS:
            raise Partly(
                f"it asks at its start: {fused.evidence}", "answer with --trust, or attach"
            )
        if fused.state not in STARTED:
            raise Partly(f"it is not ready ({fused.state}: {fused.evidence})", self._look(seat))
        self._tell(seat, "ready")
        if typed := self._typed.pop(seat.key, ""):
            ask(self.parts, seat, typed, BRIEFED_S)
        if seat.briefed:
            return
        if not getattr(self.parts.adapter(seat), "has_transcript", True):
            self._briefed(seat)  # that it is there, and began with it, is all that can be known
            return
        live = board.seat(seat.key)
        if live is None or (
            live.await_sighting(seat.brief_id, Sighting.TAKEN, BRIEFED_S) < Sighting.TAKEN
        ):
            raise Partly("it started, but its briefing was not seen taken", self._look(seat))
        self._briefed(seat)

    def _briefed(self, seat: Seat) -> None:
        with self.parts.database.write() as connection:
            self.parts.seats.update(seat.key, connection=connection, briefed=True)
            self.parts.journal.note(
                self.project.name, self.plan.run, seat.key, "briefed", connection=connection
            )
        self._tell(seat, "briefed")

    def _look(self, seat: Seat) -> str:
        return f"look: tmux-orch attach {seat.name}"

    # --- afterwards ---------------------------------------------------------------------------

    def _close_stale(self, seen: Observation, outcomes: Iterable[Outcome]) -> None:
        """Close windows of ours that no seat lives in any more; their last screen is kept."""
        current = {outcome.seat.pane_id for outcome in outcomes}
        mine = {outcome.seat.key for outcome in outcomes}
        for pane in seen.panes:
            if not pane.agent.startswith(f"{self.project.name}/") or pane.pane_id in current:
                continue
            if self.only is not None and pane.agent not in mine:
                continue  # of one that died meanwhile, whose screen somebody may still look at
            if pane.dead:
                last_work.keep_screen(self.parts, pane)
                close_window(self.parts.server, pane.window_id)

    def _show_hub(self, outcomes: Sequence[Outcome]) -> None:
        """A person who attaches sees the hub first; windows stand in the order they were ready."""
        if self.only is not None and len(outcomes) == 1:
            return  # who looks at another agent now is not led away by a restart
        for outcome in outcomes:
            fresh = outcome.act in (Act.START, Act.RESUME) and outcome.seat.window_id
            if outcome.seat.name == self.plan.hub and fresh:
                try:
                    show_first(self.parts.server, outcome.seat.window_id)
                except Absent:
                    pass  # it ended meanwhile, which its own outcome says

    def _begin(self, step: str, keys: Sequence[str]) -> list[int]:
        return self.parts.journal.begin_many(
            self.project.name, self.plan.run, [(key, step, {}) for key in keys]
        )

    def _tell(self, seat: Seat, stage: str, detail: str = "") -> None:
        self.progress(
            {
                "event": "agent",
                "agent": seat.name,
                "stage": stage,
                "took_s": round(time.monotonic() - self._started, 3),
                "detail": detail,
            }
        )
