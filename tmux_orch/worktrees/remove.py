"""Taking a worktree away: with proof that nothing is lost, or by force after keeping everything."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tmux_orch.domain.errors import BadInput, Internal, Refused
from tmux_orch.worktrees import elsewhere, findings, repair
from tmux_orch.worktrees.directory import Directory, delete_tree
from tmux_orch.worktrees.entries import Entry, entries, entry_at
from tmux_orch.worktrees.findings import Findings
from tmux_orch.worktrees.git import CHECKOUT_DEADLINE_S
from tmux_orch.worktrees.repository import Repository
from tmux_orch.worktrees.running import inside, wait_for_git
from tmux_orch.worktrees.salvage import Keeper, Rescue
from tmux_orch.worktrees.shown import counted, few, shown


class StillNeeded(Refused):
    """The worktree was kept, because removing it could lose something.

    Attributes:
        obstacles: Each reason, one line each.
    """

    def __init__(self, path: Path, obstacles: list[str], next_step: str) -> None:
        self.obstacles = obstacles
        super().__init__(f"{shown(path)} is kept: {'; '.join(obstacles)}", next_step)


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal did.

    Attributes:
        worktree: Whether there was one, which is gone now.
        branch: Whether the home branch was deleted; it is kept while another worktree is on it.
        rescue: What was kept of it; ``None`` when there was nothing to keep.
    """

    worktree: bool
    branch: bool
    rescue: Rescue | None = None


def obstacles(repo: Repository, path: Path, branch: str, *, ours: bool) -> list[str]:
    """Why the worktree at ``path`` cannot be removed without loss; empty is the proof that it can.

    Changes nothing.

    Args:
        repo: The repository.
        path: Top of the worktree.
        branch: Short name of its home branch, which would go too.
        ours: Whether the journal says that we made it.

    Raises:
        GitFailed, CouldNotTell: git could not say.
    """
    path = path.parent.resolve() / path.name
    if not ours:
        return ["the journal does not say that we made it"]
    entry, place = entry_at(repo.common_dir, path), Directory(path)
    if place.both:
        return [f"files of an interrupted removal are in {shown(place.removing)}"]
    if entry is None and place.tree.exists():
        return ["its entry in the repository is lost (--resume makes it again)"]
    if entry is None:
        return _of_branch(repo, branch)
    if entry.half_made:
        return []
    return findings.look(repo, entry, place.tree, branch).obstacles(branch)


def salvage(
    repo: Repository, path: Path, branch: str, *, label: str, archive_dir: Path, at: datetime
) -> Rescue:
    """Keep everything of the worktree at ``path`` that git would not, without changing it.

    Raises:
        BadInput: there is no worktree.
        Partly, OSError, GitFailed: it could not be kept whole.
    """
    path = path.parent.resolve() / path.name
    entry = entry_at(repo.common_dir, path)
    if entry is None:
        raise BadInput(f"{shown(path)} is not a worktree of {shown(repo.root)}")
    tree = Directory(path).tree
    found = findings.look(repo, entry, tree, branch)
    return Keeper(repo, label, archive_dir, at).all_of(entry, tree, found)


def remove(
    repo: Repository, path: Path, branch: str, *, label: str, archive_dir: Path, at: datetime,
    ours: bool, force: bool = False,
) -> Removed:  # fmt: skip
    """Remove the worktree at ``path`` and its home branch; a second call finds nothing to do.

    The directory is first renamed, so that nothing is written into it by name any more, and
    looked at again there; whatever fails before the entry is deleted puts it back. Other branches
    stay, also those made in it. A commit that only a reflog remembers is kept under a rescue ref
    even when nothing stands against the removal.

    Args:
        repo, path, branch: The worktree and its home branch.
        label: The agent's name.
        archive_dir: Where an archive goes.
        at: Now, aware.
        ours: Whether the journal says that we made it; without that nothing is removed.
        force: Remove it although something stands against it, keeping everything first. A process
            that works in it stands against that too: what it writes later could not be kept.

    Raises:
        StillNeeded: something stands against it; nothing was changed.
        Partly, Internal, CouldNotTell: it could not be done; nothing was lost.
    """
    path = path.parent.resolve() / path.name
    with _lock_of(repo.common_dir):
        against = obstacles(repo, path, branch, ours=ours)
        if not ours or (against and not force):
            raise StillNeeded(path, against, "look at the work, or keep a copy of it with --force")
        if working := inside(path):
            names = few([f"{process.name} ({process.pid})" for process in working])
            raise StillNeeded(path, [f"a process works in it: {names}"], "end it first")
        place, keeper = Directory(path), Keeper(repo, label, archive_dir, at)
        delete_tree(place.removed)  # an earlier removal had kept everything and was ended here
        entry = _ready(repo, place, branch)
        if entry is None:
            return _only_branch(repo, branch, keeper)
        try:
            with place.out_of_reach() as tree:
                found = findings.look(repo, entry, tree, branch)
                if found.processes or (not force and found.obstacles(branch)):
                    raise StillNeeded(path, found.obstacles(branch), "end what works in it")
                rescue = _kept(keeper, entry, tree, found, force=force)
                place.commit_to_removal()
                repair.remove_entry(repo.git(), entry)
            deleted = _delete_branch(repo, branch, found.tip)
            delete_tree(place.removed)
        except OSError as error:
            raise Internal(
                f"{shown(path)} could not be kept and removed: {error.strerror or error}",
                "free space or give access, then try again",
            ) from error
        return Removed(True, deleted, rescue)


def _kept(
    keeper: Keeper, entry: Entry, tree: Path, found: Findings, *, force: bool
) -> Rescue | None:
    """Keep everything before a forced removal; else what only a reflog has, and our own files."""
    if force or found.tips:
        return keeper.all_of(entry, tree, found)
    if (tree / findings.OUR_DIRECTORY).is_dir():
        return keeper.directory_of(tree, findings.OUR_DIRECTORY)
    return None


def _ready(repo: Repository, place: Directory, branch: str) -> Entry | None:
    """The entry, joined to its directory again where it was lost; ``None`` without a worktree."""
    path, git = place.path, repo.git()
    wait_for_git(path, CHECKOUT_DEADLINE_S)
    entry = entry_at(repo.common_dir, path)
    if entry is not None and entry.half_made:
        repair.clear_half_made(git, entry, _tip(repo, branch) or repo.head)
        return None
    if entry is None and place.tree.exists():
        place.put_back()
        if not repair.reconnect(git, None, path):
            repair.adopt_files(git, path, branch, repo.head)
        entry = entry_at(repo.common_dir, path)
    return entry


def _of_branch(repo: Repository, branch: str) -> list[str]:
    """What stands against deleting the branch alone."""
    tip = _tip(repo, branch)
    heads = [tip] if tip else []
    count = elsewhere.only_here(repo.git(), heads, f"refs/heads/{branch}").count
    if not count:
        return []
    return [f"{counted(count, 'commit')} on {shown(branch)} that no other branch has"]


def _only_branch(repo: Repository, branch: str, keeper: Keeper) -> Removed:
    tip = _tip(repo, branch)
    rescue = keeper.branch(tip) if tip and _of_branch(repo, branch) else None
    return Removed(False, _delete_branch(repo, branch, tip), rescue)


def _tip(repo: Repository, branch: str) -> str:
    return repo.git().line("rev-parse", "-q", "--verify", f"refs/heads/{branch}", accept=(0, 1))


def _delete_branch(repo: Repository, branch: str, tip: str) -> bool:
    """Delete the home branch if it still is at ``tip`` and no worktree is on it."""
    ref, git = f"refs/heads/{branch}", repo.git()
    if not tip or any(entry.branch == ref for entry in entries(repo.common_dir)):
        return False
    if git.line("symbolic-ref", "-q", "HEAD", accept=(0, 1)) == ref:
        return False
    # 1 and 128: it moved on or is locked; then it stays, which loses nothing.
    return git.run("update-ref", "-d", ref, tip, accept=(0, 1, 128)).code == 0


_locks: dict[Path, threading.Lock] = {}


def _lock_of(common_dir: Path) -> threading.Lock:
    """One removal at a time in a repository: two branches could each prove the other's commits."""
    return _locks.setdefault(common_dir, threading.Lock())
