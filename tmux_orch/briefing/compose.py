"""What one agent of a planned team is to be told: pure, from the plan, the seats and the roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tmux_orch.briefing.facts import LastWork, Mate, Owned, Reader, Tools, Variant
from tmux_orch.domain.implementation import Implementation, Task
from tmux_orch.domain.plan import Plan
from tmux_orch.domain.roles import Role
from tmux_orch.domain.seat import Seat

MERGER_ROLE = "project_manager"
#: The role whose page lists the MCP servers.
TOOLS_ROLE = "researcher"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was seen around an agent when its pages are written.

    Attributes:
        label: The project's label.
        remote: Name of the repository's remote; empty when it has none.
        notes: The registry's directory for the project's notes.
        ports: First port of the agent's slot.
        merge_order: Roles, from the team template.
        tools: MCP servers of the agent's program; ``None`` when nothing is known of them.
        did: Agent name → what it has done so far; for one that joins later.
        last: What the agent did before its restart.
    """

    label: str
    remote: str = ""
    notes: str = ""
    ports: int = 0
    merge_order: tuple[str, ...] = ()
    tools: Tools | None = None
    did: Mapping[str, str] = field(default_factory=dict)
    last: LastWork | None = None


def reader(
    plan: Plan,
    seat: Seat,
    mates: tuple[Seat, ...],
    role_of: Callable[[str], Role],
    around: Surroundings,
    variant: Variant = Variant.FIRST,
) -> Reader:
    """What the pages of ``seat`` may say.

    Args:
        plan: Of its team.
        seat, mates: The agent and the others that are in the team now.
        role_of: A role by its name.
        around: What was seen.
        variant: Why its pages are written.
    """
    role = role_of(seat.role)
    made = plan.implementation
    team = sorted((seat, *mates), key=lambda one: one.slot)
    peers = [one.name for one in team if one.role == seat.role]
    number = peers.index(seat.name)
    tasks, elsewhere = _divided(made, seat.role, number, len(peers), variant)
    is_hub = seat.name == plan.hub
    return Reader(
        variant=variant,
        name=seat.name,
        role=seat.role,
        title=role.title,
        purpose=role.purpose,
        template=role.briefing or role.name,
        responsibilities=tuple(role.responsibilities),
        capabilities=tuple(role.capabilities),
        restrictions=tuple(role.restrictions),
        number=number + 1,
        of_role=len(peers),
        tasks_elsewhere=elsewhere,
        directories=_directories(role, mates, role_of),
        branch_prefix=role.branch_prefix,
        check_in_s=role.check_in_s,
        hub=plan.hub,
        merger=next((one.name for one in team if one.role == MERGER_ROLE), plan.hub),
        merge_order=tuple(
            one.name for wanted in around.merge_order for one in team if one.role == wanted
        ),
        project=around.label,
        goal=plan.title,
        summary=made.summary if made else "",
        planned=made is not None,
        phases=made.phases if made else (),
        tasks=tasks,
        load=_load(made, mates) if is_hub else (),
        open_questions=made.open_questions if made and is_hub else (),
        spec_items=() if made else plan.tasks,
        worktree=seat.worktree,
        branch=seat.branch,
        base=seat.base,
        starting_branch=plan.starting_branch,
        remote=around.remote,
        ports=around.ports,
        notes=around.notes if is_hub else "",
        mates=tuple(_mate(plan, role, other, role_of, around) for other in mates),
        tools=around.tools if role.name == TOOLS_ROLE else None,
        last=around.last,
    )


def _divided(
    made: Implementation | None, role: str, number: int, peers: int, variant: Variant
) -> tuple[tuple[Task, ...], tuple[str, ...]]:
    """Its own tasks, and the ids of those that others with its role have.

    Agents of one role take turns through the tasks. For one that joins later there is nothing left
    to divide: the others have read which are theirs.
    """
    of_role = made.of(role) if made else ()
    if peers == 1:
        return of_role, ()
    if variant is Variant.JOINED:
        return (), tuple(task.id for task in of_role)
    own = of_role[number::peers]
    return own, tuple(task.id for task in of_role if task not in own)


def _load(made: Implementation | None, mates: tuple[Seat, ...]) -> tuple[tuple[str, int], ...]:
    if made is None:
        return ()
    roles = dict.fromkeys(one.role for one in mates)
    counted = ((role, len(made.of(role))) for role in roles)
    return tuple((role, count) for role, count in counted if count)


def _mate(
    plan: Plan, role: Role, other: Seat, role_of: Callable[[str], Role], around: Surroundings
) -> Mate:
    direct = (
        role.name == plan.agents[0].role
        or other.name == plan.hub
        or other.role in role.mates(plan.team_type)
    )
    title = role_of(other.role).title
    return Mate(other.name, other.role, title, direct, other.branch, around.did.get(other.name, ""))


def _directories(
    role: Role, mates: tuple[Seat, ...], role_of: Callable[[str], Role]
) -> tuple[Owned, ...]:
    return tuple(
        Owned(
            path,
            tuple(other.name for other in mates if path in role_of(other.role).directories),
        )
        for path in role.directories
    )
