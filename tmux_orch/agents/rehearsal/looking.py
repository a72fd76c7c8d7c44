"""The program's screen, as the adapter reads it: input box and dialogs.

Only the lowest block of the screen counts. What the agent said, and what was quoted to it, stands
above that; so no text in a message can look like a box or a dialog to us.
"""

from __future__ import annotations

import re

from tmux_orch.agents.adapter import Composer, Dialog
from tmux_orch.agents.rehearsal.dialog import CONFIRM
from tmux_orch.domain.states import AgentState

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")
_RULE = re.compile(r"─{8,}")
_OPTION = re.compile(r" (❯| ) ([1-9])\. (.+)")
_PROMPT = "❯"
_STATES = {
    "Do you trust this folder?": (AgentState.NEEDS_TRUST, "trust"),
    "Sign in": (AgentState.NEEDS_LOGIN, "login"),
    "Bash command": (AgentState.WAITING_PERMISSION, "permission"),
    "Question": (AgentState.WAITING_ANSWER, "question"),
    "Usage limit": (AgentState.WAITING_ANSWER, "limit"),
    "Help": (AgentState.WAITING_ANSWER, "help"),
}


def composer(screen: str) -> Composer:
    """The input box: what stands between the two lowest rules, with one line of hints below."""
    lines = _lines(screen)
    rules = [at for at, line in enumerate(lines) if _RULE.fullmatch(line)]
    if len(rules) < 2 or rules[-1] != len(lines) - 2:
        return Composer(empty=None)
    box = lines[rules[-2] + 1 : rules[-1]]
    if not box or not box[0].startswith(_PROMPT):
        return Composer(empty=None)
    text = "\n".join(line[2:] for line in box).strip()
    return Composer(empty=not text, text=text)


def dialog(screen: str) -> Dialog | None:
    """The dialog below the lowest rule, when the screen ends with the line that closes one."""
    lines = _lines(screen)
    rules = [at for at, line in enumerate(lines) if _RULE.fullmatch(line)]
    if not rules or not lines or lines[-1].strip() != CONFIRM:
        return None
    block = lines[rules[-1] + 1 : -1]
    known = _STATES.get(block[0].strip()) if block else None
    first = next((at for at, line in enumerate(block) if _OPTION.fullmatch(line)), 0)
    if known is None or first < 1:
        return None
    # The options are the last lines of the block; a body may hold lines that look like some.
    while first and block[-1] == "":
        block.pop()
    options = []
    while block and (match := _OPTION.fullmatch(block[-1])):
        options.append(match)
        block.pop()
        if match[2] == "1":
            break
    options.reverse()
    if [match[2] for match in options] != [str(n + 1) for n in range(len(options))] or not options:
        return None
    state, rule = known
    cursors = [at for at, match in enumerate(options) if match[1] == _PROMPT]
    return Dialog(
        state=state,
        question="\n".join(line.strip() for line in block),
        options=tuple(match[3].rstrip() for match in options),
        rule=f"rehearsal.screen.{rule}",
        cursor=cursors[0] if len(cursors) == 1 else None,
    )


def _lines(screen: str) -> list[str]:
    """The lines without styles, ends and the blank lines at the bottom cut off."""
    lines = [_ESCAPE.sub("", line).rstrip() for line in screen.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines
