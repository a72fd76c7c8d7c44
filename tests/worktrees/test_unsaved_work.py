"""Every kind of work that a removal could lose: kept with the reason, or saved when forced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import git
from tests.worktrees.conftest import BRANCH, REF, Bench
from tests.worktrees.losses import archives, exists_now, precious, take
from tests.worktrees.snapshot import snapshot
from tests.worktrees.unsaved import (
    KINDS,
)
from tmux_orch.worktrees.remove import StillNeeded, obstacles


def test_there_are_twelve_kinds_and_more() -> None:
    assert len(KINDS) >= 12


@pytest.mark.parametrize("name", KINDS)
def test_it_is_kept_and_the_reason_said(name: str, bench: Bench, tmp_path: Path) -> None:
    builder, words = KINDS[name]
    bench.make()
    builder(bench)
    before, persons = snapshot(bench.path, bench.root / ".git/worktrees"), snapshot(bench.root)
    refs = bench.refs()
    with pytest.raises(StillNeeded, match=words) as caught:
        take(bench)
    assert caught.value.line().isprintable()
    assert caught.value.obstacles == obstacles(bench.repo, bench.path, BRANCH, ours=True)
    assert snapshot(bench.path, bench.root / ".git/worktrees") == before
    assert snapshot(bench.root) == persons
    assert bench.refs() == refs
    assert archives(bench) == []


@pytest.mark.parametrize("name", KINDS)
def test_forced_it_goes_and_no_byte_is_lost(name: str, bench: Bench, tmp_path: Path) -> None:
    builder, _ = KINDS[name]
    bench.make()
    builder(bench)
    treasure, persons = precious(bench), snapshot(bench.root)
    others = bench.refs() - {REF}
    removed = take(bench, force=True)
    assert removed.worktree
    assert removed.branch
    assert not bench.path.exists()
    assert "developer" not in bench.admins()
    assert os.listdir(bench.path.parent) == []
    assert removed.rescue is not None
    assert removed.rescue.archive in archives(bench)
    assert bench.refs() == others | {removed.rescue.ref}
    assert treasure <= exists_now(bench, tmp_path)
    assert snapshot(bench.root) == persons
    git(bench.root, "fsck")


def test_the_checker_sees_a_loss(bench: Bench, tmp_path: Path) -> None:
    """The positive control: what is really deleted is missed."""
    bench.make()
    (bench.path / "new").write_text("untracked")
    treasure = precious(bench)
    git(bench.root, "worktree", "remove", "--force", str(bench.path))
    assert not treasure <= exists_now(bench, tmp_path)
