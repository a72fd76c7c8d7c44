"""Private files: replaced atomically, read only when they are ours."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from tmux_orch import crash
from tmux_orch.domain.errors import Absent, BadInput

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
READ_LIMIT = 64 * 1024 * 1024


def write_atomically(
    path: Path, data: bytes, mode: int = PRIVATE_FILE, *, durable: bool = True
) -> None:
    """Replace ``path`` by ``data``: a reader, or a crash, finds the old bytes or the new.

    The file gets ``mode`` whatever the umask is; a symbolic link at ``path`` is replaced, not
    followed. The directory must exist. What is not ``durable`` survives our death, and may be
    empty after a power cut: for what is made again from the database.

    Raises:
        OSError: it could not be written; ``path`` is as it was and nothing is left beside it.
    """
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(6)}")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, mode)
            file.write(data)
            file.flush()
            if durable:
                os.fsync(fd)
        crash.point("write")
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames and new names in ``path`` survive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_private(path: Path, limit: int = READ_LIMIT) -> bytes:
    """The bytes of a file that only this user may read or write.

    Raises:
        Absent: there is no such file.
        BadInput: it is a link, not a regular file, another user's, open to others or over ``limit``
            bytes.
    """
    try:
        # O_NONBLOCK: opening a FIFO that somebody put here must not wait for a writer.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Absent(f"there is no file {path}") from None
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    try:
        _check_private(os.fstat(fd), path)
        with os.fdopen(fd, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(fd)
    if len(data) > limit:
        raise BadInput(f"{path} is larger than {limit} bytes", "move it away")
    return data


def _check_private(facts: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise BadInput(f"{path} is not a regular file", "move it away")
    if facts.st_uid != os.geteuid():
        raise BadInput(f"{path} belongs to another user", "move it away")
    if facts.st_mode & 0o077:
        raise BadInput(f"{path} is open to other users", f"chmod 600 {path}")


def private_directory(path: Path) -> Path:
    """Make ``path`` a directory of ours with mode 0700, its parents too where they are missing.

    One that others may read is closed to them; one that others may write is refused, because they
    may have put things in it already.

    Raises:
        BadInput: it is not a directory, another user's, writable by others, or cannot be made.
    """
    try:
        # One by one: with parents=True the mode would hold for the last only.
        for directory in reversed([path, *path.parents]):
            if directory == path or not directory.exists():
                directory.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        facts = path.stat()
    except FileExistsError:
        raise BadInput(f"{path} is not a directory", "move it away") from None
    except OSError as error:
        raise BadInput(
            f"cannot make the directory {path}: {error.strerror}",
            "make it writable, or name another with TMUX_ORCH_REGISTRY",
        ) from error
    if facts.st_uid != os.geteuid():
        raise BadInput(
            f"{path} belongs to another user", "name a directory of yours with TMUX_ORCH_REGISTRY"
        )
    if facts.st_mode & 0o022:
        raise BadInput(f"{path} can be written by other users", f"chmod 700 {path}")
    if facts.st_mode & 0o777 != PRIVATE_DIRECTORY:
        path.chmod(PRIVATE_DIRECTORY)
    return path
