"""Where role and team definitions are read from: shipped, the user's own, the project's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tmux_orch.config.directory import config_directory
from tmux_orch.config.template_file import read_templates
from tmux_orch.config.yaml_strict import Document, load
from tmux_orch.domain.errors import Absent, BadInput, Internal
from tmux_orch.domain.roles import Templates

FILE = "team_templates.yaml"
PROJECT_DIRECTORY = ".tmux-orch"


def shipped() -> Path:
    """The templates that come with us: in the installed package, else in the checkout."""
    here = Path(__file__).parent
    for path in (here / FILE, here.parent.parent / FILE):
        if path.is_file():
            return path
    raise Internal(f"{FILE} is missing from this installation", "install tmux_orch again")


def load_templates(environ: Mapping[str, str], project: Path | None = None) -> Templates:
    """What is shipped, the user's ``team_templates.yaml`` over it, the project's over both.

    Args:
        environ: Says where the user's configuration directory is.
        project: Top of the project's working tree; ``None`` to read no project's file.

    Raises:
        BadInput: a file is not what it should be: ``file:line``, what is wrong, what is accepted.
    """
    return read_templates(
        [document for document in (load(shipped()), of_user(environ)) if document is not None],
        None if project is None else of_project(project),
    )


def of_user(environ: Mapping[str, str]) -> Document | None:
    """The user's own file; ``None`` when there is none.

    Raises:
        BadInput: it cannot be read.
    """
    return _optional(config_directory(environ) / FILE)


def of_project(project: Path) -> Document | None:
    """The file in the project whose working tree begins at ``project``; ``None`` without one.

    Raises:
        BadInput: it cannot be read, or is a link that leads out of the project.
    """
    path = project / PROJECT_DIRECTORY / FILE
    try:
        inside = path.resolve().is_relative_to(project.resolve())
    except (OSError, RuntimeError):
        inside = False  # a loop of links
    if not inside:
        raise BadInput(f"{path} leads out of the project", "replace the link with a file")
    return _optional(path)


def of_file(path: Path) -> Document:
    """Any file.

    Raises:
        BadInput: there is none, or it cannot be read.
    """
    document = _optional(path)
    if document is None:
        raise BadInput(f"there is no file {path}", "name a team templates file")
    return document


def _optional(path: Path) -> Document | None:
    try:
        return load(path)
    except Absent:
        return None  # nobody has to have one
