"""The implementation plan: phases and tasks that a spec was turned into; plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class PlannerSettings:
    """What a person may set about a planner that asks a model.

    Attributes:
        model: Model to ask; empty for the planner's own default.
        timeout_s: Seconds after which its answer is not waited for any more, retries included.
        retries: How often it asks again after a passing failure (a limit, an overload).
    """

    model: str = ""
    timeout_s: int = 300
    retries: int = 2


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work for one role.

    Attributes:
        id: ``T1``, ``T2`` …, unique in the plan.
        role: Role name; always one that is in the team.
        title: One line.
        phase: Name of its phase.
        depends_on: Ids of tasks that come first; no circle.
        success_criteria: What must hold for it to be done; at least one line.
        files: Paths it will likely touch.
    """

    id: str
    role: str
    title: str
    phase: str
    depends_on: tuple[str, ...]
    success_criteria: tuple[str, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the work."""

    name: str
    goal: str


@dataclass(frozen=True, slots=True)
class Risk:
    """What could go wrong, and what is done about it."""

    risk: str
    mitigation: str


@dataclass(frozen=True, slots=True)
class Implementation:
    """Phases, tasks, risks and open questions.

    Attributes:
        summary: What is to be made, in one or two sentences.
        planner: Who made it: ``anthropic``, ``claude`` or ``offline``.
        note: What the person should know about how it was made (a fallback and why); may be empty.
    """

    summary: str
    phases: tuple[Phase, ...]
    tasks: tuple[Task, ...]
    risks: tuple[Risk, ...] = ()
    open_questions: tuple[str, ...] = ()
    planner: str = "offline"
    note: str = ""

    def of(self, role: str) -> tuple[Task, ...]:
        """The tasks of one role, in order."""
        return tuple(task for task in self.tasks if task.role == role)

    def body(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return asdict(self)

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Implementation:
        """What :meth:`body` wrote; a ``KeyError`` or ``TypeError`` means the data is none."""
        return cls(
            summary=body["summary"],
            phases=tuple(Phase(**phase) for phase in body["phases"]),
            tasks=tuple(_task(task) for task in body["tasks"]),
            risks=tuple(Risk(**risk) for risk in body["risks"]),
            open_questions=tuple(body["open_questions"]),
            planner=body["planner"],
            note=body["note"],
        )


def _task(body: Mapping[str, Any]) -> Task:
    fields: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list | tuple) else v for k, v in body.items()
    }
    return Task(**fields)
