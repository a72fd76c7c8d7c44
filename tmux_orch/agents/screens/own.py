"""The screen rules that count in this process: the shipped ones with a person's own beside them.

The directory is set once, when the daemon or a command starts: adapters are made without arguments,
and no room on their side may ask where the person's configuration lies.
"""

from __future__ import annotations

import logging
from pathlib import Path

from tmux_orch.agents.screens import load
from tmux_orch.agents.screens.rules import Rules
from tmux_orch.domain.errors import BadInput

#: Below the person's configuration directory; one ``<program>.toml`` for each program.
DIRECTORY = "rules"

_log = logging.getLogger(__name__)
_directory: Path | None = None
_told: set[str] = set()


def use(configuration: Path | None) -> None:
    """From now on the files in ``rules`` of this configuration directory count; ``None``: none."""
    global _directory
    _directory = configuration / DIRECTORY if configuration is not None else None
    _told.clear()


def place(program: str) -> Path | None:
    """Where a person's file for the program lies or would lie."""
    return _directory / f"{program}.toml" if _directory is not None else None


def rules(program: str) -> Rules:
    """The rules of a program; a changed file counts at the next look.

    A file that is refused counts as if it were not there, and the log says why, once: an agent must
    not go unwatched for a slip in it. ``tmux-orch doctor`` and ``rules check`` name it.
    """
    try:
        return load.rules(program, place(program))
    except BadInput as error:
        if (line := error.line()) not in _told:
            _told.add(line)
            _log.warning("screen rules: %s", line)
        return load.rules(program)
