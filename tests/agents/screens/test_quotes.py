"""Whatever a rule looks for, quoted anywhere: no dialog, limit or error comes of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agents.screens import quoting
from tmux_orch.agents.screens import load, read
from tmux_orch.agents.screens.regions import regions
from tmux_orch.domain.states import BUSY, READY

PROGRAMS = ("claude", "codex", "gemini", "opencode")
PROSE = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60)
CODE = st.sampled_from(
    ["def f(x):", "    return 1", "- x = 1", "+ x = 2", "@@ -1,2 +1,2 @@", "1. a"]
)


def patterns(program: str) -> list[re.Pattern[str]]:
    """Every pattern of the program's rules."""
    return [
        pattern
        for rule in load.rules(program).rules
        for group in (rule.all, rule.any)
        for ones in group.values()
        for pattern in ones
    ]


def quoted(program: str) -> st.SearchStrategy[list[str]]:
    """Lines, some of which a rule of the program looks for."""
    looked_for = st.one_of([st.from_regex(pattern) for pattern in patterns(program)])
    line = st.one_of(looked_for, looked_for, PROSE, CODE).map(one_line)
    return st.lists(line, min_size=1, max_size=6)


def one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)[:160]


@pytest.mark.parametrize("program", PROGRAMS)
def test_any_pattern_quoted_anywhere_changes_no_state(program: str) -> None:
    bases = [(one, bottom) for one, bottom in quoting.bases() if one.program == program]
    rules = load.rules(program)

    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from(bases),
        quoted(program),
        st.sampled_from(quoting.PLACES),
        st.sampled_from(quoting.WIDTHS),
    )
    def check(base: tuple[quoting.Labelled, str], lines: list[str], place: str, width: int) -> None:
        screen, bottom = base
        text = quoting.quoting(program, place, lines, bottom, width)
        found = read.read(rules, text, "")
        expected = {None, *(READY if screen.state == "idle" else BUSY)}
        assert found.state in expected, found
        assert found.state != "retrying", found
        assert regions(rules.layout, text, "").dialog == ""

    check()


@given(st.lists(PROSE, max_size=40).map("\n".join), PROSE)
@settings(max_examples=150, deadline=None)
def test_random_text_is_read_as_nothing(text: str, title: str) -> None:
    for program in PROGRAMS:
        found = read.read(load.rules(program), text, title)
        assert found.state not in READY, (program, found)


@given(st.text(max_size=300), st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_text_makes_the_reader_fail(text: str, data: bytes) -> None:
    for capture in (text, data.decode("latin-1"), f"\x1b[{text}m", data.decode("utf-8", "replace")):
        for program in load.PROGRAMS:
            read.read(load.rules(program), capture, text)
