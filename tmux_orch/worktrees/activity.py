"""What was done in an agent's worktree: branch, open files, commits since its start."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tmux_orch.domain.errors import Absent
from tmux_orch.worktrees.git import Git
from tmux_orch.worktrees.shown import shown
from tmux_orch.worktrees.status import read_status

_KEPT = 512


@dataclass(frozen=True, slots=True)
class Activity:
    """The work in one worktree.

    Attributes:
        branch: Short name of the branch it is on now; ``None`` when HEAD is detached.
        dirty_files: Paths changed, staged or untracked (an untracked directory counts once).
        commits_ahead: Commits on it that its starting point does not have.
        last_commit_at: When the newest of those was made (aware UTC); ``None`` without any.
        commits_behind: Commits of the branch the work started from that it does not have;
            ``None`` when that branch's tip was not given.
    """

    branch: str | None
    dirty_files: int
    commits_ahead: int
    last_commit_at: datetime | None
    commits_behind: int | None = None


def activity(
    worktree: Path,
    base: str,
    environment: Mapping[str, str] | None = None,
    tip: Callable[[], str] | None = None,
) -> Activity:
    """Look at ``worktree``: one ``git status``, and one or two processes after each new commit.

    Args:
        worktree: Top of an agent's worktree.
        base: The commit its home branch was made from.
        environment: The person's environment; ``None`` is ours.
        tip: Asked, after git was, for what :func:`tip_of` says of the starting branch.

    Raises:
        Absent: there is no worktree.
        CouldNotTell: git did not answer in time.
        GitFailed: git cannot read it.
    """
    git = Git(worktree, environment)
    if not (worktree / ".git").exists():  # git would look for a repository further up
        raise Absent(
            f"the worktree {shown(worktree)} is not there",
            "bring it back: auto-orchestrate --resume",
        )
    status = read_status(git)
    if status.commit is None:
        return Activity(status.branch, len(status.changed), 0, None)
    ahead, last_at = _commits(git, base, status.commit)
    start = tip() if tip is not None else ""
    behind = _commits(git, status.commit, start)[0] if start else None
    return Activity(status.branch, len(status.changed), ahead, last_at, behind)


def tip_of(root: Path, branch: str) -> str:
    """The commit that a local branch is at now; empty when there is none of that name.

    Raises:
        CouldNotTell, GitFailed: git did not say.
    """
    if not branch:
        return ""
    name = f"refs/heads/{branch}^{{commit}}"
    return Git(root).line("rev-parse", "--verify", "--quiet", name, accept=(0, 1))


# What lies between two commits never changes, so an idle agent costs one process per look.
_known: OrderedDict[tuple[str, str], tuple[int, datetime | None]] = OrderedDict()
_lock = threading.Lock()


def _commits(git: Git, base: str, head: str) -> tuple[int, datetime | None]:
    if head == base:
        return 0, None
    with _lock:
        if (known := _known.get((base, head))) is not None:
            _known.move_to_end((base, head))
            return known
    times = git.run("log", "--format=%ct", f"{base}..{head}").text().split()
    last_at = datetime.fromtimestamp(max(map(int, times)), UTC) if times else None
    with _lock:
        _known[base, head] = (len(times), last_at)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return len(times), last_at
