"""Removing with a checker: what exists, as hashes, before and after a removal."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import git
from tests.worktrees.conftest import BRANCH, REF, Bench
from tests.worktrees.snapshot import contents
from tmux_orch.worktrees.remove import Removed, remove

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def take(bench: Bench, *, force: bool = False, ours: bool = True) -> Removed:
    return remove(
        bench.repo, bench.path, BRANCH, label="developer",
        archive_dir=bench.path.parent.parent / "archives", at=AT, ours=ours, force=force,
    )  # fmt: skip


def archives(bench: Bench) -> list[Path]:
    place = bench.path.parent.parent / "archives"
    return sorted(place.iterdir()) if place.exists() else []


# --- what exists, as hashes ---------------------------------------------------------------------


def precious(bench: Bench) -> set[str]:
    """Hashes of every file in the worktree, every blob in its index, and every commit it knows."""
    found = {d for n, d in contents(bench.path).items() if n != ".git" and ".git/" not in n}
    for line in git(bench.path, "ls-files", "--stage").splitlines():
        mode, oid, _ = line.split("\t")[0].split()
        if mode != "160000":
            found.add(hashlib.sha256(blob(bench.path, oid)).hexdigest())
    found |= commits(bench.path)
    for place in (bench.root / ".git/worktrees/developer/modules").glob("*"):
        found |= commits(place)
    return found


def commits(place: Path) -> set[str]:
    return set(git(place, "rev-list", "--all", "--reflog", "HEAD").split())


def blob(place: Path, oid: str) -> bytes:
    done = subprocess.run(["git", "-C", place, "cat-file", "blob", oid], capture_output=True,
                          check=True, timeout=60)  # fmt: skip
    return done.stdout


def exists_now(bench: Bench, at: Path) -> set[str]:
    """Hashes of all that is in the worktree, in an archive, or reachable from a ref."""
    found: set[str] = set()
    if bench.path.exists():
        found |= precious(bench)
    for number, path in enumerate(archives(bench)):
        place = at / f"unpacked-{number}"
        with tarfile.open(path) as tar:
            tar.extractall(place, filter="fully_trusted")
        found |= set(contents(place).values())
        for store in (place / "entry/modules").glob("*"):
            subprocess.run(["git", "config", "-f", store / "config", "--unset", "core.worktree"])
            found |= commits(store)
    lines = git(bench.root, "rev-list", "--objects", "--all").splitlines()
    for line in lines:
        oid = line.split()[0]
        kind = git(bench.root, "cat-file", "-t", oid)
        if kind == "blob":
            found.add(hashlib.sha256(blob(bench.root, oid)).hexdigest())
        elif kind == "commit":
            found.add(oid)
    return found


def nothing_here(bench: Bench) -> None:
    assert not bench.path.exists()
    assert bench.admins() == []
    assert REF not in bench.refs()
