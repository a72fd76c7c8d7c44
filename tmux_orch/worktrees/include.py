"""``.worktreeinclude``: the ignored files of the person's checkout that agents get a copy of."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tmux_orch.domain.errors import BadInput
from tmux_orch.worktrees.repository import Repository
from tmux_orch.worktrees.shown import shown

FILE = ".worktreeinclude"
# A list of patterns; what is longer was not written by hand.
_LARGEST_LIST = 64 * 1024

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Listed:
    """What the checkout offers.

    Attributes:
        source: Top of the person's checkout.
        files: Paths below it, each ignored by git and matched by the list.
    """

    source: Path
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Copied:
    """What one worktree got.

    Attributes:
        files: Paths that were copied now.
        refused: One line for each path that was not, with the reason; existing ones are no reason
            to mention.
    """

    files: tuple[str, ...]
    refused: tuple[str, ...]


def listed(repo: Repository) -> Listed:
    """Read the list of ``repo``'s checkout: no process when there is none, else two.

    The patterns have gitignore syntax, read by git itself. Of what they match only files that the
    repository ignores are offered: tracked ones are in the worktree anyway, and others may be
    somebody's unfinished work.

    Raises:
        BadInput: the list is not a plain file or too large.
        CouldNotTell, GitFailed: git could not list the files.
    """
    source = repo.checkout or repo.root
    path = source / FILE
    if not _is_list(path):
        return Listed(source)
    git = repo.git_at(source)
    matched = git.run("ls-files", "-z", "--others", "--ignored", f"--exclude-from={path}").out
    if not matched:
        return Listed(source)
    ignored = git.run("check-ignore", "-z", "--stdin", stdin=matched, accept=(0, 1)).out
    names = (os.fsdecode(name) for name in ignored.split(b"\0") if name)
    return Listed(source, tuple(sorted(name for name in names if not name.endswith("/"))))


def copy(offer: Listed, worktree: Path) -> Copied:
    """Copy what is offered into ``worktree``; what is there already stays as it is.

    Modes (without set-id bits) and times are kept. Symbolic links are not followed at any level
    of either side, so nothing is read or written outside; special files are refused. A copy
    appears whole or not at all.

    Raises:
        OSError: the disk is full or the worktree cannot be written.
    """
    copied, refused = [], []
    for name in offer.files:
        reason = _copy_one(offer.source, worktree, PurePosixPath(name))
        if reason is None:
            copied.append(name)
        elif reason:
            refused.append(f"{shown(name)}: {reason}")
    return Copied(tuple(copied), tuple(refused))


def _is_list(path: Path) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode):
        raise BadInput(f"{shown(path)} is not a plain file", "make it one, or remove it")
    if found.st_size > _LARGEST_LIST:
        raise BadInput(f"{shown(path)} is larger than {_LARGEST_LIST // 1024} kB", "shorten it")
    return True


def _copy_one(source: Path, worktree: Path, name: PurePosixPath) -> str | None:
    """Copy one file; ``None`` when done, else why not (empty: it was there)."""
    if name.is_absolute() or ".." in name.parts:
        return "it lies outside of the checkout"
    try:
        with _descend(source, name.parts[:-1]) as here, _opened(name.name, here) as file:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                return "it is not a plain file"
            with _descend(worktree, name.parts[:-1], make=True) as there:
                return _write(file, found, name.name, there)
    except FileNotFoundError:
        return "it has just disappeared"
    except (PermissionError, NotADirectoryError) as error:
        return error.strerror or "it cannot be read"
    except OSError as error:
        if error.errno == 40:  # ELOOP: O_NOFOLLOW met a symbolic link
            return "it is a symbolic link, or below one"
        raise


def _write(file: int, found: os.stat_result, name: str, there: int) -> str | None:
    part = f".{name}.orch-part"  # one fixed name, so that what a kill left is taken up again
    target = os.open(part, _WRITE, 0o600, dir_fd=there)
    try:
        with os.fdopen(target, "wb") as out, os.fdopen(os.dup(file), "rb") as data:
            shutil.copyfileobj(data, out, 1 << 20)
            out.flush()
            os.fchmod(out.fileno(), stat.S_IMODE(found.st_mode) & 0o777)
            os.utime(out.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
        try:
            os.link(part, name, src_dir_fd=there, dst_dir_fd=there, follow_symlinks=False)
        except FileExistsError:
            return ""
    finally:
        os.unlink(part, dir_fd=there)
    return None


@contextmanager
def _descend(top: Path, parts: tuple[str, ...], *, make: bool = False) -> Iterator[int]:
    """A descriptor of the directory ``top/parts…``, no part of which is a symbolic link."""
    here = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            if make:
                try:
                    os.mkdir(part, 0o777, dir_fd=here)
                except FileExistsError:
                    pass  # opening it says whether it is a directory
            below = os.open(part, _DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


@contextmanager
def _opened(name: str, directory: int) -> Iterator[int]:
    file = os.open(name, _READ, dir_fd=directory)
    try:
        yield file
    finally:
        os.close(file)
