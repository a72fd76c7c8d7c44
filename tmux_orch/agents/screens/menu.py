"""A menu on a screen: its options and the one the cursor stands on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tmux_orch.agents.screens.rules import Layout

_NUMBERED = re.compile(r"^\s*(?:[❯›●>]\s*)?\s*(\d+)\. {1,2}(\S.*)$")
#: What ends a question with several answers: an option without a number, among ticked ones.
_SEND = re.compile(r"^(?:❯| ) {4}(Submit|Next)$")
_BOX = re.compile(r"\[.\] ")
_POINTER = re.compile(r"^\s*[❯›●>]\s*")
#: Rows above the options in which the question stands; a plan's own text may be longer.
QUESTION_LINES = 24


@dataclass(frozen=True, slots=True)
class Menu:
    """Options by line number, and the line of the cursor."""

    options: dict[int, str]
    cursor: int

    @property
    def first(self) -> int:
        """Line of the first option."""
        return min(self.options)

    @property
    def last(self) -> int:
        """Line of the last option."""
        return max(self.options)


def find(shown: Sequence[str], layout: Layout) -> Menu | None:
    """The lowest menu on these lines, or ``None``."""
    if layout.pointer is None:
        return None
    pointers = [at for at, line in enumerate(shown) if layout.pointer.match(line)]
    if not pointers:
        return None
    at = pointers[-1]
    numbered = _NUMBERED.match(shown[at]) or _SEND.match(shown[at])
    options = _numbered(shown, at) if numbered else _plain(shown, at)
    return Menu(options, at) if at in options else None


def top(shown: Sequence[str], menu: Menu, layout: Layout) -> int:
    """The dialog's first line: below the nearest rule above the options."""
    at = menu.first
    while at > 0 and menu.first - at < QUESTION_LINES:
        at -= 1
        if layout.dialog_top is not None and layout.dialog_top.match(shown[at]):
            break
    return at


def _plain(shown: Sequence[str], pointer: int) -> dict[int, str]:
    """Options without numbers, by line: the indented block around the pointer."""
    first = last = pointer
    while first > 0 and shown[first - 1].startswith(" ") and shown[first - 1].strip():
        first -= 1
    while last + 1 < len(shown) and shown[last + 1].startswith(" ") and shown[last + 1].strip():
        last += 1
    return {at: _bare(shown[at]) for at in range(first, last + 1)}


def _numbered(shown: Sequence[str], pointer: int) -> dict[int, str]:
    """Numbered options, by line; lines between them (descriptions, rules) are not options."""
    found: dict[int, tuple[int, str]] = {}
    for at in range(pointer, -1, -1):  # up to number 1
        match = _NUMBERED.match(shown[at])
        if match:
            found[int(match[1])] = (at, _bare(match[2]))
            if match[1] == "1":
                break
    for at in range(pointer + 1, len(shown)):
        match = _NUMBERED.match(shown[at])
        if match and found and int(match[1]) == max(found) + 1:
            found[int(match[1])] = (at, _bare(match[2]))
    options = dict(found.values())
    if any(_BOX.match(text) for text in options.values()):
        ends = {at: _SEND.match(shown[at]) for at in range(min(options), len(shown))}
        options |= {at: match[1] for at, match in ends.items() if match}
    return options


def _bare(option: str) -> str:
    """Its text without the pointer and without the description in a second column."""
    return re.split(r"\s{3,}", _POINTER.sub("", option).strip(), maxsplit=1)[0]
