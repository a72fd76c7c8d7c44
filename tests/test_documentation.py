"""Every command, option, variable and exit code in the documentation is in the code, and back."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tmux_orch.cli.group import tmux_orch
from tmux_orch.cli.orchestrate import auto_orchestrate
from tmux_orch.domain import errors
from tmux_orch.domain.seat import Seat
from tmux_orch.team import environment

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "registry/README.md"]
PAGES += [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = (ROOT / "docs/AUTO_ORCHESTRATE.md").read_text("utf-8")


def options(command: click.Command) -> set[str]:
    names = {name for parameter in command.params for name in parameter.opts}
    return {name for name in names if name.startswith("--")} | {"--help"}


def test_the_reference_has_every_option_of_the_main_command_and_no_other():
    documented = set(re.findall(r"^\| `(--[a-z-]+)", REFERENCE, re.MULTILINE))
    assert documented == options(auto_orchestrate)


def test_the_reference_has_every_exit_code_of_the_main_command():
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", REFERENCE, re.MULTILINE)}
    of_scm = {errors.EXIT_HELD, errors.EXIT_REFUSED, errors.EXIT_UNDECIDED}
    known = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert documented == known - of_scm


def test_the_reference_has_every_variable_we_give_to_an_agent():
    seat = Seat("p", "a", "r", "0a1b2c", 0, "x", "/w", "b", "c", 1, "u", "i")
    given = environment.of_seat(
        {}, seat, commands=Path("/c"), registry=Path("/r"), runtime=Path("/t")
    )
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", REFERENCE, re.MULTILINE))
    assert documented == set(given) - {"XDG_RUNTIME_DIR"}


def examples() -> list[tuple[str, str]]:
    """Every line or inline piece of the pages that calls one of our commands."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text("utf-8")
        for line in re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE) + re.findall(
            r"`([^`\n]+)`", text
        ):
            call = line.split("  #")[0].split(" && ")[0].strip()
            if re.match(r"(auto-orchestrate|tmux-orch|scm)( |$)", call):
                found.append((page, call))
    return found


@pytest.mark.parametrize(("page", "call"), examples())
def test_every_command_in_the_documentation_exists_with_its_options(page: str, call: str):
    words = [word.strip("[]") for word in shlex.split(call.replace("…", "").replace("...", ""))]
    used = {word for word in words if word.startswith("--")}
    if words[0] == "auto-orchestrate":
        assert used <= options(auto_orchestrate), call
    elif words[0] == "tmux-orch" and len(words) > 1 and words[1].isalpha():
        command = tmux_orch.get_command(click.Context(tmux_orch), words[1])
        assert command is not None, call
        if isinstance(command, click.Group) and len(words) > 2:
            command = command.get_command(click.Context(command), words[2]) or command
        assert used <= options(command), call


def test_every_command_of_tmux_orch_has_a_help_text_and_a_line():
    context = click.Context(tmux_orch)
    for name in tmux_orch.list_commands(context):
        command = tmux_orch.get_command(context, name)
        assert command is not None
        assert command.help, name


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_script_in_the_documentation_is_there(page: str):
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target
    for script in re.findall(r"\./(scripts/[a-z-]+)", text):
        assert (ROOT / script).exists(), script


def test_every_module_of_a_room_is_below_the_limit_or_says_why():
    for path in sorted((ROOT / "tmux_orch").rglob("*.py")):
        lines = path.read_text("utf-8").count("\n")
        assert lines <= 400, f"{path.relative_to(ROOT)} has {lines} lines"


def test_the_import_contracts_hold():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
