"""The main command's options, and what may be combined."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

import click

from tmux_orch import __version__
from tmux_orch.cli import options
from tmux_orch.domain.errors import BadInput

PLANNERS = ("auto", "anthropic", "claude", "offline")
#: Options that found a team; one that exists has them already.
_FOUNDING = (
    "spec", "task", "roles", "session", "team_type", "size", "planner", "budget", "dry_run",
)  # fmt: skip
_MODE = re.compile(r"[A-Za-z][A-Za-z-]{0,39}")
_MODEL = re.compile(r"[A-Za-z0-9][\w.:/@\[\]-]{0,199}", re.ASCII)


class Asked(NamedTuple):
    """What was asked for, each option by its name; empty when it was not given.

    No dataclass: their module is the one thing that ``--help`` would import for nothing.
    """

    project: str
    spec: str
    task: str
    session: str
    team_type: str
    roles: str
    add_roles: str
    plan: str
    size: str
    agent: str
    model: str
    permission_mode: str
    planner: str
    budget: str
    trust: bool
    dry_run: bool
    resume: bool
    status_only: bool
    rebrief_all: bool
    as_json: bool


@click.command("auto-orchestrate", context_settings=options.context())
@click.option(
    "--project", metavar="DIR", help="The repository; the current directory if not given."
)
@click.option("--spec", metavar="FILE", help="What is to be made: a text file, or -.")
@click.option("--task", metavar="TEXT", help="The same in a sentence, instead of --spec.")
@click.option("--session", metavar="NAME", help="The team's name; the directory's if not given.")
@click.option("--team-type", metavar="T", help="The kind of team; found out if not given.")
@click.option("--roles", metavar="A,B", help="These roles instead: developer:2,tester.")
@click.option("--add-roles", metavar="A,B", help="These roles as well; also with --resume.")
@click.option("--plan", metavar="PLAN", help="pro, max5 (default), max20 or console: its cap.")
@click.option("--size", metavar="SIZE", help="small, medium, large or enterprise; found out.")
@click.option(
    "--agent",
    metavar="NAME",
    help="claude (default), codex, gemini, opencode, rehearsal, or one of your agents.yaml.",
)
@click.option("--model", metavar="M", help="Passed to the agent program.")
@click.option(
    "--permission-mode", metavar="MODE", help="How freely agents act; asked if not given."
)
@click.option("--trust", is_flag=True, help="Say yes to the program's question to trust the files.")
@click.option("--planner", metavar="P", help="Who plans: auto, anthropic, claude or offline.")
@click.option("--budget", metavar="B", help="For each day: 5usd or 2Mtokens; see tmux-orch budget.")
@click.option("--dry-run", is_flag=True, help="Print the plan; change and start nothing.")
@click.option(
    "--resume", is_flag=True, help="Bring the team back: adopt what lives, restart the rest."
)
@click.option("--status-only", is_flag=True, help="With --resume: only say how the team is.")
@click.option("--rebrief-all", is_flag=True, help="With --resume: brief every agent again.")
@options.as_json
@options.debug
@click.version_option(__version__, prog_name="auto-orchestrate", message="%(prog)s %(version)s")
def auto_orchestrate(**given: object) -> int:
    """Turn a repository and a spec into a working team of coding agents.

    \b
    auto-orchestrate --spec spec.md     start a team here
    auto-orchestrate --resume           bring it back, after whatever happened

    \b
    Exit codes:
      0 done            6 daemon unreachable   75 a team is there, or starts
      1 done in part    7 internal error      130 interrupted
      2 bad input
    """
    asked = Asked(**{name: "" if value is None else value for name, value in given.items()})  # type: ignore[arg-type]
    empty = [name for name, value in given.items() if value == ""]
    if empty:
        raise BadInput(f"--{empty[0].replace('_', '-')} is empty", "leave it out, or give a value")
    check(asked)
    if asked.dry_run:
        from tmux_orch.cli.dry_run import dry_run

        return dry_run(asked)
    if asked.status_only:
        from tmux_orch.cli.bring_up import status_only

        return status_only(asked)
    from tmux_orch.cli.bring_up import bring_up

    return bring_up(asked)


def check(asked: Asked) -> None:
    """Refuse what cannot be meant, before anything is read or started.

    Raises:
        BadInput: with what is accepted.
    """
    if asked.resume:
        for name in _FOUNDING:
            if getattr(asked, name):
                option = f"--{name.replace('_', '-')}"
                raise BadInput(
                    f"--resume takes up the team as it was planned, so {option} has no place",
                    "leave one of the two out"
                    if name in ("spec", "task")
                    else f"leave {option} out",
                )
        if asked.plan and not asked.add_roles:
            raise BadInput("--plan with --resume belongs to --add-roles", "leave --plan out")
    else:
        for name in ("status_only", "rebrief_all"):
            if getattr(asked, name):
                raise BadInput(f"--{name.replace('_', '-')} belongs to --resume", "add --resume")
        if not (asked.spec or asked.task):
            raise BadInput("--spec is missing", "give the file, or --resume for a team that exists")
        if asked.spec and asked.task:
            raise BadInput("--spec and --task exclude each other", "give one of them")
    if asked.status_only and (asked.rebrief_all or asked.add_roles):
        raise BadInput("--status-only changes nothing", "leave out --rebrief-all and --add-roles")
    _names(asked)
    if asked.budget:
        from tmux_orch.domain.budget import per_day

        per_day(asked.budget)


def _one_of(name: str, option: str) -> str:
    return "leave one of the two out" if name in ("spec", "task") else f"leave {option} out"


def _names(asked: Asked) -> None:
    from tmux_orch.domain.names import is_name

    if asked.session and not is_name(asked.session):
        raise BadInput(
            f"--session: {asked.session[:60]!r} is not a name",
            "use lower-case letters, digits, - and _, beginning with a letter",
        )
    # Types, plans and sizes are the templates' affair; what could be none is refused at once.
    for option in ("team_type", "plan", "size"):
        word = getattr(asked, option)
        if word and not is_name(word):
            shown = f"--{option.replace('_', '-')}"
            raise BadInput(f"{shown}: {word[:60]!r} is not a name", "see tmux-orch teams list")
    if asked.planner and asked.planner not in PLANNERS:
        raise BadInput(
            f"--planner: no planner {asked.planner[:60]!r}",
            f"the planners are {', '.join(PLANNERS)}",
        )
    if asked.agent and not is_name(asked.agent):
        raise BadInput(
            f"--agent: {asked.agent[:60]!r} is not a name", "see auto-orchestrate --help"
        )
    # Both become arguments of the agent program: nothing that it could read as an option.
    if asked.model and not _MODEL.fullmatch(asked.model):
        raise BadInput(f"--model: {asked.model[:60]!r} is not a model's name", "give it as known")
    if asked.permission_mode and not _MODE.fullmatch(asked.permission_mode):
        raise BadInput(
            f"--permission-mode: {asked.permission_mode[:60]!r} is not a mode",
            "e.g. acceptEdits or default",
        )


def directory(asked: Asked) -> str:
    """The project's directory, absolute; links in it are resolved by the daemon.

    Raises:
        BadInput: it is none, or cannot be entered.
    """
    try:
        path = os.path.abspath(asked.project or ".")  # noqa: PTH100 - see above
    except OSError as error:
        raise BadInput("the current directory is gone", "change to another") from error
    if not os.path.isdir(path):  # noqa: PTH112 - one look, no object needed
        kind = "is not a directory" if os.path.lexists(path) else "does not exist"
        raise BadInput(f"--project: {path} {kind}", "give the repository's directory")
    if not os.access(path, os.R_OK | os.X_OK):
        raise BadInput(f"--project: {path} cannot be entered", "check its permissions")
    return path
