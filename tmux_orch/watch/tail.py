"""The bottom of a busy screen: what stays the same while a program works, and what tells its end.

A whole screen takes about 2 ms to read (2 cores, 200x50); a hundred agents whose screens change
every second would take a fifth of a core. While a program works its input box, footer and spinner
stand at the bottom, and only their numbers and signs move. A dialog, a limit, a retry or the end of
the turn changes the words there, so a screen with the same words at its bottom need not be read
every time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Lines with something on them that are compared: footer, box, and where there is room the spinner.
LINES = 5
#: These many characters hold them, escapes included.
_MOST = 4000

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
# Spinners are signs, counters are digits; words stay, in every script.
_MOVES = re.compile(r"[\W\d_]+")


def tail(screen: str, title: str) -> Sequence[str]:
    """The words of the title and at the bottom of a capture with escapes, from below."""
    words = [_MOVES.sub(" ", title).strip()]
    for line in reversed(screen[-_MOST:].split("\n")):
        if not line or line.isspace():
            continue
        words.append(_MOVES.sub(" ", _ESCAPE.sub("", line)).strip())
        if len(words) > LINES:
            break
    return words
