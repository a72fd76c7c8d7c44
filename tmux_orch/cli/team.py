"""``status``, ``ls``, ``attach``: looking at teams."""

from __future__ import annotations

import os
import sys

import click

from tmux_orch.cli import options, printing, screen, status_view
from tmux_orch.domain.errors import BadInput, Internal
from tmux_orch.rpc import client


@click.command()
@options.project
@click.option("--all", "every", is_flag=True, help="Every live team.")
@options.as_json
@options.debug
def status(project: str | None, every: bool, as_json: bool) -> int:
    """What every agent does now, and its work in git."""
    if every and project:
        raise BadInput("--all and --project exclude each other", "give one of them")
    if not every:
        found = client.call("status", {"project": project})
        if as_json:
            printing.as_json(found)
        else:
            printing.lines(status_view.team(found))
        return 0
    names = [p["name"] for p in client.call("ls")["projects"] if p["live"]]
    teams = [client.call("status", {"project": name}) for name in names]
    if as_json:
        printing.as_json({"schema": "tmux-orch/statuses/1", "teams": teams})
        return 0
    for number, one in enumerate(teams):
        printing.lines([*([""] if number else []), *status_view.team(one)])
    if not teams:
        printing.line("no live team")
    return 0


@click.command()
@options.as_json
@options.debug
def ls(as_json: bool) -> int:
    """Every team on this machine."""
    found = client.call("ls")
    if as_json:
        printing.as_json(found)
    else:
        printing.lines(status_view.teams(found["projects"]))
    return 0


@click.command()
@click.argument("agent", required=False, shell_complete=options.agent_names)
@options.project
@click.option("--print", "only_print", is_flag=True, help="Print the command instead.")
@options.debug
def attach(agent: str | None, project: str | None, only_print: bool) -> int:
    """Sit down at the team's terminal, at AGENT's window if one is named.

    Detach with the keys tmux has for it (C-b d); the agents go on.
    """
    inside = os.environ.get("TMUX", "")
    body = {"project": project, "agent": agent, "inside": inside}
    argv = client.call("attach", body)["argv"]
    if only_print:
        printing.line(" ".join(status_view.quoted(word) for word in argv))
        return 0
    if not (screen.is_terminal(sys.stdin) and screen.is_terminal(sys.stdout)):
        raise BadInput("attach needs a terminal", "or print the command: attach --print")
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - an argv list, no shell
    except OSError as error:
        raise Internal(f"cannot run {argv[0]}: {error.strerror}", "see tmux-orch doctor") from error
