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

COMMAND = "opencode"
#: The minor version that the tests run (1.18.33); plugins and screens changed between minor ones.
OLDEST = (1, 18, 0)
#: ``opencode --version`` takes 0.7 s warm; a cold 185 MB binary on a slow disk several seconds.
VERSION_DEADLINE_S = 30.0
_INSTALL = "install it with `npm install -g opencode-ai` or choose another --agent"
_VERSION = re.compile(r"^(\d+)\.(\d+)\.(\d+)$", re.MULTILINE)


def locate(environment: Mapping[str, str]) -> Program:
    """The ``opencode`` on this environment's PATH, and its version.

    Raises:
        BadInput: missing, not runnable, or older than :data:`OLDEST`; with the remedy.
    """
    path = _on_path(environment.get("PATH", ""))
    if path is None:
        raise BadInput("opencode is not on PATH", _INSTALL)
    try:
        done = external.run(
            [path, "--version"], deadline_s=VERSION_DEADLINE_S, environment=environment
        )
    except external.ProgramMissing as error:
        raise BadInput(f"opencode cannot be run ({error})", _INSTALL) from error
    except external.DeadlinePassed as error:
        raise BadInput(
            f"{path} --version did not answer", "run it by hand and repair it"
        ) from error
    found = _VERSION.search(done.text())
    if done.code != 0 or found is None:
        raise BadInput(
            f"the version of {path} could not be read: {done.complaint()[:200]}",
            "run `opencode --version` by hand and repair it",
        )
    version = found[0]
    if tuple(map(int, found.groups())) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BadInput(f"opencode {version} is too old", f"update it to {oldest} or later")
    return Program(adapter="opencode", path=path, version=version)


def _on_path(path: str) -> str | None:
    # Only absolute entries: an empty or relative one would run a file of the project.
    places = [place for place in path.split(os.pathsep) if Path(place).is_absolute()]
    return shutil.which(COMMAND, path=os.pathsep.join(places)) if places else None
