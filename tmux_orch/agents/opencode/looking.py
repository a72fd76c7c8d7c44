"""The captured screen: the input box, and what stands before it."""

from __future__ import annotations

import re
from collections import Counter

from tmux_orch.agents.adapter import Composer, Dialog
from tmux_orch.agents.screens.styled import Line, lines
from tmux_orch.domain.states import AgentState

_BAR = "┃"
#: The lower edge of the input box; dialogs have none.
_FLOOR = re.compile(r"╹(▀{8,})")
#: The first row of every panel that opens over the window (palette, lists, help).
_PANEL = re.compile(r"(?<=\s{2})(\S.*?)\s{2,}esc(?:/enter)?(?=\s{2}|$)")
#: The sign before a permission, and the question that follows "Allow always".
_ASKS = re.compile(r"△ (\S.*)")
_HINTS = re.compile(r"\s{2,}(?:ctrl\+f|⇆|↑↓).*$")
_NUMBERED = re.compile(r"(\d+)\. (\S.*)")
_SHELL = "Shell"


def composer(screen: str) -> Composer:
    """The input box: the rows over its lower edge, without the row that names the model."""
    shown = lines(screen)
    if _panel(shown):
        return Composer(empty=None)
    floor = _floor(shown)
    if floor is None:
        return Composer(empty=None)
    row, left, right = floor
    rows = _box(shown, row, left)
    if len(rows) < 2:
        return Composer(empty=None)
    *box, named = rows
    model = named.text[left + 1 : right].strip()
    if not model:
        return Composer(empty=None)
    text = "\n".join(line.text[left + 1 : right].strip() for line in box).strip()
    if model.split()[0] == _SHELL:
        return Composer(empty=False, text=f"!{text}")  # what is typed here is run
    if text and _is_hint(box, named, left, right):
        return Composer(empty=True)
    return Composer(empty=not text, text=text)


def dialog(screen: str) -> Dialog | None:
    """The dialog in the window, or ``None``."""
    shown = lines(screen)
    if (panel := _panel(shown)) is not None:
        return Dialog(AgentState.WAITING_ANSWER, panel, (), "opencode.dialog.panel")
    if _floor(shown) is not None:
        return None
    block = _last_block(shown)
    if block is None:
        return None
    left, rows = block
    return _permission(rows, left) or _question(rows, left)


def _panel(shown: list[Line]) -> str | None:
    """The title of a panel over the window, if one is open."""
    for line in shown:
        # In the conversation's own column such a row belongs to a message.
        if (found := _PANEL.search(line.text)) is not None and _BAR not in line.text[: found.end()]:
            return found[1].strip()
    return None


def _floor(shown: list[Line]) -> tuple[int, int, int] | None:
    """Row, left and right end of the input box's lower edge."""
    for row in range(len(shown) - 1, -1, -1):
        if (found := _FLOOR.search(shown[row].text)) is not None:
            return row, found.start(), found.end()
    return None


def _box(shown: list[Line], floor: int, left: int) -> list[Line]:
    rows: list[Line] = []
    for line in reversed(shown[:floor]):
        inside = line.text[left : left + 3]
        # One blank after the bar is the list of completions over the box.
        if not inside.startswith(_BAR) or re.match(_BAR + r" \S", inside):
            break
        rows.insert(0, line)
    return rows


def _is_hint(box: list[Line], named: Line, left: int, right: int) -> bool:
    """Whether the box shows only a hint: drawn like the separator in the model's row."""
    dot = named.text.find("·", left, right)
    if dot < 0:
        return False
    muted = named.style(dot).ink
    drawn = {
        line.style(at).ink
        for line in box
        for at in range(left + 1, min(right, len(line.text)))
        if not line.text[at].isspace()
    }
    return bool(muted) and drawn == {muted}


def _last_block(shown: list[Line]) -> tuple[int, list[Line]] | None:
    """The lowest rows that begin with the bar, and its column."""
    end = next((i for i in range(len(shown) - 1, -1, -1) if _bar(shown[i]) is not None), None)
    if end is None:
        return None
    left = _bar(shown[end])
    first = end
    while first > 0 and _bar(shown[first - 1]) == left:
        first -= 1
    return (left or 0), shown[first : end + 1]


def _bar(line: Line) -> int | None:
    at = len(line.text) - len(line.text.lstrip())
    return at if line.text[at : at + 1] == _BAR else None


def _permission(rows: list[Line], left: int) -> Dialog | None:
    asks = next((at for at, line in enumerate(rows) if _ASKS.search(line.text)), None)
    if asks is None:
        return None
    last = next((i for i in range(len(rows) - 1, asks, -1) if _HINTS.search(rows[i].text)), None)
    if last is None:
        return None
    line = rows[last]
    width = _HINTS.search(line.text)
    choices = line.text[left + 1 : width.start() if width else None]
    options = [
        (found.start() + left + 1, found[0]) for found in re.finditer(r"\S+(?: \S+)*", choices)
    ]
    question = _said(rows[asks:last], left)
    if not options or not question:
        return None
    # The option that Enter would take is drawn on a paper of its own.
    papers = [line.style(at).paper for at, _ in options]
    rest = line.style(left + 1).paper
    chosen = [number for number, paper in enumerate(papers) if paper != rest]
    return Dialog(
        AgentState.WAITING_PERMISSION,
        question,
        tuple(text for _, text in options),
        "opencode.dialog.permission",
        chosen[0] if len(chosen) == 1 else None,
    )


def _question(rows: list[Line], left: int) -> Dialog | None:
    hints = next((i for i in range(len(rows) - 1, -1, -1) if "esc dismiss" in rows[i].text), None)
    if hints is None:
        return None
    options: list[tuple[str, str]] = []
    first = hints
    for at, line in enumerate(rows[:hints]):
        inside = line.text[left + 1 :]
        found = _NUMBERED.match(inside.strip())
        if found is not None and int(found[1]) == len(options) + 1:
            first = min(first, at)
            options.append((found[2].strip(), line.style(line.text.index(found[1])).ink))
    question = _said(rows[:first], left)
    if not options or not question:
        return None
    inks = Counter(ink for _, ink in options)
    chosen = [number for number, (_, ink) in enumerate(options) if inks[ink] == 1]
    return Dialog(
        AgentState.WAITING_ANSWER,
        question,
        tuple(text for text, _ in options),
        "opencode.dialog.question",
        chosen[0] if len(chosen) == 1 else None,
    )


def _said(rows: list[Line], left: int) -> str:
    words = (line.text[left + 1 : _end(line, left)].strip() for line in rows)
    return "\n".join(word for word in words if word).strip()


def _end(line: Line, left: int) -> int:
    """Where the dialog's paper ends on its row: a sidebar may stand beside it."""
    paper = line.style(left + 1).paper
    return next((at for at, style in line.spans if at > left and style.paper != paper), 500)
