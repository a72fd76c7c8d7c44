"""``watch``: what happens in a team, line by line, while it happens."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from tmux_orch.cli import options, plain, printing, screen, when
from tmux_orch.cli.table import cut
from tmux_orch.domain import happened
from tmux_orch.domain.errors import BadInput
from tmux_orch.rpc.follow import follow

#: Lines of what was before, so that the first look is not an empty screen.
BEFORE = 10
# After the daemon was away nothing that happened meanwhile is left out.
_MOST = 1000
_COLOURS = {"good": "green", "look": "yellow", "bad": "red"}
_NAME = 15  # the longest role of the default team


def _kinds(
    _context: click.Context, _parameter: click.Parameter, kinds: tuple[str, ...]
) -> list[str]:
    for kind in kinds:
        if not happened.is_kind(kind):
            known = sorted({one.partition(".")[0] for one in happened.SAYINGS})
            raise BadInput(f"no event is of the kind {kind!r}", f"give one of: {', '.join(known)}")
    return list(kinds)


@click.command()
@options.project
@click.option("--agent", metavar="AGENT", shell_complete=options.agent_names, help="Only this one.")
@click.option(
    "--kind", "kinds", metavar="KIND", multiple=True, callback=_kinds,
    help="Only this kind: message, agent.state, … (may be repeated).",
)  # fmt: skip
@click.option("--since", type=click.IntRange(0), metavar="N", help="First all after event N.")
@options.as_json
@options.debug
def watch(
    project: str | None, agent: str | None, kinds: list[str], since: int | None, as_json: bool
) -> int:
    """Follow what happens in a team, one line each; Ctrl-C ends it.

    It does not keep an idle daemon running: when that ends, it waits for the next one.
    """
    lines = _Lines(as_json)

    def body() -> dict[str, Any]:
        return {
            "project": project, "agent": agent, "kinds": kinds, "follow": True,
            "since": since if lines.last is None else lines.last,
            "limit": BEFORE if lines.begun is False else _MOST,
        }  # fmt: skip

    try:
        follow("log", body, lines, away=lines.away)
    except _Unread:
        return 0
    return 0


class _Unread(Exception):
    """Nobody reads our output any more."""


class _Lines:
    """Prints each event once."""

    def __init__(self, as_json: bool) -> None:
        self.last: int | None = None
        self.begun = False
        self._as_json = as_json
        self._day = ""

    def __call__(self, row: Mapping[str, Any]) -> None:
        self.last, self.begun = int(row["seq"]), True
        if self._as_json:
            taken = printing.as_json(row, one_line=True)
        else:
            at = when.clock(row["at"])
            day, _, clock = at.partition(" ")
            head = f"{day}\n" if day != self._day else ""
            self._day = day
            taken = printing.write(f"{head}{line(row, clock)}\n", now=True)
        if not taken:
            raise _Unread

    def away(self, why: str) -> None:
        self.begun = True
        printing.note(f"tmux-orch: {why}")


def line(row: Mapping[str, Any], clock: str) -> str:
    """One event: when, who, what, no wider than the terminal."""
    kind, payload = str(row["kind"]), row.get("payload") or {}
    who = str(row.get("agent") or "").rpartition("/")[2] or "-"
    head = f"{clock}  {plain.line(who):<{_NAME}}  "
    said = plain.line(happened.sentence(kind, payload))
    if screen.is_terminal(sys.stdout):
        said = cut(said, max(20, screen.width() - len(head)))
    return head + screen.paint(said, _COLOURS.get(happened.tone(kind, payload), ""))
