"""When something last changed in an agent's worktree: three file times, no git process."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from tmux_orch.domain.states import Reading, Source

#: In the worktree's own git directory: written by add, by commit and checkout, by both.
_FILES = ("index", "HEAD", "logs/HEAD")
_MOST_BYTES = 4096


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


def _git_directory(worktree: str) -> str | None:
    """The directory that ``.git`` of a linked worktree names."""
    try:
        # The agent may have put a pipe there, which nobody writes into.
        handle = os.open(f"{worktree}/.git", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            text = os.read(handle, _MOST_BYTES).decode().strip()
        finally:
            os.close(handle)
    except (OSError, UnicodeDecodeError):
        return None
    name, _, place = text.partition(": ")
    return place if name == "gitdir" and place.startswith("/") else None
