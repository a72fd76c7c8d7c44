"""Repositories of every kind, each built the way it comes to be."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import git, make_repository

HOSTILE = '#(touch PWNED);$(touch PWNED) "x" `touch PWNED`\'\nüñî\t-'


@dataclass
class Kind:
    """One repository.

    Attributes:
        given: The directory a person names.
        root: What should be found as the project.
        tops: Directories whose bytes must not change.
        environment: Variables the person has set besides.
    """

    given: Path
    root: Path
    tops: tuple[Path, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


Builder = Callable[[Path], Kind]
WORKS: dict[str, Builder] = {}
REFUSED: dict[str, tuple[Builder, str]] = {}


def works(builder: Builder) -> Builder:
    WORKS[builder.__name__] = builder
    return builder


def refused(words: str) -> Callable[[Builder], Builder]:
    def register(builder: Builder) -> Builder:
        REFUSED[builder.__name__] = (builder, words)
        return builder

    return register


def plain(at: Path) -> Kind:
    root = make_repository(at / "sample")
    return Kind(root, root, (root,))


def fails(root: Path, *words: str) -> None:
    """Run a git command that ends in a conflict."""
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, timeout=60)
    assert done.returncode != 0, words


def conflicting(at: Path) -> Kind:
    """Two branches that change the same line; `main` is checked out."""
    kind = plain(at)
    git(kind.root, "switch", "-q", "-c", "other")
    (kind.root / "file-0.txt").write_text("theirs\n")
    git(kind.root, "commit", "-q", "-am", "Theirs")
    git(kind.root, "switch", "-q", "main")
    (kind.root / "file-0.txt").write_text("mine\n")
    git(kind.root, "commit", "-q", "-am", "Mine")
    return kind


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


# --- what works ---------------------------------------------------------------------------------

works(plain)


@works
def a_subdirectory(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / "deep/er").mkdir(parents=True)
    kind.given = kind.root / "deep/er"
    return kind


@works
def a_symbolic_link_to_it(at: Path) -> Kind:
    kind = plain(at)
    kind.given = at / "link"
    kind.given.symlink_to(kind.root)
    return kind


@works
def a_linked_worktree_of_the_persons(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "worktree", "add", "-q", "-b", "mine", str(at / "linked"))
    kind.given, kind.tops = at / "linked", (kind.root, at / "linked")
    return kind


@works
def inside_the_git_directory(at: Path) -> Kind:
    kind = plain(at)
    kind.given = kind.root / ".git/refs"
    return kind


@works
def bare(at: Path) -> Kind:
    make_repository(at / "origin")
    git(at, "clone", "-q", "--bare", str(at / "origin"), str(at / "sample.git"))
    root = at / "sample.git"
    return Kind(root, root, (root,))


@works
def a_checkout_of_a_bare_one(at: Path) -> Kind:
    make_repository(at / "origin")
    git(at, "clone", "-q", "--bare", str(at / "origin"), str(at / "p/.bare"))
    (at / "p/.git").write_text("gitdir: ./.bare\n")
    git(at / "p/.bare", "worktree", "add", "-q", str(at / "p/main"), "main")
    return Kind(at / "p/main", at / "p/.bare", (at / "p",))


@works
def a_detached_head(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "checkout", "-q", "--detach")
    return kind


@works
def a_branch_called_detached(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "switch", "-q", "-c", "(detached)")
    return kind


@works
def a_dirty_checkout(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / "file-0.txt").write_text("changed\n")
    (kind.root / "staged").write_text("staged\n")
    git(kind.root, "add", "staged")
    (kind.root / "new").write_text("untracked\n")
    os.utime(kind.root / "file-1.txt", ns=(1, 1))  # git would like to refresh its index
    return kind


@works
def with_a_stash(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / "file-0.txt").write_text("changed\n")
    git(kind.root, "stash", "-q")
    return kind


@works
def with_a_submodule(at: Path) -> Kind:
    kind = plain(at)
    make_repository(at / "library")
    git(kind.root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
        str(at / "library"), "lib")  # fmt: skip
    git(kind.root, "commit", "-q", "-m", "Add a submodule")
    git(kind.root, "config", "submodule.recurse", "true")
    return kind


@works
def a_submodule_itself(at: Path) -> Kind:
    kind = with_a_submodule(at)
    return Kind(kind.root / "lib", kind.root / "lib", (kind.root,))


@works
def a_shallow_clone(at: Path) -> Kind:
    origin = make_repository(at / "origin")
    git(origin, "commit", "-q", "--allow-empty", "-m", "Second")
    git(at, "clone", "-q", "--depth=1", f"file://{origin}", str(at / "sample"))
    return Kind(at / "sample", at / "sample", (at / "sample",))


@works
def a_sparse_checkout(at: Path) -> Kind:
    kind = plain(at)
    for name in ("wanted", "unwanted"):
        (kind.root / name).mkdir()
        (kind.root / name / "file").write_text(name)
    git(kind.root, "add", ".")
    git(kind.root, "commit", "-q", "-m", "Two directories")
    git(kind.root, "sparse-checkout", "set", "wanted")
    return kind


@works
def a_clone_that_shares_objects(at: Path) -> Kind:
    make_repository(at / "origin")
    git(at, "clone", "-q", "--shared", str(at / "origin"), str(at / "sample"))
    return Kind(at / "sample", at / "sample", (at / "sample", at / "origin"))


@works
def always_tracking_a_remote_branch(at: Path) -> Kind:
    kind = a_clone_that_shares_objects(at)
    git(kind.root, "config", "branch.autoSetupMerge", "always")
    git(kind.root, "config", "checkout.defaultRemote", "origin")
    return kind


@works
def a_separate_git_directory(at: Path) -> Kind:
    root = at / "sample"
    git(at, "init", "-q", "-b", "main", "--separate-git-dir", str(at / "elsewhere"), str(root))
    (root / "file").write_text("x\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Start")
    return Kind(root, root, (root, at / "elsewhere"))


@works
def sha256_objects(at: Path) -> Kind:
    root = at / "sample"
    git(at, "init", "-q", "-b", "main", "--object-format=sha256", str(root))
    (root / "file").write_text("x\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Start")
    return Kind(root, root, (root,))


@works
def configuration_per_worktree(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "config", "extensions.worktreeConfig", "true")
    git(kind.root, "config", "--worktree", "user.name", "Per Worktree")
    return kind


@works
def a_hostile_directory_name(at: Path) -> Kind:
    root = make_repository(at / HOSTILE)
    return Kind(root, root, (root,))


@works
def a_name_that_begins_with_a_dash(at: Path) -> Kind:
    root = make_repository(at / "--force")
    return Kind(root, root, (root,))


@works
def hostile_file_names(at: Path) -> Kind:
    kind = plain(at)
    for name in (b"\xff\xfe", b"new\nline", b"-f", b'"quoted"', b"$(touch PWNED)"):
        (kind.root / os.fsdecode(name)).write_text("x")
    git(kind.root, "add", "--", ".")
    git(kind.root, "commit", "-q", "-m", "Names")
    return kind


@works
def a_hook_that_fails(at: Path) -> Kind:
    kind = plain(at)
    script(kind.root / ".git/hooks/post-checkout", "touch PWNED; exit 3")
    script(kind.root / ".git/hooks/reference-transaction", "exit 1")
    return kind


@works
def a_hook_that_hangs(at: Path) -> Kind:
    kind = plain(at)
    script(kind.root / ".git/hooks/post-checkout", "exec tail -f /dev/null")
    return kind


@works
def a_hook_directory_in_the_repository(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / "hooks").mkdir()
    script(kind.root / "hooks/post-checkout", f"touch {at}/PWNED")
    git(kind.root, "add", ".")
    git(kind.root, "commit", "-q", "-m", "Hooks")
    git(kind.root, "config", "core.hooksPath", "hooks")
    return kind


@works
def a_file_monitor_program(at: Path) -> Kind:
    kind = plain(at)
    script(at / "monitor", f"touch {at}/PWNED")
    git(kind.root, "config", "core.fsmonitor", str(at / "monitor"))
    return kind


@works
def lock_files_left_behind(at: Path) -> Kind:
    kind = plain(at)
    for name in ("index.lock", "HEAD.lock", "config.lock"):
        (kind.root / ".git" / name).touch()
    return kind


@works
def packed_refs(at: Path) -> Kind:
    kind = plain(at)
    git(kind.root, "branch", "orchid")
    git(kind.root, "tag", "v1")
    git(kind.root, "pack-refs", "--all")
    return kind


@works
def an_empty_tree(at: Path) -> Kind:
    root = at / "sample"
    git(at, "init", "-q", "-b", "main", str(root))
    git(root, "commit", "-q", "--allow-empty", "-m", "Start")
    return Kind(root, root, (root,))


@works
def git_variables_in_the_environment(at: Path) -> Kind:
    kind = plain(at)
    other = make_repository(at / "other")
    kind.tops += (other,)
    kind.environment = {
        "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": "nowhere",
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "true",
        "LANG": "de_DE.UTF-8", "LANGUAGE": "de",
    }  # fmt: skip
    return kind


@works
def line_endings_and_filters(at: Path) -> Kind:
    kind = plain(at)
    (kind.root / ".gitattributes").write_text("*.txt text eol=crlf\n*.up filter=up\n")
    git(kind.root, "config", "filter.up.smudge", "tr a-z A-Z")
    git(kind.root, "config", "filter.up.clean", "tr A-Z a-z")
    (kind.root / "a.up").write_text("SHOUT\n")
    git(kind.root, "add", ".")
    git(kind.root, "commit", "-q", "-m", "Attributes")
    return kind


@works
def two_thousand_directories(at: Path) -> Kind:
    kind = plain(at)
    for number in range(2000):
        path = kind.root / f"d{number % 50}" / f"e{number}"
        path.mkdir(parents=True)
        (path / "f").write_text(str(number))
    git(kind.root, "add", ".")
    git(kind.root, "commit", "-q", "-m", "Many")
    return kind


# --- what is refused ----------------------------------------------------------------------------


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
