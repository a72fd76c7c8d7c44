"""Where results go: standard output, as text or as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from tmux_orch.cli import plain
from tmux_orch.domain.errors import Internal


def prepare() -> None:
    """Both streams exist and take any character.

    One it has no code for is replaced, not a traceback; a stream that was closed before we started
    (``>&-``), where Python has ``None``, goes nowhere.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123 - for our whole life
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def write(text: str, *, now: bool = False) -> bool:
    """Write to standard output; a reader that has left (``head``) is no failure.

    Returns:
        Whether there is still a reader.

    Args:
        text: What to write.
        now: Also let it out, for what is followed while it happens.

    Raises:
        Internal: it cannot be written, for instance because a disk is full.
    """
    try:
        sys.stdout.write(text)
        if now:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        _cannot(error)
        return False
    return True


def flush() -> None:
    """Let out what was written; as :func:`write`."""
    write("", now=True)


def _cannot(error: OSError | ValueError) -> None:
    # What is still in the buffer would be tried again, and complained of, at the process's end.
    os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), 1)
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        raise Internal(f"cannot write to standard output: {error.strerror}") from error


def lines(text: Iterable[str], *, now: bool = False) -> None:
    """Print lines that are made of plain parts (colours of ours may be in them)."""
    for one in text:
        write(one + "\n", now=now)


def line(text: str) -> None:
    """Print one line, whatever ``text`` holds."""
    write(plain.line(text) + "\n")


def as_json(obj: Mapping[str, Any], *, one_line: bool = False) -> bool:
    """Print an object; ASCII only, so that no character in it can steer a terminal.

    Returns:
        Whether there is still a reader.
    """
    import json

    return write(json.dumps(obj, indent=None if one_line else 2) + "\n", now=one_line)


def note(text: str) -> None:
    """A line for the person beside the result, on standard error."""
    try:
        sys.stderr.write(plain.line(text) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # standard error is closed or full: the result and the exit code remain
