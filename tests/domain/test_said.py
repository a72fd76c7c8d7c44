"""What an agent says on purpose is told from what it quotes, prints and talks about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.said import MARKS, Said, last_line, prompt, said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ERROR: no database", [Said("error", "no database")]),
        ("Done.\nCOMPLETE: T1 and T2\nQUESTION: which port?", [
            Said("complete", "T1 and T2"), Said("question", "which port?")]),
        ("**PERMISSION:** may I push?", [Said("permission", "may I push?")]),
        ("**ERROR**: x", [Said("error", "x")]),
        ("PERMISSION DENIED on /etc", [Said("blocked", "PERMISSION DENIED on /etc")]),
        ("Waiting for your approval of the plan", [
            Said("blocked", "Waiting for your approval of the plan")]),
        ("[sudo] password for me:", [Said("blocked", "[sudo] password for me:")]),
        ("ERROR: a\r\nERROR: a", [Said("error", "a")]),
        ("I print ERROR: when it fails", []),
        ("The log says PERMISSION DENIED", []),
        ("> ERROR: quoted", []),
        ("```\nERROR: code\n```", []),
        ("    ERROR: indented code", []),
        ("- ERROR: in a list", []),
        ("Error: lower case is a tool's", []),
        ("ERROR:not a word of ours", []),
        ("ERRORS: many", []),
        ("Waiting for the tests to finish", []),
        ("`ERROR: quoted inline`", []),
        ("", []),
    ],
)  # fmt: skip
def test_own_words(words: str, expected: list[Said]) -> None:
    assert list(said(words)) == expected


@pytest.mark.parametrize(
    ("screen", "waits"),
    [
        ("$ sudo make\n[sudo] password for me: \n\n", True),
        ("git push\nUsername for 'https://a.example': ", True),
        ("me@host's password: ", True),
        ("Are you sure you want to continue connecting (yes/no/[fingerprint])? ", True),
        ("Continue? [y/N] ", True),
        ("[sudo] password for me: \nSorry, try again.\n$ ", False),
        ("The password: is wrong\n> ", False),
        ("", False),
    ],
)
def test_a_program_that_reads_the_terminal_is_seen_in_the_last_line(
    screen: str, waits: bool
) -> None:
    assert (prompt(screen) is not None) is waits


@given(st.sampled_from(sorted(MARKS)), st.text("ab \n`>", max_size=40))
def test_quoted_marks_say_nothing(mark: str, rest: str) -> None:
    text = rest.replace("\n", " ")
    assert said(f"> {mark}: {text}") == ()
    assert said(f"```\n{mark}: x\n```") == ()
    assert said(f"it said {mark}: {text}") == ()


@given(st.text(max_size=400))
def test_any_text_is_read(words: str) -> None:
    assert all(len(one.text) <= 300 and "\n" not in one.text for one in said(words))
    assert "\n" not in last_line(words)


def test_the_last_line_is_one_with_something_in_it() -> None:
    assert last_line("first\n\n  second   one \n\n```\n---\n") == "second one"
    assert last_line("\n \n") == ""
