"""What was found out about a project and its spec, with the evidence; plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for (or, with a negative weight, against) a team type.

    Attributes:
        team_type: The type it speaks of.
        indicator: What was seen, for a person: ``Terraform files``.
        path: Where: a tracked path, or ``spec``.
        weight: How much it says.
    """

    team_type: str
    indicator: str
    path: str
    weight: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """Facts that decide about conditional roles.

    Attributes:
        database_complexity: ``none``, ``low`` or ``high`` (several databases, or clustering).
        service_count: Services the project runs.
        why: Name of a condition → what it was seen in.
    """

    has_database: bool = False
    database_complexity: str = "none"
    production_deployment: bool = False
    handles_sensitive_data: bool = False
    compliance_required: bool = False
    service_count: int = 0
    requires_sla: bool = False
    why: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> bool | str | int:
        """The condition called ``name``; a ``KeyError`` when there is none."""
        if name not in NAMES:
            raise KeyError(name)
        found: bool | str | int = getattr(self, name)
        return found


#: Conditions that a template may name.
NAMES = tuple(name for name in Conditions.__dataclass_fields__ if name != "why")


@dataclass(frozen=True, slots=True)
class Findings:
    """What the analysis says of a project and its spec.

    Attributes:
        team_type: The best fitting team type.
        confidence: 0 to 1: how sure that is.
        evidence: The strongest reasons, for and against, strongest first.
        runner_up: The next best type; empty when nothing spoke for another.
        size: ``small``, ``medium``, ``large`` or ``enterprise``.
        lines: Lines of tracked code, without what is vendored, generated or locked.
        conditions: See :class:`Conditions`.
    """

    team_type: str
    confidence: float
    evidence: tuple[Evidence, ...]
    runner_up: str
    size: str
    lines: int
    conditions: Conditions
