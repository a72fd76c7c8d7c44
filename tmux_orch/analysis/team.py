"""Which agents a team has, with a reason for each that is in it and each that is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tmux_orch.analysis import subscription
from tmux_orch.analysis.conditional import called_for, not_called_for
from tmux_orch.analysis.seating import Seating, agents
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.findings import Findings
from tmux_orch.domain.plan import Omitted, PlannedAgent, fill
from tmux_orch.domain.roles import HUB_ROLE, Size, Subscription, TeamTemplate, Templates

MANAGER = "project_manager"
#: From a plan of so many agents on, somebody keeps the branches in order; below, the hub does.
MANAGED_FROM = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for; empty where they left it to us.

    Attributes:
        roles: From ``--roles``: they replace the team; the hub joins all the same.
        added: From ``--add-roles``: they join whatever the team is.
        agent: From ``--agent``: the program of every agent, also of roles with one of their own.
    """

    team_type: str = ""
    roles: Mapping[str, int] | None = None
    added: Mapping[str, int] = field(default_factory=dict)
    size: str = ""
    subscription: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The team: who, of which kind, under which plan, and who not.

    Attributes:
        agents: Hub first; every role that one of them needs is among them.
        omitted: Roles that could have been in it, none of them with a seat.
    """

    team_type: str
    size: str
    subscription: str
    token_multiplier: int
    agents: tuple[PlannedAgent, ...]
    omitted: tuple[Omitted, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the choice is made within."""

    templates: Templates
    findings: Findings
    asked: Asked
    team: TeamTemplate
    size: Size
    plan: Subscription

    @property
    def automatic(self) -> bool:
        return self.asked.roles is None

    @property
    def managed(self) -> bool:
        """Whether a project manager joins without being asked for."""
        known = MANAGER in self.templates.roles and MANAGER not in self.asked.added
        return self.automatic and known and self.plan.cap >= MANAGED_FROM


def choose(templates: Templates, findings: Findings, asked: Asked) -> Chosen:
    """The team for a project of which ``findings`` were found.

    Seats are given in this order until the plan's cap is reached: the hub; what was asked for; the
    project manager where the cap is 5 or more; the core, those that the type's cutting order names
    first coming last; conditional roles, most conditions first; optional ones, as many as the size
    takes. Each brings the roles it needs along, or is left out with them.

    Raises:
        BadInput: a name is not known, a second hub, or the plan carries less than was asked for or
            than the type cannot do without; then the smallest plan that works is named.
    """
    frame = _frame(templates, findings, asked)
    seating = _required(frame)
    if seating.count > frame.plan.cap:
        raise _too_many(frame, seating)
    if frame.automatic:
        _core(frame, seating)
        _conditional(frame, seating)
        _optional(frame, seating)
    _say_who_is_not_there(frame, seating)
    first = (MANAGER, *frame.team.core) if frame.automatic else tuple(asked.roles or ())
    seats = seating.ordered((HUB_ROLE, *first))
    return Chosen(
        team_type=frame.team.name,
        size=frame.size.name,
        subscription=frame.plan.name,
        token_multiplier=frame.size.token_multiplier,
        agents=agents(seats, templates, asked.agent),
        omitted=tuple(
            Omitted(role, why) for role, why in seating.left_out.items() if role not in seats
        ),
    )


def add(
    present: Sequence[PlannedAgent],
    added: Mapping[str, int],
    templates: Templates | None = None,
    plan: str = "",
    *,
    agent: str = "",
    gone: Collection[str] = (),
) -> tuple[PlannedAgent, ...]:
    """The seats that join a team which exists: names and slots not used by ``present``.

    Args:
        present: Every seat the team has or had.
        added: What ``--add-roles`` asked for.
        templates: With them, whoever joins brings the roles it needs, and the plan's cap holds.
        plan: Name of the subscription plan; empty for the default one.
        agent: What ``--agent`` asked for.
        gone: Names of seats that were removed: they stay taken, and count no more.

    Raises:
        BadInput: a second hub, or the plan carries fewer.
    """
    if HUB_ROLE in added:
        raise BadInput("the team has its orchestrator already", "leave it out of --add-roles")
    first = max((one.slot for one in present), default=-1) + 1
    taken = frozenset(one.name for one in present)
    if templates is None:
        return fill(added, dict.fromkeys(added, "asked for with --add-roles"), taken, first)
    here = [one for one in present if one.name not in gone]
    seating = Seating(templates, {one.role: [] for one in here})
    for role, wanted in added.items():
        seating.seat(templates.role(role).name, "asked for with --add-roles", wanted)
    count = len(here) + seating.count
    carried = subscription.named(templates, plan)
    if count > carried.cap:
        problem = f"the team would have {count} agents; plan {carried.name} carries {carried.cap}"
        raise BadInput(problem, subscription.way_out(templates, lambda one: one.cap >= count))
    return agents(seating.seats, templates, agent, taken, first)


def _one_hub(count: int) -> None:
    if count > 1:
        raise BadInput("a team has one orchestrator, the hub", "ask for it once or not at all")


def _frame(templates: Templates, findings: Findings, asked: Asked) -> _Frame:
    size = templates.sizes.get(asked.size or findings.size)
    if size is None:
        word = (asked.size or findings.size)[:60]
        raise BadInput(f"no size {word!r}", f"the sizes are {', '.join(templates.sizes)}")
    team = templates.team(asked.team_type or findings.team_type)
    plan = subscription.named(templates, asked.subscription)
    _one_hub((asked.roles or {}).get(HUB_ROLE, 1) + asked.added.get(HUB_ROLE, 0))
    return _Frame(templates, findings, asked, team, size, plan)


def _required(frame: _Frame) -> Seating:
    """The seats that nothing may take away: asked for, or the type cannot do without them."""
    seating = Seating(frame.templates)
    asked, known = frame.asked, frame.templates.role
    named = HUB_ROLE in (asked.roles or {})
    seating.seat(HUB_ROLE, "asked for with --roles" if named else "the hub: every team has one")
    for role, count in (asked.roles or {}).items():
        if role != HUB_ROLE:
            seating.seat(known(role).name, "asked for with --roles", count)
    if frame.managed:
        reason = f"keeps the branches in order; joins where a plan carries {MANAGED_FROM} or more"
        seating.seat(MANAGER, reason)
    if frame.automatic:
        for role in frame.team.core:
            if role not in (HUB_ROLE, MANAGER, *frame.team.cut_order):
                seating.seat(role, _core_reason(frame))
    for role, count in asked.added.items():
        seating.seat(known(role).name, "asked for with --add-roles", count)
    return seating


def _core(frame: _Frame, seating: Seating) -> None:
    for role in reversed(frame.team.cut_order):
        if role == MANAGER:
            continue
        if seating.count + seating.size_of(role) <= frame.plan.cap:
            seating.seat(role, _core_reason(frame))
        elif role in seating.seats:
            seating.seats[role][0] += f"; plan {frame.plan.name} has no room for a second"
        else:
            order = f"the {frame.team.name} team's cutting order"
            seating.leave_out(role, _no_room(frame, seating, role, f"{order} lets it go"))


def _core_reason(frame: _Frame) -> str:
    return f"core of the {frame.team.name} team"


def _conditional(frame: _Frame, seating: Seating) -> None:
    for role, reason in called_for(frame.templates, frame.findings.conditions):
        if role in seating.seats:
            continue
        if seating.count + seating.size_of(role) <= frame.plan.cap:
            seating.seat(role, reason)
        else:
            seating.leave_out(role, f"{reason}, but {_no_room(frame, seating, role)}")


def _optional(frame: _Frame, seating: Seating) -> None:
    fewest, most = frame.size.extra
    joined = 0
    for role in frame.team.optional:
        if role in seating.seats or role in seating.left_out:
            continue
        why_not = _why_not_optional(frame, seating, role, joined)
        if why_not:
            seating.leave_out(role, why_not)
            continue
        taken = f"{fewest} to {most}" if fewest < most else f"{most}"
        seating.seat(
            role,
            f"optional in the {frame.team.name} team: a {frame.size.name} project takes {taken}",
        )
        joined += 1


def _why_not_optional(frame: _Frame, seating: Seating, role: str, joined: int) -> str:
    size, plan = frame.size, frame.plan
    fewest, most = size.extra
    count = seating.count + seating.size_of(role)
    if joined >= most:
        return f"a {size.name} project takes {most} optional {'role' if most == 1 else 'roles'}"
    if count > plan.cap:
        return _no_room(frame, seating, role)
    if count > size.base[1] + most:
        return f"a {size.name} project is work for {size.base[1] + most} agents at most"
    if joined >= fewest and count > plan.recommended[1]:
        enough = f"{fewest} optional roles are enough"
        return f"plan {plan.name} carries {plan.recommended[1]} agents well; {enough}"
    return ""


def _no_room(
    frame: _Frame, seating: Seating, role: str, otherwise: str = "others come first"
) -> str:
    missing = seating.missing(role)
    carried = f"plan {frame.plan.name} carries {frame.plan.cap} agents"
    if missing and seating.count < frame.plan.cap:
        return f"{carried}: no room for it and for {', '.join(missing)}, which it needs"
    return f"{carried}, and {otherwise}"


def _say_who_is_not_there(frame: _Frame, seating: Seating) -> None:
    """A reason for everybody who could have been expected and was not looked at yet."""
    if MANAGER in frame.templates.roles:
        if not frame.automatic:
            why = "--roles did not name it; the orchestrator keeps the branches in order"
        else:
            why = f"joins from a plan of {MANAGED_FROM} agents on; till then the hub does its work"
        seating.leave_out(MANAGER, why)
    if not frame.automatic:
        for role in (*frame.team.core, *frame.team.optional):
            seating.leave_out(role, "--roles did not name it")
        for role, reason in called_for(frame.templates, frame.findings.conditions):
            seating.leave_out(role, f"{reason}, but --roles did not name it")
        return
    for one in frame.templates.conditional:
        seating.leave_out(one.role, not_called_for(one))


def _too_many(frame: _Frame, seating: Seating) -> BadInput:
    """The refusal, with the smallest plan that works."""
    roles = seating.ordered((HUB_ROLE, MANAGER, *frame.team.core))
    told = ", ".join(
        role if len(reasons) == 1 else f"{role}:{len(reasons)}" for role, reasons in roles.items()
    )
    if not frame.automatic:
        option = "--roles and --add-roles make" if frame.asked.added else "--roles makes"
        what = f"{option}, with the hub and what they need,"
    elif frame.asked.added:
        what = f"--add-roles and the {frame.team.name} team make"
    else:
        what = f"a {frame.team.name} team needs"
    carried = f"plan {frame.plan.name} carries {frame.plan.cap}"
    # A larger plan may bring the project manager along: what it needs is looked up, not computed.
    step = subscription.way_out(
        frame.templates, lambda plan: _required(replace(frame, plan=plan)).count <= plan.cap
    )
    return BadInput(f"{what} {seating.count} agents ({told}); {carried}", step)
