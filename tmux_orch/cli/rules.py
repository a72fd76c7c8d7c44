"""``rules``: the screen rules of agent programs, shown and checked; needs no daemon."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from tmux_orch.cli import options, printing, table

if TYPE_CHECKING:
    from tmux_orch.agents.screens.rules import Rule


@click.group()
def rules() -> None:
    """Screen rules: which text on an agent's screen means which state."""


@rules.command("list")
@click.argument("program")
@options.as_json
@options.debug
def list_rules(program: str, as_json: bool) -> int:
    """The rules of PROGRAM, your own among them, in the order in which they are tried."""
    from tmux_orch.agents.screens import load, own
    from tmux_orch.config.directory import config_directory

    own.use(config_directory(os.environ))
    found = load.rules(program, own.place(program)).rules
    if as_json:
        printing.as_json({"program": program, "rules": [_facts(rule) for rule in found]})
        return 0
    columns = [
        table.Column("RULE", 24),
        table.Column("STATE"),
        table.Column("PRIORITY", right=True),
        table.Column("LOOKS AT", 8),
    ]
    rows = [(rule.id, rule.state.value, rule.priority, _looks(rule)) for rule in found]
    for line in table.table(columns, rows):
        printing.line(line)
    return 0


@rules.command("check")
@click.argument("target", metavar="FILE|PROGRAM")
@options.as_json
@options.debug
def check_rules(target: str, as_json: bool) -> int:
    """Refuse a rule file that is wrong, or has a rule that no recorded screen exercises.

    The recorded screens of your own FILE stand beside it, in screens/PROGRAM/RULE-ID.txt.
    """
    from tmux_orch.agents.screens import check

    checked = check.check(target)
    if as_json:
        printing.as_json(
            {
                "program": checked.program,
                "rules": [
                    _facts(rule) | {"screens": checked.screens[rule.id]} for rule in checked.rules
                ],
            }
        )
        return 0
    screens = sum(checked.screens.values())
    printing.line(
        f"{target}: {len(checked.rules)} rules for {checked.program}, {screens} recorded screens"
    )
    return 0


def _facts(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "state": rule.state.value,
        "priority": rule.priority,
        "versions": list(rule.versions),
        "gates": list(rule.gates),
        "regions": _looks(rule).split(", ") if _looks(rule) else [],
    }


def _looks(rule: Rule) -> str:
    return ", ".join(dict.fromkeys([*rule.all, *rule.any]))
