"""Which conditional roles a project's conditions call for, and how to say it."""

from __future__ import annotations

from collections.abc import Sequence

from tmux_orch.domain.findings import Conditions
from tmux_orch.domain.roles import ConditionalRole, Templates

_LEVELS = ("none", "low", "high")
_TOLD = {
    "has_database": "a database",
    "production_deployment": "a deployment to production",
    "handles_sensitive_data": "sensitive data",
    "compliance_required": "compliance requirements",
    "requires_sla": "a promised service level",
}


def called_for(templates: Templates, conditions: Conditions) -> tuple[tuple[str, str], ...]:
    """Roles whose conditions hold, each with the reason; most conditions first."""
    hits: list[tuple[int, str, str]] = []
    for one in templates.conditional:
        held = [name for name, wanted in one.conditions.items() if holds(conditions, name, wanted)]
        if held:
            told = [_seen(conditions, name) for name in held]
            hits.append((len(held), one.role, "the project has " + _joined(told)))
    hits.sort(key=lambda hit: -hit[0])
    return tuple((role, reason) for _, role, reason in hits)


def not_called_for(one: ConditionalRole) -> str:
    """Why a conditional role whose conditions do not hold is left out."""
    told = [_told(name, wanted) for name, wanted in one.conditions.items()]
    return f"joins for {_joined(told, 'or')}; none was found"


def holds(conditions: Conditions, name: str, wanted: bool | str) -> bool:
    """Whether the condition ``name`` is as a template wants it: ``True``, ``high``, ``>5``."""
    value = conditions.value(name)
    if isinstance(wanted, bool):
        return value is wanted
    if wanted.startswith(">"):
        return isinstance(value, int) and value > int(wanted[1:])
    if value not in _LEVELS or wanted == "none":
        return value == wanted
    return _LEVELS.index(str(value)) >= _LEVELS.index(wanted)


def _seen(conditions: Conditions, name: str) -> str:
    value = conditions.value(name)
    seen_in = conditions.why.get(name)
    if isinstance(value, bool):
        text = _told(name, value)
    elif isinstance(value, int):
        text = f"{value} services"
    else:
        text = _told(name, str(value))
    return f"{text} ({seen_in})" if seen_in else text


def _told(name: str, wanted: bool | str) -> str:
    if isinstance(wanted, bool):
        text = _TOLD.get(name, name)
        return text if wanted else f"not {text}"
    if wanted.startswith(">"):
        return f"more than {wanted[1:]} services"
    return f"{wanted} database complexity"


def _joined(told: Sequence[str], word: str = "and") -> str:
    *most, last = told
    return f"{', '.join(most)} {word} {last}" if most else last
