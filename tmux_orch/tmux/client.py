"""Speaking to the server: one tmux process per command list, a deadline, errors that tell apart."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from tmux_orch import external
from tmux_orch.domain.errors import Absent, CouldNotTell, OrchError
from tmux_orch.tmux import processes, program
from tmux_orch.tmux.command import Command, chain, chain_argv, fits_argv

# A stopped server, or one out of descriptors, lets its clients hang for ever. The slowest healthy
# call measured here (50 windows opened at once on two busy cores) takes well under a second.
DEADLINE_S = 5.0

_NOT_THERE = re.compile(
    r"no server running on"
    r"|error connecting to .* \((No such file or directory|Connection refused)\)"
)
_WENT_AWAY = re.compile(r"\[?(server exited|lost server)")
_NO_TARGET = re.compile(r"can't find (pane|window|session|client)|no current target|no sessions")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command list printed; ``code`` 1 and ``complaint`` when a command of it failed."""

    code: int
    out: str
    complaint: str = ""

    @property
    def lines(self) -> list[str]:
        """Printed lines without their ends."""
        return self.out.split("\n")[:-1] if self.out.endswith("\n") else self.out.split("\n")


class ServerAbsent(Absent):
    """There is no server: we looked for its socket and for its process."""


class ServerLost(CouldNotTell):
    """The connection broke although the server's process is there: it ends, or was disturbed."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"the tmux server (process {pid}) broke the connection")
        self.pid = pid


class CommandFailed(OrchError):
    """tmux understood the call and would not do it."""


class Client:
    """The calls to one server. Stateless but for the program's path; any thread may call.

    Args:
        socket: Where the server listens.
        config: Its configuration file; read by a server that a call starts.
        environment: tmux is found on its PATH.
    """

    def __init__(self, socket: Path, config: Path, environment: Mapping[str, str]) -> None:
        self.socket = socket
        self.config = config
        self._environment = environment
        # The last thing that every call prints. A client whose server ends meanwhile may return 0
        # and have done nothing (seen on 3.3a), so an answer counts only with this at its end.
        self._mark = f"end-{secrets.token_hex(6)}"
        self._last = Command("display-message", "-p", self._mark)

    @cached_property
    def program(self) -> str:
        """Absolute path of tmux; raises as :func:`program.locate`."""
        return program.locate(self._environment)

    @property
    def prefix(self) -> list[str]:
        """The argv that every call begins with."""
        return [self.program, "-u", "-S", str(self.socket), "-f", str(self.config)]

    def run(
        self,
        commands: Sequence[Command],
        deadline_s: float = DEADLINE_S,
        *,
        stdin: bytes = b"",
        secret: bool = False,
        check: bool = True,
    ) -> Reply:
        """Run ``commands`` as one list in one tmux process; one that fails stops the rest.

        Args:
            commands: At least one. Nothing of another client runs between them. Not `save-buffer -`
                or `show-buffer`: they close the client's output, and the end mark is lost.
            deadline_s: After it the client is killed.
            stdin: For a command that reads it (``load-buffer -``).
            secret: Say them on standard input, where no other process can read them.
            check: Raise when a command fails, instead of answering with ``code`` 1.

        Raises:
            ServerAbsent: there is no server.
            Absent: a target is not there.
            CouldNotTell: no answer in time; what was asked for may still happen.
            CommandFailed: tmux refused a command.
        """
        whole = [*commands, self._last]
        if stdin or (not secret and fits_argv(whole)):
            reply = self._call(chain_argv(whole), stdin, deadline_s)
        else:
            reply = self._call(["source-file", "-"], f"{chain(whole)}\n".encode(), deadline_s)
        return _checked(reply) if check else reply

    def run_each(self, lists: Sequence[Sequence[Command]], deadline_s: float = DEADLINE_S) -> Reply:
        """Run every list in one tmux process, each on its own: a failure ends only its own list.

        All is said on standard input, so nothing of it stands in any process's arguments. Nothing
        of another client runs between the lists, and they run all or (if this process dies while
        it speaks) not at all. Raises as :meth:`run` does, but never for a failed command.
        """
        text = "".join(f"{chain(commands)}\n" for commands in [*lists, [self._last]])
        return self._call(["source-file", "-"], text.encode(), deadline_s)

    def _call(self, argv: Sequence[str], stdin: bytes, deadline_s: float) -> Reply:
        reply = self._once(argv, stdin, deadline_s)
        if reply.code and never_reached(reply.complaint):
            process = processes.find_server(self.socket)
            if process is None:
                raise ServerAbsent("the tmux server is not running")
            if self._repaired(process, deadline_s):
                # The first call did not reach it, so this does nothing a second time.
                reply = self._once(argv, stdin, deadline_s)
        whole, ended, _ = reply.out.rpartition(f"{self._mark}\n")
        if ended:
            return Reply(reply.code, whole, reply.complaint)
        if not reply.code or never_reached(reply.complaint) or broke_off(reply.complaint):
            process = processes.find_server(self.socket)
            if process is None:
                raise ServerAbsent("the tmux server is not running")
            raise ServerLost(process.pid)
        if reply.complaint.startswith("error connecting to"):
            raise CouldNotTell(f"tmux: {reply.complaint}")
        return reply

    def _once(self, argv: Sequence[str], stdin: bytes, deadline_s: float) -> Reply:
        # No environment at all: `new-window` puts the *client's* PATH over the one given with -e
        # (3.3a), and TMUX would name another server.
        try:
            done = external.run(
                [*self.prefix, *argv],
                deadline_s=deadline_s,
                cwd="/",
                environment={},
                stdin=stdin,
            )
        except external.ProgramMissing as error:
            raise CouldNotTell(f"tmux cannot be run any more: {error}") from error
        except external.DeadlinePassed as error:
            raise CouldNotTell(
                f"tmux did not answer within {deadline_s:g} s", self._why_silent()
            ) from error
        return Reply(done.code, done.text(), done.complaint() if done.code else "")

    def _why_silent(self) -> str:
        """What a person can do about a server that does not answer."""
        process = processes.find_server(self.socket)
        if process is not None and processes.is_stopped(process):
            return f"its server is stopped; let it go on: kill -CONT {process.pid}"
        return "try again when the machine is less busy"

    def _repaired(self, process: psutil.Process, deadline_s: float) -> bool:
        """Whether a server without its socket made it again."""
        if processes.is_stopped(process):
            raise CouldNotTell(
                f"the tmux server (process {process.pid}) is stopped",
                f"let it go on: kill -CONT {process.pid}",
            )
        return processes.make_socket_again(process, self.socket, deadline_s)


def never_reached(complaint: str) -> bool:
    """Whether a client's complaint means that nobody listened."""
    return _NOT_THERE.search(complaint) is not None


def broke_off(complaint: str) -> bool:
    """Whether it means that the server ended, or closed the connection, after it was reached."""
    return _WENT_AWAY.match(complaint) is not None


def _checked(reply: Reply) -> Reply:
    if reply.code == 0:
        return reply
    if _NO_TARGET.search(reply.complaint):
        raise Absent(f"tmux: {reply.complaint}")
    raise CommandFailed(f"tmux: {reply.complaint}")
