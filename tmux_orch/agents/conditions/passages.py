"""A screen, or a piece of one, taken apart into passages, each with who wrote it.

Only layout counts here: the signs that agent programs set before what they say, indentation, blank
lines, boxes. A passage whose writer is not the program itself can never be a banner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")
_ALIKE = str.maketrans({"’": "'", "‘": "'", "\xa0": " ", "∙": "·", "•": "•", "\t": "    "})
_RULE = re.compile(r"\s*[─━▔═╌▀▄╭╮╰╯┌┐└┘├┤╹╻]{3,}[─━▔═╌▀▄╭╮╰╯┌┐└┘├┤ ]*.{0,40}$")
_BOX = re.compile(r"^(\s*)(?:[│║](.*?)(?:[│║]\s*)?|┃(.*)┃\s*)$")
_RIGHT_EDGE = re.compile(r"\s*[│║]\s*$")
_VOICE = re.compile(r"\s{0,3}([⏺●✦•◆])\s+")
_NOTICE = re.compile(
    r"\s{0,8}((?:[■⚠✗✕✖✘×ℹ⚡❌⛔🔴🚫🖐✋🛑❗💥ⓘ]\ufe0f? ?)+|!(?= +[A-Z][a-z]))\s*(?=\S)"
)
_RESULT = re.compile(r"(\s{0,6})([⎿└↳])\s+")
_SPINNER = re.compile(
    r"\s{0,3}(?:[✻✽✶✳✢✺∗∴⠁-⣿◐◓◑◒]|[·*](?=\s+\S+…)"
    r"|[•◦](?=.*\besc to interrupt)|[⬝■]{2,}[⬝■ ]*)\s+(?=\S)"
)
_USER = re.compile(r"\s{0,3}[>❯›▌┃](?:\s|$)")
_OPTION = re.compile(r"\s{0,8}[❯›>●○•]?\s*\d{1,2}[.)]\s")
_SHELL = re.compile(
    r"\s*(?:[$%#]\s+[\w./~]|commit [0-9a-f]{6,40}\b"
    r"|(?:\([\w.-]+\)\s*)?[\w.-]+@[\w.-]+[:\s][^\s]*\s*[$#%]|PS [A-Z]:\\"
    r"|>>> |\.\.\. )"
)
_CODE = re.compile(
    r"\s*(?:(?![45]\d\d:? [A-Z{])\d{1,5}(?:\s*[│|→]|:\s|\s)\s*\S|[+-](?:\s|\d|[A-Za-z\"'_{(<])"
    r"|@@|diff --git|[A-Z]{2,}\s+\S+::|\|.*\||[^│]*│[^│]*│"
    r"|E\s{2,}|File \"|Traceback |//|/\*|\* \S|<!--|\S+:\d+[:\s]|#{1,6}\s)"
)
_TOOL = re.compile(
    r"(?:[\w.:-]+(?: [\w.:-]+){0,4}(?: \(MCP\))?\(|(?:Ran|Running|Read|Reading|Explored|Exploring"
    r"|Edited|Editing|Wrote|Writing|Updated|Searched|Searching|Listed|Listing|Called|Calling|Fetched|Found|Added"
    r"|Deleted|Viewed|Ran command)\b(?!.*[.]$)|Bash\b|Update Todos|Updated Plan)"
)
_DONE_TOOL = re.compile(r"\s*[✓✔⊷⊶x✕?-]\s+[A-Z]\w+")
#: Signs that a program sets at the left edge; further in, below another line, they are shown.
_INSET_SIGN = re.compile(r"\s{2,8}[⏺●✻✽✶✳✢]\s")
_NUMBERED = re.compile(r"\s+\d{1,5} +[+-]?\s*\S")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_PAGER = re.compile(
    r"(?m)^~\s*$[\s\S]*^~\s*$|^\"[^\"\n]+\" \d+L, \d+[BC]|^\s*-- (?:INSERT|VISUAL|NORMAL)"
    r"|^\(END\)\s*$|^lines \d+-\d+|GNU nano|^:\s*$\Z|^\^G (?:Help|Get Help)|--More--"
)
_MENU_LINES = 16
_EMPTY_BOX = re.compile(r"[❯>›]\s*$")
_KEYS = re.compile(r"Enter to \w+|Esc to cancel", re.IGNORECASE)
_MENU = re.compile(r"\s*What do you want to do\?")
_MAX_CUTS = 3
_SHOWN_INDENT = 2
#: An indent that only text set to the right has.
_FAR = 18


class Writer(StrEnum):
    """Who wrote a passage, by its layout."""

    NOTICE = "notice"  # the program, by its own sign or by standing alone
    VOICE = "voice"  # after the sign that the model's words and some banners share
    SPINNER = "spinner"  # the line that turns while it works
    MENU = "menu"
    PERSON = "person"
    OTHER = "other"  # tool calls and output, code, diffs, tables, further words of the model
    PROGRAM_DONE = "done"  # marks of the program that say nothing (turn ended, options)


@dataclass(frozen=True, slots=True)
class Passage:
    """Some lines that belong together, joined by spaces, without sign and frame.

    Attributes:
        lines: The same as lines.
        signed: The program's own sign stood before it.
    """

    writer: Writer
    text: str
    lines: tuple[str, ...]
    signed: bool = False


def passages(capture: str) -> list[Passage]:
    """The passages of a capture (with escapes or without), in screen order.

    A file in an editor or a pager has none.
    """
    text = _ESCAPE.sub("", capture).translate(_ALIKE)
    if _PAGER.search(text):
        return []
    return list(_Reader(text.split("\n")).read())


def joined(lines: tuple[str, ...]) -> Iterator[str]:
    """The lines as one text, for every way in which a terminal may have cut them.

    A program that fills its lines itself cuts at spaces, a terminal in the midst of a word.
    """
    cuts = len(lines) - 1
    for way in range(1 << cuts if cuts <= _MAX_CUTS else 1):
        text = lines[0]
        for at, line in enumerate(lines[1:]):
            text += line if way >> at & 1 else f" {line}"
        yield text


class _Reader:
    """Goes down the lines with what it is inside of."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.inside: Writer | None = None  # whose unsigned lines these are
        self.tool = False
        self.results = 0  # how many ``⎿`` the tool call above has
        self.after_blank = True
        self.fenced = False
        self.box_tool = False
        self.at_edge = False  # the passage above is unsigned and not indented
        self.shown = False  # inside of what the model shows after a colon
        self.open: tuple[Writer, list[str], bool] | None = None

    def read(self) -> Iterator[Passage]:
        shown = _shown(self.lines)
        for at, raw in enumerate(self.lines):
            if at in shown:
                yield from self._begin(Writer.OTHER, raw)
                self.after_blank = False
                continue
            if _MENU.match(raw) and (menu := self._menu(at)):
                yield from self._close()
                yield _passage(Writer.MENU, menu, signed=True)
                return
            yield from self._line(raw)
        yield from self._close()

    def _menu(self, at: int) -> list[str]:
        """The menu's lines; below a tool's output only with its keys, and last on the screen."""
        rest = [line.strip() for line in self.lines[at:] if line.strip()]
        if self.inside in (None, Writer.NOTICE, Writer.PERSON):
            return rest[:_MENU_LINES]
        last = len(rest) <= _MENU_LINES and not any(_EMPTY_BOX.match(line) for line in rest)
        return rest if last and any(_KEYS.search(line) for line in rest) else []

    def _line(self, raw: str) -> Iterator[Passage]:
        if _FENCE.match(raw):
            self.fenced = not self.fenced
            yield from self._begin(Writer.OTHER, raw)
            return
        line, boxed = _unboxed(raw)
        if _RULE.match(raw) and not _VOICE.match(raw):
            yield from self._close()
            self.inside, self.tool, self.after_blank, self.box_tool = None, False, True, False
            return
        if not line.strip():
            yield from self._close()
            self.after_blank = True
            return
        yield from self._written(line, boxed)
        self.after_blank = False

    def _written(self, line: str, boxed: bool) -> Iterator[Passage]:
        if boxed and (self.box_tool or (self.after_blank and _DONE_TOOL.match(line))):
            self.box_tool = True
            yield from self._begin(Writer.OTHER, line)
        elif self.fenced or self._is_shown(line):
            yield from self._begin(Writer.OTHER, line, keep=self.shown)
        elif (found := _RESULT.match(line)) and self._explains(found[2]):
            self.open[1].append(line[found.end() :])  # type: ignore[index]
        elif found:
            yield from self._result(line[found.end() :], found[2])
        elif _OPTION.match(line) and not _SPINNER.match(line):
            yield from self._begin(Writer.PROGRAM_DONE, line, keep=True)
        elif _USER.match(line):
            yield from self._begin(Writer.PERSON, line)
            if not line.strip(" >❯›▌┃"):
                self.inside = None  # an empty composer: what follows is the program's footer
        elif found := _SPINNER.match(line):
            yield from self._begin(Writer.SPINNER, line[found.end() :], signed=True)
            self.inside = None
        elif found := _NOTICE.match(line):
            if self.tool and len(line) - len(line.lstrip()) > 1:
                yield from self._begin(Writer.OTHER, line, keep=True)
                return
            yield from self._begin(Writer.NOTICE, line[found.end() :], signed=True)
        elif found := _VOICE.match(line):
            rest = line[found.end() :]
            tool = bool(_TOOL.match(rest))
            yield from self._begin(Writer.OTHER if tool else Writer.VOICE, rest, signed=True)
            self.tool = tool
        elif _SHELL.match(line):
            yield from self._begin(Writer.OTHER, line)
            self.tool = True
        else:
            yield from self._unsigned(line)

    def _is_shown(self, line: str) -> bool:
        """Whether it belongs to the block that the model shows after a colon, signs or not.

        A first line behind ``⎿`` is the program's: the model ends with a colon before it calls a
        tool too, and then the limit may stand where the tool's output would.
        """
        if self.inside is not Writer.VOICE or len(line) - len(line.lstrip()) < _SHOWN_INDENT:
            return False
        return self.shown and not (self.after_blank and _RESULT.match(line))

    def _explains(self, sign: str) -> bool:
        """Whether it stands right under the spinner and says why that turns."""
        under = self.open is not None and self.open[0] is Writer.SPINNER and not self.after_blank
        return under and sign == "└"

    def _result(self, rest: str, sign: str) -> Iterator[Passage]:
        """``⎿`` under a tool call is its output; alone, or under a prompt, it is the program's.

        A second one under the same call can be either, so it is judged as the model's voice is.
        """
        under_tool = self.tool and not self.after_blank
        if under_tool or sign != "⎿":
            second = self.results > 0 and (sign == "⎿" or rest.startswith("API Error: "))
            yield from self._begin(Writer.VOICE if second else Writer.OTHER, rest, keep=True)
            self.tool, self.results = True, self.results + 1
        else:
            yield from self._begin(Writer.NOTICE, rest, signed=True)

    def _unsigned(self, line: str) -> Iterator[Passage]:
        indent = len(line) - len(line.lstrip())
        if indent >= _FAR and self.after_blank:
            yield from self._begin(Writer.NOTICE, line)
            self.inside = None
        elif not self.after_blank and self.open is not None:
            self.open[1].append(line)
            cut = not self.open[2] and self.open[1][0].lstrip()[:1].islower()
            if cut and _NUMBERED.match(line):  # lines of a file, the first one cut off above
                self.open = (Writer.OTHER, *self.open[1:])
        elif indent >= 2 and self.inside in (Writer.VOICE, Writer.PERSON, Writer.OTHER):
            writer = Writer.PERSON if self.inside is Writer.PERSON else Writer.OTHER
            yield from self._begin(writer, line, keep=True)
        elif self.tool and indent == 0 and self.inside is Writer.OTHER and not self._returned():
            yield from self._begin(Writer.OTHER, line, keep=True)
        elif _CODE.match(line):
            yield from self._begin(Writer.OTHER, line)
        elif self.at_edge and indent >= 4:
            yield from self._begin(Writer.OTHER, line)  # an inset of the text at the left edge
        else:
            yield from self._begin(Writer.NOTICE, line)
            self.inside = None
            self.at_edge = indent == 0

    def _returned(self) -> bool:
        """Whether text at the left edge after a blank line is out of a tool's indented output."""
        return self.after_blank

    def _begin(
        self, writer: Writer, line: str, *, signed: bool = False, keep: bool = False
    ) -> Iterator[Passage]:
        yield from self._close()
        self.at_edge = False
        self.open = (writer, [line], signed)
        if not keep:
            self.inside, self.tool, self.results = writer, False, 0

    def _close(self) -> Iterator[Passage]:
        if self.open is not None:
            writer, lines, signed = self.open
            self.open = None
            if writer is Writer.VOICE:
                self.shown = lines[-1].rstrip().endswith(":")
            yield _passage(writer, lines, signed=signed)


def _shown(lines: list[str]) -> set[int]:
    """The lines of paragraphs that hold signs of the program where it never sets them."""
    found: set[int] = set()
    first = 0
    for at, line in enumerate([*lines, ""]):
        if line.strip() and not _RULE.match(line):
            continue
        if any(_INSET_SIGN.match(inner) for inner in lines[first + 1 : at]):
            found.update(range(first, at))
        first = at + 1
    return found


def _passage(writer: Writer, lines: list[str], *, signed: bool) -> Passage:
    kept = tuple(" ".join(line.split()) for line in lines)
    return Passage(writer, " ".join(kept), kept, signed)


def _unboxed(raw: str) -> tuple[str, bool]:
    """The line without the sides of a box around it."""
    found = _BOX.match(raw)
    if found:
        inner = found[2] if found[2] is not None else found[3]
        if "│" not in inner:
            return found[1] + inner.removeprefix(" "), True
    if raw.count("│") == 1 and _RIGHT_EDGE.search(raw):
        return _RIGHT_EDGE.sub("", raw), True
    return raw, False
