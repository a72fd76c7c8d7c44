"""The tracked files of a repository: their names, and small readings that stay inside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tmux_orch import external
from tmux_orch.domain.errors import CouldNotTell

#: What a manifest or a marked file is read to; real ones are far below it.
MOST_BYTES = 256 * 1024
_DEADLINE_S = 120.0
# A repository's configuration may name programs that run on a read, and a partial clone fetches
# what it lacks: neither may happen because somebody asked what a project is.
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "protocol.allow=never", "-c", "core.hooksPath=/")
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
}


def git(root: Path, environ: Mapping[str, str], *arguments: str) -> external.Completed:
    """A reading git command in ``root``, whatever its exit status.

    Raises:
        CouldNotTell: git is missing or did not end.
    """
    environment = external.scrubbed(environ) | _ENVIRONMENT
    argv = ("git", "-C", os.fspath(root), *_SETTINGS, *arguments)
    try:
        return external.run(argv, deadline_s=_DEADLINE_S, environment=environment)
    except (external.ProgramMissing, external.DeadlinePassed) as error:
        raise CouldNotTell(f"the project could not be read: {error}") from error


def tracked(root: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Paths of all tracked files below ``root``; undecodable bytes survive as surrogates.

    Raises:
        CouldNotTell: git does not say.
    """
    done = git(root, environ, "ls-files", "-z")
    if done.code != 0:
        raise CouldNotTell(f"git ls-files in {os.fspath(root)}: {done.complaint()}")
    # Files with a conflict are listed once per side.
    return tuple(dict.fromkeys(done.text().split("\0")[:-1]))


@dataclass(slots=True)
class Reader:
    """Reads regular files inside ``root``, never through a symbolic link."""

    root: Path
    _direct: dict[str, bool] = field(default_factory=dict)

    def is_direct(self, directory: str) -> bool:
        """Whether ``directory`` (relative, empty for the root) has no link on its way."""
        known = self._direct.get(directory)
        if known is None:
            known = True
            if directory:
                parent = directory.rpartition("/")[0]
                known = self.is_direct(parent) and self._is_directory(directory)
            self._direct[directory] = known
        return known

    def _is_directory(self, directory: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(f"{self.root}/{directory}").st_mode)
        except (OSError, ValueError):
            return False

    def text(self, path: str, most: int = MOST_BYTES) -> str:
        """The first ``most`` bytes of a tracked file as text; empty when it is not a plain file."""
        outside = path.startswith("/") or ".." in path.split("/")
        if outside or not self.is_direct(path.rpartition("/")[0]):
            return ""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(f"{self.root}/{path}", flags)
        except (OSError, ValueError):
            return ""
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return ""
            data = os.read(descriptor, most)
        except OSError:
            return ""
        finally:
            os.close(descriptor)
        return "" if b"\0" in data else data.decode("utf-8", "replace")


def parts(paths: Iterable[str]) -> dict[str, list[str]]:
    """Directory → the names of the files in it."""
    found: dict[str, list[str]] = {}
    for path in paths:
        directory, _, name = path.rpartition("/")
        found.setdefault(directory, []).append(name)
    return found
