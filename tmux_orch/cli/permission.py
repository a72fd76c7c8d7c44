"""``approve``, ``deny``, ``trust``: a person's answers to what agents ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from tmux_orch.cli import options, plain, printing, question
from tmux_orch.rpc import client

_reason = click.option("--reason", default="", metavar="TEXT", help="Told to the agent.")


@click.command()
@click.argument("agent", shell_complete=options.agent_names)
@options.project
@_reason
@options.yes
@options.as_json
@options.debug
def approve(agent: str, project: str | None, reason: str, yes: bool, as_json: bool) -> int:
    """Let AGENT do what it asks for, once; the exact command is shown first."""
    return _answer("approve", agent, project, reason, yes, as_json)


@click.command()
@click.argument("agent", shell_complete=options.agent_names)
@options.project
@_reason
@options.yes
@options.as_json
@options.debug
def deny(agent: str, project: str | None, reason: str, yes: bool, as_json: bool) -> int:
    """Refuse what AGENT asks for; the exact command is shown first."""
    return _answer("deny", agent, project, reason, yes, as_json)


def _answer(
    verb: str, agent: str, project: str | None, reason: str, yes: bool, as_json: bool
) -> int:
    asked = {"agent": agent, "project": project}
    shown = client.call(verb, {**asked, "show_only": True})
    for line in _exactly(shown):
        click.echo(line, err=True)
    if not question.confirm(f"{verb.capitalize()} it?", yes=yes):
        printing.note("left as it is")
        return 0
    # What was shown is what is answered: should it have been answered at the agent's own screen
    # meanwhile and a new question stand there, ours is refused.
    seen = {"id": shown.get("id"), "exact": shown.get("exact")}
    done = client.call(verb, {**asked, "reason": reason, **seen})
    if as_json:
        printing.as_json(done)
    else:
        printing.line(f"{'approved' if verb == 'approve' else 'denied'}: {agent}")
    return 0


def _exactly(shown: Mapping[str, Any]) -> list[str]:
    """The request whole: nothing cut, nothing hidden, every line of it set in."""
    head = f"{plain.line(str(shown['agent']))} asks to use {plain.line(str(shown['tool']))}:"
    text = plain.exact(str(shown["exact"]))
    return [head, *(f"    {line}" for line in text.split("\n"))]


@click.command()
@click.argument("agents", nargs=-1, metavar="[AGENT]...", shell_complete=options.agent_names)
@options.project
@options.yes
@options.as_json
@options.debug
def trust(agents: tuple[str, ...], project: str | None, yes: bool, as_json: bool) -> int:
    """Say yes to the start-up trust questions of agents (all that wait when none is named)."""
    what = ", ".join(plain.line(name) for name in agents) or "every agent that asks"
    if not question.confirm(f"Trust the project's files for {what}?", yes=yes):
        printing.note("left as it is")
        return 0
    done = client.call("trust", {"project": project, "agents": list(agents)})
    if as_json:
        printing.as_json(done)
    else:
        printing.line(f"trusted: {', '.join(done['trusted']) or 'nobody asked'}")
    return 0
