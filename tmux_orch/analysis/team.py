"""Which agents a team has, with a reason for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.plan import PlannedAgent, fill

HUB_ROLE = "orchestrator"


def choose(
    core: Sequence[str], roles: Mapping[str, int] | None, added: Mapping[str, int]
) -> tuple[PlannedAgent, ...]:
    """The seats of a new team, hub first.

    Args:
        core: The template's roles, used when ``roles`` is ``None``.
        roles: What ``--roles`` asked for; it replaces the template, and the hub joins all the same.
        added: What ``--add-roles`` asked for; it adds to either.

    Raises:
        BadInput: more than one hub.
    """
    base = dict.fromkeys(core, 1) if roles is None else dict(roles)
    reason = "part of the default team" if roles is None else "asked for with --roles"
    reasons = dict.fromkeys(base, reason)
    if HUB_ROLE not in base:
        reasons[HUB_ROLE] = "the hub: every team has one"
    wanted = {HUB_ROLE: base.get(HUB_ROLE, 1)}
    wanted.update({role: count for role, count in base.items() if role != HUB_ROLE})
    for role, count in added.items():
        wanted[role] = wanted.get(role, 0) + count
        reasons.setdefault(role, "asked for with --add-roles")
    if wanted[HUB_ROLE] > 1:
        raise BadInput("a team has one orchestrator, the hub", "ask for it once or not at all")
    return fill(wanted, reasons, frozenset(), 0)


def add(present: Sequence[PlannedAgent], added: Mapping[str, int]) -> tuple[PlannedAgent, ...]:
    """The seats that join a team which exists: names and slots not used by ``present``.

    Raises:
        BadInput: a second hub.
    """
    if HUB_ROLE in added:
        raise BadInput("the team has its orchestrator already", "leave it out of --add-roles")
    first = max((agent.slot for agent in present), default=-1) + 1
    taken = frozenset(agent.name for agent in present)
    return fill(added, dict.fromkeys(added, "asked for with --add-roles"), taken, first)
