"""The desired team: which agents, why, from where; stored before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tmux_orch.domain.findings import Evidence
from tmux_orch.domain.implementation import Implementation
from tmux_orch.domain.names import unique

SCHEMA = "tmux-orch/plan/1"


@dataclass(frozen=True, slots=True)
class PlannedAgent:
    """One seat of the plan.

    Attributes:
        name: Agent name, unique in the team: the role's, or ``developer-2`` for a second one.
        role: Role name from the templates.
        slot: Stable number in the team, from 0.
        reason: Why it is in the team, for a person.
        agent: Agent program of its own; empty for the team's.
        model: Model of its own; empty for the team's.
    """

    name: str
    role: str
    slot: int
    reason: str
    agent: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Omitted:
    """A role that could have been in the team, and why it is not."""

    role: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``auto-orchestrate`` will make.

    Attributes:
        run: 6 hex digits; part of branch names and tags.
        project: Address name of the project.
        title: The spec's first heading, or its first line.
        spec_name: File name of the spec as the person gave it.
        spec: The spec's text.
        team_type: Name of the team template.
        starting_branch: Branch the work starts from; empty when HEAD was detached.
        starting_commit: Commit that every home branch is made from.
        agents: The seats; the hub is the first.
        tasks: Open tasks found in the spec (checkbox lines), in order.
        size: ``small``, ``medium``, ``large`` or ``enterprise``.
        subscription: Name of the subscription plan that caps the team.
        token_multiplier: Tokens against one agent working alone.
        confidence, evidence, runner_up: Why the team is of this type; see ``findings.Findings``.
        conditions: Name of a condition → its value.
        omitted: Roles left out.
        implementation: Phases and tasks; ``None`` in plans of version 0.1.
    """

    run: str
    project: str
    title: str
    spec_name: str
    spec: str
    team_type: str
    starting_branch: str
    starting_commit: str
    agents: tuple[PlannedAgent, ...]
    tasks: tuple[str, ...] = ()
    size: str = ""
    subscription: str = ""
    token_multiplier: int = 1
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    runner_up: str = ""
    conditions: Mapping[str, Any] = field(default_factory=dict)
    omitted: tuple[Omitted, ...] = ()
    implementation: Implementation | None = None

    @property
    def hub(self) -> str:
        """Name of the hub agent."""
        return self.agents[0].name

    def body(self) -> dict[str, Any]:
        """The plan as JSON-ready data."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Plan:
        """The plan that :meth:`body` wrote; a ``KeyError`` means the data is not one."""
        made = body.get("implementation")
        lists: dict[str, Any] = {
            "agents": tuple(PlannedAgent(**one) for one in body["agents"]),
            "tasks": tuple(body.get("tasks", ())),
            "evidence": tuple(Evidence(**one) for one in body.get("evidence", ())),
            "omitted": tuple(Omitted(**one) for one in body.get("omitted", ())),
            "implementation": None if made is None else Implementation.from_body(made),
        }
        # Fields of a later version than the one that stored the plan have their defaults.
        known = {k: body[k] for k in cls.__dataclass_fields__ if k in body and k not in lists}
        try:
            return cls(**known, **lists)
        except TypeError as error:
            raise KeyError(str(error)) from error


def fill(
    roles: Mapping[str, int], reasons: Mapping[str, str], taken: frozenset[str], first_slot: int
) -> tuple[PlannedAgent, ...]:
    """Seats for ``roles`` (name → how many), named apart from ``taken``, slots counted on.

    Order of ``roles`` is kept; a role's second seat is called ``role-2``, and so on.
    """
    agents: list[PlannedAgent] = []
    names = set(taken)
    for role, count in roles.items():
        for _ in range(count):
            name = unique(role, names)
            names.add(name)
            agents.append(PlannedAgent(name, role, first_slot + len(agents), reasons[role]))
    return tuple(agents)
