"""Other repositories inside a worktree: submodules, clones, worktrees in worktrees."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.worktrees.entries import Entry, pointed_at
from tmux_orch.worktrees.git import Git, GitFailed
from tmux_orch.worktrees.repository import Repository
from tmux_orch.worktrees.shown import shown


def with_work(repo: Repository, entry: Entry, tree: Path) -> list[str]:
    """Paths below ``tree`` of repositories that are not proved to hold nothing of their own.

    A submodule filled in a worktree keeps its repository inside the worktree's entry, so even its
    committed work goes away with it. It holds nothing when it is clean, has no ignored files, and
    every commit, stash and reflog entry in it is on a remote branch. For any other repository
    no such proof is tried.
    """
    modules = entry.admin / "modules"
    found = []
    places = list(inner(tree))
    for place in places:
        git_dir = pointed_at(place)
        submodule = git_dir is not None and git_dir.is_relative_to(modules.resolve())
        if not (submodule and git_dir and _is_clean(repo, git_dir, place)):
            found.append(os.fspath(place.relative_to(tree)))
    known = {pointed_at(place) for place in places}
    for git_dir in stores(entry):  # its files are gone, its commits are not
        if git_dir.resolve() not in known and not _is_pushed(repo, git_dir):
            found.append(os.fspath(git_dir.relative_to(modules)))
    return found


def inner(tree: Path) -> Iterator[Path]:
    """Every directory below ``tree`` (not itself) that has a ``.git``.

    Raises:
        CouldNotTell: a directory cannot be read; git would take it for an empty one.
    """
    if not tree.is_dir():
        return
    for directory, names, files in os.walk(tree, onerror=_unreadable):
        here = Path(directory)
        if here != tree and (".git" in names or ".git" in files):
            yield here
        if ".git" in names:
            names.remove(".git")


def _unreadable(error: OSError) -> None:
    raise CouldNotTell(
        f"{shown(error.filename)} cannot be read: {error.strerror}", "give yourself access to it"
    ) from error


def stores(entry: Entry) -> Iterator[Path]:
    """The repositories of submodules kept inside the entry, nested ones too."""
    modules = entry.admin / "modules"
    for directory, names, files in os.walk(modules):
        if "HEAD" in files and "objects" in names:
            yield Path(directory)
            names[:] = [name for name in names if name == "modules"]


def _is_clean(repo: Repository, git_dir: Path, place: Path) -> bool:
    git = Git(place, repo.environment, {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(place)})
    try:
        said = git.run("status", "--porcelain", "-z", "--untracked-files=all", "--ignored").out
    except GitFailed:
        return False
    return not said and _is_pushed(repo, git_dir)


def _is_pushed(repo: Repository, git_dir: Path) -> bool:
    git = Git(git_dir, repo.environment, {"GIT_DIR": str(git_dir)})
    try:
        return git.line("rev-list", "--count", "--all", "HEAD", "--reflog", "--not",
                        "--remotes") == "0"  # fmt: skip
    except GitFailed:
        return False
