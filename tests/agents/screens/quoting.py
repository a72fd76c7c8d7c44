"""Conversations that quote, above the work line, input box and footer of a recorded screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.agents.screens import corpus
from tests.agents.screens.corpus import Labelled, columns, plain

#: Recorded screens, idle and busy, and where what stays of them begins: the last such line.
BASES = {
    ("claude", "2.1.329-idle_after_turn-80x24"): r"✻ \w+ for ",
    ("claude", "2.1.197-idle_after_turn-80x24"): r"✻ \w+ for ",
    ("claude", "2.1.329-thinking_first_byte-80x24"): r"[·✢✳✶✻✽*] \w+…",
    ("claude", "2.1.197-streaming-80x24"): r"[·✢✳✶✻✽*] \w+…",
    ("codex", "idle_after_turn-80x24"): r"  Worked for ",
    ("codex", "thinking-80x24"): r"[•◦] Working \(",
    ("gemini", "idle_after_turn-80x24"): r" {40,}\? for shortcuts",
    ("gemini", "thinking-80x24"): r" [⠁-⣿] ",
    ("opencode", "idle_after_turn-80x24"): r"     ▣ ",
    ("opencode", "thinking-80x24"): r"     ▣ ",
}
PLACES = ("tool output", "sentence", "quote", "code", "list", "sent", "diff")
WIDTHS = (40, 60, 80)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a program draws a conversation: the mark of a first line, and the further lines'."""

    sent: tuple[str, str]
    words: tuple[str, str]
    tool: tuple[str, str, str]
    diff: tuple[str, str]


DRAWINGS = {
    "claude": Drawing(
        ("❯ ", "  "),
        ("● ", "  "),
        ("● Bash(cat log.txt)", "  ⎿  ", "     "),
        ("● Update(log.txt)", "       1 +"),
    ),
    "codex": Drawing(
        ("› ", "  "),
        ("• ", "  "),
        ("• Ran cat log.txt", "  └ ", "    "),
        ("• Edited log.txt (+1 -0)", "    1 +"),
    ),
    "gemini": Drawing(
        (" > ", "   "),
        ("✦ ", "  "),
        ("│ ✓  Shell cat log.txt", "│ ", "│ "),
        ("│ ✓  Edit log.txt", "│  1 + "),
    ),
    "opencode": Drawing(
        ("  ┃  ", "  ┃  "),
        ("     ", "     "),
        ("  ┃  $ cat log.txt", "  ┃  ", "  ┃  "),
        ("  ┃  ← Edit log.txt", "  ┃  1 + "),
    ),
}


def bases() -> list[tuple[Labelled, str]]:
    """The recorded screens, and the part of each that stays."""
    found = []
    for (program, name), begins in BASES.items():
        screen = corpus.one(f"screens/{program}/{name}")
        lines = plain(screen).capture.split("\n")
        at = max(at for at, line in enumerate(lines) if re.match(begins, line))
        found.append((screen, "\n".join(lines[at:])))
    return found


def quoting(program: str, place: str, quoted: Sequence[str], bottom: str, width: int) -> str:
    """A screen on which ``quoted`` stands in such a place, with ``bottom`` below it."""
    draw = DRAWINGS[program]
    text = "\n".join(quoted)
    asked = marked(draw.sent, "what does the log say?", width)
    answer = marked(draw.words, "It says what it says.", width)
    match place:
        case "tool output":
            head, first, further = draw.tool
            asked += ["", head, *marked((first, further), text, width)]
        case "diff":
            head, mark = draw.diff
            asked += ["", head, *marked((mark, mark), text, width)]
        case "sent":
            asked = marked(draw.sent, f"look at this:\n{text}", width)
        case "sentence":
            answer = marked(draw.words, f"It printed {text} and went on.", width)
        case "quote":
            answer = marked(draw.words, f'The log says "{text}", as before.', width)
        case "list":
            items = "\n".join(f"- {line}" for line in quoted)
            answer = marked(draw.words, f"It printed:\n\n{items}", width)
        case "code":
            code = "\n".join(f"    {line}" for line in quoted)
            answer = marked(draw.words, f"It printed:\n\n{code}\n\nThat is all.", width)
    return "\n".join([*asked, "", *answer, "", bottom])


def marked(mark: tuple[str, str], text: str, width: int) -> list[str]:
    """``text`` wrapped to the width, its first line with one mark, all others with the other."""
    first, further = mark
    rows: list[str] = []
    for line in text.split("\n"):
        row = ""
        for word in re.findall(r"\s*\S+", line):
            if row.strip() and columns(first + row + word) > width:
                rows.append(row)
                row = word.lstrip()
            else:
                row += word
        rows.append(row)
    return [((first if not at else further) + row).rstrip() for at, row in enumerate(rows)]
