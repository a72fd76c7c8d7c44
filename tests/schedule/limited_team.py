"""Agents on plans that run out, with the real keeper, clockwork, database, outbox and fusion.

Only the programs are made up: a turn asks its account's plan, and ends in the limit or well.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tmux_orch.domain.hold import Hold, Wake, WakeState
from tmux_orch.domain.message import Message, MessageState, Priority
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import BUSY, READY, AgentState, Fused, Reading, Source
from tmux_orch.domain.work import Figures
from tmux_orch.messages.port import Sighting
from tmux_orch.messages.record import in_line
from tmux_orch.schedule.book import Around
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.schedule.keeper import Keeper
from tmux_orch.store.database import Database
from tmux_orch.store.events import Events
from tmux_orch.store.holds import Holds
from tmux_orch.store.outbox import NewMessage, Outbox
from tmux_orch.watch.edges import Edges
from tmux_orch.watch.fusion import fuse, limit_met
from tmux_orch.watch.readings import Readings

from .conftest import SetClock
from .post_house import seat

FIVE_HOUR = "You've hit your 5-hour limit"
TURN_S = 6.0
ROUND_S = 3.0


class Killed(BaseException):
    """The daemon dies here."""


@dataclass
class Plan:
    """One account: used up until then, and what its program says of that."""

    used_until: datetime | None = None
    words: str = FIVE_HOUR
    says: datetime | None = None
    model: str = ""


class Program:
    """One agent's program, as the keeper sees it; its state is fused as it is really."""

    def __init__(self, clock: SetClock, plan: Plan) -> None:
        self.clock, self.plan = clock, plan
        self.edges = Edges()
        self.context_percent: float | None = None
        self.model, self.turn_s = "", TURN_S
        self.turns: list[datetime] = []
        self.turn_ends: float | None = None
        self.taken: list[str] = []
        self.answered: set[str] = set()
        self.runs = True
        self.start()

    def start(self) -> None:
        """A process of its own, which says that it is idle."""
        now = self.clock.now()
        process = Reading(Source.PROCESS, None, now, "process.alive")
        self.facts = Readings(process=process, published=True, ran=True).with_level(self._level())
        self._fused = Fused(AgentState.IDLE, now, "")

    def _level(self, state: AgentState = AgentState.IDLE) -> Reading:
        return Reading(Source.SESSION_FILE, state, self.clock.now(), "session")

    def _hook(self, state: AgentState, **more: Any) -> None:
        reading = Reading(Source.HOOK, state, self.clock.now(), "hook", **more)
        self.facts = self.facts.with_hook(reading)

    def turn(self, lasts_s: float | None = None) -> None:
        """It begins to work."""
        self.turns.append(self.clock.now())
        self.turn_ends = self.clock.monotonic() + (lasts_s or self.turn_s)
        self.facts = self.facts.with_level(self._level(AgentState.WORKING))
        self._hook(AgentState.THINKING)

    def tick(self) -> None:
        """Its turn ends: well, or in the limit."""
        now, plan = self.clock.now(), self.plan
        if self.turn_ends is None or self.clock.monotonic() < self.turn_ends:
            return
        self.turn_ends = None
        self.facts = self.facts.with_level(self._level())
        limited = plan.used_until is not None and now < plan.used_until
        if limited and plan.model in self.model:
            self._hook(AgentState.USAGE_LIMITED, detail=plan.words, until_at=plan.says)
        else:
            self.answered |= set(self.taken)
            self._hook(AgentState.IDLE)

    def fused(self) -> Fused:
        now = self.clock.now()
        if not self.runs:
            return Fused(AgentState.EXITED, now, "")
        self._fused = fuse(self.facts, self._fused, now)
        return self._fused

    def readings(self) -> Readings:
        return self.facts

    def limit_met(self) -> Reading | None:
        return limit_met(self.facts, self.clock.now()) if self.runs else None

    def figures(self) -> Figures | None:
        return Figures(self.clock.now(), self.context_percent, model=self.model)

    def sighting(self, message_id: str) -> Sighting:
        if message_id in self.answered:
            return Sighting.ANSWERED
        return Sighting.TAKEN if message_id in self.taken else Sighting.NONE

    def let_go(self) -> None:
        self.facts = self.facts.without_limit()


@dataclass
class Team:
    """Teams of agents, and the daemon's parts that keep their holds."""

    database: Database
    clock: SetClock
    plans: dict[str, Plan] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    reset: list[tuple[str, ...]] = field(default_factory=list)
    up: bool = True
    #: Counts down with every write of the keeper; at nought the daemon dies after it.
    dies_in: int = -1

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.database, self.clock)
        self.events = Events(self.database, self.clock)
        self.holds = _Dying(self.database, self)
        self.wind()

    def add(self, *keys: str, account: str = "claude:/home/.claude", model: str = "") -> None:
        """Agents in slot order; the plan of an account is made with its first."""
        plan = self.plans.setdefault(account, Plan())
        for key in keys:
            self.seats[key] = seat(key, slot=len(self.seats), model=model)
            self.programs[key] = Program(self.clock, plan)
            self.programs[key].model = model
            self.accounts[key] = account

    def wind(self) -> None:
        """The objects of a new daemon."""
        self.clockwork = Clockwork(self.database, self.clock)
        around = Around(
            store=self.holds,
            account=lambda one: self.accounts[one.key],
            seats=lambda: list(self.seats.values()),
            live=self.programs.get,
            accept=self.accept,
            find=self.outbox.by_client_key,
            message=self.outbox.get,
            waiting=self.outbox.count_held,
            kick=lambda _key: None,
            append=self.events.append,
            clock=self.clock,
        )
        self.keeper = Keeper(around, self.clockwork)
        self.keeper.reminders_after_reset = lambda keys: self.reset.append(tuple(keys))
        self.clockwork.answers["resume"] = self.keeper.ring

    def restart(self) -> None:
        """The daemon is started again; what only it knew is gone."""
        self.dies_in, self.up = -1, True
        for program in self.programs.values():
            program.facts = replace(program.facts, let_go=None)
        self.wind()

    def accept(
        self, sender: str, key: str, text: str, *, client_key: str | None = None,
        priority: Priority = Priority.MEDIUM,
    ) -> Message:  # fmt: skip
        project = key.partition("/")[0]
        new = NewMessage(project, key, sender, text, priority, client_key=client_key)
        message = self.outbox.accept(new)
        self.wrote()
        return message

    def wrote(self) -> None:
        """Something was made durable: to die there."""
        self.dies_in -= 1
        if self.dies_in == 0:
            raise Killed

    def meet(self, *keys: str) -> None:
        """These agents begin a turn that meets the limit of their plan."""
        for key in keys:
            self.programs[key].turn()
        self.run(TURN_S + 2 * ROUND_S)

    def use_up(self, after_s: float, *, says: bool = True, account: str = "", **more: Any) -> Plan:
        """The plan is used up for so long, and its program says until when, or not."""
        plan = self.plans[account or next(iter(self.plans))]
        plan.used_until = self.clock.now() + timedelta(seconds=after_s)
        plan.says = plan.used_until if says else None
        for name, value in more.items():
            setattr(plan, name, value)
        return plan

    def run(self, seconds: float) -> None:
        """Let time pass: in rounds, and faster while nothing can happen."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            self.clock.go(min(self._step_s(), left))
            for program in self.programs.values():
                program.tick()
            if self.up:
                self.look()

    def _step_s(self) -> float:
        if any(program.turn_ends for program in self.programs.values()):
            return ROUND_S
        if not self.up:
            return 600.0
        waking = [
            wake
            for hold in self.keeper.open()
            for wake in self.holds.wakes(hold.id)
            if wake.state is WakeState.SENT
        ]
        held = all(self.keeper.held(self.seats[k]) for k in self.outbox.targets_with_open())
        if waking or not held:
            return ROUND_S
        jobs = [entry.next_at for entry in self.clockwork.all() if entry.next_at is not None]
        soon_s = min(((at - self.clock.now()).total_seconds() for at in jobs), default=600.0)
        return max(ROUND_S, min(600.0, soon_s))

    def look(self) -> None:
        """What the daemon does within one round."""
        try:
            for key, program in self.programs.items():
                fused = program.fused()
                if key in self.seats:
                    news = program.edges.limit(fused, program.readings())
                    if news is not None:
                        self.keeper.event("limit_seen", key, news)
                    self.keeper.state(key, fused)
            self.keeper.round()
            while self.clockwork.look() <= 0:
                pass
            self.deliver()
        except Killed:
            self.up = False

    def deliver(self) -> None:
        """The first message of each agent that may have it."""
        for key, one in self.seats.items():
            program = self.programs[key]
            waiting = in_line(self.outbox.open_for(key))
            if not waiting or program.fused().state not in READY:
                continue
            if self.keeper.held(one) is not None:
                continue
            first = waiting[0]
            for state in (MessageState.GATE, MessageState.COMPOSING, MessageState.DELIVERED):
                self.outbox.move(first.id, state)
            program.taken.append(first.id)
            program.turn()

    # -- what is looked at -----------------------------------------------------------------------

    def told(self, key: str) -> list[str]:
        """Texts that arrived, in order of arrival."""
        return [self.message(one).text for one in self.programs[key].taken]

    def message(self, message_id: str) -> Message:
        found = self.outbox.get(message_id)
        assert found is not None
        return found

    def woken(self, key: str) -> list[datetime]:
        """When its resume messages arrived."""
        return [
            self.message(one).state_at
            for one in self.programs[key].taken
            if self.message(one).priority is Priority.FIRST
        ]

    def happened(self, kind: str) -> list[str | None]:
        """The agents of the events of one kind, in order."""
        return [event.agent for event in self.events.of_kinds({kind})]

    def hold(self) -> Hold:
        """The only open hold."""
        (hold,) = self.keeper.open()
        return hold

    def all_holds(self) -> list[Hold]:
        return [*self.keeper.history(), *self.keeper.open()]

    def wakes(self, hold: Hold) -> dict[str, Wake]:
        return {wake.agent: wake for wake in self.holds.wakes(hold.id)}

    def is_busy(self, key: str) -> bool:
        return self.programs[key].fused().state in BUSY


class _Dying(Holds):
    """The store of holds; the daemon may die right after a write."""

    def __init__(self, database: Database, team: Team) -> None:
        super().__init__(database)
        self._team = team

    def add(self, *given: Any) -> Hold:
        found = super().add(*given)
        self._team.wrote()
        return found

    def save(self, *given: Any) -> None:
        super().save(*given)
        self._team.wrote()
