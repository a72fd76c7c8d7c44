"""A new team from nothing: its project, its plan and its seats, stored in one transaction."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tmux_orch.agents.adapter import Program
from tmux_orch.config.files import private_directory, write_atomically
from tmux_orch.domain.budget import TEAM, Budget, Period, per_day
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import is_name, slug, unique
from tmux_orch.domain.plan import Plan, PlannedAgent
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.store.budgets import Ceilings
from tmux_orch.store.projects import Project
from tmux_orch.team import environment, mirrors
from tmux_orch.team.parts import Parts, Progress
from tmux_orch.worktrees.repository import Repository

AGENT = "claude"
# Without a word of the person: Claude Code 2.1.329 would otherwise start in its auto mode.
DEFAULT_MODE = "default"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What ``auto-orchestrate`` asked for, as the command line sent it.

    ``gone`` says whether the person has given up waiting.
    """

    directory: Path
    spec_text: str = ""
    spec_name: str = ""
    session: str = ""
    team_type: str = ""
    roles: str = ""
    add_roles: str = ""
    plan: str = ""
    size: str = ""
    planner: str = ""
    budget: str = ""
    agent: str = ""
    model: str = ""
    permission_mode: str = ""
    trust: bool = False
    resume: bool = False
    rebrief_all: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    gone: Callable[[], bool] = lambda: False


def program(parts: Parts, wanted: Wanted) -> Program:
    """The agent program asked for, found in the person's environment.

    Raises:
        BadInput: it is not known or not there; with the remedy.
    """
    name = wanted.agent or AGENT
    if name not in parts.adapters:
        known = ", ".join(sorted(parts.adapters))
        raise BadInput(f"no agent program {name[:60]!r} is known", f"the known ones are {known}")
    more = parts.variables([name])
    return parts.adapters[name].locate(environment.allowed(wanted.environment, more))


def project(parts: Parts, wanted: Wanted, repository: Repository) -> Project:
    """The project of a repository that has none yet, not stored.

    Raises:
        BadInput: ``--session`` is no name, or another project's.
    """
    taken = {known.name for known in parts.projects.all()}
    name = wanted.session or unique(slug(repository.root.name), taken)
    if not is_name(name):
        raise BadInput(
            f"--session: {name[:60]!r} is not a name",
            "use lower-case letters, digits, - and _, beginning with a letter",
        )
    if name in taken:
        raise BadInput(f"--session: {name} is another project", "choose another name")
    return Project(
        name=name,
        path=str(repository.root),
        common_dir=str(repository.common_dir),
        label=repository.root.name,
        starting_branch=repository.branch or "",
        starting_commit=repository.head,
        created_at=parts.clock.now(),
    )


def plan(
    parts: Parts, wanted: Wanted, name: str, repository: Repository, progress: Progress
) -> Plan:
    """The plan of a new team for the project ``name``.

    Raises:
        BadInput: what was asked for makes no team.
    """
    # The daemon pays for the analysis at the first team, not at each start.
    from tmux_orch.analysis.propose import Wish, propose

    wish = Wish(**{field: getattr(wanted, field) for field in Wish.__dataclass_fields__})
    proposal = propose(
        repository.root,
        wanted.environment or os.environ,
        wanted.spec_text,
        parts.definitions.of(repository.root),
        wish,
        parts.planner,
        lambda line: progress({"event": "note", "text": line}),
    )
    chosen, findings = proposal.chosen, proposal.findings
    return Plan(
        run=secrets.token_hex(3),
        project=name,
        title=proposal.spec.title,
        spec_name=wanted.spec_name,
        spec=proposal.spec.text,
        team_type=chosen.team_type,
        starting_branch=repository.branch or "",
        starting_commit=repository.head,
        agents=chosen.agents,
        tasks=proposal.spec.tasks,
        size=chosen.size,
        subscription=chosen.subscription,
        token_multiplier=chosen.token_multiplier,
        confidence=findings.confidence,
        evidence=findings.evidence,
        runner_up=findings.runner_up,
        conditions=proposal.conditions(),
        omitted=chosen.omitted,
        implementation=proposal.implementation,
    )


def enlarged(parts: Parts, wanted: Wanted, old: Plan, project: Project) -> Plan:
    """The plan with the added roles; names and slots of removed seats stay taken.

    Raises:
        BadInput: the roles cannot be added.
    """
    from tmux_orch.analysis import request, team

    templates = parts.definitions.of(Path(project.path))
    seats = parts.seats.of_project(project.name)
    gone = {seat.name for seat in seats if seat.desired is Desired.REMOVED}
    added = request.read_roles(wanted.add_roles, templates.aliases(), "--add-roles")
    subscription = wanted.plan or old.subscription
    joined = team.add(old.agents, added, templates, subscription, agent=wanted.agent, gone=gone)
    return replace(old, agents=(*old.agents, *joined), subscription=subscription)


def seat(parts: Parts, wanted: Wanted, of: Plan, planned: PlannedAgent, adapter: str) -> Seat:
    """The seat of one planned agent, before its first start."""
    return Seat(
        project=of.project,
        name=planned.name,
        role=planned.role,
        run=of.run,
        slot=planned.slot,
        adapter=planned.agent or adapter,
        worktree=str(parts.registry.project(of.project).worktree(planned.name)),
        branch=f"{parts.branch_prefix}/{of.run}/{planned.name}",
        base=of.starting_commit,
        incarnation=0,
        conversation_id=str(uuid.uuid4()),
        brief_id=secrets.token_hex(4),
        model=wanted.model or planned.model,
        permission_mode=wanted.permission_mode or DEFAULT_MODE,
    )


def store(
    parts: Parts, wanted: Wanted, of: Plan, project: Project, repository: Repository, adapter: str
) -> None:
    """Plan, project and seats in one transaction: from here on ``--resume`` knows the team."""
    programs = {adapter, *(planned.agent for planned in of.agents if planned.agent)}
    kept = environment.allowed(wanted.environment, parts.variables(programs))
    if not repository.identity:
        kept |= environment.identity(f"tmux_orch agents of {project.label}")
    paths = parts.registry.project(project.name)
    private_directory(paths.root)
    write_atomically(paths.environment, environment.dump(kept))
    with parts.database.write() as connection:
        if parts.projects.by_path(project.path, connection) is None:
            parts.projects.add(project, connection)
        parts.projects.change(
            project.name,
            connection,
            starting_branch=of.starting_branch,
            starting_commit=of.starting_commit,
            live=True,
            run=of.run,
        )
        parts.plans.put(of.run, project.name, of.body(), connection)
        if wanted.budget:
            unit, ceiling = per_day(wanted.budget)
            budget = Budget(project.name, TEAM, Period.DAY, unit, ceiling)
            Ceilings(parts.database).put(budget, connection)
        for planned in of.agents:
            parts.seats.put(seat(parts, wanted, of, planned, adapter), connection)
        parts.journal.note(project.name, of.run, None, "plan", connection=connection)
    mirrors.plan(parts, of)
