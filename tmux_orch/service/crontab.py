"""cron: a block of ours in the person's crontab, everything else byte for byte as it was."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from tmux_orch import external
from tmux_orch.domain.boot import OnBoot
from tmux_orch.domain.errors import Absent, BadInput, CouldNotTell, Partly
from tmux_orch.service.subject import CHECK_MINUTES, Subject

_DEADLINE_S = 20.0
# Vixie cron keeps 1000 bytes of a command and drops the rest without a word.
_LONGEST = 990


def block(subject: Subject, on_boot: OnBoot) -> bytes:
    """Our lines, with the marks they are found again by.

    Raises:
        BadInput: a path cannot be written there.
    """
    line = _line(subject)
    first, last = _marks(subject)
    lines = [first]
    if on_boot is not OnBoot.NOTHING:
        lines.append(f"@reboot {line}")
    lines += [f"*/{CHECK_MINUTES} * * * * {line}", last]
    return "".join(f"{one}\n" for one in lines).encode()


def placed(content: bytes, subject: Subject, ours: bytes) -> bytes:
    """``content`` with our block as it is now: in its old place, else at the end.

    Raises:
        BadInput: our marks there are damaged.
    """
    before, old, after = _split(content, subject)
    if not old and before and not before.endswith(b"\n"):
        before += b"\n"
    return before + ours + after


def without(content: bytes, subject: Subject) -> bytes:
    """``content`` without our block.

    Raises:
        BadInput: our marks there are damaged.
    """
    before, _, after = _split(content, subject)
    return before + after


def found(content: bytes, subject: Subject) -> bytes:
    """Our block in ``content``; empty when it is not there.

    Raises:
        BadInput: our marks there are damaged.
    """
    return _split(content, subject)[1]


def _split(content: bytes, subject: Subject) -> tuple[bytes, bytes, bytes]:
    first, last = (f"{mark}\n".encode() for mark in _marks(subject))
    lines = content.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if line == first]
    ends = [at for at, line in enumerate(lines) if line == last]
    if not starts and not ends:
        return content, b"", b""
    if len(starts) != 1 or len(ends) != 1 or starts > ends:
        raise BadInput(
            f"the marks of {subject.name} in your crontab are damaged",
            "take our lines out yourself: crontab -e",
        )
    start, end = starts[0], ends[0] + 1
    return b"".join(lines[:start]), b"".join(lines[start:end]), b"".join(lines[end:])


def _marks(subject: Subject) -> tuple[str, str]:
    return (
        f"# >>> {subject.name} (tmux-orch service install; remove: tmux-orch service remove) >>>",
        f"# <<< {subject.name} <<<",
    )


def _line(subject: Subject) -> str:
    """The command: ``env`` because the person's SHELL may know no ``NAME=value command``."""
    pairs = [f"{name}={value}" for name, value in subject.environment.items()]
    words = ["/usr/bin/env", *pairs, *subject.check]
    if any("\\" in one for one in words):
        # Crons differ in whether a backslash before another one counts.
        raise BadInput("a path with a backslash cannot be written into a crontab", "choose another")
    if "=" in subject.program:
        # Seen with coreutils 9.1: env takes the command for one more assignment.
        raise BadInput(
            f"a command with = in its path cannot be run by cron: {subject.program}",
            "install it elsewhere",
        )
    # A bare % ends the command for cron, in quotes too.
    line = " ".join(shlex.quote(one) for one in words).replace("%", "\\%") + " >/dev/null 2>&1"
    if len(line.encode()) > _LONGEST:
        raise BadInput("the paths are too long for a crontab", "choose a shorter registry")
    return line


class Crontab:
    """The person's crontab, through ``crontab`` itself.

    Args:
        environ: The person's environment.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {**external.scrubbed(environ), "LC_ALL": "C"}

    def read(self) -> bytes | None:
        """Its content; ``None`` when there is none.

        Raises:
            Absent: there is no cron here.
            CouldNotTell: it could not be read.
        """
        done = self._run("-l")
        if done.code == 0:
            return done.out
        if done.code == 1 and b"no crontab for" in done.err.lower():
            return None
        raise CouldNotTell(f"your crontab cannot be read: {done.complaint()}", "try: crontab -l")

    def write(self, content: bytes) -> None:
        """Replace it; an empty one is removed.

        Raises:
            Absent: there is no cron here.
            Partly: it was refused; the old one stands.
        """
        done = self._run("-", stdin=content) if content else self._run("-r")
        if done.code:
            raise Partly(f"your crontab was not changed: {done.complaint()}", "try: crontab -e")

    def _run(self, word: str, stdin: bytes = b"") -> external.Completed:
        try:
            return external.run(
                ["crontab", word], deadline_s=_DEADLINE_S, environment=self._environ, stdin=stdin
            )
        except external.ProgramMissing:
            raise Absent("there is no crontab command here", "install cron") from None
        except external.DeadlinePassed as error:
            raise CouldNotTell(str(error), "try: crontab -l") from error
