"""The scripts that users of earlier orchestrators know: they find the command and pass it on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
NAMES = ("check_agent_health.sh", "install_monitor.sh", "credit_monitor.py", "claude_control.py")


def run(
    name: str, *words: str, home: Path, path: str = "/usr/bin:/bin", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A script with hardly more environment than cron gives."""
    return subprocess.run(
        [str(SCRIPTS / name), *words], env={"PATH": path, "HOME": str(home)}, cwd=cwd or home,
        capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """With a tmux-orch where scripts/install puts it, that says what it was asked."""
    command = tmp_path / ".local/bin/tmux-orch"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\necho "tmux-orch $*"\ncase "$1" in credits) exit 6;; esac\n')
    command.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "out", "code"),
    [
        ("check_agent_health.sh", "tmux-orch status --all\n\ntmux-orch credits status\n", 6),
        ("install_monitor.sh", "tmux-orch service install\n", 0),
        ("install_monitor.sh --on-boot resume", "tmux-orch service install --on-boot resume\n", 0),
        ("credit_monitor.py --once", "tmux-orch credits check\n", 6),
        ("credit_monitor.py --once --interval 9", "tmux-orch credits check\n", 6),
        ("claude_control.py", "tmux-orch status --all\n", 0),
        ("claude_control.py status", "tmux-orch status --all\n", 0),
        ("claude_control.py status detailed",
         "tmux-orch status --all\n\ntmux-orch credits status\n", 6),
    ],
)  # fmt: skip
def test_each_runs_its_command_and_ends_with_its_code(
    words: str, out: str, code: int, home: Path
) -> None:
    name, *more = words.split()
    done = run(name, *more, home=home)
    assert (done.stdout, done.stderr, done.returncode) == (out, "", code)


@pytest.mark.parametrize(
    "words",
    [
        "check_agent_health.sh shop", "check_agent_health.sh --once", "claude_control.py list",
        "claude_control.py status all", "claude_control.py status detailed now",
        "credit_monitor.py now", "credit_monitor.py --interval 0", "credit_monitor.py --interval x",
        "credit_monitor.py --interval", "credit_monitor.py --on", "credit_monitor.py --one",
    ],
)  # fmt: skip
def test_what_none_of_them_knows_is_refused(words: str, home: Path) -> None:
    name, *more = words.split()
    done = run(name, *more, home=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage" in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_command_that_is_not_installed_is_said_so(name: str, tmp_path: Path) -> None:
    done = run(name, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "tmux-orch is not installed; run ./scripts/install\n"


@pytest.mark.parametrize("name", NAMES)
def test_they_run_from_anywhere_and_the_path_comes_first(
    name: str, home: Path, tmp_path: Path
) -> None:
    first = tmp_path / "a directory with blanks"
    first.mkdir()
    (first / "tmux-orch").write_text('#!/bin/sh\necho "first $*"\nexit 2\n')
    (first / "tmux-orch").chmod(0o755)
    done = run(name, home=home, path=f"{first}:/usr/bin:/bin", cwd=Path("/"))
    assert done.stdout.startswith("first ")
    assert done.returncode == 2
    assert os.access(SCRIPTS / name, os.X_OK)
