"""What an agent says on purpose: ``ERROR:``, ``QUESTION:`` and the like in its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Words that a line of the model's own begins with, and the kind of event each is.
MARKS = {"ERROR": "error", "PERMISSION": "permission", "QUESTION": "question",
         "COMPLETE": "complete"}  # fmt: skip
#: Kinds after which the agent waits for somebody.
BLOCKING = frozenset({"error", "permission", "question", "blocked"})
BLOCKED = "blocked"

_MARK = re.compile(rf"(?:\*\*|__)?({'|'.join(MARKS)})(?:\*\*|__)?:(?:\*\*|__)?(?=\s|$)")
# Only what a line begins with: the same words within a sentence are talk.
_BLOCKER = re.compile(
    r"PERMISSION DENIED\b|\[sudo\] password for \S|sudo password\b"
    r"|Waiting for (?:your |the |an? )?"
    r"(?:\w+[ -]){0,3}(?:approval|permission|answer|input|reply|review|access|confirmation|user"
    r"|credentials?|password|token|decision)\b"
)
# A program that reads the terminal itself: sudo, ssh and the like leave the cursor behind these.
_PROMPT = re.compile(
    r"(?:\[sudo\] password for [^:]{1,64}|(?:[^:]{1,64}'s )?[Pp]assword(?: for [^:]{1,120})?"
    r"|Enter passphrase for [^:]{1,200}|Username for '[^']{1,200}'"
    r"|Are you sure you want to continue connecting \(yes/no(?:/\[fingerprint\])?\)\?"
    r"|.{0,120}\[[Yy]/[Nn]\])\s*[:?]?\s*"
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Said:
    """One line that an agent said on purpose.

    Attributes:
        kind: ``error``, ``permission``, ``question``, ``complete`` or ``blocked``.
        text: The line, without what marks it where it is marked.
    """

    kind: str
    text: str


def said(words: str) -> tuple[Said, ...]:
    """What the model's own words say on purpose; code blocks and quotes say nothing."""
    found: list[Said] = []
    for line in _own_lines(words):
        mark = _MARK.match(line)
        if mark is not None:
            found.append(Said(MARKS[mark[1]], _short(line[mark.end() :])))
        elif _BLOCKER.match(line):
            found.append(Said(BLOCKED, _short(line)))
    return tuple(dict.fromkeys(found))


def prompt(screen: str) -> Said | None:
    """The question of a program that reads the terminal itself, in the last line of a screen."""
    lines = [line for line in screen.split("\n") if line.strip()]
    if not lines or not _PROMPT.fullmatch(lines[-1].strip()):
        return None
    return Said(BLOCKED, _short(lines[-1]))


def last_line(words: str) -> str:
    """The last line with something in it, as one line; empty when there is none."""
    for line in reversed(words.split("\n")):
        if line.strip(" \t\r`~-_*#>|"):
            return _short(line)
    return ""


def _own_lines(words: str) -> list[str]:
    lines, fence = [], ""
    for line in words.replace("\r", "\n").split("\n"):
        opened = _FENCE.match(line)
        if fence:
            stripped = line.strip()
            if stripped.startswith(fence) and not stripped.strip(fence[0]):
                fence = ""
        elif opened is not None:
            fence = opened[1]
        # Indented by four it is code, behind > a quote: neither begins a line of its own words.
        elif not line.startswith(("    ", "\t")):
            lines.append(line.strip())
    return lines


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
