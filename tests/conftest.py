"""What every test stands on: a world of its own, so that nothing can reach the user's.

Own HOME and git configuration, no model or client variable, no default tmux socket; ordinary-user
tests run as one even when the suite runs as root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

FOREIGN = ("ANTHROPIC_", "CLAUDE", "OPENAI_", "GEMINI_", "GOOGLE_", "AWS_", "CODEX_", "OPENCODE_")
OURS = ("ORCH_", "TMUX_ORCH_", "REHEARSAL_", "GIT_", "TMUX", "XDG_")
KEPT = frozenset({"TMUX_ORCH_TEST_CACHE"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the whole form of shortened tests")


def pytest_configure(config: pytest.Config) -> None:
    # The default run tries the same examples every time, whatever else the machine does: it says
    # whether a change broke something. The whole run goes looking with new ones.
    full = config.getoption("--full")
    settings.register_profile("run", derandomize=not full, deadline=None, print_blob=True)
    settings.load_profile("run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    # The whole form is a command of its own (./scripts/test --full); it is deselected, not skipped,
    # and the shortened form of the same test always runs.
    whole = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=whole)
    items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(scope="session", autouse=True)
def world() -> Iterator[Path]:
    """A home of our own for the whole run; fails the run when the real one was reachable."""
    real_home = Path(os.environ.get("HOME", "/nonexistent"))
    default_socket = Path(f"/tmp/tmux-{os.getuid()}/default")
    before = default_socket.stat().st_mtime_ns if default_socket.exists() else None
    root = Path(tempfile.mkdtemp(prefix="orch-test-"))
    home = root / "home"
    home.mkdir()
    cache = os.environ.get("TMUX_ORCH_TEST_CACHE", str(real_home / ".cache/tmux-orch-test"))
    for name in list(os.environ):
        if name.startswith(FOREIGN + OURS) and name not in KEPT:
            del os.environ[name]
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Test Person\n\temail = person@example.invalid\n"
        "[init]\n\tdefaultBranch = main\n"
    )
    os.environ |= {
        "HOME": str(home),
        "TMUX_ORCH_TEST_CACHE": cache,
        "GIT_CONFIG_NOSYSTEM": "1",
        "TMUX_TMPDIR": str(root),  # a bare `tmux` would land here, not at the user's server
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    yield root
    leaked = sorted(n for n in os.environ if n.startswith(FOREIGN))
    assert not leaked, f"model or client variables appeared in the test run: {leaked}"
    after = default_socket.stat().st_mtime_ns if default_socket.exists() else None
    assert after == before, "a test reached the user's own tmux server"
    assert not (root / f"tmux-{os.getuid()}" / "default").exists(), "tmux was called without -S"
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory with a short path (sockets end at 107 bytes), removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small repository on branch `main` with one commit."""
    return make_repository(tmp_path / "sample")


def make_repository(path: Path, files: int = 3) -> Path:
    """A repository on branch `main` with `files` files in one commit."""
    path.mkdir(parents=True)
    git(path, "init", "-q", "-b", "main")
    for number in range(files):
        (path / f"file-{number}.txt").write_text(f"line {number}\n")
    git(path, "add", ".")
    git(path, "commit", "-q", "-m", "Start")
    return path


def git(path: Path, *words: str) -> str:
    """Run git there and return what it printed."""
    done = subprocess.run(
        ["git", "-C", str(path), *words], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


@pytest.fixture
def as_ordinary_user() -> Callable[[Callable[[], None]], None]:
    """Run a function in a forked child as an ordinary user (`nobody` when the suite runs as root).

    A failed assertion in the child fails the test with its text.
    """

    def run(function: Callable[[], None]) -> None:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(read)
                if os.getuid() == 0:
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                function()
                status = 0
            except BaseException as error:  # carried to the parent, which fails with it
                os.write(write, repr(error).encode()[:60000])
            finally:
                os._exit(status)
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            text = stream.read().decode()
        assert os.waitpid(pid, 0)[1] == 0, text

    return run
