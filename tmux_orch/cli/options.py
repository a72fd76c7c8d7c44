"""Options and arguments that several commands share, declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from tmux_orch.cli.failure import DEBUG_VARIABLE
from tmux_orch.domain.errors import BadInput

F = TypeVar("F", bound=Callable[..., Any])


def context() -> dict[str, Any]:
    """Settings of every command: help as wide as the terminal, at most 80.

    Click would import shutil (with bz2 and lzma) to find that out, a tenth of ``--help``.
    """
    try:
        columns = os.get_terminal_size(1).columns
    except (OSError, ValueError):
        columns = 80  # no terminal: what click takes then, too
    return {"terminal_width": max(min(columns, 80) - 2, 50)}


def _debug(_context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        os.environ[DEBUG_VARIABLE] = "1"


def debug(function: F) -> F:
    """``--debug``: tracebacks beside the one line."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, callback=_debug, help="Show more on errors."
    )(function)


def as_json(function: F) -> F:
    """``--json``: the result as JSON on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def project(function: F) -> F:
    """``--project``: a project's name, or a directory in it."""
    return click.option(
        "--project",
        metavar="NAME|DIR",
        callback=lambda _c, _p, value: named_project(value),
        help="The project, when it is not this directory's or the only one.",
    )(function)


def yes(function: F) -> F:
    """``--yes``: no question."""
    return click.option("--yes", "-y", is_flag=True, help="Do not ask.")(function)


def named_project(value: str | None) -> str | None:
    """What the daemon is told: a directory as its absolute path, a name as it is.

    Raises:
        BadInput: it is empty.
    """
    if value is None:
        return None
    if not value:
        raise BadInput("--project is empty", "give a project's name or directory")
    if "/" in value or value in (".", ".."):
        return os.path.abspath(value)  # noqa: PTH100 - resolving links is the daemon's
    return value


def agent_names(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Completion of agent names; asks a daemon that runs, never starts one."""
    from tmux_orch.domain.errors import OrchError
    from tmux_orch.rpc import client

    try:
        body = {"project": context.params.get("project")}
        status = client.call("status", body, start_daemon=False)
    except OrchError:
        return []  # a completion has nowhere to say why
    return [a["name"] for a in status["agents"] if a["name"].startswith(begun)]
