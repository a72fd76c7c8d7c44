"""When something last changed in an agent's worktree: three file times, no git process."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from tmux_orch.domain.states import Reading, Source

#: In the worktree's own git directory: written by add, by commit and checkout, by both.
_FILES = ("index", "HEAD", "logs/HEAD")


def last_change(worktree: str) -> Reading | None:
    """The newest change that git knows of, or ``None`` where that cannot be told (50 us)."""
    place = _git_directory(worktree)
    if place is None:
        return None
    newest, name = 0.0, ""
    for file in _FILES:
        try:
            changed = os.stat(f"{place}/{file}").st_mtime  # noqa: PTH116 - every look, every seat
        except OSError:
            continue
        if changed > newest:
            newest, name = changed, file
    if not name:
        return None
    return Reading(Source.GIT, None, datetime.fromtimestamp(newest, UTC), "git.changed", name)


@lru_cache(maxsize=512)
def _git_directory(worktree: str) -> str | None:
    """The directory that ``.git`` of a linked worktree names."""
    try:
        text = (Path(worktree) / ".git").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    name, _, place = text.partition(": ")
    return place if name == "gitdir" and Path(place).is_absolute() else None
