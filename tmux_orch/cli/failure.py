"""How every command ends when it fails: one line on stderr, a documented exit code.

Expected failures carry both. Anything else is a fault of ours: it is written to a report file that
the line names, and the code is 7.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tmux_orch import __version__
from tmux_orch.cli import printing
from tmux_orch.domain.errors import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    OrchError,
)

if TYPE_CHECKING:
    from pathlib import Path

DEBUG_VARIABLE = "TMUX_ORCH_DEBUG"


def guarded(command: str, work: Callable[[], int]) -> int:
    """Run ``work`` and return its exit code, or the one of how it failed; never raises."""
    try:
        code = work()
        printing.flush()
    except BaseException as error:  # noqa: BLE001 - the outermost frame of the process
        return ended(command, error)
    return code


def ended(command: str, error: BaseException) -> int:
    """Say what went wrong and return the exit code."""
    if isinstance(error, OrchError):
        say(command, error.line())
        if os.environ.get(DEBUG_VARIABLE):
            import traceback

            traceback.print_exception(error)
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else EXIT_BAD_INPUT
    if (code := _of_click(command, error)) is not None:
        return code
    say(command, f"internal error: {type(error).__name__}: {error}; {_report(command, error)}")
    return EXIT_INTERNAL


def say(command: str, text: str) -> None:
    """One line on stderr, whatever ``text`` holds."""
    printing.note(f"{command}: {text}")


def _of_click(command: str, error: BaseException) -> int | None:
    """Click's own complaints, known by name so that ``scm`` need not have imported it."""
    click = sys.modules.get("click")
    if click is None:
        return None
    if isinstance(error, click.exceptions.Exit):
        return int(error.exit_code)
    if isinstance(error, click.exceptions.Abort):
        return EXIT_INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.ctx.get_help())  # a family of commands, typed without one: as it asks for
        return EXIT_DONE
    if isinstance(error, click.exceptions.ClickException):
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else command
        say(path, f"{error.format_message().rstrip('.')}; see {path} --help")
        return EXIT_BAD_INPUT
    return None


def _report(command: str, error: BaseException) -> str:
    """Write the report and say where; the traceback itself goes to stderr if that fails."""
    import platform
    import secrets
    import traceback
    from datetime import UTC, datetime

    text = "".join(traceback.format_exception(error))
    if os.environ.get(DEBUG_VARIABLE):
        sys.stderr.write(text)
    now = datetime.now(UTC)
    head = (
        f"command: {command}\nat: {now.isoformat(timespec='seconds')}\n"
        f"tmux_orch: {__version__}\npython: {platform.python_version()}\n"
        f"platform: {platform.platform()}\n\n"
    )
    try:
        path = _directory() / f"{now:%Y-%m-%dT%H%M%S}-{secrets.token_hex(3)}.txt"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(head + text)
    except (OSError, OrchError) as trouble:
        sys.stderr.write(text)
        return f"no report could be written ({trouble})"
    return f"the report is {path}"


def _directory() -> Path:
    from tmux_orch.config.files import private_directory
    from tmux_orch.config.registry import Registry

    registry = Registry.find(os.environ)
    private_directory(registry.root)
    private_directory(registry.logs)
    return private_directory(registry.logs / "reports")
