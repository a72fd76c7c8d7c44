"""What was done in a worktree, and what it costs to ask."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import git, make_repository
from tests.worktrees.conftest import BRANCH, Bench
from tests.worktrees.snapshot import snapshot
from tmux_orch import external
from tmux_orch.domain.errors import Absent
from tmux_orch.worktrees.activity import Activity, activity, tip_of


def test_a_fresh_one_has_none(bench: Bench) -> None:
    bench.make()
    assert activity(bench.path, bench.repo.head) == Activity(BRANCH, 0, 0, None)


def test_files_and_commits_are_counted_and_nothing_is_written(bench: Bench) -> None:
    bench.make()
    for name in ("one", "two"):
        (bench.path / name).write_text(name)
        git(bench.path, "add", name)
        git(bench.path, "commit", "-q", "-m", name, "--date", "2026-01-02T03:04:05Z")
    (bench.path / "file-0.txt").write_text("changed")
    (bench.path / "staged").write_text("staged")
    git(bench.path, "add", "staged")
    (bench.path / "new").mkdir()
    (bench.path / "new/a").write_text("a")
    (bench.path / "new/b").write_text("b")
    before = snapshot(bench.path, bench.root / ".git/worktrees")
    found = activity(bench.path, bench.repo.head)
    assert (found.branch, found.dirty_files, found.commits_ahead) == (BRANCH, 3, 2)
    assert found.last_commit_at is not None
    assert found.last_commit_at.tzinfo is UTC
    assert (datetime.now(UTC) - found.last_commit_at).total_seconds() < 120
    assert snapshot(bench.path, bench.root / ".git/worktrees") == before


def test_any_branch_and_no_branch_are_told(bench: Bench) -> None:
    bench.make()
    git(bench.path, "switch", "-q", "-c", "feature/x")
    assert activity(bench.path, bench.repo.head).branch == "feature/x"
    git(bench.path, "checkout", "-q", "--detach")
    assert activity(bench.path, bench.repo.head).branch is None
    git(bench.path, "switch", "-q", "--orphan", "fresh")
    assert activity(bench.path, bench.repo.head).commits_ahead == 0


def test_our_own_directory_does_not_count(bench: Bench) -> None:
    bench.make()
    (bench.path / ".orch").mkdir()
    (bench.path / ".orch/.gitignore").write_text("*\n")
    (bench.path / ".orch/briefing.md").write_text("x")
    assert activity(bench.path, bench.repo.head).dirty_files == 0


def test_a_worktree_that_is_gone_is_absent_even_inside_another_repository(tmp_path: Path) -> None:
    make_repository(tmp_path / "home")
    for place in (tmp_path / "home/gone", tmp_path / "home/empty"):
        (tmp_path / "home/empty").mkdir(exist_ok=True)
        with pytest.raises(Absent) as caught:
            activity(place, "0" * 40)
        assert caught.value.next_step


def test_an_idle_agent_costs_one_process(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.make()
    git(bench.path, "commit", "-q", "--allow-empty", "-m", "Work")
    first = activity(bench.path, bench.repo.head)
    count = 0
    real = external.run

    def run(*argv: object, **options: object) -> external.Completed:
        nonlocal count
        count += 1
        return real(*argv, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(external, "run", run)
    assert activity(bench.path, bench.repo.head) == first
    assert count == 1
    shutil.rmtree(bench.path)


def test_commits_of_the_starting_branch_that_are_missing_are_counted(bench: Bench) -> None:
    bench.make()
    assert tip_of(bench.root, "main") == bench.repo.head
    assert tip_of(bench.root, "no-such") == tip_of(bench.root, "") == ""
    assert activity(bench.path, bench.repo.head).commits_behind is None
    tip = tip_of(bench.root, "main")
    assert activity(bench.path, bench.repo.head, tip=lambda: tip).commits_behind == 0
    git(bench.root, "commit", "-q", "--allow-empty", "-m", "Elsewhere")
    git(bench.path, "commit", "-q", "--allow-empty", "-m", "Work")
    tip = tip_of(bench.root, "main")
    found = activity(bench.path, bench.repo.head, tip=lambda: tip)
    assert (found.commits_ahead, found.commits_behind) == (1, 1)
    git(bench.path, "merge", "-q", "-m", "Merge", "main")
    found = activity(bench.path, bench.repo.head, tip=lambda: tip)
    assert (found.commits_ahead, found.commits_behind) == (3, 0)
