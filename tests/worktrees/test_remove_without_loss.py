"""What may be removed, what stands against it, and whose work proves nothing."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import git, make_repository
from tests.worktrees.conftest import BRANCH, REF, Bench
from tests.worktrees.losses import AT, exists_now, nothing_here, precious, take
from tests.worktrees.snapshot import snapshot
from tests.worktrees.unsaved import a_staged_file, commit
from tmux_orch.worktrees import remove as module
from tmux_orch.worktrees.remove import Removed, StillNeeded, obstacles, remove

# --- a process in it ----------------------------------------------------------------------------


@contextmanager
def a_process_in(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["cat"], cwd=path, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.communicate()


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("below", [".", "deep/er"])
def test_a_process_in_it_stands_against_any_removal(bench: Bench, force: bool, below: str) -> None:
    """What it writes after the archive was made could not be kept."""
    bench.make()
    (bench.path / below).mkdir(parents=True, exist_ok=True)
    with a_process_in(bench.path / below) as process:
        before = snapshot(bench.path)
        with pytest.raises(StillNeeded, match=rf"cat \({process.pid}\)"):
            take(bench, force=force)
        assert snapshot(bench.path) == before
    assert take(bench, force=force).worktree


def test_a_process_beside_it_does_not_matter(bench: Bench) -> None:
    bench.make()
    beside = bench.path.with_name("developer-2")
    beside.mkdir()
    with a_process_in(beside):
        assert take(bench).worktree


# --- what may go --------------------------------------------------------------------------------


def test_a_clean_one_goes_and_a_second_call_finds_nothing(bench: Bench) -> None:
    bench.make()
    persons = snapshot(bench.root)
    assert take(bench) == Removed(True, True, None)
    nothing_here(bench)
    assert take(bench) == Removed(False, False, None)
    assert snapshot(bench.root) == persons


def test_the_persons_own_stale_entries_stay(bench: Bench, tmp_path: Path) -> None:
    """Its disk may only be unplugged."""
    git(bench.root, "worktree", "add", "-q", "-b", "mine", str(tmp_path / "stick"))
    (tmp_path / "stick").rename(tmp_path / "unplugged")
    bench.make()
    assert take(bench).worktree
    assert bench.admins() == ["stick"]


def test_task_branches_stay_with_their_commits(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    git(bench.path, "switch", "-q", "-c", "feature/x")
    commit(bench, "new", "work")
    treasure = precious(bench)
    assert take(bench).rescue is None
    assert treasure <= exists_now(bench, tmp_path)
    assert "refs/heads/feature/x" in bench.refs()


def test_merged_work_may_go(bench: Bench) -> None:
    bench.make()
    commit(bench, "new", "work")
    git(bench.root, "merge", "-q", "--ff-only", BRANCH)
    assert take(bench) == Removed(True, True, None)


def test_pushed_work_may_go(bench: Bench, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", str(tmp_path / "remote"))
    git(bench.root, "remote", "add", "origin", str(tmp_path / "remote"))
    bench.make()
    commit(bench, "new", "work")
    assert obstacles(bench.repo, bench.path, BRANCH, ours=True)
    git(bench.path, "push", "-q", "origin", "HEAD")
    assert take(bench).branch


def test_a_commit_that_only_the_reflog_has_is_rescued(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    git(bench.path, "checkout", "-q", "--detach")
    lost = commit(bench, "detached", "work")
    git(bench.path, "switch", "-q", BRANCH)
    treasure = precious(bench)
    rescue = take(bench).rescue
    assert rescue is not None
    assert lost in git(bench.root, "rev-list", rescue.ref).split()
    assert treasure <= exists_now(bench, tmp_path)


def test_two_agents_cannot_prove_each_others_work(bench: Bench) -> None:
    """Each one's commits are on the other's branch only: the second of both is kept."""
    bench.make()
    commit(bench, "new", "work")
    git(bench.root, "branch", "orch/ab12cd/tester", BRANCH)
    assert take(bench).branch
    bench.path = bench.path.with_name("tester")
    with pytest.raises(StillNeeded, match="1 commit on orch/ab12cd/tester"):
        remove(bench.repo, bench.path, "orch/ab12cd/tester", label="tester",
               archive_dir=bench.path, at=AT, ours=True)  # fmt: skip


def test_two_removed_at_once_cannot_prove_each_others_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make()
    tip = commit(bench, "new", "work")
    other = bench.path.with_name("tester")
    git(bench.root, "worktree", "add", "-q", "-b", "orch/ab12cd/tester", str(other), BRANCH)
    gate, real = threading.Barrier(2), module._delete_branch

    def delete(*words: str) -> bool:
        try:
            gate.wait(1)  # both proofs are made, if both can be made at once
        except threading.BrokenBarrierError:
            pass  # the other waits for this one to end, as it should
        return real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_delete_branch", delete)
    threads = [
        threading.Thread(target=lambda p=place, b=branch: suppressed(bench, p, b))
        for place, branch in ((bench.path, BRANCH), (other, "orch/ab12cd/tester"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert tip in git(bench.root, "rev-list", "--all").split()


def suppressed(bench: Bench, place: Path, branch: str) -> None:
    try:
        remove(bench.repo, place, branch, label="developer", archive_dir=bench.path, at=AT,
               ours=True)  # fmt: skip
    except StillNeeded:
        pass  # one of the two is kept


def test_a_branch_without_its_worktree_needs_proof_too(bench: Bench) -> None:
    bench.make()
    tip = commit(bench, "new", "work")
    git(bench.root, "worktree", "remove", str(bench.path))
    with pytest.raises(StillNeeded, match="1 commit on"):
        take(bench)
    rescue = take(bench, force=True).rescue
    assert rescue is not None
    assert git(bench.root, "rev-parse", rescue.ref) == tip
    nothing_here(bench)


def test_ours_compiled_and_unchanged_copies_do_not_stand_against_it(bench: Bench) -> None:
    (bench.root / ".git/info/exclude").write_text("__pycache__/\n.env\n")
    (bench.root / ".env").write_text("A=1")
    bench.make()
    (bench.path / ".env").write_text("A=1")
    (bench.path / "__pycache__").mkdir()
    (bench.path / "__pycache__/a.cpython-311.pyc").write_bytes(b"compiled")
    (bench.path / ".orch/mailbox").mkdir(parents=True)
    (bench.path / ".orch/.gitignore").write_text("*\n")
    (bench.path / ".orch/mailbox/1.md").write_text("a letter")
    removed = take(bench)
    assert removed.rescue is not None
    assert removed.rescue.archive is not None
    with tarfile.open(removed.rescue.archive) as tar:
        names = tar.getnames()
    assert "files/.orch/mailbox/1.md" in names
    nothing_here(bench)


@pytest.mark.parametrize("linked", [False, True])
def test_a_home_branch_that_somebody_checked_out_stays(
    bench: Bench, tmp_path: Path, linked: bool
) -> None:
    bench.make()
    git(bench.path, "switch", "-q", "-c", "feature/x")
    if linked:
        git(bench.root, "worktree", "add", "-q", str(tmp_path / "linked"), BRANCH)
    else:
        git(bench.root, "switch", "-q", BRANCH)
    assert take(bench) == Removed(True, False, None)
    assert REF in bench.refs()


def test_a_deleted_directory_needs_no_proof_for_its_files(bench: Bench) -> None:
    bench.make()
    subprocess.run(["rm", "-rf", bench.path], check=True)
    assert take(bench) == Removed(True, True, None)
    nothing_here(bench)


def test_what_was_staged_in_a_deleted_directory_is_kept(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    a_staged_file(bench)
    digest = hashlib.sha256(b"staged").hexdigest()
    subprocess.run(["rm", "-rf", bench.path], check=True)
    with pytest.raises(StillNeeded, match="1 file changed"):
        take(bench)
    take(bench, force=True)
    assert digest in exists_now(bench, tmp_path)
    nothing_here(bench)


def test_a_half_made_one_goes(bench: Bench) -> None:
    bench.make()
    (bench.root / ".git/worktrees/developer/locked").write_text("initializing")
    assert take(bench).branch
    nothing_here(bench)


def test_one_whose_entry_was_pruned_is_kept_then_archived(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    (bench.path / "new").write_text("untracked")
    treasure = precious(bench)
    subprocess.run(["rm", "-rf", bench.root / ".git/worktrees"], check=True)
    with pytest.raises(StillNeeded, match="entry in the repository is lost"):
        take(bench)
    take(bench, force=True)
    assert treasure <= exists_now(bench, tmp_path)
    nothing_here(bench)


def test_nothing_is_removed_that_the_journal_does_not_call_ours(bench: Bench) -> None:
    bench.make()
    for force in (False, True):
        with pytest.raises(StillNeeded, match="the journal does not say"):
            take(bench, force=force, ours=False)
    assert bench.make().state == "kept"


def test_a_bare_repository_can_be_cleaned_up_too(tmp_path: Path) -> None:
    from tmux_orch.worktrees.make import make
    from tmux_orch.worktrees.repository import inspect

    make_repository(tmp_path / "origin")
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path / "origin"), str(tmp_path / "b.git"))
    bench = Bench(tmp_path / "b.git", inspect(tmp_path / "b.git"), tmp_path / "ours/developer")
    make(bench.repo, bench.path, BRANCH, bench.repo.head, ours=True)
    (bench.path / "new").write_text("untracked")
    assert take(bench, force=True).branch
