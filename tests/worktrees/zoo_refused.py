"""Repositories and places that are refused, each with what the line says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conftest import git
from tests.worktrees.zoo import Builder, Kind, conflicting, fails, plain

REFUSED: dict[str, tuple[Builder, str]] = {}


def refused(words: str) -> Callable[[Builder], Builder]:
    def register(builder: Builder) -> Builder:
        REFUSED[builder.__name__] = (builder, words)
        return builder

    return register


@refused("does not exist")
def nothing(at: Path) -> Kind:
    return Kind(at / "nothing\nhere", at)


@refused("is an empty name")
def an_empty_name(at: Path) -> Kind:
    return Kind("", at)  # type: ignore[arg-type]


@refused("zero byte")
def a_zero_byte(at: Path) -> Kind:
    return Kind("a\0b", at)  # type: ignore[arg-type]


@refused("is not a directory")
def a_file(at: Path) -> Kind:
    kind = plain(at)
    kind.given = kind.root / "file-0.txt"
    return kind


@refused("too long")
def a_name_too_long(at: Path) -> Kind:
    return Kind(at / ("x" * 300), at)


@refused("circle|symbolic links")
def links_in_a_circle(at: Path) -> Kind:
    (at / "a").symlink_to(at / "b")
    (at / "b").symlink_to(at / "a")
    return Kind(at / "a", at)


@refused("is not in a git repository")
def no_repository(at: Path) -> Kind:
    (at / "plain").mkdir()
    (at / "plain/file").write_text("x")
    return Kind(at / "plain", at, (at,))


@refused("has no commits")
def no_commits(at: Path) -> Kind:
    git(at, "init", "-q", "-b", "main", str(at / "sample"))
    (at / "sample/file").write_text("x")
    return Kind(at / "sample", at, (at / "sample",))


@refused("has no commits")
def bare_without_commits(at: Path) -> Kind:
    git(at, "init", "-q", "-b", "main", "--bare", str(at / "sample.git"))
    return Kind(at / "sample.git", at, (at / "sample.git",))


@refused("the branch fresh has no commits")
def a_branch_without_commits(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "switch", "-q", "--orphan", "fresh")
    return kind


@refused("a merge is in progress")
def a_merge_in_progress(at: Path) -> Kind:
    kind = conflicting(at)
    fails(kind.root, "merge", "-q", "other")
    return kind


@refused("a merge is in progress")
def a_merge_resolved_but_not_committed(at: Path) -> Kind:
    kind = a_merge_in_progress(at)
    git(kind.root, "add", ".")
    return kind


@refused("a rebase is in progress")
def a_rebase_in_progress(at: Path) -> Kind:
    kind = conflicting(at)
    fails(kind.root, "rebase", "-q", "other")
    return kind


@refused("a rebase is in progress")
def a_rebase_in_a_linked_worktree(at: Path) -> Kind:
    kind = conflicting(at)
    git(kind.root, "worktree", "add", "-q", "-b", "mine", str(at / "linked"), "main")
    fails(at / "linked", "rebase", "-q", "other")
    return Kind(at / "linked", kind.root, (kind.root, at / "linked"))


@refused("git am is in progress")
def patches_half_applied(at: Path) -> Kind:
    kind = conflicting(at)
    git(kind.root, "format-patch", "-q", "-1", "-o", str(at / "patches"), "other")
    patch = next((at / "patches").iterdir())
    fails(kind.root, "am", "-q", str(patch))
    return kind


@refused("a cherry-pick is in progress")
def a_cherry_pick_in_progress(at: Path) -> Kind:
    kind = conflicting(at)
    fails(kind.root, "cherry-pick", "other")
    return kind


@refused("a revert is in progress")
def a_revert_in_progress(at: Path) -> Kind:
    kind = conflicting(at)
    (kind.root / "file-0.txt").write_text("again\n")
    git(kind.root, "commit", "-q", "-am", "Again")
    fails(kind.root, "revert", "--no-edit", "HEAD~1")
    return kind


@refused("a bisect is in progress")
def a_bisect_in_progress(at: Path) -> Kind:
    kind = conflicting(at)
    git(kind.root, "bisect", "start")
    return kind


@refused("has unmerged files: file-0.txt")
def a_stash_that_did_not_apply(at: Path) -> Kind:
    kind = conflicting(at)
    (kind.root / "file-0.txt").write_text("stashed\n")
    git(kind.root, "stash", "-q")
    (kind.root / "file-0.txt").write_text("meanwhile\n")
    git(kind.root, "commit", "-q", "-am", "Meanwhile")
    fails(kind.root, "stash", "pop", "-q")
    return kind


@refused("is no longer at")
def a_worktree_whose_repository_moved(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "worktree", "add", "-q", "-b", "mine", str(at / "linked"))
    kind.root.rename(at / "moved")
    return Kind(at / "linked", kind.root, (at / "linked", at / "moved"))


@refused("git cannot read|is not in a git repository")
def a_broken_git_file(at: Path) -> Kind:
    (at / "broken").mkdir()
    (at / "broken/.git").write_text("this is no pointer\n")
    return Kind(at / "broken", at, (at,))


@refused("git cannot read|is not in a git repository")
def a_broken_head(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / ".git/HEAD").write_text("\0\0\0\n")
    return kind


@refused("HEAD|has no commits|git cannot read")
def a_branch_that_points_nowhere(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / ".git/refs/heads/main").write_text("1" * 40 + "\n")
    return kind


@refused("git cannot read")
def a_broken_index(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / ".git/index").write_bytes(b"DIRC" + b"\xff" * 64)
    return kind


@refused("git cannot read")
def a_broken_configuration(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / ".git/config").write_text("[core\n")
    return kind


@refused("git cannot read")
def a_future_format(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "config", "core.repositoryformatversion", "99")
    return kind


@refused("a branch named orch stands in the way")
def a_branch_in_the_way(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "branch", "orch")
    return kind
