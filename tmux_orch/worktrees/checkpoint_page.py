"""The checkpoint pages in a worktree, looked for with care: agents make them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tmux_orch.domain import checkpoint


def newest_page(worktree: Path, agent: str) -> str | None:
    """The agent's latest checkpoint page, relative to its worktree; ``None`` when there is none.

    Looked for where it is asked to write it and at the top. Never behind a link.
    """
    found = []
    for place in (checkpoint.DIRECTORY, ""):
        name = checkpoint.newest(agent, _files(worktree, place))
        if name is not None:
            found.append((name, f"{place}/{name}" if place else name))
    return max(found)[1] if found else None


def _files(worktree: Path, place: str) -> list[str]:
    """Names of the plain files in a directory of the worktree."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(worktree / place, flags)
    except OSError:
        return []
    try:
        return [
            name
            for name in os.listdir(handle)  # noqa: PTH208 - by the open directory
            if "_CHECKPOINT_" in name
            and stat.S_ISREG(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode)
        ]
    except OSError:
        return []
    finally:
        os.close(handle)
