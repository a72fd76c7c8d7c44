"""The input box on a captured screen."""

from __future__ import annotations

import re
from itertools import pairwise

from tmux_orch.agents.adapter import Composer
from tmux_orch.agents.screens.styled import Line, lines

_RULE = re.compile(r"─{8,}.*")
#: The sign before the input, with the no-break space that tells it from a menu's pointer and from
#: an old prompt in the conversation; `!` while a shell command is being typed.
_PROMPT = re.compile(r"[❯!]\xa0")
_DEAD = re.compile(r"Pane is dead \(")
#: Footers under a box that takes text for something else: a search, or the list of sessions, where
#: a pasted text would begin a new one (2.1.197 opens it on a single Left in an empty box).
_ELSEWHERE = re.compile(r"search prompts:|enter to open|space to reply")


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
    drawn = [
        style
        for line in box
        for at, sign in enumerate(line.text)
        if at > 1 and not sign.isspace() and not (style := line.style(at)).reverse
    ]
    return bool(drawn) and all(style.faint for style in drawn)
