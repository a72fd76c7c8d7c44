"""Commands that pass without a question are exactly ours, whatever is put around them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.agents.own_commands import COMMANDS, is_own


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS,
        "scm pm done",
        "scm --json pm 'two words; and a semicolon'",
        'scm pm "it is (almost) done"',
        "git add -A",
        "git commit -q -m 'a $(b)'",
        "  git   add  x ",
    ],
)
def test_our_own_commands_pass(command: str) -> None:
    assert is_own(command)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "scmx pm",
        "git",
        "git push",
        "git -c alias.add=!sh add",
        "scm pm x; touch y",
        "scm pm x && touch y",
        "scm pm x | sh",
        "scm pm $(touch y)",
        "scm pm `touch y`",
        'scm pm "$(touch y)"',
        'scm pm "`touch y`"',
        "scm pm x > y",
        "scm pm x\ntouch y",
        "scm pm x &",
        "A=1 scm pm x",
        "bash -c 'scm pm x'",
        "./scm pm x",
        "/tmp/scm pm x",
        "scm pm 'open",
        "scm pm <(touch y)",
        "git add *",
        "'scm pm' x",
    ],
)
def test_anything_else_is_asked_about(command: str) -> None:
    assert not is_own(command)


@given(text=st.text(st.sampled_from(list("'\"\\`$();|&<>{}*?!#~ \n\tab0")), max_size=14))
def test_what_passes_runs_one_program_and_nothing_more(text: str) -> None:
    command = f"scm {text}"
    if not is_own(command):
        return
    # A shell that knows only `scm`: it is called once, nothing else is run and no file is written.
    place = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    script = "n=0; scm() { n=$((n+1)); }; set -f; PATH=/nonexistent; set -r\n"
    done = subprocess.run(
        ["bash", "--norc", "-c", f'{script}{command}\nbuiltin echo "n=$n"'],
        cwd=place, capture_output=True, text=True, timeout=20, env={},
    )  # fmt: skip
    assert done.stdout == "n=1\n", (command, done)
    assert done.stderr == "", (command, done)
