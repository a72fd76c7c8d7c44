"""Finding the installed program and its version."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping

from tmux_orch.agents.adapter import Program
from tmux_orch.agents.gemini import home
from tmux_orch.agents.installed import Installed, locate_installed

INSTALLED = Installed(
    adapter="gemini",
    command="gemini",
    name="Gemini CLI",
    pattern=r"^(\d+)\.(\d+)\.(\d+)",
    # The version that the tests run; nothing is known of versions before it.
    oldest=(0, 61, 0),
    install="install it with `npm install -g @google/gemini-cli` or choose another --agent",
)


def locate(environment: Mapping[str, str]) -> Program:
    """The ``gemini`` on this environment's PATH, and its version.

    Raises:
        BadInput: missing, not runnable, or older than the oldest one known; with the remedy.
    """
    # Even asked for its version it writes into its home.
    with tempfile.TemporaryDirectory(prefix="orch-gemini-") as place:
        return locate_installed(INSTALLED, {**environment, home.VARIABLE: place})
