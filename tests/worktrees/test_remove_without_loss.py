"""Removal loses nothing: every dirty kind × {remove, forced remove}, by the hashes of contents."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import git, make_repository
from tests.worktrees.conftest import BRANCH, REF, Bench
from tests.worktrees.snapshot import contents, snapshot
from tests.worktrees.zoo import fails
from tmux_orch import external
from tmux_orch.domain.errors import BadInput, CouldNotTell, OrchError
from tmux_orch.worktrees import archive, salvage
from tmux_orch.worktrees import remove as module
from tmux_orch.worktrees.remove import Removed, StillNeeded, obstacles, remove
from tmux_orch.worktrees.remove import salvage as keep

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def take(bench: Bench, *, force: bool = False, ours: bool = True) -> Removed:
    return remove(
        bench.repo, bench.path, BRANCH, label="developer",
        archive_dir=bench.path.parent.parent / "archives", at=AT, ours=ours, force=force,
    )  # fmt: skip


def archives(bench: Bench) -> list[Path]:
    place = bench.path.parent.parent / "archives"
    return sorted(place.iterdir()) if place.exists() else []


# --- what exists, as hashes ---------------------------------------------------------------------


def precious(bench: Bench) -> set[str]:
    """Hashes of every file in the worktree, every blob in its index, and every commit it knows."""
    found = {d for n, d in contents(bench.path).items() if n != ".git" and ".git/" not in n}
    for line in git(bench.path, "ls-files", "--stage").splitlines():
        mode, oid, _ = line.split("\t")[0].split()
        if mode != "160000":
            found.add(hashlib.sha256(blob(bench.path, oid)).hexdigest())
    found |= commits(bench.path)
    for place in (bench.root / ".git/worktrees/developer/modules").glob("*"):
        found |= commits(place)
    return found


def commits(place: Path) -> set[str]:
    return set(git(place, "rev-list", "--all", "--reflog", "HEAD").split())


def blob(place: Path, oid: str) -> bytes:
    done = subprocess.run(["git", "-C", place, "cat-file", "blob", oid], capture_output=True,
                          check=True, timeout=60)  # fmt: skip
    return done.stdout


def exists_now(bench: Bench, at: Path) -> set[str]:
    """Hashes of all that is in the worktree, in an archive, or reachable from a ref."""
    found: set[str] = set()
    if bench.path.exists():
        found |= precious(bench)
    for number, path in enumerate(archives(bench)):
        place = at / f"unpacked-{number}"
        with tarfile.open(path) as tar:
            tar.extractall(place, filter="fully_trusted")
        found |= set(contents(place).values())
        for store in (place / "entry/modules").glob("*"):
            subprocess.run(["git", "config", "-f", store / "config", "--unset", "core.worktree"])
            found |= commits(store)
    lines = git(bench.root, "rev-list", "--objects", "--all").splitlines()
    for line in lines:
        oid = line.split()[0]
        kind = git(bench.root, "cat-file", "-t", oid)
        if kind == "blob":
            found.add(hashlib.sha256(blob(bench.root, oid)).hexdigest())
        elif kind == "commit":
            found.add(oid)
    return found


# --- the kinds ----------------------------------------------------------------------------------

Kind = Callable[[Bench], object]
KINDS: dict[str, tuple[Kind, str]] = {}


def kind(words: str) -> Callable[[Kind], Kind]:
    def register(builder: Kind) -> Kind:
        KINDS[builder.__name__] = (builder, words)
        return builder

    return register


def commit(bench: Bench, name: str, text: str) -> str:
    (bench.path / name).write_text(text)
    git(bench.path, "add", name)
    git(bench.path, "commit", "-q", "-m", f"Work on {name}")
    return git(bench.path, "rev-parse", "HEAD")


@kind("1 file changed and not committed: file-0.txt")
def a_changed_file(bench: Bench) -> None:
    (bench.path / "file-0.txt").write_text("changed")


@kind("1 file changed and not committed: file-0.txt")
def a_deleted_file(bench: Bench) -> None:
    (bench.path / "file-0.txt").unlink()


@kind("1 file changed and not committed: new")
def a_staged_file(bench: Bench) -> None:
    (bench.path / "new").write_text("staged")
    git(bench.path, "add", "new")


@kind("1 file changed")
def a_staged_file_that_changed_again(bench: Bench) -> None:
    a_staged_file(bench)
    (bench.path / "new").write_text("and changed again")


@kind("1 file changed")
def a_staged_file_that_was_deleted(bench: Bench) -> None:
    a_staged_file(bench)
    (bench.path / "new").unlink()


@kind("3 files not in git")
def untracked_files(bench: Bench) -> None:
    (bench.path / "new").write_text("untracked")
    (bench.path / "deep").mkdir()
    (bench.path / "deep/new\nline").write_text("hostile")
    (bench.path / os.fsdecode(b"deep/\xff")).write_text("bytes")


@kind("1 file not in git: link")
def an_untracked_link(bench: Bench) -> None:
    (bench.path / "link").symlink_to("/etc/passwd")


@kind("ignored by git and nowhere else: .env")
def ignored_files(bench: Bench) -> None:
    (bench.root / ".git/info/exclude").write_text(".env\nbuild/\n")
    (bench.path / ".env").write_text("SECRET=1")
    (bench.path / "build/deep").mkdir(parents=True)
    (bench.path / "build/deep/data").write_text("took an hour")


@kind("ignored by git and nowhere else: .env")
def an_included_file_that_was_changed(bench: Bench) -> None:
    (bench.root / ".git/info/exclude").write_text(".env\n")
    (bench.root / ".env").write_text("A=1")
    (bench.path / ".env").write_text("A=2")


@kind("2 commits on orch/ab12cd/developer that no other branch has")
def commits_that_are_nowhere_else(bench: Bench) -> None:
    commit(bench, "one", "1")
    commit(bench, "two", "2")


@kind("a stash was made on its branch")
def a_stash(bench: Bench) -> None:
    (bench.path / "file-0.txt").write_text("stashed")
    git(bench.path, "stash", "-q")


@kind("1 commit on a detached HEAD that no other branch has")
def a_detached_head_with_a_commit(bench: Bench) -> None:
    git(bench.path, "checkout", "-q", "--detach")
    commit(bench, "detached", "work")


@kind("commits on a detached HEAD|a rebase is in progress")
def a_rebase_in_progress(bench: Bench) -> None:
    divided(bench)
    fails(bench.path, "rebase", "-q", "theirs")


@kind("a merge is in progress")
def a_merge_in_progress(bench: Bench) -> None:
    divided(bench)
    fails(bench.path, "merge", "-q", "theirs")
    (bench.path / "file-0.txt").write_text("half resolved")


@kind("a cherry-pick is in progress")
def a_cherry_pick_in_progress(bench: Bench) -> None:
    divided(bench)
    fails(bench.path, "cherry-pick", "theirs")


@kind("a rebase is in progress")
def a_rebase_with_autostash(bench: Bench) -> None:
    divided(bench)
    (bench.path / "file-1.txt").write_text("put away by the rebase")
    fails(bench.path, "-c", "rebase.autoStash=true", "rebase", "-q", "theirs")


def divided(bench: Bench) -> None:
    git(bench.path, "switch", "-q", "-c", "theirs")
    commit(bench, "file-0.txt", "theirs")
    git(bench.path, "switch", "-q", BRANCH)
    commit(bench, "file-0.txt", "ours")


@kind("it is locked: on a stick")
def a_lock(bench: Bench) -> None:
    git(bench.root, "worktree", "lock", "--reason", "on a stick", str(bench.path))


@kind("1 file changed though git was told not to look: file-0.txt")
def a_change_that_git_was_told_not_to_see(bench: Bench) -> None:
    git(bench.path, "update-index", "--assume-unchanged", "file-0.txt", "file-1.txt")
    (bench.path / "file-0.txt").write_text("hidden")


@kind("1 file changed though git was told not to look: file-0.txt")
def a_change_in_a_skipped_file(bench: Bench) -> None:
    git(bench.path, "update-index", "--skip-worktree", "file-0.txt")
    (bench.path / "file-0.txt").write_text("hidden")


@kind("another repository in it holds work: clone")
def a_clone_in_it(bench: Bench) -> None:
    place = make_repository(bench.path / "clone")
    (place / "more").write_text("more")


@kind("another repository in it holds work: build/clone")
def an_ignored_clone_in_it(bench: Bench) -> None:
    (bench.root / ".git/info/exclude").write_text("build/\n")
    make_repository(bench.path / "build/clone")


@kind("another repository in it holds work: inner")
def another_worktree_in_it(bench: Bench) -> None:
    git(bench.path, "worktree", "add", "-q", "-b", "inner", str(bench.path / "inner"))
    (bench.path / "inner/new").write_text("in the inner one")


def with_submodule(bench: Bench) -> Path:
    library = make_repository(bench.root.parent / "library")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(bench.path, *add, str(library), "lib")
    git(bench.path, "commit", "-q", "-m", "Add a submodule")
    git(bench.root, "merge", "-q", "--ff-only", BRANCH)
    return bench.path / "lib"


@kind("another repository in it holds work: lib")
def a_submodule_with_a_committed_change(bench: Bench) -> None:
    """Even when it is committed on both levels: its repository lies inside the entry."""
    lib = with_submodule(bench)
    (lib / "file-0.txt").write_text("work")
    git(lib, "commit", "-q", "-am", "Work in the submodule")
    git(bench.path, "commit", "-q", "-am", "Take it")
    git(bench.root, "merge", "-q", "--ff-only", BRANCH)


@kind("1 file changed and not committed: lib")
def a_submodule_with_a_changed_file(bench: Bench) -> None:
    (with_submodule(bench) / "file-0.txt").write_text("work")


@kind("another repository in it holds work: lib")
def a_submodule_with_an_ignored_file(bench: Bench) -> None:
    lib = with_submodule(bench)
    (bench.root / ".git/worktrees/developer/modules/lib/info").mkdir(exist_ok=True)
    (bench.root / ".git/worktrees/developer/modules/lib/info/exclude").write_text("data\n")
    (lib / "data").write_text("ignored in the submodule")


@kind("another repository in it holds work: lib")
def a_submodule_whose_files_were_taken_away(bench: Bench) -> None:
    lib = with_submodule(bench)
    git(lib, "commit", "-q", "--allow-empty", "-m", "Work in the submodule")
    git(bench.path, "submodule", "--quiet", "deinit", "-f", "lib")


def test_there_are_twelve_kinds_and_more() -> None:
    assert len(KINDS) >= 12


@pytest.mark.parametrize("name", KINDS)
def test_it_is_kept_and_the_reason_said(name: str, bench: Bench, tmp_path: Path) -> None:
    builder, words = KINDS[name]
    bench.make()
    builder(bench)
    before, persons = snapshot(bench.path, bench.root / ".git/worktrees"), snapshot(bench.root)
    refs = bench.refs()
    with pytest.raises(StillNeeded, match=words) as caught:
        take(bench)
    assert caught.value.line().isprintable()
    assert caught.value.obstacles == obstacles(bench.repo, bench.path, BRANCH, ours=True)
    assert snapshot(bench.path, bench.root / ".git/worktrees") == before
    assert snapshot(bench.root) == persons
    assert bench.refs() == refs
    assert archives(bench) == []


@pytest.mark.parametrize("name", KINDS)
def test_forced_it_goes_and_no_byte_is_lost(name: str, bench: Bench, tmp_path: Path) -> None:
    builder, _ = KINDS[name]
    bench.make()
    builder(bench)
    treasure, persons = precious(bench), snapshot(bench.root)
    others = bench.refs() - {REF}
    removed = take(bench, force=True)
    assert removed.worktree
    assert removed.branch
    assert not bench.path.exists()
    assert "developer" not in bench.admins()
    assert os.listdir(bench.path.parent) == []
    assert removed.rescue is not None
    assert removed.rescue.archive in archives(bench)
    assert bench.refs() == others | {removed.rescue.ref}
    assert treasure <= exists_now(bench, tmp_path)
    assert snapshot(bench.root) == persons
    git(bench.root, "fsck")


def test_the_checker_sees_a_loss(bench: Bench, tmp_path: Path) -> None:
    """The positive control: what is really deleted is missed."""
    bench.make()
    (bench.path / "new").write_text("untracked")
    treasure = precious(bench)
    git(bench.root, "worktree", "remove", "--force", str(bench.path))
    assert not treasure <= exists_now(bench, tmp_path)


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


def nothing_here(bench: Bench) -> None:
    assert not bench.path.exists()
    assert bench.admins() == []
    assert REF not in bench.refs()


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


# --- the archive --------------------------------------------------------------------------------


def test_modes_links_and_special_files_are_in_the_archive(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    (bench.path / "tool").write_text("run")
    (bench.path / "tool").chmod(0o750)
    (bench.path / "link").symlink_to("tool")
    os.link(bench.path / "tool", bench.path / "same")
    os.mkfifo(bench.path / "pipe")
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(bench.path)  # the path of a socket ends at 107 bytes
    try:
        server.bind("socket")
    finally:
        os.chdir(here)
        server.close()
    rescue = take(bench, force=True).rescue
    assert rescue is not None
    assert rescue.archive is not None
    assert rescue.archive.stat().st_mode & 0o777 == 0o600
    assert rescue.archive.parent.stat().st_mode & 0o777 == 0o700
    with tarfile.open(rescue.archive) as tar:
        assert tar.getmember("files/tool").mode == 0o750
        assert tar.getmember("files/link").linkname == "tool"
        same = tar.extractfile("files/same")
        assert same is not None
        assert same.read() == b"run"


def test_the_rescue_ref_brings_the_index_back(bench: Bench) -> None:
    bench.make()
    a_merge_in_progress(bench)
    (bench.path / "staged").write_text("staged")
    git(bench.path, "add", "staged")
    rescue = take(bench, force=True).rescue
    assert rescue is not None
    assert rescue.ref.startswith("refs/orch/rescue/20260304T050607Z-")
    assert rescue.ref.endswith("-developer")
    assert git(bench.root, "show", f"{rescue.ref}:staged") == "staged"
    assert git(bench.root, "show", f"{rescue.ref}:file-0.txt~stage2") == "ours"
    assert git(bench.root, "show", f"{rescue.ref}:file-0.txt~stage3") == "theirs"


def test_salvage_alone_changes_nothing_in_the_worktree(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    a_staged_file_that_changed_again(bench)
    before = snapshot(bench.path, bench.root / ".git/worktrees")
    rescue = keep(bench.repo, bench.path, BRANCH, label="developer",
                  archive_dir=tmp_path / "archives", at=AT)  # fmt: skip
    assert rescue.archive is not None
    assert snapshot(bench.path, bench.root / ".git/worktrees") == before
    with pytest.raises(BadInput, match="is not a worktree"):
        keep(bench.repo, tmp_path, BRANCH, label="developer", archive_dir=tmp_path, at=AT)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_cannot_be_kept_is_put_back(
    bench: Bench, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make()
    (bench.path / "new").write_text("untracked")
    before = snapshot(bench.path, bench.root / ".git/worktrees")

    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(archive, "write", fail)
    with pytest.raises((OrchError, KeyboardInterrupt)):
        take(bench, force=True)
    assert snapshot(bench.path, bench.root / ".git/worktrees") == before
    assert REF in bench.refs()


def test_an_archive_that_does_not_read_back_deletes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make()
    (bench.path / "new").write_text("untracked")
    real = archive._pack

    def damaged(file: object, sources: object) -> dict[str, bytes]:
        digests = real(file, sources)  # type: ignore[arg-type]
        return {**digests, "files/new": b"another"}

    monkeypatch.setattr(archive, "_pack", damaged)
    with pytest.raises(OrchError, match="does not hold files/new as it was"):
        take(bench, force=True)
    assert (bench.path / "new").read_text() == "untracked"
    assert archives(bench) == []


def test_what_changes_while_the_proof_is_made_is_seen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes by path between the first look and the rename."""
    bench.make()
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self == bench.path:
            (self / "late").write_text("at the last moment")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(StillNeeded, match="1 file not in git: late"):
        take(bench)
    monkeypatch.undo()
    assert (bench.path / "late").read_text() == "at the last moment"
    assert bench.make().state == "kept"


# External calls of a forced removal: the next test fails when there are more.
CALLS = 20


def test_a_forced_removal_makes_no_more_calls_than_are_killed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make()
    commit(bench, "one", "1")
    (bench.path / "new").write_text("untracked")
    calls, real = [], external.run

    def run(argv: list[str], **options: object) -> external.Completed:
        calls.append(argv)
        return real(argv, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(external, "run", run)
    take(bench, force=True)
    assert len(calls) == CALLS


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_killed_at_any_call_nothing_is_lost_and_the_next_call_ends_it(
    bench: Bench, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The N-th external call fails without any clean-up, as if the daemon had been killed there."""
    bench.make()
    commit(bench, "one", "1")
    (bench.path / "new").write_text("untracked")
    treasure = precious(bench)
    pid = os.fork()
    if pid == 0:
        real, count = external.run, 0

        def run(*argv: object, **options: object) -> external.Completed:
            nonlocal count
            count += 1
            if count == number:
                os._exit(9)
            return real(*argv, **options)  # type: ignore[arg-type]

        external.run = run  # type: ignore[assignment]
        try:
            take(bench, force=True)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    interrupted = bench.path.with_name("developer.removing").exists()
    if number % 2 or interrupted:
        made = bench.make() if number % 2 else None
        assert made is None or made.state in ("kept", "repaired", "created")
    with nullcontext():
        take(bench, force=True)
    assert treasure <= exists_now(bench, tmp_path)
    nothing_here(bench)
    assert os.listdir(bench.path.parent) == []


def test_a_directory_that_cannot_be_read_is_no_empty_directory(
    short_path: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    short_path.chmod(0o777)

    def body() -> None:
        os.environ["HOME"] = str(short_path)
        (short_path / ".gitconfig").write_text("[user]\n name = a\n email = a@b.invalid\n")
        from tmux_orch.worktrees.repository import inspect

        root = make_repository(short_path / "sample")
        bench = Bench(root, inspect(root), short_path / "ours/developer")
        bench.make()
        (bench.path / "closed").mkdir()
        (bench.path / "closed/work").write_text("work")
        (bench.path / "closed").chmod(0)
        try:
            for force in (False, True):
                with pytest.raises(CouldNotTell, match="closed cannot be read"):
                    take(bench, force=force)
        finally:
            (bench.path / "closed").chmod(0o755)
        assert (bench.path / "closed/work").read_text() == "work"

    as_ordinary_user(body)


def test_read_only_directories_can_be_removed(
    short_path: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    short_path.chmod(0o777)

    def body() -> None:
        os.environ["HOME"] = str(short_path)
        (short_path / ".gitconfig").write_text("[user]\n name = a\n email = a@b.invalid\n")
        from tmux_orch.worktrees.repository import inspect

        root = make_repository(short_path / "sample")
        bench = Bench(root, inspect(root), short_path / "ours/developer")
        bench.make()
        (bench.path / "cache/deep").mkdir(parents=True)
        (bench.path / "cache/deep/data").write_text("x")
        (bench.path / "cache/deep").chmod(0o555)
        (bench.path / "cache").chmod(0o555)
        assert take(bench, force=True).worktree
        assert not bench.path.exists()

    as_ordinary_user(body)


def test_a_label_that_is_no_name_never_becomes_a_path(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    with pytest.raises(ValueError, match="not a name"):
        keep(bench.repo, bench.path, BRANCH, label="../x", archive_dir=tmp_path, at=AT)
    assert salvage.RESCUE == "refs/orch/rescue"
