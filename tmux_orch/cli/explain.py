"""``explain``: why an agent's state is what it is, or what a saved screen says."""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import click

from tmux_orch.cli import options, plain, printing, screen, table, when
from tmux_orch.domain.errors import BadInput

if TYPE_CHECKING:
    from tmux_orch.agents.adapter import ScreenReading


@click.command()
@click.argument("target", required=False, shell_complete=options.agent_names)
@click.option("--screen", "file", metavar="FILE", help="Read a saved screen instead; - is stdin.")
@click.option("--agent", metavar="NAME", help="The program that drew it, e.g. claude.")
@click.option("--title", metavar="TEXT", help="The pane's title, if you have it.")
@click.option("--now", metavar="ISO", help="When it was saved (default: now).")
@click.option("--tz", "zone", metavar="ZONE", help="The program's time zone (default: --now's).")
@options.project
@options.as_json
@options.debug
def explain(
    target: str | None,
    file: str | None,
    agent: str | None,
    title: str | None,
    now: str | None,
    zone: str | None,
    project: str | None,
    as_json: bool,
) -> int:
    """Say why we think that the agent TARGET does what it does.

    With --screen nothing runs: a saved screen is read by the rules of the program --agent.
    """
    if file is None:
        given = {"--agent": agent, "--title": title, "--now": now, "--tz": zone}
        for name, value in given.items():
            if value is not None:
                raise BadInput(f"{name} goes with --screen", "give --screen FILE")
        if target is None:
            raise BadInput("whom to explain is missing", "name an agent, or give --screen FILE")
        return _live(target, project, as_json)
    if target is not None or project is not None:
        what = "an agent's name" if target is not None else "--project"
        raise BadInput(f"{what} and --screen exclude each other", "give one of them")
    if not agent:
        raise BadInput("--screen needs the program that drew it", "give --agent, e.g. claude")
    return _saved(file, agent, title or "", now, zone, as_json)


def _saved(
    file: str, agent: str, title: str, now: str | None, zone: str | None, as_json: bool
) -> int:
    from tmux_orch.agents.screens import own
    from tmux_orch.agents.screens.seen import of_program
    from tmux_orch.agents.zone import machine
    from tmux_orch.cli.screen_file import read_screen
    from tmux_orch.config.directory import config_directory

    own.use(config_directory(os.environ))
    instant = _instant(now)
    place = _zone(zone) or (machine() if now is None else None) or instant.tzinfo or UTC
    reading = of_program(agent, read_screen(file), title, instant, place)
    facts = _facts(reading)
    if as_json:
        printing.as_json(facts)
        return 0
    shown = [(name, plain.line(str(value))) for name, value in facts.items() if value]
    printing.lines(f"{name:<10} {value}" for name, value in shown)
    return 0


def _facts(reading: ScreenReading) -> dict[str, Any]:
    return {
        "state": str(reading.state or "unknown"),
        "condition": str(reading.condition),
        "rule": reading.rule,
        "reset_at": reading.reset_at.isoformat() if reading.reset_at else None,
        "evidence": plain.line(reading.evidence),
    }


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).astimezone()
    try:
        found = datetime.fromisoformat(text)
        # What lies at the calendar's end has no next day to look at.
        if 1970 <= found.year <= 9000:
            return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError):
        pass
    raise BadInput(f"--now {text!r} is no instant", "write it as 2026-04-01T18:03:00+02:00")


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(f"there is no time zone {name!r}", "write it as Europe/Berlin") from None


def _live(target: str, project: str | None, as_json: bool) -> int:
    from tmux_orch.rpc import client

    found = client.call("explain", {"project": project, "agent": target})
    if as_json:
        printing.as_json(found)
    else:
        printing.lines(_page(found))
    return 0


def _page(found: dict[str, Any]) -> list[str]:
    """Head, conflict, and every reading with a mark before the one that decided."""
    name, state = plain.line(str(found["agent"])), plain.line(str(found["state"]))
    since = when.ago(found.get("state_since_at"))
    lines = [f"{screen.paint(name, 'bold')}: {state} since {since}"]
    if found.get("evidence"):
        lines.append(f"because   {plain.line(str(found['evidence']))}")
    if found.get("conflict"):
        lines.append(f"against   {plain.line(str(found['conflict']))}")
    if found.get("held"):
        lines.append(f"sent      nothing: {plain.line(str(found['held']))}")
    for end in found.get("ends", []):
        screen_at = f"; its last screen: {end['screen']}" if end.get("screen") else ""
        said = plain.line(f"{when.ago(end['at'])} ago: it {end['words']}{screen_at}")
        lines.append(f"ended     {said}")
    readings = found.get("readings", [])
    if not readings:
        return [*lines, "nothing has been read of it yet"]
    columns = [
        table.Column(""),
        table.Column("SOURCE"),
        table.Column("STATE"),
        table.Column("AGO", right=True),
        table.Column("RULE", 10),
        table.Column("UNTIL"),
        table.Column("DETAIL", 12),
    ]
    return [*lines, "", *table.table(columns, [_row(reading) for reading in readings])]


def _row(reading: dict[str, Any]) -> tuple[str, ...]:
    until = reading.get("until_at")
    return (
        "*" if reading.get("decided") else "",
        str(reading["source"]),
        str(reading.get("state") or "-"),
        when.ago(reading.get("at")),
        str(reading.get("rule") or ""),
        when.clock(until) if until else "",
        str(reading.get("detail") or ""),
    )
