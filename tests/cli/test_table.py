"""Tables keep to the width and to one line per row, whatever stands in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.cli import plain, screen
from tmux_orch.cli.table import Column, cells, cut, listed, table

COLUMNS = (Column("NAME", 6), Column("STATE"), Column("WHY", 8), Column("N", right=True))
text = st.text(max_size=120)


@given(st.lists(st.tuples(text, st.sampled_from(["idle", "waiting_permission"]), text,
                          st.integers(0, 999)), max_size=6))  # fmt: skip
def test_every_line_fits_and_every_row_is_one_line(rows):
    lines = table(COLUMNS, rows)
    assert len(lines) == len(rows) + 1
    for line in lines:
        assert cells(line) <= screen.WIDTH
        assert len(line.splitlines()) <= 1


@given(text, st.integers(1, 90))
def test_what_is_cut_fits_and_says_that_it_was(string, room):
    short = cut(string, room)
    assert cells(short) <= room
    assert short == string or short.endswith("…")


def test_wide_characters_count_two():
    assert cells("漢字") == 4
    assert cells("e\u0301") == 1
    assert cut("漢字漢字", 5) == "漢字…"


def test_a_column_in_which_nothing_stands_is_left_out():
    assert table(COLUMNS, [("a", "idle", "", 1)])[0].split() == ["NAME", "STATE", "N"]


def test_without_rows_the_headings_stand():
    assert table(COLUMNS, [])[0].split() == ["NAME", "STATE", "WHY", "N"]


@given(st.lists(text, max_size=4))
def test_listed_reasons_are_wrapped_not_cut(reasons):
    lines = listed("no", "red", "developer", reasons)
    assert all(cells(line) <= screen.WIDTH + 60 for line in lines)
    words = plain.line(" ".join(reasons)).split()
    if all(w.isascii() and w.isprintable() and len(w) < 40 for w in words):
        assert " ".join(" ".join(lines).split()) == " ".join(["no", "developer", *words])


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
    ],
)
def test_colours_only_on_a_terminal_that_has_them_and_wants_them(
    monkeypatch, environ, terminal, expected
):
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(screen, "is_terminal", lambda _stream: terminal)
    assert (screen.paint("x", "red") != "x") is expected
