"""The page of a worktree in which its agent marks what is done, read with care.

Agents write it: nothing behind a link, no pipe and no huge file is ever read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: Where our briefing asks for the marks; see ``briefing/pages``.
OURS = ".orch/tasks.md"
#: Looked for after the role's own and ours, the first that holds a task counts. The repository may
#: have such a page with other people's tasks: it counts once the agent has changed it.
KNOWN = ("tasks.md", "TASKS.md", "TODO.md", "PLAN.md")
LARGEST = 512 * 1024
#: Written right after the checkout, never again.
_MADE = ".orch/.gitignore"

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page as it was read.

    Attributes:
        name: Relative to the worktree's top.
        stamp: Changes with the file.
        text: Its content; what is not UTF-8 is replaced.
    """

    name: str
    stamp: Stamp
    text: str


def names(own: Iterable[str] = ()) -> list[str]:
    """The pages to look for, in order: the role's own first, then ours, then known ones."""
    return list(dict.fromkeys((*own, OURS, *KNOWN)))


def is_theirs(worktree: Path, page: TaskPage) -> bool:
    """Whether a page is as the checkout left it, and so not the agent's."""
    if page.name not in KNOWN:
        return False
    try:
        made = os.lstat(worktree / _MADE)
    except OSError:
        return False
    return page.stamp[2] <= made.st_mtime_ns


def read(worktree: Path, name: str, known: TaskPage | None = None) -> TaskPage | None:
    """The page, or ``known`` itself when it has not changed; ``None`` when there is none to read.

    Args:
        worktree: Top of an agent's worktree.
        name: Relative path of plain names.
        known: What was read before.
    """
    handle = _open(worktree, name)
    if handle is None:
        return None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
            return None
        stamp = (facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_size)
        if known is not None and (known.name, known.stamp) == (name, stamp):
            return known
        data = os.pread(handle, LARGEST, 0)
    except OSError:
        return None
    finally:
        os.close(handle)
    return TaskPage(name, stamp, data.decode("utf-8", "replace"))


def _open(worktree: Path, name: str) -> int | None:
    """A descriptor of the file, opened name by name so that no link is followed below the top."""
    *directories, last = name.split("/")
    if any(part in ("", ".", "..") for part in (*directories, last)):
        return None
    try:
        place = os.open(worktree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        for part in directories:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(part, flags, dir_fd=place)
            os.close(place)
            place = inner
        # Without O_NONBLOCK a pipe of the agent's would hold us until somebody writes into it.
        return os.open(
            last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place
        )
    except OSError:
        return None
    finally:
        os.close(place)
