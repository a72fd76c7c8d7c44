"""The main screen: lines that scroll away, and below them a live part that is drawn again.

Only cursor-up, carriage return, erase and SGR are used, which every terminal that tmux, screen or a
console offers understands; the live part never exceeds the screen, so it never scrolls into the
history. Rows are cut one short of the width, so the terminal itself never wraps one.
"""

from __future__ import annotations

import os

DIM, BOLD, PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_ENTER = "\x1b[?2004h"
_LEAVE = "\x1b[?2004l"
_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}
_CONTROLS[9] = "    "  # type: ignore[assignment]


def printable(text: str) -> str:
    """``text`` without anything that a terminal would obey; tabs become spaces."""
    return text.translate(_CONTROLS)


# Signs of our own screens: one column each, known without loading the Unicode tables.
_OUR_SIGNS = frozenset("─❯·…✢●⎿↑")


def width_of(text: str) -> int:
    """Columns that ``text`` (no controls) takes."""
    if text.isascii() or all(sign < "\u0300" or sign in _OUR_SIGNS for sign in text):
        return len(text)
    from unicodedata import combining, east_asian_width

    columns = 0
    for character in text:
        if not combining(character) and character not in "\u200b\u200c\u200d\ufe0f":
            columns += 2 if east_asian_width(character) in "WF" else 1
    return columns


def wrapped(text: str, width: int) -> list[str]:
    """``text`` cut into rows of at most ``width`` columns; newlines end a row."""
    rows: list[str] = []
    for line in text.split("\n"):
        if width_of(line) == len(line) <= width or line.isascii():
            rows += [line[at : at + width] for at in range(0, len(line), width)] or [""]
            continue
        row, columns = "", 0
        for character in line:
            wide = width_of(character)
            if columns + wide > width:
                rows.append(row)
                row, columns = "", 0
            row += character
            columns += wide
        rows.append(row)
    return rows


class Live:
    """What the live part shows: rows as (style, text), and where the cursor stands in them."""

    __slots__ = ("cursor", "rows")

    def __init__(self, rows: list[tuple[str, str]], cursor: tuple[int, int] | None) -> None:
        self.rows = rows
        self.cursor = cursor


class Screen:
    """Writes to the terminal ``descriptor``."""

    def __init__(self, descriptor: int, colours: bool) -> None:
        self._descriptor = descriptor
        self._colours = colours
        self._drawn: list[int] = []  # columns of each row of the live part now on the screen
        self._cursor_row = 0
        self._pending: list[str] = []
        self.width, self.height = 80, 24
        self.measure()

    def measure(self) -> None:
        """Ask for the size again."""
        try:
            size = os.get_terminal_size(self._descriptor)
        except OSError:
            return  # the terminal is going away; the loop will read its end next
        # 0 is a terminal that does not say; below 20 x 6 the composer itself would not fit.
        self.width, self.height = max(20, size.columns or 80), max(6, size.lines or 24)

    def enter(self) -> None:
        """Switch bracketed paste on: from here on a paste arrives as one."""
        self._write(_ENTER)

    def leave(self) -> None:
        """Leave the live part behind, the cursor below it, and the terminal as it was found."""
        self._write(self._erase() + _LEAVE)
        self._drawn, self._cursor_row = [], 0
        self.flush_lines()

    def add(self, text: str, style: str = "") -> None:
        """Put text above the live part at the next :meth:`draw`; it scrolls into the history."""
        for row in wrapped(printable(text), self.width - 1):
            self._pending.append(self._styled(style, row))

    def flush_lines(self) -> None:
        """Write the added lines with no live part below them."""
        lines, self._pending = self._pending, []
        if lines:
            self._write("\r\n".join(lines) + "\r\n")

    def draw(self, live: Live) -> None:
        """Added lines and the live part, in one write."""
        lines, self._pending = self._pending, []
        above = "".join(f"{line}\r\n" for line in lines)
        first = max(0, len(live.rows) - self.height)
        width = self.width - 1
        rows = [(style, wrapped(text, width)[0]) for style, text in live.rows[first:]]
        body = "\r\n".join(self._styled(style, text) for style, text in rows)
        out = [self._erase(), above, body]
        self._drawn = [width_of(text) for _, text in rows]
        self._cursor_row = len(rows) - 1
        if live.cursor is not None and live.cursor[0] >= first:
            row, column = live.cursor[0] - first, live.cursor[1]
            up = len(rows) - 1 - row
            out.append((f"\x1b[{up}A" if up else "") + "\r" + (f"\x1b[{column}C" if column else ""))
            self._cursor_row = row
        self._write("".join(out))

    def _erase(self) -> str:
        """Back to the first row of the live part, which a narrower window may have wrapped."""
        if not self._drawn:
            return ""
        up = sum(
            1 + max(0, columns - 1) // self.width for columns in self._drawn[: self._cursor_row]
        )
        return "\r" + (f"\x1b[{up}A" if up else "") + "\x1b[J"

    def _styled(self, style: str, text: str) -> str:
        return f"{style}{text}{PLAIN}" if style and self._colours else text

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except OSError:
                return  # the terminal is gone; the loop reads its end next and stops
