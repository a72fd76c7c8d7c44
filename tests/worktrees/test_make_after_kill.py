"""`git worktree add` killed in the middle: repaired when the journal calls it ours, else kept."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import git, make_repository
from tests.worktrees.conftest import BRANCH, REF, Bench
from tests.worktrees.snapshot import snapshot
from tmux_orch.domain.errors import BadInput
from tmux_orch.worktrees.make import make
from tmux_orch.worktrees.repository import inspect


@pytest.fixture(scope="module")
def files(pytestconfig: pytest.Config) -> int:
    """Enough for a checkout that is met half-way."""
    return 6000 if pytestconfig.getoption("--full") else 1500


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, files: int) -> Path:
    return make_repository(tmp_path_factory.mktemp("large") / "sample", files=files)


@pytest.fixture
def big(large: Path, tmp_path: Path) -> Bench:
    git(tmp_path, "clone", "-q", "--shared", str(large), str(tmp_path / "sample"))
    root = tmp_path / "sample"
    return Bench(root, inspect(root), tmp_path / "ours" / "developer")


Add = Callable[[Bench], "subprocess.Popen[bytes]"]


@pytest.fixture
def add() -> Iterator[Add]:
    """Start the `git worktree add` that `make` runs, in a process group that ends with the test."""
    started = []

    def start(bench: Bench) -> subprocess.Popen[bytes]:
        bench.path.parent.mkdir(exist_ok=True)
        process = subprocess.Popen(
            ["git", "-C", bench.root, "worktree", "add", "--no-track", "-b", BRANCH, bench.path,
             bench.repo.head], process_group=0, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nothing of it is left
        process.wait()


def until(condition: Callable[[], bool], what: str, deadline_s: float = 20) -> None:
    """Look again and again, without a pause: the moments waited for last a millisecond."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, what


def entry_of(bench: Bench) -> Path:
    return bench.root / ".git/worktrees/developer"


MOMENTS: dict[str, Callable[[Bench], bool]] = {
    "branch": lambda b: (b.root / ".git" / REF).exists(),
    "entry": lambda b: entry_of(b).exists(),
    "marker": lambda b: (entry_of(b) / "locked").exists(),
    "pointer": lambda b: (b.path / ".git").exists(),
    "head": lambda b: (entry_of(b) / "HEAD").exists(),
    "index lock": lambda b: (entry_of(b) / "index.lock").exists(),
    "first files": lambda b: there(b) > 10,
    "a third": lambda b: there(b) > 500,
    "two thirds": lambda b: there(b) > 1000,
    "nearly all": lambda b: there(b) > 1450,
}


def there(bench: Bench) -> int:
    return len(os.listdir(bench.path)) if bench.path.exists() else 0


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_this_moment_it_is_repaired(
    moment: str, big: Bench, files: int, add: Add
) -> None:
    before = snapshot(big.root)
    process = add(big)
    until(lambda: MOMENTS[moment](big) or process.poll() is not None, moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
    assert big.make().state in ("repaired", "kept")
    assert git(big.path, "status", "--porcelain") == ""
    assert len(list(big.path.iterdir())) == files + 1
    assert git(big.path, "symbolic-ref", "HEAD") == REF
    assert big.worktrees() == [str(big.path)]
    assert big.admins() == ["developer"]
    assert not (entry_of(big) / "locked").exists()
    assert big.make().state == "kept"
    assert snapshot(big.root) == before


def test_an_entry_killed_before_it_had_a_name_is_cleared(bench: Bench) -> None:
    """No command of git shows or removes it."""
    git(bench.root, "branch", BRANCH)
    admin = entry_of(bench)
    admin.mkdir(parents=True)
    (admin / "locked").write_text("initializing")
    assert bench.make().state == "repaired"
    assert bench.admins() == ["developer"]


@pytest.mark.parametrize("branched", [False, True])
@pytest.mark.parametrize("agent", ["developer", "tester"])
def test_an_entry_killed_at_its_worst_moment_stops_no_agent(
    bench: Bench, agent: str, branched: bool
) -> None:
    """Its empty `commondir` makes every git fail that reads all entries."""
    git(bench.root, "branch", BRANCH)
    if branched and agent == "tester":
        git(bench.root, "branch", "orch/ab12cd/tester")
    admin = entry_of(bench)
    admin.mkdir(parents=True)
    bench.path.mkdir(parents=True)
    (admin / "locked").write_text("initializing")
    (admin / "gitdir").write_text(f"{bench.path}/.git\n")
    (bench.path / ".git").write_text(f"gitdir: {admin}\n")
    (admin / "HEAD").write_text("0" * 40 + "\n")
    (admin / "commondir").touch()
    with pytest.raises(subprocess.CalledProcessError):
        git(bench.root, "worktree", "list")
    made = make(bench.repo, bench.path.with_name(agent), f"orch/ab12cd/{agent}", bench.repo.head,
                ours=True)  # fmt: skip
    assert made.state == ("created" if agent == "tester" and not branched else "repaired")
    assert bench.make().state == ("repaired" if agent == "tester" else "kept")
    assert bench.admins() == sorted({"developer", agent})
    assert git(bench.path, "status", "--porcelain") == ""


def test_another_agents_nameless_entry_is_left(bench: Bench) -> None:
    git(bench.root, "branch", BRANCH)
    admin = bench.root / ".git/worktrees/tester"
    admin.mkdir(parents=True)
    (admin / "locked").write_text("initializing")
    bench.make()
    assert bench.admins() == ["developer", "tester"]


def test_it_is_left_alone_when_the_journal_does_not_call_it_ours(big: Bench, add: Add) -> None:
    process = add(big)
    until(lambda: MOMENTS["a third"](big), "a third")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
    before = snapshot(big.path)
    with pytest.raises(BadInput, match="initializing") as caught:
        big.make(ours=False)
    assert caught.value.next_step
    assert snapshot(big.path) == before


def test_a_file_that_somebody_put_into_the_half_made_one_is_put_aside(big: Bench, add: Add) -> None:
    process = add(big)
    until(lambda: MOMENTS["a third"](big), "a third")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
    (big.path / "notes").write_text("somebody's")
    made = big.make()
    assert made.state == "repaired"
    aside = big.path.with_name("developer.aside-1")
    assert (aside / "notes").read_text() == "somebody's"
    assert str(aside) in made.note


@pytest.fixture
def gate(bench: Bench, tmp_path: Path) -> Iterator[Path]:
    """A checkout in the repository waits in a filter until this pipe is opened for writing."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    (bench.root / ".git/info").mkdir(exist_ok=True)
    (bench.root / ".git/info/attributes").write_text("file-1.txt filter=wait\n")
    git(bench.root, "config", "filter.wait.smudge", f"cat {path} - 2>/dev/null")
    yield path
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # let go what still waits


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when somebody begins to wait for processes."""
    event, real = threading.Event(), psutil.wait_procs

    def wait(*argv: object, **options: object) -> object:
        event.set()
        return real(*argv, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(psutil, "wait_procs", wait)
    return event


def test_a_git_that_outlived_its_daemon_is_waited_for(
    bench: Bench, gate: Path, waiting: threading.Event, add: Add
) -> None:
    """A killed daemon does not take its git along: what it makes is not half-made."""
    process = add(bench)
    until(lambda: (entry_of(bench) / "index.lock").exists(), "the checkout")
    states: list[str] = []
    thread = threading.Thread(target=lambda: states.append(bench.make().state), daemon=True)
    thread.start()
    assert waiting.wait(20)
    assert (entry_of(bench) / "index.lock").exists()
    assert process.poll() is None
    gate.open("w").close()
    process.wait(20)
    thread.join(20)
    assert states == ["kept"]
    assert process.returncode == 0


def test_the_child_of_a_killed_git_is_waited_for(
    bench: Bench, gate: Path, waiting: threading.Event, add: Add
) -> None:
    """`git worktree add` fills the tree with a `git reset` that a kill does not reach."""
    process = add(bench)
    until(lambda: (entry_of(bench) / "index.lock").exists(), "the checkout")
    children = psutil.Process(process.pid).children(recursive=True)
    assert [c for c in children if "reset" in c.cmdline()]
    process.kill()
    process.wait(20)
    states: list[str] = []
    thread = threading.Thread(target=lambda: states.append(bench.make().state), daemon=True)
    thread.start()
    assert waiting.wait(20)
    assert (entry_of(bench) / "index.lock").exists()
    git(bench.root, "config", "--unset", "filter.wait.smudge")
    gate.open("w").close()
    thread.join(20)
    assert states == ["repaired"]
    assert not [c for c in children if c.is_running() and c.status() != psutil.STATUS_ZOMBIE]
    assert bench.admins() == ["developer"]
