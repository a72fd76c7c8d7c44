"""What the terminal in front of us can do: colours, width, questions."""

from __future__ import annotations

import os
import sys
from typing import TextIO

# Wider lines are not read more easily; 80 where nobody says.
_WIDEST = 120
WIDTH = 80
_CODES = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "bold": 1, "dim": 2}


def is_terminal(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal; a closed one is not."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def colours(stream: TextIO) -> bool:
    """Whether colours may be written: a terminal that can, and nobody said NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    return is_terminal(stream)


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """``text`` in ``colour`` where colours may be written, else as it is."""
    if not colour or not colours(sys.stdout if stream is None else stream):
        return text
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"


def width() -> int:
    """Columns to fill: the terminal's, at most 120; 80 when standard output is none."""
    if not is_terminal(sys.stdout):
        return WIDTH
    try:
        return max(40, min(os.get_terminal_size(1).columns, _WIDEST)) or WIDTH
    except OSError:
        return WIDTH


def can_ask() -> bool:
    """Whether a person sits there to answer a question: both ends are a terminal."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)
