"""A captured screen as lines of styled characters, and the input box in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from tmux_orch.agents.adapter import Composer

_ESCAPE = re.compile(r"\x1b(?:\[([0-9;:]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")
_RULE = re.compile(r"─{8,}.*")
#: The sign before the input, with the no-break space that tells it from a menu's pointer and from
#: an old prompt in the conversation; `!` while a shell command is being typed.
_PROMPT = re.compile(r"[❯!]\xa0")
_DEAD = re.compile(r"Pane is dead \(")
#: Footers under a box that takes text for something else: a search, or the list of sessions, where
#: a pasted text would begin a new one (2.1.197 opens it on a single Left in an empty box).
_ELSEWHERE = re.compile(r"search prompts:|enter to open|space to reply")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its text, and for each character whether it is faint (grey hint) or reversed."""

    text: str
    faint: tuple[bool, ...]
    reverse: tuple[bool, ...]


def lines(screen: str) -> list[Line]:
    """The capture taken apart; a style set on one line holds on the next, as tmux writes it."""
    result: list[Line] = []
    faint = reverse = False
    for raw in screen.split("\n"):
        text, faints, reverses = [], [], []
        at = 0
        while at < len(raw):
            escape = _ESCAPE.match(raw, at)
            if escape:
                if escape[2] == "m":
                    faint, reverse = _style(escape[1], faint, reverse)
                at = escape.end()
                continue
            text.append(raw[at])
            faints.append(faint)
            reverses.append(reverse)
            at += 1
        result.append(Line("".join(text), tuple(faints), tuple(reverses)))
    return result


def composer(screen: str) -> Composer:
    """The input box: the lowest block between two rules that begins with the prompt sign."""
    shown = lines(screen)
    if any(_DEAD.match(line.text) for line in shown[-3:]):
        return Composer(empty=None)
    place = _box(shown)
    if place is None or any(_ELSEWHERE.search(line.text) for line in shown[place[1] :]):
        return Composer(empty=None)
    box = shown[place[0] : place[1]]
    text = "\n".join(line.text[2:].rstrip() for line in box).strip()
    if box[0].text.startswith("!"):
        return Composer(empty=False, text=f"!{text}")
    hint = _only_hint(box)
    return Composer(empty=hint or not text, text="" if hint else text)


def _box(shown: list[Line]) -> tuple[int, int] | None:
    """First line of the box, and the line of its lower rule."""
    rules = [at for at, line in enumerate(shown) if _RULE.match(line.text)]
    for top, bottom in reversed([*pairwise(rules)]):
        if bottom - top > 1 and _PROMPT.match(shown[top + 1].text):
            return top + 1, bottom
    return None


def _only_hint(box: list[Line]) -> bool:
    """Whether all that stands there is faint; the cursor's own cell is reversed instead."""
    seen = False
    for line in box:
        for sign, faint, reverse in list(zip(line.text, line.faint, line.reverse, strict=True))[2:]:
            if sign.isspace() or reverse:
                continue
            if not faint:
                return False
            seen = True
    return seen


def _style(codes: str, faint: bool, reverse: bool) -> tuple[bool, bool]:
    numbers = codes.replace(":", ";").split(";") if codes else ["0"]
    at = 0
    while at < len(numbers):
        code = numbers[at]
        if code in ("38", "48", "58"):  # an extended colour: its own numbers are not styles
            at += 3 if numbers[at + 1 : at + 2] == ["5"] else 5
            continue
        if code in ("", "0"):
            faint = reverse = False
        elif code == "2":
            faint = True
        elif code in ("1", "22"):
            faint = faint and code == "1"
        elif code == "7":
            reverse = True
        elif code == "27":
            reverse = False
        at += 1
    return faint, reverse
