"""How far each agent's tasks are: the page in its worktree and what the plan gave its role."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tmux_orch.domain.roles import Templates
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.work import Progress
from tmux_orch.store.projects import Project
from tmux_orch.team.parts import Parts

Planned = Mapping[str, tuple[str, ...]]


def planned(parts: Parts, project: Project, seats: Sequence[Seat]) -> Planned:
    """Role → ids of its tasks in the plan, for roles that one agent has alone.

    Agents that share a role share out its tasks when they are briefed: only their pages tell whose
    is which.
    """
    plan = parts.plans.get(project.run)
    made = (plan or {}).get("implementation") or {}
    alone = {role for role, count in Counter(seat.role for seat in seats).items() if count == 1}
    found: dict[str, tuple[str, ...]] = {}
    for task in made.get("tasks", ()):
        if task["role"] in alone:
            found[task["role"]] = (*found.get(task["role"], ()), task["id"])
    return found


def progress(parts: Parts, seat: Seat, templates: Templates, plan: Planned) -> Progress | None:
    """The tasks of one agent; ``None`` when it has none that we know of."""
    role = templates.roles.get(seat.role)
    own = role.task_files if role is not None else ()
    return parts.work.progress(seat, own, plan.get(seat.role, ()))
