"""Whatever agents call things, a person's terminal is not steered and a line is one line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.cli import plain

# Every character that Unicode says is a control, a format character or a lone surrogate, except
# tab and newline.
STEERING = [
    c
    for code in range(0x110000)
    if unicodedata.category(c := chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\t\n"
]
# Format characters that stand for something seen (Arabic number signs, Egyptian joiners, shorthand
# and musical notation): they neither hide nor reorder others.
SEEN = {
    *map(chr, range(0x600, 0x606)), "\u06dd", "\u070f", "\u0890", "\u0891", "\u08e2",
    "\U000110bd", "\U000110cd", *map(chr, range(0x13430, 0x13440)),
    *map(chr, range(0x1BCA0, 0x1BCA4)), *map(chr, range(0x1D173, 0x1D17B)),
}  # fmt: skip


def test_every_character_that_steers_is_taken_out():
    assert {c for c in STEERING if not plain.is_unseen(c)} <= SEEN
    assert plain.plain("".join(c for c in STEERING if c not in SEEN)) == ""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[2J\x1b[Hgone", "[2J[Hgone"),
        ("\x1b]52;c;cm0gLXJm\x07", "]52;c;cm0gLXJm"),
        ("\x1b]8;;http://evil\x1b\\ok\x1b]8;;\x1b\\", "]8;;http://evil\\ok]8;;\\"),
        ("\x9b31mred", "31mred"),
        ("\x90tmux;x\x9c", "tmux;x"),
        ("a\rb\x08c\x7f", "abc"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("ze\u200bro\ufeff\u2060", "zero"),
        ("a\U000e0041\U000e007fb", "ab"),
        ("line\u2028end\u2029", "lineend"),
        ("\udcff", ""),
        ("tab\tand\nline stay, é 漢 👍 too", "tab\tand\nline stay, é 漢 👍 too"),
    ],
)
def test_known_attacks(text, left):
    assert plain.plain(text) == left


@given(st.text())
def test_a_line_is_one_line_without_anything_unseen(text):
    line = plain.line(text)
    assert len(line.splitlines()) <= 1
    assert not any(plain.is_unseen(c) for c in line)


@given(st.text())
def test_exact_leaves_nothing_out(text):
    exact = plain.exact(text)
    assert not any(plain.is_unseen(c) for c in exact)
    assert len(exact) >= len(text)
    if plain.plain(text) == text:
        assert exact == text


@given(st.binary())
def test_any_bytes_become_text_that_does_not_steer(data):
    assert not any(plain.is_unseen(c) for c in plain.plain_bytes(data).decode())
