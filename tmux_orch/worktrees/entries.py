"""The worktree entries of a repository, read from git's own files without a process.

``git worktree list`` needs 2.36 for ``-z`` (paths may contain newlines) and hides what a killed
``git worktree add`` leaves before it has written ``gitdir``; the files are stable and say both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# git writes this reason before it fills a new worktree and removes it at the end.
INITIALIZING = "initializing"


@dataclass(frozen=True, slots=True)
class Entry:
    """One linked worktree as the repository knows it.

    Attributes:
        admin: Its directory below ``<common dir>/worktrees``.
        worktree: Where its files are, or were; ``None`` when git had not yet written it.
        locked: Why it may not be pruned (may be empty); ``None`` when it is not locked.
        head: The content of its HEAD, ``ref: refs/heads/…`` or a commit; empty when missing.
    """

    admin: Path
    worktree: Path | None
    locked: str | None
    head: str

    @property
    def branch(self) -> str | None:
        """Full name of the branch it is on; ``None`` when detached or unreadable."""
        return self.head.removeprefix("ref: ") if self.head.startswith("ref: ") else None

    @property
    def half_made(self) -> bool:
        """Whether a ``git worktree add`` has not finished it (it may still run)."""
        return self.locked == INITIALIZING


def entries(common_dir: Path) -> Iterator[Entry]:
    """Every entry, also those that git's own list leaves out."""
    try:
        admins = sorted((common_dir / "worktrees").iterdir())
    except FileNotFoundError:
        return
    for admin in admins:
        if admin.is_dir() and not admin.is_symlink():
            yield _read(admin)


def entry_at(common_dir: Path, worktree: Path) -> Entry | None:
    """The entry that says its files are at ``worktree`` (a path without symbolic links)."""
    return next((e for e in entries(common_dir) if e.worktree == worktree), None)


def pointed_at(worktree: Path) -> Path | None:
    """The admin directory that ``worktree/.git`` names; ``None`` when there is no such file."""
    text = _text(worktree / ".git")
    if text is None or not text.startswith("gitdir: "):
        return None
    return _resolved(worktree, text.removeprefix("gitdir: "))


def is_whole(entry: Entry) -> bool:
    """Whether entry and directory name each other and git finished making it."""
    if entry.worktree is None or entry.half_made or not entry.head:
        return False
    pointed = pointed_at(entry.worktree)
    return pointed is not None and pointed == entry.admin.resolve()


def _read(admin: Path) -> Entry:
    gitdir = _text(admin / "gitdir")
    worktree = None if not gitdir else _resolved(admin, gitdir).parent
    return Entry(admin, worktree, _text(admin / "locked"), _text(admin / "HEAD") or "")


def _resolved(base: Path, text: str) -> Path:
    # git ≥ 2.48 can write these paths relative to the file that holds them.
    path = Path(os.path.normpath(base / text))
    return path.parent.resolve() / path.name


def _text(path: Path) -> str | None:
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    return os.fsdecode(data.removesuffix(b"\n").removesuffix(b"\r"))
