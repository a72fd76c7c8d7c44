"""The kinds of work in a worktree that a removal could lose; each is made by one function."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.conftest import git, make_repository
from tests.worktrees.conftest import BRANCH, Bench
from tests.worktrees.zoo import fails

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
