"""What the team's acts work with; the daemon puts it together once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmux_orch.agents.adapter import Adapter, Berth
from tmux_orch.clock import Clock
from tmux_orch.config.definitions import Definitions
from tmux_orch.config.registry import Registry
from tmux_orch.domain.attention import Thresholds
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.implementation import PlannerSettings
from tmux_orch.domain.plan import Plan
from tmux_orch.domain.roles import HUB_ROLE, Templates
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.messages.courier import Courier
from tmux_orch.schedule.accounts import Accounts
from tmux_orch.schedule.keeper import Keeper
from tmux_orch.store.database import Database
from tmux_orch.store.events import Events
from tmux_orch.store.journal import Journal
from tmux_orch.store.outbox import Outbox
from tmux_orch.store.plans import Plans
from tmux_orch.store.projects import Project, Projects
from tmux_orch.store.restarts import Deaths, Restarts
from tmux_orch.store.seats import Seats
from tmux_orch.store.usage import Usage
from tmux_orch.team import environment
from tmux_orch.tmux.server import Server
from tmux_orch.watch.board import Board
from tmux_orch.watch.work_seen import WorkSeen

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Parts:
    """The rooms' objects, one of each."""

    registry: Registry
    database: Database
    projects: Projects
    plans: Plans
    seats: Seats
    journal: Journal
    outbox: Outbox
    events: Events
    usage: Usage
    deaths: Deaths
    restarts: Restarts
    server: Server
    board: Board
    work: WorkSeen
    courier: Courier
    adapters: Mapping[str, Adapter]
    definitions: Definitions
    planner: PlannerSettings
    thresholds: Thresholds
    clock: Clock
    branch_prefix: str
    check_ins: bool
    hook: Path
    accounts: Accounts
    keeper: Keeper

    def up_seats(self) -> list[Seat]:
        """The agents that shall run, of all live teams, by project and slot; from memory."""
        live = {project.name for project in self.projects.all() if project.live}
        return [s for s in self.seats.all() if s.project in live and s.desired is Desired.UP]

    def adapter(self, seat: Seat) -> Adapter:
        """The adapter of a seat's program."""
        return self.adapters[seat.adapter]

    def variables(self, programs: Iterable[str]) -> list[str]:
        """Names of the variables that these agent programs get besides those of every agent."""
        return [
            name
            for program in programs
            for name in getattr(self.adapters[program], "variables", ())
        ]

    def plan_of(self, project: Project) -> Plan:
        """The stored plan of a project's team.

        Raises:
            BadInput: it has none.
        """
        body = self.plans.get(project.run)
        if body is None:
            step = "start a team: auto-orchestrate --spec FILE"
            raise BadInput(f"{project.name} has no plan", step)
        return Plan.from_body(body)

    def templates_of(self, project: Project) -> Templates:
        """The roles and teams as a project that has a team knows them."""
        return self.definitions.standing(Path(project.path))

    def made_by_us(self, seat: Seat) -> bool:
        """Whether the journal says that we began to make the worktree of this seat's run."""
        step = self.journal.last(seat.project, seat.key, "worktree")
        return step is not None and step.run == seat.run

    def berth(self, seat: Seat, mates: tuple[Seat, ...] | None = None) -> Berth:
        """What the adapter may know of ``seat`` now.

        ``mates`` are the other seats of its team; looked up when not given.
        """
        if mates is None:
            mates = tuple(s for s in self.seats.of_project(seat.project) if s.key != seat.key)
        paths = self.registry.project(seat.project)
        private = paths.seat(seat.name)
        return Berth(
            key=seat.key,
            worktree=Path(seat.worktree),
            private=private,
            mates=tuple(Path(mate.worktree) for mate in mates),
            environment=environment.of_seat(
                environment.load(paths.environment),
                seat,
                commands=self.registry.commands,
                registry=self.registry.root,
                runtime=self.registry.run,
            ),
            commands=self.registry.commands,
            hook=self.hook,
            role_page=private / "role.md",
            conversation_id=seat.conversation_id,
            brief_id=seat.brief_id,
            model=seat.model,
            permission_mode=seat.permission_mode,
            pid=seat.pid,
            notes=paths.notes if seat.role == HUB_ROLE else None,
        )
