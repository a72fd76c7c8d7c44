"""Merges, rebases and the like that stand half-way in a worktree."""

from __future__ import annotations

from pathlib import Path

from tmux_orch.domain.errors import BadInput
from tmux_orch.worktrees.locate import Place
from tmux_orch.worktrees.shown import few, shown
from tmux_orch.worktrees.status import Status

# What git leaves in the git directory while the command is unfinished → its name → how it ends.
_MARKS = (
    ("rebase-merge", "a rebase", "git rebase --continue or --abort"),
    ("rebase-apply/applying", "git am", "git am --continue or --abort"),
    ("rebase-apply", "a rebase", "git rebase --continue or --abort"),
    ("MERGE_HEAD", "a merge", "git merge --continue or --abort"),
    ("CHERRY_PICK_HEAD", "a cherry-pick", "git cherry-pick --continue or --abort"),
    ("REVERT_HEAD", "a revert", "git revert --continue or --abort"),
    ("BISECT_LOG", "a bisect", "git bisect reset"),
    ("sequencer", "a cherry-pick or revert", "git cherry-pick --continue or --abort"),
)


def in_progress(git_dir: Path) -> tuple[str, str] | None:
    """The unfinished command of a worktree and how to end it; ``None`` when there is none."""
    for mark, name, end in _MARKS:
        if (git_dir / mark).exists():
            return name, end
    return None


def check_none(place: Place, status: Status) -> None:
    """Refuse a checkout in which something stands half-way: its HEAD is no starting point.

    Raises:
        BadInput: a merge, rebase, cherry-pick, revert, bisect or unmerged path was found.
    """
    found = in_progress(place.git_dir)
    where = shown(place.root)
    if found is not None:
        raise BadInput(f"{found[0]} is in progress in {where}", f"end it first: {found[1]}")
    unmerged = [change.path for change in status.changed if change.kind == "u"]
    if unmerged:
        raise BadInput(
            f"{where} has unmerged files: {few(unmerged)}",
            "resolve them and commit, or go back: git checkout -m . / git restore",
        )
