"""Finding the installed program and its version."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tmux_orch import external
from tmux_orch.agents.adapter import Program
from tmux_orch.domain.errors import BadInput

COMMAND = "claude"
#: The older of the two versions that the tests run; nothing is known of versions before it.
OLDEST = (2, 1, 197)
#: ``claude --version`` takes 0.1 s warm; a cold 361 MB binary on a slow disk several seconds.
VERSION_DEADLINE_S = 30.0
_INSTALL = "install it with `npm install -g @anthropic-ai/claude-code` or choose --agent rehearsal"
_VERSION = re.compile(r"^(\d+)\.(\d+)\.(\d+)\b.*Claude Code", re.MULTILINE)


def locate(environment: Mapping[str, str]) -> Program:
    """The ``claude`` on this environment's PATH, and its version.

    Raises:
        BadInput: missing, not runnable, or older than :data:`OLDEST`; with the remedy.
    """
    path = _on_path(environment.get("PATH", ""))
    if path is None:
        raise BadInput("claude is not on PATH", _INSTALL)
    try:
        done = external.run(
            [path, "--version"], deadline_s=VERSION_DEADLINE_S, environment=environment
        )
    except external.ProgramMissing as error:
        raise BadInput(f"claude cannot be run ({error})", _INSTALL) from error
    except external.DeadlinePassed as error:
        raise BadInput(
            f"{path} --version did not answer", "run it by hand and repair it"
        ) from error
    found = _VERSION.search(done.text())
    if done.code != 0 or found is None:
        raise BadInput(
            f"the version of {path} could not be read: {done.complaint()[:200]}",
            "run `claude --version` by hand and repair it",
        )
    version = ".".join(found.groups())
    if tuple(map(int, found.groups())) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BadInput(f"Claude Code {version} is too old", f"update it to {oldest} or later")
    return Program(adapter="claude", path=path, version=version)


def _on_path(path: str) -> str | None:
    # Only absolute entries: an empty or relative one would run a file of the project.
    places = [place for place in path.split(os.pathsep) if Path(place).is_absolute()]
    return shutil.which(COMMAND, path=os.pathsep.join(places)) if places else None
