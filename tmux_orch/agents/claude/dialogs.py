"""Dialogs: a menu on the screen, its question and options, by the rules of ``dialogs.toml``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tmux_orch.agents.adapter import Dialog
from tmux_orch.agents.claude import screen as screens
from tmux_orch.domain.states import AgentState

#: Indented, or numbered: an old prompt in the conversation stands at the margin, without a number.
_POINTER = re.compile(r"^(?:\s+❯ \S|❯ \d+\. \S)")
_NUMBERED = re.compile(r"^\s*(?:❯ )?\s*(\d+)\. (\S.*)$")
_RULE = re.compile(r"^\s*[─▔╌]{8,}")
#: Rows above the options in which the question stands; a plan's own text may be longer.
_QUESTION_LINES = 24
_OTHER = "claude.dialog.other"
#: Seconds that a dialog must have stood unchanged before a key, and again before Enter. 2.1.329
#: draws the trust question twice: a Down pressed within 0.14 s of the first drawing is shown on the
#: screen, then forgotten, and Enter takes "No, exit" (35 of 35 times; 0 of 17 after 0.5 s).
SETTLED_S = 0.5
#: The conversation shown again (ctrl+o): whatever it quotes is no menu.
_VIEW = re.compile(r"Showing detailed transcript")
#: Where a rule may look; see ``dialogs.toml``.
PARTS = ("above", "options", "below", "screen")


@dataclass(frozen=True, slots=True)
class Rule:
    """One dialog we know: every part's pattern is found in that part of the screen."""

    id: str
    state: AgentState
    patterns: dict[str, re.Pattern[str]]


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of the data file, in their order."""
    text = resources.files(__package__).joinpath("dialogs.toml").read_text("utf-8")
    return tuple(
        Rule(
            rule["id"],
            AgentState(rule["state"]),
            {part: re.compile(rule[part]) for part in PARTS if part in rule},
        )
        for rule in tomllib.loads(text)["rule"]
    )


def dialog(screen: str) -> Dialog | None:
    """The dialog in a capture with escapes, or ``None`` when no menu waits for an answer."""
    if screens.composer(screen).empty is not None:
        return None
    shown = [line.text.replace("\xa0", " ").rstrip() for line in screens.lines(screen)]
    pointers = [at for at, line in enumerate(shown) if _POINTER.match(line)]
    if not pointers or any(_VIEW.search(line) for line in shown):
        return None
    pointer = pointers[-1]
    menu = _numbered(shown, pointer) if _NUMBERED.match(shown[pointer]) else _plain(shown, pointer)
    places = sorted(menu)
    state, rule = _recognise(shown, menu)
    question = _question(shown, places[0])
    return Dialog(state, question, tuple(menu[at] for at in places), rule, places.index(pointer))


def _recognise(shown: list[str], menu: dict[int, str]) -> tuple[AgentState, str]:
    first, last = min(menu), max(menu)
    start = max(0, first - _QUESTION_LINES)
    over = [line for line in shown[start:first] if line.strip()]
    parts = {
        "above": "\n".join(over[-2:]),
        "options": "\n".join(menu.values()),
        "below": "\n".join(shown[last + 1 :]),
        "screen": "\n".join(shown[start:]),
    }
    for rule in rules():
        if all(pattern.search(parts[part]) for part, pattern in rule.patterns.items()):
            return rule.state, rule.id
    return AgentState.WAITING_ANSWER, _OTHER


def _plain(shown: list[str], pointer: int) -> dict[int, str]:
    """Options without numbers, by line: the indented block around the pointer."""
    first = last = pointer
    while first > 0 and shown[first - 1].startswith(" ") and shown[first - 1].strip():
        first -= 1
    while last + 1 < len(shown) and shown[last + 1].startswith(" ") and shown[last + 1].strip():
        last += 1
    return {at: _bare(shown[at]) for at in range(first, last + 1)}


def _numbered(shown: list[str], pointer: int) -> dict[int, str]:
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
        if match and int(match[1]) == max(found) + 1:
            found[int(match[1])] = (at, _bare(match[2]))
    return dict(found.values())


def _question(shown: list[str], first: int) -> str:
    """What stands above the options, down from the dialog's own rule."""
    top = first
    while top > 0 and first - top < _QUESTION_LINES:
        top -= 1
        if _RULE.match(shown[top]) and "╌" not in shown[top]:
            break
    kept = [line.strip() for line in shown[top:first] if not _RULE.match(line)]
    return "\n".join(line for line in kept if line)


def _bare(option: str) -> str:
    """Its text without the pointer and without the description in a second column."""
    return re.split(r"\s{3,}", option.strip().removeprefix("❯").strip(), maxsplit=1)[0]
