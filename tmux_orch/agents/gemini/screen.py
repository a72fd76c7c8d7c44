"""The input box and the dialogs on a captured screen, by the program's rule file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from tmux_orch.agents.adapter import Composer, Dialog
from tmux_orch.agents.screens import own, read
from tmux_orch.agents.screens.regions import Regions, regions
from tmux_orch.domain.states import AgentState

_HINT = "Type your message or @path/to/file"
_SIGN = re.compile(r"^[\s│]*([>!*]) ?")
_FIRST_OPTION = re.compile(r"^[\s│]*●?\s*1\. ")


def composer(capture: str) -> Composer:
    """The input box; the hint in it is drawn one column behind the cursor's cell."""
    cut = _cut(capture)
    if not cut.has_composer or cut.menu is not None:
        return Composer(empty=None)
    first, *rest = _box(cut)
    sign = _SIGN.match(first)
    text = "\n".join([_SIGN.sub("", first), *(line.strip() for line in rest)]).strip()
    if sign is not None and sign[1] == "!":
        return Composer(empty=False, text=f"!{text}")
    return Composer(empty=text in ("", _HINT), text="" if text == _HINT else text)


def dialog(capture: str) -> Dialog | None:
    """The menu in a capture with escapes, or ``None`` when none waits for an answer."""
    cut = _cut(capture)
    if cut.menu is None or cut.has_composer:
        return None
    found = read.read_regions(own.rules("gemini"), cut)
    places = sorted(cut.menu.options)
    options = tuple(_bare(cut.menu.options[at]) for at in places)
    question = "\n".join(_lines(takewhile(_is_no_option, cut.dialog.split("\n")))) or "?"
    state = found.state if found.state is not None else AgentState.WAITING_ANSWER
    cursor = places.index(cut.menu.cursor) if cut.menu.cursor in places else None
    return Dialog(state, question, options, found.rule or "gemini.dialog.other", cursor)


def _cut(capture: str) -> Regions:
    return regions(own.rules("gemini").layout, capture, "")


def _box(cut: Regions) -> list[str]:
    """The box's lines: the further ones are indented, up to the blank line that ends the box."""
    first = cut.composer.split("\n")[0]
    places = [at for at, line in enumerate(cut.shown) if line.strip() == first.strip()]
    if not places:
        return [first]
    rest = takewhile(lambda line: line.startswith("   "), cut.shown[places[-1] + 1 :])
    return [first, *(line for line in takewhile(str.strip, rest))]


def _is_no_option(line: str) -> bool:
    return _FIRST_OPTION.match(line) is None


def _bare(option: str) -> str:
    return re.sub(r" \(esc\)$", "", option)


def _lines(shown: Iterable[str]) -> list[str]:
    kept = [re.sub(r"[│╭╮╰╯─]+", " ", line).strip() for line in shown]
    return [line for line in kept if line]
