"""Whatever text is put into a command comes out of tmux as it was."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tmux_orch.tmux.command import Command, chain, chain_argv, fits_argv, quote
from tmux_orch.tmux.server import Server

# Weighted to what tmux's two parsers treat specially.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from(list("\"'\\;#{}$~%()[],:= \n\t\r-&|<>*?!^`@\x1b\x7f")),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    min_size=1,
    max_size=60,
)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="o-", dir="/tmp") as name:
        server = Server(Path(name) / "s", Path(name) / "c", dict(os.environ))
        server.ensure()
        server.run([Command("new-session", "-d", "-s", "proj", "--", "cat", "-")])
        yield server
        server.stop()


ROUNDS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SAVE = Command("save-buffer", "-b", "b", "-")


def said(server: Server, commands: list[Command], *, argv: bool = False) -> bytes:
    """What tmux prints, byte for byte; without the end mark, which it does not print after this."""
    if argv:
        assert fits_argv(commands)
        reply = server._once(chain_argv(commands), b"", 5)
    else:
        reply = server._once(["source-file", "-"], f"{chain(commands)}\n".encode(), 5)
    assert reply.code == 0, reply.complaint
    return as_bytes(reply.out)


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@ROUNDS
@given(HOSTILE)
@example(";")
@example("a\\;")
@example("\\")
@example("\n  # not a comment")
@example("}#(touch PWNED)$(id)`id`~root")
@example("\udcff\udc80 bytes that are not UTF-8")
@example("%if 1")
@example("$HOME ${HOME} $PATH")
def test_a_word_on_standard_input_arrives_as_it_was(running: Server, word: str) -> None:
    commands = [Command("set-buffer", "-b", "b", "--", word), SAVE]
    assert said(running, commands) == as_bytes(word)


@ROUNDS
@given(HOSTILE.filter(str.isascii))
@example(";")
@example("a;")
@example("a\\;")
@example("\\;")
@example("-b")
def test_a_word_as_an_argument_arrives_as_it_was(running: Server, word: str) -> None:
    commands = [Command("set-buffer", "-b", "b", "--", word), SAVE]
    assert said(running, commands, argv=True) == as_bytes(word)


@ROUNDS
@given(HOSTILE)
@example('"; kill-server; "')
def test_a_word_of_a_command_inside_a_command_arrives_as_it_was(running: Server, word: str) -> None:
    inner = Command("if-shell", "-F", "1", chain([Command("set-buffer", "-b", "b", "--", word)]))
    outer = Command("if-shell", "-F", "1", inner.text())
    assert said(running, [outer, SAVE]) == as_bytes(word)


@ROUNDS
@given(HOSTILE)
def test_a_pane_option_holds_what_it_was_given(running: Server, word: str) -> None:
    set_it = Command("set-option", "-p", "-t", "%0", "@x", word)
    # The comparison is made by tmux; both sides come from options, so neither is a format.
    same = Command(
        "if-shell", "-F", "-t", "%0", "#{==:#{@x},#{@y}}", "display-message -p same"
    )  # fmt: skip
    again = Command("set-option", "-p", "-t", "%0", "@y", word)
    shown = Command("show-options", "-pv", "-t", "%0", "@x")
    out = running.run([set_it, again, same, shown], secret=True).out
    assert out.startswith("same\n")
    if word.isprintable():
        assert out == f"same\n{word}\n"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_quoted_word_is_one_line_of_ascii(word: str) -> None:
    quoted = quote(word)
    assert quoted.isascii() and quoted.isprintable()
    assert quoted[0] == quoted[-1] == '"'


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_what_no_tmux_value_can_hold_is_refused(word: str) -> None:
    with pytest.raises(ValueError):
        quote(word)


def test_a_list_longer_than_an_argument_list_may_be_still_arrives(running: Server) -> None:
    word = "x;" * 100_000
    command = Command("set-buffer", "-b", "b", word)
    assert not fits_argv([command])
    running.run([command])
    assert said(running, [SAVE]) == word.encode()
