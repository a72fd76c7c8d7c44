"""A screen cut into regions: what the program itself says now, apart from what it only shows.

What was sent, tool output, diffs and quotes are in no region that a rule reads for a state, and
neither is anything above the last message that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tmux_orch.agents.screens import menu as menus
from tmux_orch.agents.screens.items import MAX_ITEM, Item, items
from tmux_orch.agents.screens.menu import Menu
from tmux_orch.agents.screens.rules import Layout
from tmux_orch.agents.screens.styled import Line, coloured, lines

#: Lines below the input box; with more, that box is not the one at the bottom of the screen.
FOOTER_LINES = 24
_TAIL_LINES = 6
#: What tmux itself writes below a program that has ended.
_DEAD = re.compile(r"Pane is dead \(")
_EDGE = re.compile(r"\s*[─▔╌]{8}")
_TITLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Regions:
    """Plain text by region, one line per item of the conversation or line of the screen.

    Attributes:
        block: The conversation since the last message that was sent: the agent's words (without
            what they quote) and the program's banners and notices, each item on one line that
            begins with its mark, of at most 300 characters.
        last: The last item of ``block``.
        banner: The program's own banner, when it stands last (only the line that ends a turn may
            follow): what stands right below what was sent, or, on a screen with colours, a line
            with the mark of words that is all in one colour.
        tool: The tool call that stands last in the conversation; empty when something else does.
        footer: What stands below the input box.
        composer: The text in the box.
        dialog: The dialog from its upper edge down to the end of the screen.
        question, options, keys: Of the dialog: what stands right above the options (its lines, and
            all of them joined), the options, and what stands below them.
        title: The pane's title.
        tail: The last lines of the screen.
        has_composer: The box is there and takes text.
        menu: The dialog's menu, by line of the screen.
        shown: The screen's lines, for whoever reads the menu.
        busy: The program shows that a turn runs.
        dead: tmux says that the pane's process is gone.
        fresh: Nothing on the screen was sent.
        colourless: The capture has no colours, so nothing can be told from their absence.
    """

    block: str = ""
    last: str = ""
    banner: str = ""
    tool: str = ""
    footer: str = ""
    composer: str = ""
    dialog: str = ""
    question: str = ""
    options: str = ""
    keys: str = ""
    title: str = ""
    tail: str = ""
    has_composer: bool = False
    menu: Menu | None = None
    shown: tuple[str, ...] = ()
    busy: bool = False
    dead: bool = False
    fresh: bool = False
    colourless: bool = False


def regions(layout: Layout, capture: str, title: str) -> Regions:
    """Cut a capture (with or without escapes) and the pane's title into regions."""
    screen = lines(capture)
    while screen and not screen[-1].text:
        screen.pop()
    shown = tuple(_unframed(line.text.replace("\xa0", " "), layout) for line in screen)
    title = _TITLE.sub("", title)[:MAX_ITEM]
    tail = "\n".join([line for line in shown if line.strip()][-_TAIL_LINES:])
    if any(_DEAD.match(line) for line in shown[-3:]):
        return Regions(title=title, tail=tail, shown=shown, dead=True)
    if layout.view is not None and any(layout.view.search(line) for line in shown):
        return Regions(title=title, shown=shown)
    box = _box(screen, shown, layout)
    if box:
        return _conversation(screen, shown, layout, title, tail, box)
    menu = menus.find(shown, layout)
    if box is False:
        return Regions(title=title, shown=shown)  # a box that takes text for something else
    if menu is not None and not _talk_below(shown[menu.last + 1 :], layout):
        top = menus.top(shown, menu, layout)
        return _dialog(screen, shown, layout, title, tail, top, menu)
    first = _without_menu(shown, layout)
    if first is not None:
        return _dialog(screen, shown, layout, title, tail, first, None)
    return _conversation(screen, shown, layout, title, tail, None)


def _conversation(
    screen: list[Line],
    shown: tuple[str, ...],
    layout: Layout,
    title: str,
    tail: str,
    box: tuple[int, int, int] | None,
) -> Regions:
    above, first, end = box or (len(screen), len(screen), len(screen))
    found = items(screen[:above], layout, screen[-1].style(0).paper if screen else "")
    footer = "\n".join(line for line in shown[end:] if line.strip())
    live = _live(found, layout)
    busy = live.busy
    if layout.busy_footer is not None and _any(layout.busy_footer, footer):
        busy = True
    if layout.busy_above is not None and _above(layout.busy_above, shown[:above]):
        busy = True
    return Regions(
        block=live.block,
        last=live.last,
        banner=live.banner,
        tool=live.tool,
        footer=footer,
        composer="\n".join(shown[first:end]).strip() if box else "",
        title=title,
        tail=tail,
        has_composer=box is not None,
        shown=shown,
        busy=busy,
        fresh=not any(item.kind == "sent" for item in found),
        colourless=not coloured(screen),
    )


def _dialog(
    screen: list[Line],
    shown: tuple[str, ...],
    layout: Layout,
    title: str,
    tail: str,
    top: int,
    menu: Menu | None,
) -> Regions:
    live = _live(items(screen[:top], layout, screen[-1].style(0).paper), layout)
    first, end = (menu.first, menu.last + 1) if menu else (len(shown), len(shown))
    return Regions(
        block=live.block,
        last=live.last,
        banner=live.banner,
        tool=live.tool,
        dialog="\n".join(line for line in shown[top:] if line.strip()),
        question=_question(shown[top:first]),
        options="\n".join(menu.options.values()) if menu else "",
        keys="\n".join(line for line in shown[end:] if line.strip()),
        title=title,
        tail=tail,
        menu=menu,
        shown=shown,
    )


def _talk_below(below: Sequence[str], layout: Layout) -> bool:
    """Whether the conversation goes on below a menu: then that menu is quoted, or old."""
    marks = [layout.marks[kind] for kind in ("sent", "words", "notice") if kind in layout.marks]
    return any(mark.match(line) for line in below for mark in marks)


def _without_menu(shown: Sequence[str], layout: Layout) -> int | None:
    """The first line of a dialog that has no list of options: the lowest block of the screen."""
    if layout.dialog_first is None or layout.composer_body is None:
        return None
    for at in range(len(shown) - 1, -1, -1):
        if shown[at].strip() and not layout.composer_body.match(shown[at]):
            return None
        if layout.dialog_first.match(shown[at]):
            return at
    return None


@dataclass(frozen=True, slots=True)
class _Live:
    """The conversation since the last message that was sent; see :class:`Regions`."""

    block: str
    last: str
    banner: str
    tool: str
    busy: bool


def _live(found: list[Item], layout: Layout) -> _Live:
    sent = [at for at, item in enumerate(found) if item.kind == "sent"]
    now = found[sent[-1] + 1 :] if sent else found
    block = [item for item in now if item.kind not in ("tool", "output", "aside")]
    last = block[-1] if block else None
    said = [item for item in block if item.kind != "notice"]
    work = [item for item in now if item.kind not in ("notice", "aside", "banner")]
    begin = len(work)
    while begin and work[begin - 1].kind == "output":
        begin -= 1
    shown = bool(work) and work[-1].kind in ("tool", "output")
    tool = "\n".join(item.text for item in work[max(0, begin - 1) :]) if shown else ""
    busy = (
        last is not None
        and last.kind == "notice"
        and layout.busy is not None
        and layout.busy.search(last.text) is not None
    )
    return _Live(
        block="\n".join(item.text for item in block),
        last=last.text if last else "",
        banner=said[-1].text if said and said[-1].kind == "banner" else "",
        tool=tool,
        busy=busy,
    )


def _box(
    screen: list[Line], shown: Sequence[str], layout: Layout
) -> tuple[int, int, int] | Literal[False] | None:
    """The line where the conversation ends, the box's first line, and the one after its last.

    ``None`` when there is no box; ``False`` when the box between its edges is not the composer.
    """
    if layout.composer_first is None:
        return None
    for first in range(len(screen) - 1, -1, -1):
        if not layout.composer_first.match(screen[first].text):
            continue
        above, end = first, first + 1
        if layout.composer_body is not None:
            while above > 0 and layout.composer_body.match(screen[above - 1].text):
                above -= 1
        if layout.composer_above is not None:
            if first == 0 or not layout.composer_above.match(shown[first - 1]):
                continue
            above = first - 1
        if layout.composer_below is not None:
            while end < len(shown) and not layout.composer_below.match(shown[end]):
                end += 1
            if end == len(shown):
                continue
        below = [line for line in shown[end:] if line.strip()]
        if len(below) > FOOTER_LINES or _refused(below, layout):
            return None if layout.composer_below is None else False
        return above, min(above, first) if layout.composer_body else first, end
    return None


def _refused(below: Sequence[str], layout: Layout) -> bool:
    if layout.not_composer is not None and any(map(layout.not_composer.search, below)):
        return True
    return layout.footer is not None and not any(map(layout.footer.search, below[-3:]))


def _question(over: Sequence[str]) -> str:
    """The paragraph right above the options, line by line and joined; a command stands higher."""
    rows: list[str] = []
    for line in reversed(over):
        if _EDGE.match(line) or not line.strip():
            if rows:
                break
            continue
        rows.insert(0, line.strip())
    return "\n".join([*rows, " ".join(rows)[:MAX_ITEM]]) if rows else ""


def _unframed(line: str, layout: Layout) -> str:
    """The line without the sides of the boxes (at most two) that it stands in."""
    for _ in range(2):
        bare = line.strip()
        if not layout.frame or bare[:1] != layout.frame:
            break
        line = bare[1:].removesuffix(layout.frame).rstrip()
    return line


def _above(pattern: re.Pattern[str], over: Sequence[str]) -> bool:
    """Whether it stands in the lines right above the box, up to the first blank one."""
    for line in reversed(over):
        if not line.strip():
            return False
        if pattern.match(line):
            return True
    return False


def _any(pattern: re.Pattern[str], text: str) -> bool:
    return any(pattern.search(line) for line in text.split("\n"))
