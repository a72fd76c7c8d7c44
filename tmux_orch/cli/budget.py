"""``budget``: how much an agent or the team may use."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from tmux_orch.cli import options, plain, printing, screen
from tmux_orch.cli.table import Column, table
from tmux_orch.domain.budget import Period, Unit, amount, words
from tmux_orch.domain.errors import EXIT_DONE, BadInput
from tmux_orch.domain.names import is_name
from tmux_orch.rpc import client

F = TypeVar("F", bound=Callable[..., Any])

_SHOWN = (
    Column("BUDGET OF", 12),
    Column("PER"),
    Column("LIMIT", right=True),
    Column("USED", right=True),
    Column("", right=True),
    Column("STATE"),
)
_STATES = {"below": "", "warned": "nearly used up", "held": "used up: nothing is sent"}


def _agent(function: F) -> F:
    return click.option(
        "--agent",
        metavar="NAME",
        shell_complete=options.agent_names,
        callback=lambda _c, _p, value: _named(value),
        help="This agent's; the team's if not given.",
    )(function)


def _period(function: F) -> F:
    return click.option(
        "--per", metavar="day|run", callback=lambda _c, _p, value: _per(value),
        help="For each day (default), or for the team's whole run.",
    )(function)  # fmt: skip


def _amounts(function: F) -> F:
    function = click.option("--usd", metavar="X", help="US dollars, as the programs tell them.")(
        function
    )
    return click.option("--tokens", metavar="N", help="Tokens in and out: 500000, 500k or 2.5M.")(
        function
    )


@click.group()
def budget() -> None:
    """How much an agent or the team may use; what is used up is sent nothing more.

    At 80 % the hub and you are told. A turn that runs is never interrupted.
    """


@budget.command("set")
@_agent
@_period
@_amounts
@options.project
@options.as_json
@options.debug
def set_(
    agent: str | None, per: str | None, tokens: str | None, usd: str | None,
    project: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Set a budget, in place of the one there is."""
    return _call("budget-set", _body(agent, per, project) | _amount(tokens, usd), as_json)


@budget.command()
@_agent
@_period
@_amounts
@options.project
@options.as_json
@options.debug
def extend(
    agent: str | None, per: str | None, tokens: str | None, usd: str | None,
    project: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Allow more, for today or this run only."""
    return _call("budget-extend", _body(agent, per, project) | _amount(tokens, usd), as_json)


@budget.command()
@_agent
@_period
@options.project
@options.as_json
@options.debug
def clear(agent: str | None, per: str | None, project: str | None, as_json: bool) -> int:
    """Take the budgets of the team, or of one agent, away."""
    return _call("budget-clear", _body(agent, per, project), as_json)


@budget.command()
@options.project
@options.as_json
@options.debug
def show(project: str | None, as_json: bool) -> int:
    """Print every budget and how far it is used."""
    return _call("budget", {"project": project}, as_json)


def _call(verb: str, body: Mapping[str, Any], as_json: bool) -> int:
    found = client.call(verb, body)
    if as_json:
        printing.as_json(found)
    else:
        printing.lines(budget_lines(found))
    return EXIT_DONE


def _body(agent: str | None, per: str | None, project: str | None) -> dict[str, Any]:
    return {"project": project, "agent": agent or "", "period": per or ""}


def _named(agent: str | None) -> str | None:
    if agent is not None and not is_name(agent):
        raise BadInput(f"--agent: {agent[:60]!r} is no agent's name", "see tmux-orch status")
    return agent


def _per(period: str | None) -> str | None:
    if period is not None and period not in tuple(Period):
        raise BadInput(f"--per: {period[:60]!r} is no period", "give day or run")
    return period


def _amount(tokens: str | None, usd: str | None) -> dict[str, str]:
    """The one amount given, checked; the daemon reads it again.

    Raises:
        BadInput: none, both, or no amount.
    """
    both = ((Unit.TOKENS, tokens), (Unit.USD, usd))
    given = [(unit, text) for unit, text in both if text is not None]
    if len(given) != 1:
        raise BadInput("a budget is of tokens or of money", "give one of --tokens N and --usd X")
    ((unit, text),) = given
    amount(text, unit)
    return {"unit": str(unit), "amount": text}


def budget_lines(found: Mapping[str, Any]) -> list[str]:
    """The table, and whom a budget does not see."""
    budgets = found["budgets"]
    if not budgets:
        return ["no budget is set: tmux-orch budget set --usd X | --tokens N"]
    lines = table(_SHOWN, [_row(one) for one in budgets])
    for one in budgets:
        if one["blind"]:
            what = "cost" if one["unit"] == Unit.USD else "tokens"
            whose = f"{one['agent']}'s" if one["agent"] else "the team's"
            names = ", ".join(one["blind"])
            text = f"{whose} budget of {one['unit']} does not count {names}: no {what} told"
            lines += textwrap.wrap(plain.line(text), screen.width(), subsequent_indent="  ")
    return lines


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    unit = Unit(one["unit"])
    limit = words(one["limit"], unit)
    more = f" (+{words(one['extended'], unit)})" if one["extended"] else ""
    percent = "-" if one["percent"] is None else f"{one['percent']}%"
    used = "-" if one["used"] is None else words(one["used"], unit)
    whose = one["agent"] or "the team"
    return whose, one["period"], limit + more, used, percent, _STATES.get(one["stage"], "")
