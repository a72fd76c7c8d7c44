"""``teams``: which roles and team types there are; needs no daemon and starts none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmux_orch.cli import options, printing
from tmux_orch.domain.errors import EXIT_DONE, BadInput

if TYPE_CHECKING:
    from tmux_orch.config.yaml_strict import Document
    from tmux_orch.domain.roles import Templates

_SCHEMA = "tmux-orch/teams/"


@click.group(invoke_without_command=True)
@click.pass_context
def teams(context: click.Context) -> None:
    """Roles and team types: what there is, and what your files change.

    They are read from what is shipped, your team_templates.yaml over it, and the project's
    .tmux-orch/team_templates.yaml over both.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


_project = click.option(
    "--project", metavar="DIR", help="The project; this directory's if not given."
)


@teams.command("list")
@_project
@options.as_json
@options.debug
def list_command(project: str | None, as_json: bool) -> int:
    """Every team type, role, size and plan."""
    from tmux_orch.cli import teams_view as view

    templates = _templates(project)
    if as_json:
        printing.as_json({"schema": f"{_SCHEMA}list/1", **view.body(templates)})
    else:
        printing.lines(view.overview(templates))
    return EXIT_DONE


def _names(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    from tmux_orch.domain.errors import OrchError

    try:
        templates = _templates(context.params.get("project"))
    except OrchError:
        return []  # a completion has nowhere to say why
    return [name for name in (*templates.teams, *templates.roles) if name.startswith(begun)]


@teams.command("show")
@click.argument("name", required=False, metavar="[TYPE|ROLE]", shell_complete=_names)
@_project
@options.as_json
@options.debug
def show_command(name: str | None, project: str | None, as_json: bool) -> int:
    """One team type or role whole; without a name, what decides about a team's size."""
    from dataclasses import asdict

    from tmux_orch.cli import teams_view as view

    templates = _templates(project)
    body: dict[str, Any]
    if name is None:
        body, lines = view.limits(templates), view.limits_lines(templates)
    elif name in templates.teams:
        team = templates.teams[name]
        body, lines = {"team": asdict(team)}, view.team_lines(templates, team)
    elif name in templates.aliases():
        role = templates.role(name)
        body, lines = {"role": asdict(role)}, view.role_lines(role)
    else:
        known = f"{', '.join(templates.teams)}; the roles are {', '.join(templates.roles)}"
        raise BadInput(f"no team type or role {name[:60]!r}", f"the team types are {known}")
    if as_json:
        printing.as_json({"schema": f"{_SCHEMA}show/1", **body})
    else:
        printing.lines(lines)
    return EXIT_DONE


@teams.command("check")
@click.argument("file", required=False, metavar="[FILE]")
@_project
@options.as_json
@options.debug
def check_command(file: str | None, project: str | None, as_json: bool) -> int:
    """Read the files that are in use, or FILE in their place, and say whether all is well.

    A FILE in a directory .tmux-orch is read as a project's, any other as yours.
    """
    from tmux_orch.cli import plain
    from tmux_orch.config import templates as source
    from tmux_orch.config.template_file import read_templates

    if file is None:
        documents, own = _documents(project)
    else:
        given = source.of_file(Path(file))
        shipped, *yours = _documents(None, of_project=False)[0]
        inside = Path(os.path.abspath(file)).parent.name == source.PROJECT_DIRECTORY  # noqa: PTH100
        documents, own = ([shipped, *yours], given) if inside else ([shipped, given], None)
    read = read_templates(documents, own)
    files = [document.name for document in (*documents, *([own] if own else []))]
    if as_json:
        counts = {"teams": len(read.teams), "roles": len(read.roles)}
        printing.as_json({"schema": f"{_SCHEMA}check/1", "ok": True, "files": files, **counts})
    else:
        printing.lines(plain.line(f"ok {name}") for name in files)
        printing.line(f"{len(read.teams)} team types, {len(read.roles)} roles")
    return EXIT_DONE


@teams.command("diff")
@_project
@options.as_json
@options.debug
def diff_command(project: str | None, as_json: bool) -> int:
    """What your file and the project's change."""
    from dataclasses import asdict

    from tmux_orch.cli import teams_view as view
    from tmux_orch.config.template_diff import changes
    from tmux_orch.config.template_file import read_templates

    documents, own = _documents(project)
    read_templates(documents, own)
    found = changes(documents, own)
    if as_json:
        body = [asdict(one) | {"path": ".".join(one.path)} for one in found]
        printing.as_json({"schema": f"{_SCHEMA}diff/1", "changes": body})
    else:
        printing.lines(view.diff_lines(found))
    return EXIT_DONE


def _documents(
    project: str | None, *, of_project: bool = True
) -> tuple[list[Document], Document | None]:
    """The shipped file and the user's; and the project's."""
    from tmux_orch.config import templates as source
    from tmux_orch.config.yaml_strict import load

    yours = source.of_user(os.environ)
    documents = [load(source.shipped()), *([] if yours is None else [yours])]
    top = _top(project) if of_project else None
    return documents, None if top is None else source.of_project(top)


def _templates(project: str | None) -> Templates:
    from tmux_orch.config.templates import load_templates

    return load_templates(os.environ, _top(project))


def _top(project: str | None) -> Path | None:
    """The top of the project's working tree; ``None`` where there is no project."""
    from tmux_orch.worktrees.locate import locate

    try:
        place = locate("." if project is None else project, os.environ)
    except BadInput:
        if project is not None:
            raise
        return None
    return place.top
