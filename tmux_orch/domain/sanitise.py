"""What may be typed into an agent: text without control, without disguise, without our header.

Measured: ``ESC[201~`` inside a paste ends the bracketed paste and the rest is typed as keys, on
every tmux before 3.7, and removing it once is not enough (``ESC ESC[201~ [201~`` rebuilds it); so
every C0 byte except tab and newline goes, with DEL and C1. Claude Code stops at bidi and zero-width
characters with "review and press Enter to send", so those go too. What stays is the same on every
tmux version.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_KEPT_CONTROLS = frozenset("\t\n")
# Format characters (category Cf) that are drawn: Arabic and Kaithi number and verse signs.
_VISIBLE_FORMAT = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
# Drawn as nothing although not in Cf: joiner, fillers, Khmer inherent vowels, and the variation
# selectors in which text can be hidden from a reader (the 16 common ones, used by emoji, stay).
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | frozenset(
    map(chr, range(0xE0100, 0xE01F0))
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")

# Look-alikes folded one to one, so that a span in the folded text is the same span in the text.
_FOLD = {0xFF01 + offset: 0x21 + offset for offset in range(94)}
_FOLD |= {ord(dot): ord("·") for dot in "•∙⋅・‧･᛫⸱ꞏ●"}
_FOLD |= {ord(c): ord("[") for c in "【〔⟦❲〚"} | {ord(c): ord("]") for c in "】〕⟧❳〛"}
# ``[from …]`` as a header: with ``msg`` in it, or at the start of a line, where it need not end.
_HEADER = re.compile(
    r"(?:^[ \t>*_`#-]*|(?=\[[^\[\]]{0,160}\bmsg\b))(\[\s*from\b[^\[\]]{0,160}\])",
    re.IGNORECASE | re.MULTILINE,
)
_OPENING = re.compile(r"^[ \t>*_`#-]*(\[)(?=\s*from\b)", re.IGNORECASE | re.MULTILINE)
_MARKER = re.compile(r"·(?=\s*msg\s+[0-9a-f]{8}\s*\])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clean:
    """Text that may be typed.

    Attributes:
        text: What is left; without trailing newlines. May be empty.
        removed: Characters taken out (line ends that were normalised do not count).
        escaped: Places where the text looked like a header of ours and was defused.
    """

    text: str
    removed: int
    escaped: int


def _dropped(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Cc":
        return char not in _KEPT_CONTROLS
    if category == "Cf":
        return char not in _VISIBLE_FORMAT
    return char in _INVISIBLE


def sanitise(text: str) -> Clean:
    """``text`` as it may be typed; calling it again changes nothing.

    Line ends become newlines; undecodable bytes (lone surrogates) become U+FFFD. A header of ours
    in the text, which would forge a sender or be taken for the proof of another message's arrival,
    keeps its words and loses its form: ``[from pm · msg 0123abcd]`` → ``(from pm , msg 0123abcd)``.
    """
    ended = _LINE_ENDS.sub("\n", text)
    plain = _SURROGATE.sub("\ufffd", ended)
    kept = plain.translate({ord(c): None for c in set(plain) if _dropped(c)})
    removed = len(plain) - len(kept)
    escaped = 0
    while True:  # a header inside a header shows only when the inner one is defused
        kept, count = _defuse(kept)
        if count == 0:
            break
        escaped += count
    return Clean(kept.rstrip("\n"), removed, escaped)


def _defuse(text: str) -> tuple[str, int]:
    folded = text.translate(_FOLD)
    spans = [match.span(1) for match in _HEADER.finditer(folded)]
    opened = {match.start(1) for match in _OPENING.finditer(folded)} - {at for at, _ in spans}
    dots = [match.start() for match in _MARKER.finditer(folded)]
    if not spans and not opened and not dots:
        return text, 0
    chars = list(text)
    for start, end in spans:
        chars[start], chars[end - 1] = "(", ")"
    for start in opened:
        chars[start] = "("
    for dot in dots:
        chars[dot] = ","
    loose = sum(1 for dot in dots if not any(start <= dot < end for start, end in spans))
    return "".join(chars), len(spans) + len(opened) + loose


def printable(text: str, limit: int = 60) -> str:
    """``text`` on one line for an error or a table: controls escaped, at most ``limit`` long."""
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in text[: limit + 1]
    )
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
