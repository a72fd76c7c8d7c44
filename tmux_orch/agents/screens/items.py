"""The conversation on a screen as items: what was sent, words, tool calls, output, notices.

An item begins with a mark of the program and goes on over the lines indented below it. So a long
line that the program wrapped is one item, at any width, and text inside an item never begins one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tmux_orch.agents.screens.rules import Layout
from tmux_orch.agents.screens.styled import Line

#: Of an item only its beginning is matched: banners are short, and matching stays fast.
MAX_ITEM = 300
#: What a speaker quotes is not what they say.
_QUOTED_LINE = re.compile(r"\s*(?:>|▎|│|┃|\||\+ |- |\d+[ :|]|@@|❯|\$ )|\s{6,}|\t")
_QUOTED = re.compile(r"`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»|(?<!\w)'[^'\n]*'(?!\w)")


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    Attributes:
        kind: ``sent``, ``words``, ``tool``, ``output``, ``banner``, ``notice``, ``aside`` (what
            stands below a notice: a tip, a list of tasks) or ``other``.
        text: Its text on one line, mark first.
        paragraphs: Its lines as shown, for what is judged line by line.
    """

    kind: str
    text: str
    paragraphs: tuple[str, ...]


def items(shown: Sequence[Line], layout: Layout, page: str = "") -> list[Item]:
    """The items on these lines, from top to bottom; chrome is left out.

    Args:
        shown: The lines of the conversation.
        layout: The program's marks.
        page: The paper of the whole screen; on another one stands what was sent.
    """
    found: list[tuple[str, list[str]]] = []
    paper = ""
    for line in shown:
        text = line.text.replace("\xa0", " ")
        if not text:
            if found:
                found[-1][1].append("")
            continue
        first = len(text) - len(text.lstrip())
        if paper and line.style(first).paper == paper:
            found[-1][1].append(text)  # it stands on the paper of what was sent
            continue
        kind = _kind(text, layout)
        if kind == "chrome":
            continue
        if kind is None and found and (first >= layout.indent or _wrapped(found[-1])):
            if paper and found[-1][0] == "sent":
                found.append(("tool", [text]))  # no longer on that paper, and not marked
                paper = ""
            else:
                found[-1][1].append(text)
            continue
        if kind == "output":
            kind = _output(found, bool(paper))
        if kind == "words" and _one_colour(line, first):
            kind = "banner"
        paper = line.style(0).paper if kind == "sent" else ""
        paper = "" if paper == page else paper
        found.append((kind or "other", [text]))
    return [_item(kind, rows) for kind, rows in found]


def _one_colour(line: Line, mark: int) -> bool:
    """Whether mark and text have one colour: so the program speaks, not the model.

    A model's words have the terminal's own colour, and another one where they are code.
    """
    rest = line.text[mark + 1 :]
    first = mark + 1 + len(rest) - len(rest.lstrip())
    ink = line.style(mark).ink
    return bool(ink and rest.strip()) and line.style(first).ink == ink


def _wrapped(item: tuple[str, list[str]]) -> bool:
    """Whether a line at the margin goes on with it: a notice that was wrapped without indent."""
    return item[0] == "notice" and bool(item[1][-1])


def _kind(text: str, layout: Layout) -> str | None:
    for kind, mark in layout.marks.items():
        if mark.match(text):
            return kind
    return None


def _output(found: list[tuple[str, list[str]]], on_paper: bool) -> str:
    """Right below what was sent the program itself answers; below all else it is a tool's.

    The mark of a running tool blinks, so its call may stand there as an unmarked paragraph.
    """
    kind, rows = found[-1] if found else ("", [])
    if kind == "banner":
        return kind
    if kind == "sent" and not rows[0].startswith("!") and (on_paper or "" not in rows):
        return "banner"
    if kind in ("sent", "words", "notice") and "" in rows:
        begin = len(rows) - rows[::-1].index("")
        call = rows[begin:]
        if call:
            del rows[begin:]
            found.append(("tool", call))
            return "output"
    return "aside" if kind in ("notice", "aside") else "output"


def _item(kind: str, rows: list[str]) -> Item:
    while rows and not rows[-1]:
        rows.pop()
    text = " ".join(row.strip() for row in rows if row)
    if kind == "words":
        text = spoken(rows)
    return Item(kind, text[:MAX_ITEM], tuple(rows[:40]))


def spoken(rows: Sequence[str]) -> str:
    """What is said in these lines, without what is quoted in them."""
    said = [row.strip() for at, row in enumerate(rows) if row and (at == 0 or not _quotes(row))]
    return _QUOTED.sub("“”", " ".join(said)[: 4 * MAX_ITEM])


def _quotes(row: str) -> bool:
    return bool(_QUOTED_LINE.match(row))
