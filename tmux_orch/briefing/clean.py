"""Text from outside as one line of Markdown that means only itself.

Specs, plans, file names and templates are other people's. What they say stays readable on a page;
it cannot begin a heading, end a code span, look like our message header or like a briefing's mark.
"""

from __future__ import annotations

import re
import unicodedata

from tmux_orch.domain.sanitise import sanitise

_BLANKS = re.compile(r"\s+")
# Every mark of ours has a bracket or a dot in it, so printable ASCII without [ holds none; most
# texts are that, and a large plan has thousands.
_HARMLESS = re.compile(r"[ -Z\\-~\n\t]*")
# ``[brief ID]`` proves that a briefing arrived, ``[back TAG]`` that a restart did.
_MARKER = re.compile(r"\[(?=\s*(?:brief|back)\b)", re.IGNORECASE)
# What begins a block of Markdown at the start of a line or of a list item.
_BLOCK = re.compile(r"[#>|<=]|[-+*](?=\s|$|[-*+])|~~~|[-*_](?=\s*[-*_]\s*[-*_])")
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_COMMENT = re.compile(r"<(?=[!?])")
_BRACKET = re.compile(r"[\[【〔⟦❲〚［﹇]")
_RUNS = re.compile(r"`+")


def line(text: str, limit: int = 300) -> str:
    """``text`` on one line of at most about ``limit`` characters, safe anywhere on a page.

    Single code spans (``like `this` ``) stay; other backticks become apostrophes, because one that
    is never closed would swallow what follows it. Doing it again changes nothing that a
    page depends on.
    """
    plain = _plain(text, limit)
    runs = _RUNS.findall(plain)
    if len(runs) % 2 or any(len(run) > 1 for run in runs):
        plain = plain.replace("`", "'")
    plain = _COMMENT.sub(r"\\<", plain)
    plain = _NUMBERED.sub(r"\1\\\2", plain, count=1) if _NUMBERED.match(plain) else plain
    return f"\\{plain}" if _BLOCK.match(plain) else plain


def code(text: str, limit: int = 300) -> str:
    """``text`` as a code span; backticks inside it are kept by a longer fence."""
    plain = _plain(text, limit)
    if not plain:
        return "` `"
    longest = max(map(len, _RUNS.findall(plain)), default=0)
    if not longest:
        return f"`{plain}`"
    fence = "`" * (longest + 1)
    return f"{fence} {plain} {fence}"


def _plain(text: str, limit: int) -> str:
    # A text of megabytes is cut before it is looked at; what is taken out cannot be that much.
    start = text[: 4 * limit]
    harmless = _HARMLESS.fullmatch(start) is not None
    whole = _BLANKS.sub(" ", start if harmless else sanitise(start).text).strip()
    cut = whole if len(whole) <= limit else f"{whole[: limit - 1].rstrip()}…"
    if harmless:
        return cut
    # Again after joining and cutting: either may have made what was not there before.
    return _unmarked(sanitise(cut).text)


def _unmarked(text: str) -> str:
    """``text`` without our own marks, drawn with whatever brackets; same length."""
    if _BRACKET.search(text) is None:
        return text
    folded = "".join(_folded(char) for char in text)
    chars = list(text)
    for found in _MARKER.finditer(folded):
        chars[found.start()] = "("
    return "".join(chars)


def _folded(char: str) -> str:
    if _BRACKET.match(char):
        return "["
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char
