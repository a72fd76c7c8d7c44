"""Text from agents, screens and file names, made safe for a person's terminal.

An agent's name, a branch, a reason or a screen may hold sequences that move the cursor, write the
clipboard (OSC 52), hide a link's target (OSC 8) or turn the reading order round. Nothing
is imported, because ``scm`` uses this on its way.
"""

# Ranges of code points that print nothing, or change how others print:
# C0 without tab and newline, DEL and C1; soft hyphen; Arabic letter mark; Hangul and Mongolian
# fillers; zero-width and directional marks; separators; bidi embeddings, overrides and isolates;
# invisible operators; byte order mark; interlinear marks; lone surrogates; tags.
_UNSEEN = (
    (0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x115F, 0x1160),
    (0x180E, 0x180E), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xD800, 0xDFFF), (0xE0000, 0xE007F),
)  # fmt: skip


def is_unseen(character: str) -> bool:
    """Whether ``character`` is one that :func:`plain` takes out."""
    code = ord(character)
    return any(low <= code <= high for low, high in _UNSEEN)


def plain(text: str) -> str:
    """``text`` without every character that is not seen; tabs and newlines stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if not is_unseen(c))


def line(text: str) -> str:
    """``text`` as one line: :func:`plain`, with runs of white space as one blank."""
    return " ".join(plain(text).split())


def exact(text: str) -> str:
    """``text`` with what is not seen written out, ``\\x1b`` or ``\\u202e``: for a person to judge.

    Nothing is left out: a command that is approved was seen whole.
    """
    return "".join(_escape(c) if is_unseen(c) else c for c in text)


def plain_bytes(data: bytes) -> bytes:
    """The same as :func:`plain` for UTF-8; bytes that are not become the replacement character."""
    return plain(data.decode("utf-8", "replace")).encode("utf-8")


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
