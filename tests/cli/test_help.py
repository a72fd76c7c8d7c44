"""Help is quick, fits 80 columns and is there for everything; completion works in real shells."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tmux_orch.cli.group import PLACES

from .conftest import ENTRIES, ROOT, STATUS

DAEMON = ("start", "stop", "status", "run", "logs")
HELPS = [
    ("auto-orchestrate",), ("tmux-orch",), ("scm",),
    *(("tmux-orch", name) for name in PLACES),
    *(("tmux-orch", "daemon", name) for name in DAEMON),
]  # fmt: skip


@pytest.mark.parametrize("command", HELPS, ids=" ".join)
def test_every_command_explains_itself_in_80_columns(house, command):
    done = house.run(*command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: " + " ".join(command[:2]))
    assert max(len(line) for line in done.out.splitlines()) <= 80
    assert house.started_nothing()


@pytest.mark.parametrize(
    "family", ["budget", "credits", "daemon", "plan", "rules", "schedule", "service", "teams"]
)
def test_a_family_of_commands_typed_alone_shows_what_it_has(house, family):
    done = house.run("tmux-orch", family)
    assert (done.code, done.err) == (0, "")
    assert done.out == house.run("tmux-orch", family, "--help").out
    assert house.started_nothing()


@pytest.mark.parametrize("command", ["auto-orchestrate", "tmux-orch"])
def test_help_imports_nothing_but_click_and_a_handful_of_ours(house, command):
    code = (
        "import sys, click\nbefore = set(sys.modules)\nimport atexit\n"
        "atexit.register(lambda: print('NEW', *sorted(set(sys.modules) - before)))\n"
        + ENTRIES[command]
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], env=house.environ, capture_output=True, timeout=20
    )
    new = done.stdout.decode().rpartition("NEW ")[2].split()
    theirs = [name for name in new if not name.startswith("tmux_orch")]
    assert set(theirs) <= {"_locale", "locale", "textwrap", "click._textwrap", "atexit"}
    assert len(new) < 20


def test_status_only_imports_neither_rich_nor_the_heavy_libraries(served):
    served.answers["status"] = STATUS
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('NEW', *sorted(sys.modules)))\n"
        "sys.argv[1:] = ['--resume', '--status-only']\n" + ENTRIES["auto-orchestrate"]
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=served.environ, capture_output=True, timeout=20
    )
    loaded = set(done.stdout.decode().rpartition("NEW ")[2].split())
    heavy = {"rich", "textual", "sqlalchemy", "pydantic", "libtmux", "git", "yaml", "jinja2",
             "socket", "subprocess",
             "tmux_orch.config.registry", "tmux_orch.rpc.start"}  # fmt: skip
    assert not heavy & loaded


def test_textual_is_imported_by_no_command_but_a_running_top(house):
    code = (
        "import sys, click\nfrom tmux_orch.cli.group import PLACES, tmux_orch\n"
        "[tmux_orch.get_command(click.Context(tmux_orch), name) for name in PLACES]\n"
        "print('NEW', *sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=house.environ, capture_output=True, timeout=20
    )
    loaded = set(done.stdout.decode().rpartition("NEW ")[2].split())
    assert {"tmux_orch.cli.top", "tmux_orch.cli.status_view"} <= loaded
    assert not {"textual", "rich"} & loaded
    assert not [name for name in loaded if name.startswith("tmux_orch.tui")]


def test_scm_on_its_good_path_imports_four_modules_of_ours_and_none_of_others(served):
    served.answers["scm"] = {}
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom tmux_orch.rpc.scm import main\n"
        "sys.argv = ['scm', '--no-wait', 'dev', 'x']\nmain()\n"
        "print('NEW', *sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=served.environ, capture_output=True, timeout=20
    )
    assert set(done.stdout.decode().rpartition("NEW ")[2].split()) == {
        "_socket", "tmux_orch", "tmux_orch.rpc", "tmux_orch.rpc.connection", "tmux_orch.rpc.place",
        "tmux_orch.rpc.scm", "tmux_orch.rpc.wire",
    }  # fmt: skip


# -- completion -------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_name_all_three_commands_and_are_valid(house, shell):
    done = house.run("tmux-orch", "completion", shell)
    assert (done.code, done.err) == (0, "")
    for command in ("auto-orchestrate", "scm", "tmux-orch"):
        assert command in done.out
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.out.encode(), check=True, timeout=10)


def complete(house, command: str, *words: str) -> list[str]:
    variable = f"_{command.replace('-', '_').upper()}_COMPLETE"
    said = {variable: "bash_complete", "COMP_WORDS": " ".join([command, *words]),
            "COMP_CWORD": str(len(words))}  # fmt: skip
    done = house.run(command, env=said)
    return [line.partition(",")[2] for line in done.out.splitlines() if line]


def test_completion_knows_commands_and_options_of_all_three(house):
    assert "status" in complete(house, "tmux-orch", "st")
    assert "--resume" in complete(house, "auto-orchestrate", "--res")
    assert "--priority" in complete(house, "scm", "--pr")
    assert complete(house, "scm", "--priority", "h") == ["high"]
    assert house.started_nothing()


def test_completion_knows_agents_and_never_starts_a_daemon(house):
    assert complete(house, "tmux-orch", "stop", "dev") == []
    assert house.started_nothing()


def test_completion_asks_the_daemon_that_runs(served):
    served.answers["status"] = STATUS
    assert complete(served, "tmux-orch", "stop", "dev") == ["developer"]


def test_real_bash_completes_with_the_script(house, tmp_path):
    for command in ("auto-orchestrate", "tmux-orch", "scm"):
        program = tmp_path / command
        program.write_text(f"#!{sys.executable}\n{ENTRIES[command]}\n")
        program.chmod(0o755)
    script = house.run("tmux-orch", "completion", "bash").out
    ask = script + (
        "\nCOMP_WORDS=(tmux-orch da); COMP_CWORD=1; _tmux_orch_completion tmux-orch;"
        ' echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", ask], capture_output=True, timeout=20, text=True,
        env=house.environ | {"PATH": f"{tmp_path}:{house.environ['PATH']}"},
    )  # fmt: skip
    assert done.stdout.split() == ["daemon"], done.stderr


def test_versions(house):
    for command in ("auto-orchestrate", "tmux-orch", "scm"):
        assert house.run(command, "--version").out.split()[0] == command
    assert (ROOT / "pyproject.toml").exists()
