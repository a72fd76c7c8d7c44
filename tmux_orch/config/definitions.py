"""The role and team definitions of each project, read again when one of their files changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from tmux_orch.config import templates
from tmux_orch.config.directory import config_directory
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.roles import Templates

_log = logging.getLogger(__name__)

#: Modification time, size and inode of every file, ``None`` for one that is not there.
_Stamp = tuple[tuple[int, int, int] | None, ...]


class Definitions:
    """What ``load_templates`` says, kept while no file changes. Safe to use from any thread.

    Args:
        environ: Says where the user's configuration directory is.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[_Stamp, Templates]] = {}

    def of(self, project: Path) -> Templates:
        """The definitions of the project at ``project``.

        Raises:
            BadInput: a file is not what it should be.
        """
        stamp = self._stamp(project)
        with self._lock:
            known = self._known.get(project)
        if known is not None and known[0] == stamp:
            return known[1]
        found = templates.load_templates(self._environ, project)
        with self._lock:
            self._known[project] = (stamp, found)
        return found

    def standing(self, project: Path) -> Templates:
        """The same for a team that exists: a file broken since must not stop it.

        The definitions read last stand then, else what is shipped.
        """
        try:
            return self.of(project)
        except BadInput as error:
            _log.warning("%s", error.line())
        with self._lock:
            known = self._known.get(project)
        return known[1] if known is not None else templates.load_templates({}, None)

    def _stamp(self, project: Path) -> _Stamp:
        places = (
            templates.shipped(),
            config_directory(self._environ) / templates.FILE,
            project / templates.PROJECT_DIRECTORY / templates.FILE,
        )
        return tuple(_facts(path) for path in places)


def _facts(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None  # reading it says why
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
