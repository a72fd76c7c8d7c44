"""The installed tmux: where it is, and that it is new enough."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping

from tmux_orch import external
from tmux_orch.domain.errors import BadInput, CouldNotTell

OLDEST = (3, 2)  # new-window -e, set-option -p with user options, run-shell -C
_DEADLINE_S = 5.0


def locate(environment: Mapping[str, str]) -> str:
    """Absolute path of a tmux on this environment's PATH that is new enough.

    Raises:
        BadInput: none is installed, or it is older than 3.2.
        CouldNotTell: it does not say its version in time.
    """
    path = shutil.which("tmux", path=environment.get("PATH", os.defpath))
    remedy = "install tmux 3.2 or newer (Debian, Ubuntu: apt-get install tmux)"
    if path is None:
        raise BadInput("tmux is not installed", remedy)
    try:
        said = external.run([path, "-V"], deadline_s=_DEADLINE_S, environment={}).text().strip()
    except external.ProgramMissing as error:
        raise BadInput(f"tmux cannot be run: {error}", remedy) from error
    except external.DeadlinePassed as error:
        raise CouldNotTell(f"{path} -V does not answer") from error
    if not new_enough(said):
        raise BadInput(f"{path} is too old: {said or 'it names no version'}", remedy)
    return path


def new_enough(said: str) -> bool:
    """Whether ``tmux -V`` names a version that is new enough; a development build counts as new."""
    if re.search(r"\b(master|openbsd-\d+\.\d+)\b", said):
        return True
    number = re.search(r"(\d+)\.(\d+)", said)
    return number is not None and (int(number[1]), int(number[2])) >= OLDEST
