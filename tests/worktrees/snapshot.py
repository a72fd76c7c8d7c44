"""Everything of a repository that is the person's, as bytes, for before/after comparisons."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

# Refs and worktree entries of ours and the objects they need: the only places we may write.
OURS = (
    "worktrees", "objects", "refs/heads/orch", "refs/orch", "logs/refs/heads/orch",
    "logs/refs/orch",
)  # fmt: skip


def snapshot(*tops: Path) -> dict[str, tuple[object, ...]]:
    """Path → type, mode, time of change and content of all that is not ours below ``tops``.

    Refs, index, HEAD, configuration, hooks, reflogs and every file of the checkout are in it.
    """
    found: dict[str, tuple[object, ...]] = {}
    for top in tops:
        stores = []
        for directory, names, files in os.walk(top):
            here = Path(directory)
            if "HEAD" in files and "objects" in names:
                stores.append(here)
            kept = [name for name in names if not _is_ours(here / name, stores)]
            for name in (*kept, *files):
                if not _is_ours(here / name, stores):
                    found[str(here / name)] = _facts(here / name)
            names[:] = kept
    return found


def contents(*tops: Path) -> dict[str, str]:
    """Path below its top → sha256 of every plain file, link targets for symbolic links."""
    found = {}
    for top in tops:
        for directory, _, files in os.walk(top):
            for name in files:
                path = Path(directory, name)
                found[str(path.relative_to(top))] = _digest(path)
    return found


def _is_ours(path: Path, stores: list[Path]) -> bool:
    return any(path == store / place or path.is_relative_to(store / place)
               for store in stores for place in OURS)  # fmt: skip


def _facts(path: Path) -> tuple[object, ...]:
    found = path.lstat()
    if stat.S_ISDIR(found.st_mode):
        return ("directory", stat.S_IMODE(found.st_mode))
    return (found.st_mode, found.st_size, found.st_mtime_ns, _digest(path))


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"-> {os.readlink(path)}"
    if not path.is_file():
        return "special"
    return hashlib.sha256(path.read_bytes()).hexdigest()
