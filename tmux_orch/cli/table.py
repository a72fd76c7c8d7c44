"""Tables of plain text that fit the width; without rich, whose import takes as long as click's."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tmux_orch.cli import plain, screen

_GAP = 2
# Columns of what `listed` sets beside: "saved", and the longest role of the default team.
_MARK, _NAME = 5, 15


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: Its heading.
        least: Columns it is never cut below; 0 when it is never cut.
        right: Numbers stand right.
        colour: The colour of a cell by its text.
    """

    title: str
    least: int = 0
    right: bool = False
    colour: Callable[[str], str] = lambda _text: ""


def cells(text: str) -> int:
    """Terminal columns that ``text`` takes: East Asian wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, room: int) -> str:
    """``text`` in at most ``room`` columns, an ellipsis in the place of what is missing."""
    if cells(text) <= room:
        return text
    kept, used = [], 0
    for character in text:
        used += cells(character)
        if used > room - 1:
            break
        kept.append(character)
    return "".join(kept) + "…" if room > 0 else ""


def table(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a table, no wider than the screen.

    Every cell is made plain (one line, no control characters), so whatever an agent called
    something cannot break it.
    """
    texts = [[plain.line(str(cell)) for cell in row] for row in rows]
    # A column in which nothing stands leaves its room to the others.
    used = [i for i in range(len(columns)) if not texts or any(row[i] for row in texts)]
    columns = [columns[i] for i in used]
    texts = [[row[i] for i in used] for row in texts]
    widths = _fit(columns, texts, screen.width())
    lines = [screen.paint(_line(columns, [c.title for c in columns], widths), "bold")]
    for row in texts:
        lines.append(_line(columns, row, widths, painted=True))
    return lines


def listed(mark: str, colour: str, name: str, texts: Sequence[str]) -> list[str]:
    """A mark and a name with ``texts`` beside them, each wrapped, not cut: for reasons to read."""
    indent = _MARK + _NAME + 2 * _GAP
    told = [
        part
        for text in texts
        for part in textwrap.wrap(plain.line(text), screen.width() - indent, break_on_hyphens=False)
    ]
    head = f"{screen.paint(f'{mark:<{_MARK}}', colour)}  {plain.line(name):<{_NAME}}  "
    return [head + part if not i else " " * indent + part for i, part in enumerate(told or [""])]


def _fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    widths = [
        max([cells(column.title), *(cells(row[i]) for row in rows)])
        for i, column in enumerate(columns)
    ]
    over = sum(widths) + _GAP * (len(columns) - 1) - room
    while over > 0:
        # The widest column that may give gives down to the next; the last resort is a long line.
        able = [i for i, c in enumerate(columns) if c.least and widths[i] > c.least]
        if not able:
            break
        widest = max(able, key=lambda i: widths[i])
        widths[widest] -= 1
        over -= 1
    return widths


def _line(
    columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], *, painted: bool = False
) -> str:
    parts = []
    for column, text, width in zip(columns, row, widths, strict=True):
        shown = cut(text, width)
        blank = " " * (width - cells(shown))
        if painted:
            shown = screen.paint(shown, column.colour(text))
        parts.append(blank + shown if column.right else shown + blank)
    return (" " * _GAP).join(parts).rstrip()
