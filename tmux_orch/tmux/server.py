"""Our tmux server: started when absent, spoken to with a deadline, stopped for certain."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tmux_orch import external
from tmux_orch.domain.errors import BadInput, CouldNotTell
from tmux_orch.tmux import options, processes
from tmux_orch.tmux.client import (
    DEADLINE_S,
    Client,
    CommandFailed,
    Reply,
    ServerAbsent,
    ServerLost,
    broke_off,
    never_reached,
)
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.scope import scoped

__all__ = [
    "BASE_NAMES", "DEADLINE_S", "CommandFailed", "Reply", "Server", "ServerAbsent", "ServerId",
    "ServerLost",
]  # fmt: skip

SOCKET_LIMIT = 107  # bytes; sun_path of Linux less its NUL
STOP_DEADLINE_S = 10.0
# "server exited unexpectedly" came in 1 to 5 of 60 starts that raced the end of a server (3.3a).
START_ATTEMPTS = 3

# What panes of people (a shell that somebody opens in a team's session) need; agents get their
# environment with their window.
BASE_NAMES = frozenset({"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "TMPDIR"})


@dataclass(frozen=True, slots=True)
class ServerId:
    """Which server: ids stored with another one are void."""

    pid: int
    started: int

    def __str__(self) -> str:
        return f"{self.pid}:{self.started}"


class Server(Client):
    """The tmux server at ``socket``. Stateless but for the program's path; any thread may call.

    Args:
        socket: Where it listens; a directory of ours, 0700, path shorter than 108 bytes.
        config: Where :meth:`ensure` writes its configuration file.
        environment: Ours; tmux is found on its PATH, and :data:`BASE_NAMES` and ``LC_*`` of it
            become the server's. Never anything else: panes inherit the server's environment.
    """

    def __init__(self, socket: Path, config: Path, environment: Mapping[str, str]) -> None:
        base = {
            name: value
            for name, value in environment.items()
            if name in BASE_NAMES or name.startswith("LC_")
        }
        super().__init__(socket, config, base)
        self._runtime = environment.get("XDG_RUNTIME_DIR", "")

    def identity(self) -> ServerId | None:
        """Which server runs; ``None`` when none does, also none without its socket.

        Raises:
            CouldNotTell: it does not answer.
        """
        known = self._identity()
        return known[0] if known else None

    def ensure(self) -> ServerId:
        """The running server, started now if there is none, with our current configuration.

        Any number of processes may call it at once: one server is started (tmux's own lock).

        Raises:
            BadInput: tmux is missing or too old, or does not start here.
            CouldNotTell: a server is there and does not answer.
        """
        if len(os.fsencode(self.socket)) > SOCKET_LIMIT:
            raise BadInput(
                f"the path is too long for a socket: {self.socket}", "choose a shorter one"
            )
        for _ in range(START_ATTEMPTS):
            try:
                known = self._identity()
            except ServerLost as ending:
                processes.wait_until_gone(ending.pid, 1)
                continue
            if known and known[1] == options.MARK:
                return known[0]
            self._write_config()
            if known:
                self.run([Command("source-file", str(self.config))])
                return known[0]
            started = self._start()
            if started:
                return started
        raise CouldNotTell("the tmux server ended each time it was started")

    def stop(self, deadline_s: float = STOP_DEADLINE_S) -> None:
        """End the server with all that runs in it; returns when its process is gone.

        ``kill-server`` may return 0 while the server lives on (a control client that died with
        unread output holds it: 3 of 3 on 3.3a), so only the process counts.

        A server that does not answer is ended too.

        Raises:
            CouldNotTell: it is still there after ``deadline_s``.
        """
        pid = self._end()
        if pid is None or processes.wait_until_gone(pid, deadline_s / 2):
            return
        processes.end(pid)
        if not processes.wait_until_gone(pid, deadline_s / 2):
            raise CouldNotTell(f"the tmux server (process {pid}) does not end")

    def _end(self) -> int | None:
        """Tell the server to end; its pid, or ``None`` when there is none."""
        try:
            known = self.identity()
            if known is not None:
                self.run([Command("kill-server")], check=False)
        except ServerAbsent:
            pass  # it ended before or while it was told to
        except CouldNotTell:
            # Stopped, or out of descriptors: it hears no client, so only its process is left.
            process = processes.find_server(self.socket)
            return process.pid if process else None
        return known.pid if known else None

    def _identity(self) -> tuple[ServerId, str] | None:
        asked = Command("display-message", "-p", "#{pid}:#{start_time}:#{@orch_config}")
        try:
            return _read_identity(self.run([asked]).out)
        except ServerAbsent:
            return None

    def _start(self) -> ServerId | None:
        """Start it; ``None`` when the end of another server spoiled that."""
        argv = [*self.prefix, "start-server", ";"]
        argv += ["display-message", "-p", "#{pid}:#{start_time}:"]
        done = self._start_in_scope(argv)
        if done is None or done.code:
            done = _started(argv, self._environment)
        if done.code == 0:
            return _read_identity(done.text())[0] if done.out else None
        if broke_off(done.complaint()) or never_reached(done.complaint()):
            return None
        raise BadInput(f"tmux does not start: {done.complaint()}", f"look at {self.socket.parent}")

    def _start_in_scope(self, argv: Sequence[str]) -> external.Completed | None:
        """The start inside a systemd scope; ``None`` or a failure where there is none to have."""
        wrapped = scoped(argv, self._environment, self._runtime)
        if wrapped is None:
            return None
        try:
            return _started(
                wrapped,
                {"PATH": self._environment["PATH"], "XDG_RUNTIME_DIR": self._runtime},
            )
        except CouldNotTell:
            return None  # a user manager that does not answer; a server without scope is still one

    def _write_config(self) -> None:
        # This room may not import `config`; the file is made anew at each start and read once.
        starter = f"{os.getpid()}.{threading.get_ident()}"
        draft = self.config.with_name(f"{self.config.name}.{starter}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(options.config_text())
        draft.replace(self.config)


def _started(argv: Sequence[str], environment: Mapping[str, str]) -> external.Completed:
    try:
        return external.run(argv, deadline_s=DEADLINE_S, cwd="/", environment=environment)
    except external.DeadlinePassed as error:
        raise CouldNotTell("the tmux server does not start in time") from error


def _read_identity(out: str) -> tuple[ServerId, str]:
    pid, _, rest = out.strip().partition(":")
    started, _, mark = rest.partition(":")
    if not (pid.isdigit() and started.isdigit()):
        raise CouldNotTell(f"tmux answered {out.strip()[:60]!r} when asked who it is")
    return ServerId(int(pid), int(started)), mark
