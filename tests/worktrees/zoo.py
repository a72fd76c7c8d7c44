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


def works(builder: Builder) -> Builder:
    WORKS[builder.__name__] = builder
    return builder


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
