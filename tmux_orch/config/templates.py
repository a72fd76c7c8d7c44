"""Where role and team definitions are read from: what is shipped, then the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tmux_orch.config.settings import config_directory
from tmux_orch.config.template_file import read_templates
from tmux_orch.config.yaml_strict import load
from tmux_orch.domain.errors import Absent, Internal
from tmux_orch.domain.roles import Templates

FILE = "team_templates.yaml"


def shipped() -> Path:
    """The templates that come with us: in the installed package, else in the checkout."""
    here = Path(__file__).parent
    for path in (here / FILE, here.parent.parent / FILE):
        if path.is_file():
            return path
    raise Internal(f"{FILE} is missing from this installation", "install tmux_orch again")


def load_templates(environ: Mapping[str, str]) -> Templates:
    """What is shipped, and the user's own ``team_templates.yaml`` in the configuration directory.

    A role or team of the user's replaces the shipped one of that name, whole.

    Raises:
        BadInput: a file is not what it should be: ``file:line``, what is wrong, what is accepted.
    """
    documents = [load(shipped())]
    try:
        documents.append(load(config_directory(environ) / FILE))
    except Absent:
        pass  # nobody has to have one
    return read_templates(documents)
