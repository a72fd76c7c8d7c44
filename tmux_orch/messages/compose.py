"""The text that reaches an agent: our header and the message, or a line that names a file."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from tmux_orch.agents.adapter import Composer
from tmux_orch.domain.message import Message, header, marker

# Over this a message is a file in the mailbox and one line naming it (the
# limit that keeps a composer, a transcript line and a model's context usable).
TYPED_BYTES = 32 * 1024
# Together, beside a tool result: 9,500 characters arrive whole, from 10,500 on the program cuts
# them to a 2 kB preview (Claude Code 2.1.329 and 2.1.197).
TOOL_CHARS = 8000

_UNSEEN = re.compile(r"[^!-~]+")
# An end of the text of so many characters is taken for it.
_TELLING = 12
# What composers show instead of a long paste: "[Pasted text #1 +21 lines]" (Claude Code over 800
# characters or from 4 lines on), "[Pasted Content 1234 chars]" (Codex), "[Pasted ~21 lines]"
# (opencode, which counts the lines and not the line ends).
_PLACEHOLDER = re.compile(r"\[Pasted (?:text|Content|~\d)[^\]]{0,40}\]", re.IGNORECASE)
_LINES = re.compile(r"(\+|~)(\d+) lines?\]")


def whole(message: Message) -> str:
    """What is typed or handed over: header and text; a raw message has no header."""
    if message.raw:
        return message.text
    return f"{header(message.sender, message.id)} {message.text}"


def too_long(text: str) -> bool:
    """Whether ``text`` goes through the mailbox instead of the composer."""
    return len(text.encode("utf-8", "replace")) > TYPED_BYTES


def pointer(name: str, size: int, first_line: str) -> str:
    """The line that is delivered for a text in the mailbox."""
    start = first_line.strip()[:120]
    return f"Long message ({size} bytes) in {name} - read that file whole. It begins: {start}"


class Standing(Enum):
    """How a message stands in a composer."""

    ABSENT = "absent"
    WHOLE = "whole"  # it, and nothing else, as far as can be seen
    ALTERED = "altered"  # it is recognised, with more or less than was pasted


def standing(composer: Composer, message: Message, *, before_was_empty: bool) -> Standing:
    """How the message stands in the composer.

    Compared without blanks (composers wrap and indent) and without non-ASCII characters (terminals
    draw them in their own ways). A composer that scrolls shows the end of the text.

    Args:
        composer: The input box now.
        message: What was pasted.
        before_was_empty: The box was proved empty and the paste went in under a guard that
            refuses when the cursor moved: then any placeholder of a long paste is ours, and so is
            an end of the text. After a crash nobody knows; then the marker must be visible, or
            the placeholder state our number of lines.
    """
    if composer.empty is not False:
        return Standing.ABSENT
    text = whole(message)
    if (found := _PLACEHOLDER.search(composer.text)) is not None:
        return _behind_placeholder(found[0], composer.text, text, before_was_empty)
    box, sent = _seen(composer.text), _seen(text)
    if box == sent or (before_was_empty and len(box) >= _TELLING and sent.endswith(box)):
        return Standing.WHOLE
    begin = sent[:_TELLING] if message.raw else _seen(marker(message.id))
    return Standing.ALTERED if begin and begin in box else Standing.ABSENT


def _behind_placeholder(shown: str, box: str, text: str, before_was_empty: bool) -> Standing:
    lines = _LINES.search(shown)
    alone = box.strip() == shown
    if before_was_empty:
        return Standing.WHOLE if alone else Standing.ALTERED
    ends = text.count("\n")
    ours = lines is not None and int(lines[2]) - (lines[1] == "~") == ends > 0
    if not ours:
        return Standing.ABSENT
    return Standing.WHOLE if alone else Standing.ALTERED


def _seen(text: str) -> str:
    # Decomposed first: programs compose accents, and an accent may be wrapped away from its letter.
    return _UNSEEN.sub("", unicodedata.normalize("NFKD", text))
