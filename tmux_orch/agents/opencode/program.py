"""Finding the installed program and its version."""

from __future__ import annotations

from collections.abc import Mapping

from tmux_orch.agents.adapter import Program
from tmux_orch.agents.installed import Installed, locate_installed

#: The minor version that the tests run (1.18.33); plugins and screens changed between minor ones.
OPENCODE = Installed(
    adapter="opencode",
    command="opencode",
    name="opencode",
    pattern=r"^(\d+)\.(\d+)\.(\d+)$",
    oldest=(1, 18, 0),
    install="install it with `npm install -g opencode-ai` or choose another --agent",
)


def locate(environment: Mapping[str, str]) -> Program:
    """See :func:`locate_installed`."""
    return locate_installed(OPENCODE, environment)
