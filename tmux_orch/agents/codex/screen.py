"""The input box and the dialogs on a captured screen.

The box has no frame: a bold ``›`` at the margin, the text indented by two, and below it nothing but
the footer. Old prompts in the conversation begin with the same sign on a coloured ground.
"""

from __future__ import annotations

import re

from tmux_orch.agents.adapter import Composer, Dialog
from tmux_orch.agents.screens.styled import Line, lines
from tmux_orch.domain.states import AgentState

_SIGN = re.compile(r"[›!](?: |$)")
_OPTION = re.compile(r"^[› ] (\d+)\. (\S.*)$")
#: What says that the block is a menu and not the model's text: the line of keys under it.
_KEYS = re.compile(
    r"^\s+(?:Press )?(?:enter|esc)\b.*\b(?:confirm|continue|cancel|back|skip|select|submit)", re.I
)
_SHORTCUT = re.compile(r" \((?:esc|[a-z])\)$")
_QUESTION_LINES = 24
_DEAD = re.compile(r"Pane is dead \(")
#: Places where keys mean something else: the list of all conversations, the transcript shown again.
_ELSEWHERE = re.compile(r"^\s*(?:Agent command center|/? ?T R A N S C R I P T)")
_RULES = (
    ("codex.dialog.trust", AgentState.NEEDS_TRUST, re.compile(r"Trust this folder\?")),
    (
        "codex.dialog.login",
        AgentState.NEEDS_LOGIN,
        re.compile(r"Sign in with ChatGPT|Provide your own API key"),
    ),
    (
        "codex.dialog.permission",
        AgentState.WAITING_PERMISSION,
        re.compile(
            r"Would you like to (?:run|make|grant)|Do you want to approve|needs your approval"
            r"|Allow .* to (?:run|use|access)"
        ),
    ),
)  # fmt: skip


def composer(capture: str) -> Composer:
    """The input box: the lowest ``›`` line without a ground of its own, nothing else below it."""
    shown = lines(capture)
    place = _box(shown)
    if place is None:
        return Composer(empty=None)
    first, end = place
    box = shown[first:end]
    text = "\n".join(line.text[2:].rstrip() for line in box).strip()
    if box[0].text.startswith("!"):
        return Composer(empty=False, text=f"!{text}")
    hint = all(_is_hint(line) for line in box)
    return Composer(empty=hint or not text, text="" if hint else text)


def _box(shown: list[Line]) -> tuple[int, int] | None:
    """First line of the box, and the line after its text."""
    if any(_DEAD.match(line.text) or _ELSEWHERE.match(line.text) for line in shown):
        return None
    if _menu(shown) is not None:
        return None
    texts = [line.text for line in shown]
    signs = [at for at, text in enumerate(texts) if text.strip() and not text.startswith("  ")]
    if not signs or not _SIGN.match(shown[signs[-1]].text):
        return None
    first = signs[-1]
    style = shown[first].style(0)
    if style.paper or style.reverse:
        return None
    end = first + 1
    while end < len(shown) and shown[end].text.strip():
        end += 1
    # The footer stands after a blank line; without one the pane is too low to tell them apart.
    if not any(line.text.strip() for line in shown[end:]):
        return (first, end) if end - first == 1 else None
    return first, end


def _is_hint(line: Line) -> bool:
    """Whether all that stands behind the sign is faint; the cursor's own cell is reversed."""
    signs = [(line.style(at), sign) for at, sign in enumerate(line.text) if at > 1]
    drawn = [style for style, sign in signs if not sign.isspace() and not style.reverse]
    return bool(drawn) and all(style.faint for style in drawn)


def dialog(capture: str) -> Dialog | None:
    """The menu in a capture with escapes, or ``None`` when none waits for an answer."""
    shown = lines(capture)
    menu = _menu(shown)
    if menu is None:
        return None
    places = sorted(menu)
    above = shown[max(0, places[0] - _QUESTION_LINES) : places[0]]
    question = _question([line.text for line in above])
    rule, state = next(
        ((name, state) for name, state, pattern in _RULES if pattern.search(question)),
        ("codex.dialog.other", AgentState.WAITING_ANSWER),
    )
    cursor = next((i for i, at in enumerate(places) if shown[at].text.startswith("›")), None)
    return Dialog(state, question, tuple(menu[at] for at in places), rule, cursor)


def _menu(shown: list[Line]) -> dict[int, str] | None:
    """The options of the lowest menu by line; ``None`` when none is open."""
    told = [line.text for line in shown]
    filled = [at for at, text in enumerate(told) if text.strip()]
    if not filled or not _KEYS.match(told[filled[-1]]):
        return None
    options: dict[int, str] = {}
    for at in reversed(filled[:-1]):
        found = _OPTION.match(told[at])
        if found is None:
            if options and not told[at].startswith("     "):
                break
            if not options and filled[-1] - at > 6:
                break
            continue  # the second line of a long option, or a note under the options
        options[at] = _SHORTCUT.sub("", found[2].strip())
        if found[1] == "1":
            break
    pointed = [at for at in options if told[at].startswith("›")]
    return options if len(pointed) == 1 else None


def _question(above: list[str]) -> str:
    """The lines above the options, up to the conversation: that begins at the margin."""
    kept: list[str] = []
    for text in reversed(above):
        if text.strip() and not text.startswith("  "):
            break
        kept.append(text.strip())
    return "\n".join(line for line in reversed(kept) if line) or "?"
