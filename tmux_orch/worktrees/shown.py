"""How names from git and the file system are printed: on one line, without control characters."""

from __future__ import annotations

import os
from collections.abc import Sequence

_LONGEST = 160


def shown(name: str | bytes | os.PathLike[str]) -> str:
    """``name`` as one printable line: controls, newlines and undecodable bytes are escaped.

    Paths and branch names are chosen by others: a newline would break the one-line errors and an
    escape sequence would reach the terminal.
    """
    text = os.fsdecode(name)
    clean = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
                    if not "\udc80" <= c <= "\udcff" else f"\\x{ord(c) - 0xDC00:02x}"
                    for c in text)  # fmt: skip
    return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 1]}…"


def few(names: Sequence[str], most: int = 3) -> str:
    """The first of ``names`` and how many more there are: ``a, b, c and 4 more``."""
    text = ", ".join(shown(name) for name in names[:most])
    return text if len(names) <= most else f"{text} and {len(names) - most} more"


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
