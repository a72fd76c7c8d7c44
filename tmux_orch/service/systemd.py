"""systemd: the user units' text, and the user manager asked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tmux_orch import external
from tmux_orch.domain.errors import BadInput, CouldNotTell, Partly
from tmux_orch.service.subject import CHECK_MINUTES, Subject
from tmux_orch.service.written import ServiceFile

#: The daemon of 20 agents takes some 70 MB; its limit is not the agents', who are in a scope.
MEMORY_MAX = "500M"
#: As for agents: five starts within a minute, then a person decides.
BURST, INTERVAL_S = 5, 60
RESTART_S = 1
# A user manager that starts our daemon waits until it listens.
DEADLINE_S = 90.0
_ASK_S = 10.0
LINGER = Path("/var/lib/systemd/linger")


def word(text: str) -> str:
    """One word of a command or assignment, as systemd reads it back.

    Quoted, with C escapes; ``%`` begins a specifier everywhere. ``$`` is not treated: systemd puts
    no variable into a command's name, where alone a path may hold one.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def command(argv: Sequence[str], prefix: str = "") -> str:
    """A value of ``ExecStart=`` and the like."""
    return f"{prefix}{' '.join(word(one) for one in argv)}"


def directory(environ: Mapping[str, str]) -> Path:
    """Where this user's own units are."""
    chosen = environ.get("XDG_CONFIG_HOME", "")
    base = Path(chosen) if chosen.startswith("/") else Path(environ["HOME"], ".config")
    return base / "systemd/user"


def check(subject: Subject) -> None:
    """Refuse what systemd could not run.

    Raises:
        BadInput: of its path.
    """
    if set(subject.program) & set("'\"\\"):
        # Of an executable's name only; everywhere else it takes them (seen with 252).
        raise BadInput(
            f"systemd runs no command with a quote or a backslash in its path: {subject.program}",
            "install it elsewhere",
        )


def files(subject: Subject, environ: Mapping[str, str]) -> list[ServiceFile]:
    """The units: the daemon, the safety net, and when that looks."""
    where, name = directory(environ), subject.name
    return [
        ServiceFile(where / f"{name}.service", _daemon(subject)),
        ServiceFile(where / f"{name}-check.service", _check(subject)),
        ServiceFile(where / f"{name}-check.timer", _timer()),
    ]


def units(subject: Subject) -> tuple[str, str]:
    """What is enabled: the daemon and the timer."""
    return f"{subject.name}.service", f"{subject.name}-check.timer"


def _daemon(subject: Subject) -> str:
    return f"""\
[Unit]
Description=tmux-orch: the daemon behind teams of coding agents
StartLimitIntervalSec={INTERVAL_S}
StartLimitBurst={BURST}

[Service]
Type=notify
NotifyAccess=main
{_environment(subject)}\
# A daemon that a command has started meanwhile gives way to this one; agents do not notice.
ExecStartPre={command(subject.stop, "-")}
ExecStart={command(subject.run)}
Restart=on-failure
RestartSec={RESTART_S}
# Exit status 2: its configuration is wrong, and will be so at the next start.
RestartPreventExitStatus=2
# tmux and the agents are in a scope of their own; where they are not, they stay alive all the same.
KillMode=process
OOMPolicy=continue
MemoryMax={MEMORY_MAX}
TimeoutStartSec=60
TimeoutStopSec=40
StandardError=append:{subject.log.replace("%", "%%")}

[Install]
WantedBy=default.target
"""


def _check(subject: Subject) -> str:
    return f"""\
[Unit]
Description=tmux-orch: one look whether the daemon is there and limits have ended

[Service]
Type=oneshot
{_environment(subject)}\
ExecStart={command(subject.check)}
KillMode=process
TimeoutStartSec=120
"""


def _timer() -> str:
    return f"""\
[Unit]
Description=tmux-orch: look every {CHECK_MINUTES} minutes

[Timer]
OnCalendar=*:0/{CHECK_MINUTES}
AccuracySec=30s

[Install]
WantedBy=timers.target
"""


def _environment(subject: Subject) -> str:
    pairs = (word(f"{name}={value}") for name, value in subject.environment.items())
    return "".join(f"Environment={pair}\n" for pair in pairs)


class Manager:
    """This user's systemd, asked by its own command.

    Args:
        environ: The person's environment.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = external.scrubbed(environ)
        self._runtime = environ.get("XDG_RUNTIME_DIR", "")

    def is_there(self) -> bool:
        """Whether a user manager runs that we can reach."""
        program = shutil.which("systemctl", path=self._environ.get("PATH"))
        socket = Path(self._runtime, "systemd/private")
        return bool(program and self._runtime) and socket.is_socket()

    def tell(self, *words: str) -> None:
        """``systemctl --user`` and these words.

        Raises:
            Partly: it did not do it.
            CouldNotTell: it did not answer.
        """
        done = self._run(words, DEADLINE_S)
        if done.code:
            raise Partly(
                f"systemctl --user {' '.join(words)}: {done.complaint()}",
                "look: systemctl --user status " + words[-1],
            )

    def properties(self, unit: str) -> dict[str, str]:
        """What it says of ``unit``; of one it does not know, too.

        Raises:
            CouldNotTell: it did not answer.
        """
        names = "LoadState,ActiveState,SubState,UnitFileState,MainPID,Result,MemoryMax"
        done = self._run(("show", f"--property={names}", unit), _ASK_S)
        if done.code:
            raise CouldNotTell(f"systemctl --user show {unit}: {done.complaint()}")
        pairs = (line.partition("=") for line in done.text().splitlines())
        return {name: value for name, _, value in pairs}

    def _run(self, words: Sequence[str], deadline_s: float) -> external.Completed:
        argv = ["systemctl", "--user", "--no-ask-password", *words]
        try:
            return external.run(argv, deadline_s=deadline_s, environment=self._environ, cwd="/")
        except (external.ProgramMissing, external.DeadlinePassed) as error:
            raise CouldNotTell(str(error), "see tmux-orch service status") from error


def lingers(user: str, where: Path = LINGER) -> bool | None:
    """Whether this user's services run without a log-in; ``None`` when it cannot be told."""
    try:
        os.stat(where / user)  # noqa: PTH116 - what cannot be looked at is not absent
    except FileNotFoundError:
        return False
    except OSError:
        return None
    return True
