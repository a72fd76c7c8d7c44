"""A captured screen taken apart: lines of plain text, and how each part of a line was drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

#: More than any window we open; what is cut off could only be old.
MAX_LINES = 200
MAX_COLUMNS = 500
_ESCAPE = re.compile(
    r"\x1b(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])"
)
_INK = re.compile(r"[39][0-7]")
_PAPER = re.compile(r"(?:4|10)[0-7]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Style:
    """How a part was drawn; colours as tmux writes them, empty for the terminal's own."""

    ink: str = ""
    paper: str = ""
    faint: bool = False
    reverse: bool = False


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        text: Its characters, without escapes and controls, ends cut off.
        spans: ``(column, style)`` from left to right: the style holds from that character on.
    """

    text: str
    spans: tuple[tuple[int, Style], ...] = ()

    def style(self, at: int) -> Style:
        """The style of the character at index ``at``."""
        found = PLAIN
        for start, style in self.spans:
            if start > at:
                break
            found = style
        return found


def lines(capture: str) -> list[Line]:
    """The capture's last lines; a style set on one line holds on the next, as tmux writes it."""
    result = []
    style = PLAIN
    for raw in capture.split("\n"):
        if "\x1b" not in raw:
            text = _clean(raw)
            spans = ((0, style),) if style is not PLAIN and style != PLAIN else ()
            result.append(Line(text, spans))
            continue
        line, style = _line(raw, style)
        result.append(line)
    return result[-MAX_LINES:]


def coloured(screen: list[Line]) -> bool:
    """Whether colours were drawn at all; without any, nothing can be told from their absence."""
    return any(style.ink or style.paper for line in screen for _, style in line.spans)


def _line(raw: str, style: Style) -> tuple[Line, Style]:
    parts: list[str] = []
    spans = [(0, style)]
    length = at = 0
    for escape in _ESCAPE.finditer(raw):
        start, end = escape.span()
        if start > at:
            part = raw[at:start]
            if not part.isprintable():
                part = _CONTROL.sub("", part)
            parts.append(part)
            length += len(part)
        at = end
        if escape[2] == "m":
            style = _styled(style, escape[1] or "")
            spans.append((length, style))
    parts.append(raw[at:])
    return Line(_clean("".join(parts)), tuple(spans)), style


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)[:MAX_COLUMNS].rstrip(" \t")


def _styled(style: Style, codes: str) -> Style:
    ink, paper, faint, reverse = _changes(codes)
    return Style(
        style.ink if ink is None else ink,
        style.paper if paper is None else paper,
        style.faint if faint is None else faint,
        style.reverse if reverse is None else reverse,
    )


@lru_cache(maxsize=4096)
def _changes(codes: str) -> tuple[str | None, str | None, bool | None, bool | None]:
    """Ink, paper, faint and reverse as these codes set them; ``None`` where they do not."""
    ink: str | None = None
    paper: str | None = None
    faint: bool | None = None
    reverse: bool | None = None
    numbers = codes.replace(":", ";").split(";") if codes else ["0"]
    at = 0
    while at < len(numbers):
        code = numbers[at]
        if code in ("38", "48", "58"):  # an extended colour: its own numbers are not styles
            size = 3 if numbers[at + 1 : at + 2] == ["5"] else 5
            colour = ";".join(numbers[at : at + size])
            ink, paper = colour if code == "38" else ink, colour if code == "48" else paper
            at += size
            continue
        if code in ("", "0"):
            ink, paper, faint, reverse = "", "", False, False
        elif code in ("2", "22"):
            faint = code == "2"
        elif code in ("7", "27"):
            reverse = code == "7"
        elif code == "39" or _INK.fullmatch(code):
            ink = "" if code == "39" else code
        elif code == "49" or _PAPER.fullmatch(code):
            paper = "" if code == "49" else code
        at += 1
    return ink, paper, faint, reverse
