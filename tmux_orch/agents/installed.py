"""Finding an installed agent program on a PATH, and its version, by one description."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tmux_orch import external
from tmux_orch.agents.adapter import Program
from tmux_orch.domain.errors import BadInput

#: ``gemini --version`` took 7 s with a cold disk cache; a loaded machine takes longer.
VERSION_DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Installed:
    """How to find one program.

    Attributes:
        adapter: Name of its adapter.
        command: Its command on PATH.
        name: What people call it.
        pattern: Finds the three numbers of the version in what ``--version`` prints.
        oldest: The oldest version known to work.
        install: What to do when it is missing.
    """

    adapter: str
    command: str
    name: str
    pattern: str
    oldest: tuple[int, int, int]
    install: str


def locate_installed(wanted: Installed, environment: Mapping[str, str]) -> Program:
    """The program on this environment's PATH.

    Raises:
        BadInput: missing, not runnable, or older than the oldest one known; with the remedy.
    """
    path = on_path(wanted.command, environment.get("PATH", ""))
    if path is None:
        raise BadInput(f"{wanted.command} is not on PATH", wanted.install)
    try:
        done = external.run(
            [path, "--version"], deadline_s=VERSION_DEADLINE_S, environment=environment
        )
    except external.ProgramMissing as error:
        raise BadInput(f"{wanted.command} cannot be run ({error})", wanted.install) from error
    except external.DeadlinePassed as error:
        raise BadInput(
            f"{path} --version did not answer", "run it by hand and repair it"
        ) from error
    found = re.search(wanted.pattern, done.text(), re.MULTILINE)
    if done.code != 0 or found is None:
        raise BadInput(
            f"the version of {path} could not be read: {done.complaint()[:200]}",
            f"run `{wanted.command} --version` by hand and repair it",
        )
    version = ".".join(found.groups())
    if tuple(map(int, found.groups())) < wanted.oldest:
        oldest = ".".join(map(str, wanted.oldest))
        raise BadInput(f"{wanted.name} {version} is too old", f"update it to {oldest} or later")
    return Program(adapter=wanted.adapter, path=path, version=version)


def on_path(command: str, path: str) -> str | None:
    """Where ``command`` is. Only absolute entries count: others would run a file of the project."""
    places = [place for place in path.split(os.pathsep) if Path(place).is_absolute()]
    return shutil.which(command, path=os.pathsep.join(places)) if places else None
