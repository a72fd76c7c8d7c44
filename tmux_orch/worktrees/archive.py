"""A compressed archive of files that are about to go, read back before anything goes."""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tmux_orch import crash
from tmux_orch.domain.errors import Partly
from tmux_orch.worktrees.shown import shown

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """Something to keep: a file, a symbolic link, or a directory with all that is in it."""

    path: Path
    name: str


def write(archive: Path, sources: Iterable[Source]) -> int:
    """Write ``sources`` into ``archive`` (0600, gzip), flushed to the disk and read back.

    Sockets are passed over: they hold nothing. Symbolic links are kept as links.

    Args:
        archive: Must not exist; its directory is made (0700) when missing.
        sources: What to keep, with the names it gets.

    Returns:
        How many members it has; without any there is no archive.

    Raises:
        Partly: a file changed while it was read, or the archive cannot be read back.
        OSError: it cannot be written (disk full …). Nothing is left of it then.
    """
    archive.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = archive.with_name(f".{archive.name}.part")
    try:
        with part.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            digests = _pack(file, sources)
            file.flush()
            os.fsync(file.fileno())
        _check(part, digests)
        if digests:
            crash.point("write")
            part.rename(archive)
            _sync_directory(archive.parent)
    finally:
        part.unlink(missing_ok=True)
    return len(digests)


def _pack(file: IO[bytes], sources: Iterable[Source]) -> dict[str, bytes]:
    digests: dict[str, bytes] = {}
    with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=6) as tar:
        for source in sources:
            for member in _walk(source):
                if member.name not in digests:
                    digest = _add(tar, member)
                    if digest is not None:
                        digests[member.name] = digest
    return digests


def _walk(source: Source) -> Iterator[Source]:
    yield source
    if source.path.is_symlink() or not source.path.is_dir():
        return
    for entry in sorted(source.path.iterdir()):
        yield from _walk(Source(entry, f"{source.name.rstrip('/')}/{entry.name}"))


def _add(tar: tarfile.TarFile, source: Source) -> bytes | None:
    """Put one member in; its digest, or ``None`` for what an archive cannot hold."""
    found = source.path.lstat()
    if stat.S_ISSOCK(found.st_mode):
        return None
    if not stat.S_ISREG(found.st_mode):
        tar.addfile(tar.gettarinfo(source.path, source.name))
        return b""
    descriptor = os.open(source.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as data:
        tar.inodes.clear()  # type: ignore[attr-defined]  # each hard link keeps its own content
        info = tar.gettarinfo(arcname=source.name, fileobj=data)
        reader = _Hashing(data)
        try:
            tar.addfile(info, reader)
        except OSError as error:
            if error.errno is not None:
                raise
            raise Partly(f"{shown(source.name)} changed while it was kept", "try again") from error
    return reader.digest.digest()


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        return data


def _check(part: Path, digests: dict[str, bytes]) -> None:
    """Read the archive from the disk: every member is there with the bytes that went in."""
    left = dict(digests)
    with tarfile.open(part, mode="r:gz") as tar:
        for info in tar:
            wanted = left.pop(info.name, None)
            content = tar.extractfile(info) if info.isreg() else None
            digest = hashlib.sha256()
            while content is not None and (block := content.read(_BLOCK)):
                digest.update(block)
            if wanted is None or (info.isreg() and digest.digest() != wanted):
                raise Partly(f"the archive does not hold {shown(info.name)} as it was", "try again")
    if left:
        raise Partly(f"the archive lacks {shown(next(iter(left)))}", "try again")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
