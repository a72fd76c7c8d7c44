"""The file in which a person describes agent programs: one good line for each mistake."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tmux_orch.agents.registry import adapter, adapters
from tmux_orch.config.agent_programs import FILE, AgentPrograms
from tmux_orch.domain.agent_program import PromptWay, Shown
from tmux_orch.domain.errors import BadInput

GOOD = """\
agents: 1
programs:
  small:
    command: [small, [--model, "{model}"], "{prompt}"]
    composer: '^> '
"""


def environ(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "tmux-orch" / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_a_whole_description_is_read(tmp_path: Path) -> None:
    text = GOOD.replace('"{prompt}"', '"{prompt_file}"') + (
        "    resume: [small, --resume, '{conversation_id}', '{prompt_file}']\n"
        "    prompt: file\n"
        "    composer_gap_s: 1\n"
        "    environment: [SMALL_KEY, 'SMALL_*']\n"
        "    ready: {pattern: '^> $', region: composer}\n"
        "    busy: {pattern: '^Thinking'}\n"
        "    dialogs: [{id: run, pattern: 'y/n', state: waiting_permission}]\n"
        "    rules: [{id: odd, state: error, all: {tail: ['^Error:']}}]\n"
        "    stop: INT\n"
        "    version: [--version]\n"
    )
    found = AgentPrograms(environ(tmp_path, text))()["small"]
    assert found.command == ("small", ("--model", "{model}"), "{prompt_file}")
    assert found.prompt is PromptWay.FILE and found.composer_gap_s == 1.0
    assert found.ready == Shown("^> $", "composer") and found.stop == "INT"
    assert adapter("small", lambda: {"small": found}).composer_gap_s == 1.0


def test_no_file_is_no_program_and_a_change_counts_at_once(tmp_path: Path) -> None:
    programs = AgentPrograms({"XDG_CONFIG_HOME": str(tmp_path)})
    assert programs() == {}
    environ(tmp_path, GOOD)
    first = programs()
    assert set(first) == {"small"} and programs() is first
    environ(tmp_path, GOOD.replace("small:", "other:"))
    assert set(programs()) == {"other"}
    (tmp_path / "tmux-orch" / FILE).unlink()
    assert programs() == {}


def change(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def more(line: str) -> str:
    return GOOD + f"    {line}\n"


COMMAND = """[small, [--model, "{model}"], "{prompt}"]"""
BAD = {
    "not yaml": ("agents: [1\n", 2, "expected"),
    "no version of the file": ("programs: {}\n", 1, "agents: is missing"),
    "another version": (change("agents: 1", "agents: 2"), 1, "agents"),
    "no programs": ("agents: 1\n", 1, "programs: is missing"),
    "unknown key above": ("agents: 1\nprograms: {}\nprogram: {}\n", 3, "known are agents"),
    "a name with a blank": (change("small:", "my tool:"), 3, "my tool"),
    "a name of ours": (change("small:", "claude:"), 3, "rename it"),
    "twice": (GOOD + GOOD.split("programs:\n")[1], 6, "is there already"),
    "an alias": (change(COMMAND, "&a [small]"), 4, "anchors"),
    "no command": (change(f"    command: {COMMAND}\n", ""), 3, "command: is missing"),
    "an empty command": (change(COMMAND, "[]"), 4, "command"),
    "a command that is text": (change(COMMAND, "small go"), 4, "must be a list"),
    "a number for a word": (change(COMMAND, "[small, 7, '{prompt}']"), 4, "command.1"),
    "an empty word": (change(COMMAND, "[small, '', '{prompt}']"), 4, "command.1"),
    "a group first": (change(COMMAND, "[[small], '{prompt}']"), 4, "the first word is"),
    "a program by placeholder": (change(COMMAND, "['{model}', '{prompt}']"), 4, "first word"),
    "a relative program": (change(COMMAND, "[./small, '{prompt}']"), 4, "absolute path"),
    "an unknown placeholder": (change("{model}", "{token}"), 4, "{token} is no placeholder"),
    "an attribute": (change("{model}", "{model.x}"), 4, "is no placeholder"),
    "a format": (change("{model}", "{model!r}"), 4, "is no placeholder"),
    "a single brace": (change("{model}", "{model"), 4, "write {{ and }}"),
    "no prompt": (change(', "{prompt}"]', "]"), 4, "prompt: argument needs {prompt}"),
    "a file that is not given": (more("prompt: file"), 4, "needs {prompt_file}"),
    "a prompt beside a paste": (more("prompt: paste"), 4, "does not go with prompt: paste"),
    "a way that is none": (more("prompt: shout"), 6, "prompt"),
    "a paste without a composer": (
        change(', "{prompt}"]', "]").replace("composer: '^> '", "prompt: paste"),
        5,
        "needs a composer",
    ),
    "nothing that shows it ready": (change("    composer: '^> '\n", ""), 4, "a ready text"),
    "an unknown key": (more("colour: red"), 6, "known are command"),
    "a gap that is too long": (more("composer_gap_s: 60"), 6, "0 to 10 seconds"),
    "a gap in words": (more("composer_gap_s: long"), 6, "composer_gap_s"),
    "a variable that is none": (more("environment: ['A B']"), 6, "not a variable's name"),
    "every variable": (more("environment: ['*']"), 6, "not a variable's name"),
    "a variable that loads code": (more("environment: [LD_PRELOAD]"), 6, "never handed"),
    "a prefix over one": (more("environment: ['PYTH*']"), 6, "never handed"),
    "a signal that is none": (more("stop: KILL"), 6, "stop"),
    "a region that is none": (more("busy: {pattern: x, region: left}"), 6, "busy"),
    "a pattern that is none": (change("'^> '", "'(> '"), 5, "not a regex"),
    "a pattern of nothing": (change("'^> '", "'.*'"), 5, "matches an empty line"),
    "a pattern without end": (change("'^> '", "'(a*)*(b*)*(c*)*>'"), 5, "composer"),
    "a dialog's pattern": (
        more("dialogs: [{id: a, pattern: '(', state: waiting_answer}]"), 6, "not a regex"
    ),
    "a dialog that is idle": (more("dialogs: [{id: a, pattern: a, state: idle}]"), 6, "dialogs"),
    "a ready rule that is not there": (more("ready: small.nothing"), 6, "no rule"),
    "a rule without a pattern": (more("rules: [{id: a, state: error}]"), 6, "no pattern"),
    "a rule with an odd key": (more("rules: [{id: a, sate: error}]"), 6, "unknown key"),
    "a rule for idle by words": (
        more("rules: [{id: a, state: idle, all: {tail: [x]}}]"), 6, "composer"
    ),
    "the same rule twice": (
        more("rules: [{id: a, state: error, all: {tail: [x]}},"
             " {id: a, state: error, all: {tail: [y]}}]"), 6, "twice"
    ),
    "a rules file that is not there": (more("rules_file: none.toml"), 6, "there is no file"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, name: str) -> None:
    text, line, part = BAD[name]
    with pytest.raises(BadInput) as caught:
        programs = AgentPrograms(environ(tmp_path, text))
        for program in adapters(programs).keys() - adapters().keys():
            adapter(program, programs).locate({"PATH": os.devnull})
    said = caught.value.line()
    assert "\n" not in said and len(said) < 400
    assert part in said
    assert re.search(rf"{re.escape(FILE)}:{line}\b", said), said


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    programs = AgentPrograms(environ(tmp_path, GOOD))
    path = tmp_path / "tmux-orch" / FILE
    path.chmod(0o666)
    with pytest.raises(BadInput, match="can be written by others"):
        programs()


def test_rules_of_a_file_beside_it_count(tmp_path: Path) -> None:
    rules = 'program = "small"\n[[rule]]\nid = "small.broken"\nstate = "error"\n'
    text = more("rules_file: small.toml")
    programs = AgentPrograms(environ(tmp_path, text))
    (tmp_path / "tmux-orch" / "small.toml").write_text(rules + "all.tail = ['^Traceback']\n")
    now = datetime(2026, 11, 20, tzinfo=UTC)
    read = adapter("small", programs).screen("Traceback (most recent\n", "", now, UTC)
    assert (read.state, read.rule) == ("error", "small.broken")


def test_the_example_of_the_documentation_is_good(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "PROGRAMS.md"
    (example,) = re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    programs = AgentPrograms(environ(tmp_path, example))
    for name in programs():
        assert adapter(name, programs).composer("a line\n").empty is None
