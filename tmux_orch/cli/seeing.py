"""``peek`` and ``usage``: an agent's screen, and what the agents used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from tmux_orch.cli import options, plain, printing, screen
from tmux_orch.cli.table import Column, table
from tmux_orch.rpc import client

_USED = (
    Column("DAY"),
    Column("AGENT", 12),
    Column("IN", right=True),
    Column("OUT", right=True),
    Column("COST", right=True),
)


@click.command()
@click.argument("agent", shell_complete=options.agent_names)
@click.option(
    "--lines", type=click.IntRange(1, 2000), metavar="N", help="The last N lines, scrolled off too."
)
@options.project
@options.as_json
@options.debug
def peek(agent: str, lines: int | None, project: str | None, as_json: bool) -> int:
    """Print what AGENT's window shows, as plain text."""
    found = client.call("peek", {"project": project, "agent": agent, "lines": lines})
    if as_json:
        printing.as_json(found)
        return 0
    printing.lines(plain.plain(str(line)).replace("\n", " ") for line in found["lines"])
    if found["dead"]:
        printing.note(f"{agent} has ended; this is its last screen")
    return 0


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 3660), default=7, show_default=True, help="The last N days."
)
@options.project
@options.as_json
@options.debug
def usage(days: int, project: str | None, as_json: bool) -> int:
    """Tokens and cost per day and agent, as their programs tell them."""
    found = client.call("usage", {"project": project, "days": days})
    if as_json:
        printing.as_json(found)
    else:
        printing.lines(usage_lines(found))
    return 0


def usage_lines(found: Mapping[str, Any]) -> list[str]:
    """The table and its sum."""
    if not found["used"]:
        return ["no agent's program has told what it used"]
    rows = [(row["day"], row["agent"], *_figures(row)) for row in found["used"]]
    lines = table(_USED, [*rows, ("total", "", *_figures(found["total"]))])
    lines[-1] = screen.paint(lines[-1], "bold")
    return lines


def _figures(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return count(row["input_tokens"]), count(row["output_tokens"]), dollars(row["cost_usd"])


def count(number: int | None) -> str:
    """A number of tokens as a person reads it: ``950``, ``12.3k``, ``4.5M``; ``-`` for none."""
    if number is None:
        return "-"
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return str(number)


def dollars(cost: float | None) -> str:
    """A cost in US dollars; ``-`` when it was not told."""
    return "-" if cost is None else f"${cost:.2f}"
