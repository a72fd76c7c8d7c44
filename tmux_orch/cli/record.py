"""``messages`` and ``log``: what was said and what happened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from tmux_orch.cli import options, plain, printing, screen, when
from tmux_orch.cli.table import cut
from tmux_orch.rpc import client

_COLOURS = {"delivered": "green", "held": "yellow", "stranded": "red", "unknown": "red"}
_limit = click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="The last N."
)
_follow = click.option("--follow", "-f", is_flag=True, help="Go on with what happens next.")


@click.command()
@click.argument("agent", required=False, shell_complete=options.agent_names)
@options.project
@_limit
@_follow
@options.as_json
@options.debug
def messages(
    agent: str | None, project: str | None, limit: int, follow: bool, as_json: bool
) -> int:
    """Messages (to AGENT) and what became of them."""
    body = {"project": project, "agent": agent, "limit": limit, "follow": follow}
    _show("messages", body, as_json, message_lines)
    return 0


@click.command()
@options.project
@click.option("--since", type=click.IntRange(0), metavar="N", help="Events after number N.")
@_limit
@_follow
@options.as_json
@options.debug
def log(project: str | None, since: int | None, limit: int, follow: bool, as_json: bool) -> int:
    """What happened, event by event."""
    body: dict[str, Any] = {"project": project, "limit": limit, "follow": follow}
    if since is not None:
        body["since"] = since
    _show("log", body, as_json, lambda event: [event_line(event)], key="events")
    return 0


def _show(
    verb: str,
    body: Mapping[str, Any],
    as_json: bool,
    lines: Callable[[Mapping[str, Any]], list[str]],
    key: str = "messages",
) -> None:
    def step(row: Mapping[str, Any]) -> None:
        if as_json:
            printing.as_json(row, one_line=True)
        else:
            printing.lines(lines(row), now=True)

    found = client.call(verb, body, on_progress=step)
    if body["follow"]:
        return
    if as_json:
        printing.as_json(found)
        return
    for row in found[key]:
        printing.lines(lines(row))


def message_lines(row: Mapping[str, Any]) -> list[str]:
    """One message: who, to whom, what became of it and why; below, the text's first line."""
    state = plain.line(str(row["state"]))
    why = plain.line(str(row.get("reason") or row.get("proof") or ""))
    project = str(row["to"]).partition("/")[0] + "/"
    sender, to = (plain.line(str(row[end])).removeprefix(project) for end in ("sender", "to"))
    head = (
        f"{when.clock(row['at'])}  {sender} → {to}  "
        f"{screen.paint(state, _COLOURS.get(state, ''))}"
        f"{f' ({why})' if why else ''}  msg {plain.line(row['id'])}"
    )
    return [head, "    " + _fitting(plain.line(str(row["text"])), 4)]


def event_line(row: Mapping[str, Any]) -> str:
    """One event on one line."""
    payload = row.get("payload") or {}
    said = " ".join(f"{key}={value}" for key, value in payload.items())
    who = row.get("agent") or row.get("project") or ""
    head = f"{row['seq']}  {when.clock(row['at'])}  {row['kind']}  {who}"
    return _fitting(plain.line(f"{head}  {said}"))


def _fitting(text: str, indent: int = 0) -> str:
    """Cut to the terminal's width; whole where it is read by a program."""
    return cut(text, screen.width() - indent) if screen.is_terminal(sys.stdout) else text
