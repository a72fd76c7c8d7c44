"""One worktree and one branch for an agent, made so that making it again is harmless."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tmux_orch.domain.errors import BadInput, CouldNotTell, Internal
from tmux_orch.worktrees import repair
from tmux_orch.worktrees.directory import Directory
from tmux_orch.worktrees.entries import Entry, entries, entry_at, is_whole
from tmux_orch.worktrees.git import CHECKOUT_DEADLINE_S, MOST_TRIES, Git, GitFailed
from tmux_orch.worktrees.repository import Repository
from tmux_orch.worktrees.running import wait_for_git
from tmux_orch.worktrees.shown import shown

State = Literal["created", "adopted", "repaired", "kept"]

# `git worktree add -b` ends with this when the branch could not be made; nothing else was then
# (measured with 2.39; every later failure ends with 128 or with the checkout's own status).
_BRANCH_FAILED = 255


# So many collisions with another add pass by themselves: each lasts well under a millisecond.
_PASSING = 4

# git does not always name the reason; it is nearly always a full disk.
_UNWRITTEN = ("No space left", "quota exceeded", "unable to write", "couldn't write")


@dataclass(frozen=True, slots=True)
class Made:
    """What :func:`make` found or did.

    Attributes:
        state: ``created`` new; ``kept`` it was there and whole; ``adopted`` an existing branch or
            worktree was taken over; ``repaired`` a half-made or damaged one was completed.
        note: One line for the person when something was put aside; else empty.
    """

    state: State
    note: str = ""


def make(repo: Repository, path: Path, branch: str, base: str, *, ours: bool) -> Made:
    """Make sure that a worktree of ``repo`` is at ``path``; a new one is on ``branch`` at ``base``.

    One git process when nothing is there yet, none when the worktree is whole. An existing
    worktree is left on whatever branch it is on. ``--force`` is never given; a branch that was
    made by an add that then failed is taken away again.

    Args:
        repo: The repository.
        path: Where; its parent is made when missing.
        branch: Short name of the agent's home branch.
        base: Full commit id it starts from.
        ours: Whether the journal says that we were making it: only then is what stands there
            half-made or damaged put right.

    Raises:
        BadInput: something that is not ours is in the way; nothing was changed.
        CouldNotTell: git did not end in time; the same call repairs what it left.
        Internal: git could not do it (disk full, lock left behind …); nothing is left of it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = path.parent.resolve() / path.name
    with _lock_of(path):
        if ours:
            Directory(path).put_back()
        entry = entry_at(repo.common_dir, path)
        if entry is None and not _occupied(path):
            return _fresh(repo, path, branch, base, ours=ours)
        if entry is not None and is_whole(entry):
            return _whole(entry, branch, ours=ours)
        if not ours or path.is_symlink() or path.is_file():
            raise _in_the_way(path, entry)
        return _put_right(repo, path, branch, base)


def _fresh(repo: Repository, path: Path, branch: str, base: str, *, ours: bool) -> Made:
    """Add the worktree to a place where nothing is.

    Without ``--no-track`` parallel adds fail on the config lock (36 of 100 from a remote branch).
    """
    try:
        _add_past_others(repo, path, branch, base, "--no-track", "-b", branch, str(path), base)
    except GitFailed as error:
        if error.code != _BRANCH_FAILED:
            raise _explained(error, path) from error
        return _with_existing_branch(repo, path, branch, base, error, ours=ours)
    return Made("created")


def _add_past_others(repo: Repository, path: Path, branch: str, base: str, *arguments: str) -> None:
    """Run ``git worktree add`` until it does not fail because of an entry that another git makes.

    Raises:
        GitFailed: it fails for another reason; a branch that it made was taken away again.
    """
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            _add(repo, path, *arguments)
        except GitFailed as error:
            if "-b" in arguments and error.code != _BRANCH_FAILED:
                _take_back(repo, branch, base)
            if not (error.met_another and tries_left):
                raise
            if tries_left < MOST_TRIES - _PASSING:  # it does not pass: it was left by a kill
                repair.clear_unreadable(repo.common_dir, path.parent)
        else:
            return


def _put_right(repo: Repository, path: Path, branch: str, base: str) -> Made:
    """Repair what is at ``path``; the journal says it is ours."""
    wait_for_git(path, CHECKOUT_DEADLINE_S)
    entry = entry_at(repo.common_dir, path)
    if entry is not None and is_whole(entry):
        return Made("kept")  # the git that was filling it has ended well
    note = ""
    if entry is not None and entry.half_made:
        note = repair.clear_half_made(repo.git(), entry, base)
    elif repair.reconnect(repo.git(), entry, path):
        return Made("repaired")
    elif _occupied(path):
        repair.adopt_files(repo.git(), path, branch, base)
        return Made("repaired", "its entry in the repository was lost and was made again")
    made = _fresh(repo, path, branch, base, ours=True)
    return Made("repaired", note or made.note)


def _add(repo: Repository, path: Path, *arguments: str) -> None:
    """Run ``git worktree add``, without the repository's hooks."""
    try:
        repo.git().run("worktree", "add", *arguments, deadline_s=CHECKOUT_DEADLINE_S, tries=1)
    except CouldNotTell as error:
        raise CouldNotTell(
            f"git did not fill {shown(path)} within {CHECKOUT_DEADLINE_S:g} s", error.next_step
        ) from error


def _with_existing_branch(
    repo: Repository, path: Path, branch: str, base: str, error: GitFailed, *, ours: bool
) -> Made:
    """The branch could not be made: because it is there already, or because of something else."""
    git, ref = repo.git(), f"refs/heads/{branch}"
    if ours:
        wait_for_git(path, CHECKOUT_DEADLINE_S)
    tip = git.line("rev-parse", "-q", "--verify", ref, accept=(0, 1))
    if not tip:
        _check_parents(git, branch)
        raise _explained(error, path)
    user = next((e for e in entries(repo.common_dir) if e.branch == ref), None)
    if user is not None and user.worktree == path and is_whole(user):
        return _whole(user, branch, ours=ours)  # the git of a killed daemon was quicker
    if user is not None or git.line("symbolic-ref", "-q", "HEAD", accept=(0, 1)) == ref:
        where = repo.root if user is None or user.worktree is None else user.worktree
        raise BadInput(
            f"the branch {shown(branch)} is checked out at {shown(where)}",
            "switch that worktree to another branch",
        )
    if tip != base and not ours:
        raise BadInput(
            f"a branch named {shown(branch)} exists and is not ours",
            f"rename it: git branch -m {shown(branch)} NEW",
        )
    if ours:
        repair.clear_nameless(repo.common_dir, path)
    try:
        _add_past_others(repo, path, branch, base, str(path), branch)
    except GitFailed as failure:
        raise _explained(failure, path) from failure
    return Made("repaired" if ours else "adopted")


def _check_parents(git: Git, branch: str) -> None:
    parts = branch.split("/")
    for count in range(1, len(parts)):
        parent = "/".join(parts[:count])
        if git.line("rev-parse", "-q", "--verify", f"refs/heads/{parent}", accept=(0, 1)):
            raise BadInput(
                f"a branch named {shown(parent)} stands in the way of {shown(branch)}",
                f"rename it: git branch -m {shown(parent)} NEW",
            )
    below = git.line("for-each-ref", "--count=1", "--format=%(refname:short)",
                     f"refs/heads/{branch}/")  # fmt: skip
    if below:
        raise BadInput(
            f"the branch {shown(below)} stands in the way of {shown(branch)}",
            f"rename it: git branch -m {shown(below)} NEW",
        )


def _take_back(repo: Repository, branch: str, base: str) -> None:
    """Take away the branch that a failed add left, if it still is where the add put it."""
    ref = f"refs/heads/{branch}"
    if any(entry.branch == ref for entry in entries(repo.common_dir)):
        return  # another call has put a worktree on it meanwhile
    # 1 and 128: it is not there, has moved on, or is locked; then it stays, which loses nothing.
    repo.git().run("update-ref", "-d", ref, base, accept=(0, 1, 128))


def _whole(entry: Entry, branch: str, *, ours: bool) -> Made:
    if ours:
        return Made("kept")
    if entry.branch == f"refs/heads/{branch}":
        return Made("adopted")
    raise _in_the_way(entry.worktree or entry.admin, entry)


def _occupied(path: Path) -> bool:
    if path.is_symlink():
        return True
    try:
        return any(path.iterdir())
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        return True


_locks: dict[Path, threading.Lock] = {}


def _lock_of(path: Path) -> threading.Lock:
    """One lock for each path, so that two calls for one agent do not repair each other's work."""
    return _locks.setdefault(path, threading.Lock())


def _in_the_way(path: Path, entry: Entry | None) -> BadInput:
    if entry is None:
        return BadInput(
            f"{shown(path)} exists and is not a worktree of ours", "move it away, then try again"
        )
    what = "a worktree of this repository that we did not make"
    if entry.locked is not None:
        what += f" (locked: {shown(entry.locked) or 'no reason given'})"
    return BadInput(f"{shown(path)} is {what}", f"see git worktree list; move {shown(path)} away")


def _explained(error: GitFailed, path: Path) -> BadInput | Internal:
    """What git said, with the next step where we know it."""
    where, said = shown(path), error.said
    if "git-lfs" in said:
        return BadInput(
            "the repository keeps files in Git LFS, and git-lfs is not installed",
            "install git-lfs, then try again",
        )
    if any(words in said for words in _UNWRITTEN):
        return Internal(
            f"git could not fill {where} ({error.message})",
            "see whether the disk is full (df), then try again",
        )
    if ".lock" in said:
        return Internal(
            f"git could not make the worktree {where} ({error.message})",
            "if no other git runs there, delete that lock file, then try again",
        )
    return Internal(f"git could not make the worktree {where} ({error.message})",
                    "see what git says of the repository: git fsck")  # fmt: skip
