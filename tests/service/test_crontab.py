"""Our block in a crontab: what cron and the shell read from it, and what is left around it."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service.subjects import HOSTILE, names, subject
from tmux_orch.domain.boot import OnBoot
from tmux_orch.domain.errors import BadInput
from tmux_orch.service import crontab

SUBJECT = subject("tmux-orch")
BLOCK = crontab.block(SUBJECT, OnBoot.STATUS)
LINES = st.lists(
    st.sampled_from([b"", b"# mine", b"* * * * * date", b"MAILTO=me", b"\xff\xfe", b"0 5 * * 1 %b",
                     b"# >>> other >>>", b"a\rb", b"\x0c", b"\tx"])
    | st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")),
    max_size=8,
)  # fmt: skip


def as_cron_and_sh_read_it(line: str) -> list[str]:
    """The words of a crontab line's command, as Vixie cron and then sh take it apart."""
    command = line.split(" ", 1)[1] if line.startswith("@") else line.split(" ", 5)[5]
    read, escaped = "", False
    for character in command:
        if escaped:
            read = read[:-1] + character if character in "%\\" else read + character
            escaped = False
            continue
        assert character != "%", "cron would end the command here"
        escaped = character == "\\"
        read += character
    assert read.endswith(" >/dev/null 2>&1")
    return shlex.split(read.removesuffix(" >/dev/null 2>&1"))


@given(names, names)
def test_cron_and_the_shell_read_every_path_as_it_is(program, registry):
    one = subject("x", f"/o/{program}/tmux-orch", f"/r/{registry}")
    if "\\" in program + registry or "=" in program:
        with pytest.raises(BadInput, match=r"backslash|="):
            crontab.block(one, OnBoot.STATUS)
        return
    lines = crontab.block(one, OnBoot.STATUS).decode().split("\n")
    assert len(lines) == 5
    for line in lines[1:3]:
        assert as_cron_and_sh_read_it(line) == [
            "/usr/bin/env", f"TMUX_ORCH_REGISTRY={one.registry}", one.program, "credits", "check"
        ]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in HOSTILE if "\\" not in name])
def test_hostile_names_stay_what_they_are(name):
    line = crontab.block(subject("x", registry=f"/r/{name}"), OnBoot.STATUS).decode().split("\n")[1]
    assert as_cron_and_sh_read_it(line)[1] == f"TMUX_ORCH_REGISTRY=/r/{name}"


def test_nothing_after_a_restart_means_no_line_for_it():
    assert b"@reboot" in crontab.block(SUBJECT, OnBoot.RESUME)
    assert b"@reboot" not in crontab.block(SUBJECT, OnBoot.NOTHING)


def test_a_path_that_cron_would_cut_is_refused():
    with pytest.raises(BadInput, match="too long"):
        crontab.block(subject("x", registry="/r/" + "a" * 990), OnBoot.STATUS)


@given(LINES, LINES)
def test_everything_else_stays_byte_for_byte(before, after):
    first, second = (b"".join(line + b"\n" for line in part) for part in (before, after))
    person = first + second
    assert crontab.without(crontab.placed(person, SUBJECT, BLOCK), SUBJECT) == person
    # In its old place, wherever the person has moved it.
    moved = first + BLOCK + second
    newer = crontab.block(SUBJECT, OnBoot.NOTHING)
    assert crontab.placed(moved, SUBJECT, newer) == first + newer + second
    assert crontab.placed(moved, SUBJECT, BLOCK) == moved
    assert crontab.found(moved, SUBJECT) == BLOCK


def test_a_last_line_without_an_end_gets_one():
    assert crontab.placed(b"MAILTO=me", SUBJECT, BLOCK) == b"MAILTO=me\n" + BLOCK


def test_the_block_of_another_registry_is_not_ours():
    other = subject("tmux-orch-0a1b2c3d")
    both = crontab.placed(BLOCK, other, crontab.block(other, OnBoot.STATUS))
    assert crontab.without(both, other) == BLOCK


@pytest.mark.parametrize(
    "damage",
    [
        BLOCK.split(b"\n")[0] + b"\n",
        BLOCK.split(b"\n")[-2] + b"\n",
        BLOCK + BLOCK,
        b"".join(line + b"\n" for line in reversed(BLOCK.splitlines())),
    ],
)
def test_marks_that_were_damaged_are_not_guessed_at(damage):
    for act in (lambda: crontab.without(damage, SUBJECT), lambda: crontab.found(damage, SUBJECT),
                lambda: crontab.placed(damage, SUBJECT, BLOCK)):  # fmt: skip
        with pytest.raises(BadInput, match="crontab -e"):
            try:
                act()
            except BadInput as error:
                raise BadInput(error.line()) from None
