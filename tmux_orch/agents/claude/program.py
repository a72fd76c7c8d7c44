"""Finding the installed program and its version."""

from __future__ import annotations

from collections.abc import Mapping

from tmux_orch.agents.adapter import Program
from tmux_orch.agents.installed import Installed, locate_installed

INSTALLED = Installed(
    adapter="claude",
    command="claude",
    name="Claude Code",
    pattern=r"^(\d+)\.(\d+)\.(\d+)\b.*Claude Code",
    # The older of the two versions that the tests run; nothing is known of versions before it.
    oldest=(2, 1, 197),
    install=(
        "install it with `npm install -g @anthropic-ai/claude-code` or choose --agent rehearsal"
    ),
)


def locate(environment: Mapping[str, str]) -> Program:
    """The ``claude`` on this environment's PATH, and its version.

    Raises:
        BadInput: missing, not runnable, or older than the oldest one known; with the remedy.
    """
    return locate_installed(INSTALLED, environment)
