"""A repository and a place for agents' worktrees."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import git, make_repository
from tests.worktrees.zoo import script
from tmux_orch.worktrees.make import Made, make
from tmux_orch.worktrees.repository import Repository, inspect

BRANCH = "orch/ab12cd/developer"
REF = f"refs/heads/{BRANCH}"


@dataclass
class Bench:
    """A person's repository, looked at, and where the developer's worktree belongs."""

    root: Path
    repo: Repository
    path: Path

    def make(self, *, ours: bool = True) -> Made:
        return make(self.repo, self.path, BRANCH, self.repo.head, ours=ours)

    def refs(self) -> set[str]:
        return set(git(self.root, "for-each-ref", "--format=%(refname)").split())

    def worktrees(self) -> list[str]:
        """Directories of git's own list, without the main one."""
        lines = git(self.root, "worktree", "list", "--porcelain").splitlines()
        return [line.removeprefix("worktree ") for line in lines
                if line.startswith("worktree ")][1:]  # fmt: skip

    def admins(self) -> list[str]:
        """Every entry, those that git's list hides too."""
        place = self.root / ".git/worktrees"
        return sorted(os.listdir(place)) if place.exists() else []


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    root = make_repository(tmp_path / "sample")
    return Bench(root, inspect(root), tmp_path / "ours" / "developer")


@pytest.fixture
def with_git(tmp_path: Path) -> Callable[[Bench, str], Bench]:
    """The same bench with a program of ours in place of git; ``$GIT`` in it is the real one."""

    def wrapped(bench: Bench, text: str) -> Bench:
        real = next(p for p in os.environ["PATH"].split(":") if os.access(f"{p}/git", os.X_OK))
        place = tmp_path / "wrapped"
        place.mkdir(exist_ok=True)
        script(place / "git", f"GIT={real}/git\n{text}")
        environment = {**os.environ, "PATH": f"{place}:{os.environ['PATH']}"}
        return Bench(bench.root, inspect(bench.root, environment), bench.path)

    return wrapped
