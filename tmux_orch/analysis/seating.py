"""Who sits in a team and why: seats under a cap, each role with the roles it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tmux_orch.domain.plan import PlannedAgent, fill
from tmux_orch.domain.roles import Role, Templates


@dataclass(slots=True)
class Seating:
    """Seats as they are given; whoever comes brings along what it needs.

    Attributes:
        seats: Role → the reason of each of its seats, in the order they were given.
        left_out: Role → why it has no seat.
        came_along: Roles that sit there only because another needs them.
    """

    templates: Templates
    seats: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    came_along: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """How many seats are given."""
        return sum(len(reasons) for reasons in self.seats.values())

    def missing(self, role: str) -> tuple[str, ...]:
        """Roles that ``role`` needs, directly or not, and that have no seat; the deepest first."""
        return tuple(name for name in needed(self.templates, role) if name not in self.seats)

    def size_of(self, role: str) -> int:
        """How many seats more there would be with ``role`` and what it needs."""
        return len(self.missing(role)) + (role not in self.came_along)

    def seat(self, role: str, reason: str, count: int = 1) -> None:
        """Give ``role`` its seats, and one to each role that it needs and that has none.

        A role that came along with another keeps its seat, now in its own right.
        """
        missing = self.missing(role)
        for name in missing:
            self.seats[name] = [self._need(name, (*missing, role))]
        self.came_along.update(missing)
        if role in self.came_along:
            self.came_along.discard(role)
            self.seats[role] = []
        self.seats.setdefault(role, []).extend([reason] * count)

    def leave_out(self, role: str, why: str) -> None:
        """Note why ``role`` has no seat; the first reason stays."""
        self.left_out.setdefault(role, why)

    def _need(self, name: str, among: Iterable[str]) -> str:
        """Why ``name`` is needed: the first of ``among`` that says what it needs it for."""
        for other in among:
            for need in self.templates.roles[other].needs:
                if need.role == name:
                    tasks = need.tasks[0].rstrip(".") if need.tasks else ""
                    return f"{other} needs it" + (f": {tasks}" if tasks else "")
        raise KeyError(name)

    def ordered(self, first: Iterable[str]) -> dict[str, list[str]]:
        """The seats, those of ``first`` in its order before the others."""
        order = [role for role in dict.fromkeys(first) if role in self.seats]
        return {role: self.seats[role] for role in dict.fromkeys([*order, *self.seats])}


def needed(templates: Templates, role: str) -> tuple[str, ...]:
    """Every role that ``role`` needs, directly or not; the deepest first, each once."""
    found: dict[str, None] = {}
    for need in templates.roles[role].needs:
        found |= dict.fromkeys(needed(templates, need.role))
        found[need.role] = None
    return tuple(found)


def agents(
    seats: Mapping[str, Iterable[str]],
    templates: Templates,
    agent: str,
    taken: Iterable[str] = (),
    first_slot: int = 0,
) -> tuple[PlannedAgent, ...]:
    """The seats as agents with names, slots and their roles' own programs and models.

    Args:
        seats: Role → the reason of each of its seats.
        templates: Where the roles are defined.
        agent: What ``--agent`` asked for: it stands over the roles' own programs.
        taken: Names that are in use.
        first_slot: Slot of the first of them.
    """
    made: list[PlannedAgent] = []
    names = set(taken)
    for role, reasons in seats.items():
        program, model = _own(templates.roles[role], agent)
        for reason in reasons:
            (one,) = fill({role: 1}, {role: reason}, frozenset(names), first_slot + len(made))
            names.add(one.name)
            made.append(replace(one, agent=program, model=model))
    return tuple(made)


def _own(role: Role, agent: str) -> tuple[str, str]:
    if not agent:
        return role.agent, role.model
    # A model is its program's: under another program its name would mean nothing.
    return "", role.model if role.agent in ("", agent) else ""
