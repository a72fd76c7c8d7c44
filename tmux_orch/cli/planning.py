"""``plan`` and ``brief``: what the team is to do, and what each agent was told of it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from tmux_orch.cli import options, printing, screen
from tmux_orch.cli.progress import Progress
from tmux_orch.domain.errors import EXIT_DONE, BadInput, OrchError
from tmux_orch.rpc import client

#: A plan is bounded (analysis/plan.py); whatever is larger is none.
_LIMIT = 2_000_000
_TELL = "tell the agents: auto-orchestrate --resume --rebrief-all"


@click.group()
def plan() -> None:
    """The implementation plan: who does what, and what must hold when it is done."""


@plan.command()
@options.project
@options.as_json
@options.debug
def show(project: str | None, as_json: bool) -> int:
    """Print the plan as a page."""
    found = client.call("plan", {"project": project})
    if as_json:
        printing.as_json(found["implementation_plan"])
    else:
        printing.lines(found["page"].splitlines())
    return EXIT_DONE


@plan.command()
@click.argument("file", required=False)
@options.project
@options.debug
def edit(file: str | None, project: str | None) -> int:
    """Change the plan: in your editor, or to what FILE holds (- for standard input).

    FILE is JSON as plan show --json prints it.
    """
    if file is not None:
        return _store(_parsed(_read(file), file), project)
    if not (screen.can_ask() and screen.is_terminal(sys.stdout)):
        raise BadInput(
            "plan edit opens an editor, and there is no terminal",
            "give a file: tmux-orch plan show --json > FILE; tmux-orch plan edit FILE",
        )
    return _edit(project)


@plan.command()
@options.project
@click.option("--planner", metavar="P", help="auto, anthropic, claude or offline.")
@options.as_json
@options.debug
def replan(project: str | None, planner: str | None, as_json: bool) -> int:
    """Have the spec planned anew for the team as it is now."""
    body = {"project": project, "planner": planner or "", "environment": dict(os.environ)}
    with Progress(quiet=as_json) as progress:
        found = client.call("replan", body, on_progress=progress)
    if as_json:
        printing.as_json(found["implementation_plan"])
    else:
        printing.lines([*found["page"].splitlines(), "", _TELL])
    return EXIT_DONE


@click.command()
@click.argument("agent", metavar="ROLE", shell_complete=options.agent_names)
@options.project
@click.option("--print", "only_print", is_flag=True, help="Print the page; tell nobody.")
@options.as_json
@options.debug
def brief(agent: str, project: str | None, only_print: bool, as_json: bool) -> int:
    """Write the pages of an agent (by name or role) anew and have it read them."""
    body = {"project": project, "agent": agent, "print": only_print}
    done = client.call("brief", body)
    if as_json:
        printing.as_json(done)
    elif only_print:
        printing.lines(done["page"].splitlines())
    else:
        printing.line(f"{done['agent']} was told to read its briefing again")
    return EXIT_DONE


def _edit(project: str | None) -> int:
    import tempfile

    before = client.call("plan", {"project": project})["implementation_plan"]
    text = f"{json.dumps(before, ensure_ascii=False, indent=2)}\n"
    handle, name = tempfile.mkstemp(prefix="plan-", suffix=".json")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    _run_editor(name)
    after = _read(name)
    if after == text:
        Path(name).unlink()
        printing.note("left as it is")
        return EXIT_DONE
    try:
        done = _store(_parsed(after, name), project)
    except OrchError as error:
        kept = f"your text is kept: tmux-orch plan edit {name}"
        raise type(error)(error.message, f"{error.next_step}; {kept}".lstrip("; ")) from error
    Path(name).unlink()
    return done


def _run_editor(name: str) -> None:
    import shlex
    import subprocess

    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        # The person's own editor, on the person's terminal; its words are split as git does.
        code = subprocess.run([*shlex.split(command), name], check=False).returncode
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot run the editor {command!r}", "set EDITOR") from error
    if code:
        raise BadInput(f"the editor ended with code {code}", f"your text is in {name}")


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read(_LIMIT + 1)
    try:
        with open(name, encoding="utf-8") as file:  # noqa: PTH123 - a name as typed
            return file.read(_LIMIT + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise BadInput(f"cannot read {name}: {reason}", "give the plan as a JSON file") from error


def _parsed(text: str, name: str) -> dict[str, Any]:
    if len(text) > _LIMIT:
        raise BadInput(f"{name} is larger than any plan", "shorten it")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "too deep"
        raise BadInput(f"{name} is not JSON ({where})", "see tmux-orch plan show --json") from error
    if not isinstance(body, dict):
        raise BadInput(f"{name} holds no plan", "see tmux-orch plan show --json")
    return body


def _store(body: dict[str, Any], project: str | None) -> int:
    client.call("plan-edit", {"project": project, "implementation_plan": body})
    printing.line(f"the plan is changed; {_TELL}")
    return EXIT_DONE
