"""Where everything of ours lies: the registry's directories and files."""

from __future__ import annotations

import os
import pwd
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tmux_orch.config.files import private_directory, read_private, write_atomically
from tmux_orch.domain.errors import Absent, BadInput, Internal
from tmux_orch.domain.names import is_name

VARIABLE = "TMUX_ORCH_REGISTRY"
#: A unix socket's path may have 107 bytes on Linux and 103 elsewhere (sockaddr_un); some room left.
SOCKET_PATH_LIMIT = 100
LONGEST_SOCKET = "daemon.sock"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ProjectPaths:
    """Where one project's things lie; nothing here exists until somebody makes it.

    Attributes:
        root: ``projects/<name>`` in the registry.
    """

    root: Path

    @property
    def plan(self) -> Path:
        """The plan as a person may read it; the truth is in the database."""
        return self.root / "plan.json"

    @property
    def plan_page(self) -> Path:
        """The implementation plan as a page."""
        return self.root / "plan.md"

    @property
    def status(self) -> Path:
        """The last status as a person may read it."""
        return self.root / "status.json"

    @property
    def notes(self) -> Path:
        """The hub's notes and status reports, and the researcher's inventory."""
        return self.root / "notes"

    @property
    def environment(self) -> Path:
        """The agents' environment, kept for ``--resume``; may hold keys."""
        return self.root / "environment.json"

    @property
    def worktrees(self) -> Path:
        """The directory of the agents' worktrees."""
        return self.root / "worktrees"

    @property
    def seats(self) -> Path:
        """The directory of the seats' private directories."""
        return self.root / "seats"

    @property
    def rescue(self) -> Path:
        """Archives of what a forced removal would have lost."""
        return self.root / "rescue"

    def worktree(self, agent: str) -> Path:
        """The worktree of ``agent``."""
        return self.worktrees / _named(agent)

    def seat(self, agent: str) -> Path:
        """The private directory of ``agent``'s seat: settings, role page."""
        return self.seats / _named(agent)


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry: a directory of ours, mode 0700.

    Attributes:
        root: Its absolute path.
    """

    root: Path

    @classmethod
    def find(cls, environ: Mapping[str, str]) -> Registry:
        """The registry that ``environ`` names; it need not exist.

        ``TMUX_ORCH_REGISTRY``, else ``tmux-orch`` in ``XDG_STATE_HOME`` when that is absolute (the
        XDG base directory specification ignores others), else ``~/.local/state/tmux-orch``.

        Raises:
            BadInput: ``TMUX_ORCH_REGISTRY`` is not an absolute path, or the path is not plain text.
        """
        found = cls._find(environ)
        path = str(found.root)
        if _UNPRINTABLE.search(path):
            # What programs say of such a path does not fit one line, and cannot be told apart.
            raise BadInput(
                f"the registry's path holds control characters or is not UTF-8: {path!r}",
                f"choose another one: {VARIABLE}",
            )
        return found

    @classmethod
    def _find(cls, environ: Mapping[str, str]) -> Registry:
        chosen = environ.get(VARIABLE, "")
        if chosen:
            if not chosen.startswith("/"):
                # The daemon's directory is /, so a relative path would mean two places.
                raise BadInput(f"{VARIABLE} is not an absolute path: {chosen}", "give it from /")
            return cls(Path(chosen))
        state = environ.get("XDG_STATE_HOME", "")
        if state.startswith("/"):
            return cls(Path(state) / "tmux-orch")
        return cls(_home(environ) / ".local/state/tmux-orch")

    def prepare(self) -> None:
        """Make the directories, 0700, and settle where the sockets lie.

        Raises:
            BadInput: the root or one of them is another user's, writable by others, or cannot be
                made.
        """
        private_directory(self.root)
        for path in (self._run, self.projects, self.logs, self.commands, self.backups):
            private_directory(path)
        if self._sockets_elsewhere:
            self._settle()

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.root / "orch.db"

    @property
    def backups(self) -> Path:
        """Copies of the database made before a migration."""
        return self.root / "backups"

    @property
    def projects(self) -> Path:
        """The directory of the projects."""
        return self.root / "projects"

    @property
    def logs(self) -> Path:
        """Logs: JSONL by day, the daemon's own, the agents'."""
        return self.root / "logs"

    @property
    def commands(self) -> Path:
        """Our commands, first on every agent's ``PATH``."""
        return self.root / "bin"

    @property
    def sessions(self) -> Path:
        """A mirror of what is alive, for people."""
        return self.root / "sessions.json"

    @property
    def service(self) -> Path:
        """What the person has set for the daemon as a service."""
        return self.root / "service.json"

    @property
    def lock(self) -> Path:
        """Held by the daemon for life; always in the registry itself, so two cannot hold it."""
        return self._run / "daemon.lock"

    @property
    def start_lock(self) -> Path:
        """Held while one of many callers starts the daemon."""
        return self._run / "start.lock"

    @property
    def environment(self) -> Path:
        """The clean environment of the daemon, recorded at its first start."""
        return self._run / "environment.json"

    @property
    def place(self) -> Path:
        """The file that names the sockets' directory when it is not ``run/`` itself."""
        return self._run / "place"

    @property
    def run(self) -> Path:
        """The directory of the sockets: ``run/``, or the recorded one when that path is too long.

        Before :meth:`prepare` has recorded one it is ``run/``, where then nothing listens.

        Raises:
            BadInput: the recorded directory has become another user's.
        """
        if not self._sockets_elsewhere:
            return self._run
        recorded = self._recorded()
        if recorded is None:
            return self._run
        if recorded.exists() and not _ours(recorded):
            raise BadInput(f"{recorded} belongs to another user", f"remove {self.place}")
        return recorded

    @property
    def socket(self) -> Path:
        """Where the daemon listens."""
        return self.run / LONGEST_SOCKET

    @property
    def tmux_socket(self) -> Path:
        """The socket of our own tmux server."""
        return self.run / "tmux.sock"

    @property
    def tmux_config(self) -> Path:
        """The configuration file our tmux server is started with."""
        return self._run / "tmux.conf"

    def project(self, name: str) -> ProjectPaths:
        """Where the project ``name`` keeps its things."""
        return ProjectPaths(self.projects / _named(name))

    @property
    def _run(self) -> Path:
        return self.root / "run"

    @property
    def _sockets_elsewhere(self) -> bool:
        return len(os.fsencode(self._run / LONGEST_SOCKET)) > SOCKET_PATH_LIMIT

    def _recorded(self) -> Path | None:
        try:
            text = os.fsdecode(read_private(self.place, 4096)).strip()
        except Absent:
            return None
        return Path(text) if text.startswith("/") else None

    def _settle(self) -> None:
        recorded = self._recorded()
        if recorded is not None:
            try:
                # The temporary directory is emptied at a reboot: the same name again is fine.
                recorded.mkdir(mode=0o700, exist_ok=True)
            except OSError:
                # Not to be had any more: a new one is made below and recorded.
                recorded = None
            if recorded is not None and _ours(recorded):
                return
        try:
            made = Path(tempfile.mkdtemp(prefix="tmux-orch-"))
        except OSError as error:
            raise Internal(f"no directory for the sockets: {error.strerror}") from error
        if len(os.fsencode(made / LONGEST_SOCKET)) > SOCKET_PATH_LIMIT:
            made.rmdir()
            raise BadInput(
                f"the path {self._run} is too long for a socket, and so is {made}",
                "set TMPDIR or TMUX_ORCH_REGISTRY to a shorter path",
            )
        write_atomically(self.place, os.fsencode(made))


def _named(name: str) -> str:
    if not is_name(name):
        raise ValueError(f"not a name: {name!r}")
    return name


def _ours(path: Path) -> bool:
    facts = path.lstat()
    return facts.st_uid == os.geteuid() and facts.st_mode & 0o170077 == 0o040000


def _home(environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME", "")
    return Path(home if home.startswith("/") else pwd.getpwuid(os.geteuid()).pw_dir)
