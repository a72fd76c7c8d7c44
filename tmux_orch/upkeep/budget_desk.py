"""What a person asks of budgets: set, show, extend, clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tmux_orch.domain.budget import TEAM, Budget, Period, Unit, amount
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import agent_key
from tmux_orch.store.projects import Project
from tmux_orch.team import stop
from tmux_orch.team.usage import day_of
from tmux_orch.upkeep.budgets import Budgets, Standing

SCHEMA = "tmux-orch/budget/1"


Act = Callable[[Project, Mapping[str, Any]], Mapping[str, Any]]


def verbs(budgets: Budgets) -> dict[str, Act]:
    """What the command line may ask, by verb."""
    return {
        "budget": lambda project, _body: show(budgets, project),
        "budget-set": lambda project, body: put(budgets, project, body),
        "budget-extend": lambda project, body: extend(budgets, project, body),
        "budget-clear": lambda project, body: clear(budgets, project, body),
    }


def show(budgets: Budgets, project: Project) -> dict[str, Any]:
    """Every budget of a project, and how far it is used now."""
    budgets.look(fresh=True)
    rows = budgets.standings(project, _of(budgets, project))
    return {
        "schema": SCHEMA,
        "project": {"name": project.name, "path": project.path},
        "day": day_of(budgets.parts.clock.now()).isoformat(),
        "budgets": [_row(budgets, project, one) for one in rows],
    }


def put(budgets: Budgets, project: Project, body: Mapping[str, Any]) -> dict[str, Any]:
    """Set a budget, in place of the one of the same scope, period and unit.

    Raises:
        BadInput: nothing was changed.
    """
    asked = _asked(budgets, project, body)
    value = _amount(body, asked.unit)

    def act() -> None:
        before = _find(budgets, asked)
        budgets.ceilings.put(replace(before or asked, ceiling=value))
        _log(budgets, "budget.set", replace(asked, ceiling=value))

    budgets.change(act)
    return show(budgets, project)


def extend(budgets: Budgets, project: Project, body: Mapping[str, Any]) -> dict[str, Any]:
    """Allow more for the period now only.

    Raises:
        BadInput: nothing was changed.
    """
    asked = _asked(budgets, project, body)
    value = _amount(body, asked.unit)

    def act() -> None:
        before = _find(budgets, asked)
        if before is None:
            raise _none(project, asked)
        (one,) = budgets.standings(project, [before])
        after = before.extend(value, one.term)
        budgets.ceilings.put(after)
        _log(budgets, "budget.extended", replace(asked, ceiling=value))

    budgets.change(act)
    return show(budgets, project)


def clear(budgets: Budgets, project: Project, body: Mapping[str, Any]) -> dict[str, Any]:
    """Forget the budgets of an agent, or the team's; of one period only when it is named.

    Raises:
        BadInput: there is none; nothing was changed.
    """
    period = _period(body) if body.get("period") else None
    agent = agent_key(project.name, str(body.get("agent"))) if body.get("agent") else TEAM
    if agent not in {budget.agent for budget in _of(budgets, project)}:
        agent = _agent(budgets, project, body)  # one that was removed may still have a budget

    def act() -> None:
        gone = [
            budget
            for budget in _of(budgets, project)
            if budget.agent == agent and period in (None, budget.period)
        ]
        if not gone:
            raise _none(project, Budget(project.name, agent, Period.DAY, Unit.USD, 0))
        for budget in gone:
            budgets.ceilings.drop(budget)
            _log(budgets, "budget.cleared", budget)

    budgets.change(act)
    return show(budgets, project)


def _of(budgets: Budgets, project: Project) -> list[Budget]:
    return [one for one in budgets.ceilings.all() if one.project == project.name]


def _find(budgets: Budgets, sought: Budget) -> Budget | None:
    key = (sought.project, sought.agent, sought.period, sought.unit)
    found = (
        one for one in budgets.ceilings.all()
        if (one.project, one.agent, one.period, one.unit) == key
    )  # fmt: skip
    return next(found, None)


def _asked(budgets: Budgets, project: Project, body: Mapping[str, Any]) -> Budget:
    try:
        unit = Unit(str(body.get("unit")))
    except ValueError as error:
        raise BadInput("a budget is of tokens or usd", "--tokens N or --usd X") from error
    return Budget(project.name, _agent(budgets, project, body), _period(body), unit, 0)


def _agent(budgets: Budgets, project: Project, body: Mapping[str, Any]) -> str:
    name = body.get("agent")
    return stop.chosen(budgets.parts, project, [str(name)])[0].key if name else TEAM


def _period(body: Mapping[str, Any]) -> Period:
    try:
        return Period(str(body.get("period") or Period.DAY))
    except ValueError as error:
        raise BadInput("a budget is per day or per run", "--per day or --per run") from error


def _amount(body: Mapping[str, Any], unit: Unit) -> float:
    return amount(str(body.get("amount") or ""), unit)


def _none(project: Project, asked: Budget) -> BadInput:
    whose = f"{asked.agent.partition('/')[2]}" if asked.agent else project.name
    return BadInput(f"{whose} has no such budget", "see tmux-orch budget show")


def _log(budgets: Budgets, kind: str, changed: Budget) -> None:
    payload = {
        "whose": "its" if changed.agent else "the team's",
        "amount": f"{changed.ceiling:.15g}",
        "unit": str(changed.unit),
        "period": str(changed.period),
    }
    budgets.parts.events.append(kind, changed.project, changed.agent or None, payload)


def _row(budgets: Budgets, project: Project, one: Standing) -> dict[str, Any]:
    budget = one.budget
    return {
        "agent": budget.agent.partition("/")[2] or None,
        "period": str(budget.period),
        "unit": str(budget.unit),
        "ceiling": budget.ceiling,
        "extended": budget.limit(one.term) - budget.ceiling,
        "limit": budget.limit(one.term),
        "used": one.used,
        "percent": one.percent,
        "stage": one.stage.name.lower(),
        "blind": budgets.blind(project, budget.agent, budget.unit),
    }
