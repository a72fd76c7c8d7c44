"""What can go wrong in a way we foresaw, and the exit code each kind ends a command with."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_PARTLY = 1
EXIT_BAD_INPUT = 2
EXIT_HELD = 3
EXIT_REFUSED = 4
EXIT_UNDECIDED = 5
EXIT_UNREACHABLE = 6
EXIT_INTERNAL = 7
EXIT_BUSY = 75
EXIT_INTERRUPTED = 130


class OrchError(Exception):
    """An expected failure: one line for the person, the next step, and an exit code.

    Attributes:
        message: One line that says what is wrong, without a trailing full stop.
        next_step: What to type or do now; empty when there is nothing to do.
        exit_code: The documented exit code of the command that met it.
    """

    exit_code = EXIT_INTERNAL

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def line(self) -> str:
        """The failure as the one line printed on stderr."""
        return f"{self.message}; {self.next_step}" if self.next_step else self.message


class BadInput(OrchError):
    """What was asked for cannot be done as it stands; nothing was changed."""

    exit_code = EXIT_BAD_INPUT


class Refused(OrchError):
    """A rule forbids it."""

    exit_code = EXIT_REFUSED


class Partly(OrchError):
    """Done in part: something needs a look."""

    exit_code = EXIT_PARTLY


class Busy(OrchError):
    """Another run holds the project or the registry."""

    exit_code = EXIT_BUSY


class Unreachable(OrchError):
    """The daemon could not be reached, or speaks another version."""

    exit_code = EXIT_UNREACHABLE


class Internal(OrchError):
    """A fault of ours or of the machine that no other kind describes."""

    exit_code = EXIT_INTERNAL


class Absent(OrchError):
    """We looked, and it is not there. Different from :class:`CouldNotTell`."""

    exit_code = EXIT_BAD_INPUT


class CouldNotTell(OrchError):
    """We could not look (deadline passed, server hung): the thing may or may not be there."""

    exit_code = EXIT_INTERNAL
