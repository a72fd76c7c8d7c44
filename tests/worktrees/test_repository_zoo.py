"""Every kind of repository works, or is refused in one line; the person's bytes never change."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import git, make_repository
from tests.worktrees import zoo, zoo_refused
from tests.worktrees.snapshot import snapshot
from tmux_orch.domain.errors import BadInput, CouldNotTell
from tmux_orch.worktrees import git as runner
from tmux_orch.worktrees.activity import activity
from tmux_orch.worktrees.make import make
from tmux_orch.worktrees.repository import inspect


def environment(kind: zoo.Kind) -> dict[str, str]:
    return {**os.environ, **kind.environment}


def test_the_zoo_has_every_kind() -> None:
    assert len(zoo.WORKS) >= 22
    assert len(zoo_refused.REFUSED) >= 20


@pytest.mark.parametrize("name", zoo.WORKS)
def test_it_works_and_the_checkout_is_byte_identical(name: str, tmp_path: Path) -> None:
    kind = zoo.WORKS[name](tmp_path)
    before = snapshot(*kind.tops)
    repo = inspect(kind.given, environment(kind))
    assert repo.root == kind.root.resolve()
    for agent in ("developer", "tester"):
        place = tmp_path / "ours" / agent
        made = make(repo, place, f"orch/ab12cd/{agent}", repo.head, ours=True)
        assert made.state == "created"
        work = activity(place, repo.head, environment(kind))
        assert (work.branch, work.dirty_files, work.commits_ahead) == (
            f"orch/ab12cd/{agent}", 0, 0,
        )  # fmt: skip
        assert git(place, "rev-parse", "HEAD") == repo.head
    assert snapshot(*kind.tops) == before
    assert not list(tmp_path.rglob("PWNED"))
    assert not Path("PWNED").exists()


@pytest.mark.parametrize("name", zoo_refused.REFUSED)
def test_it_is_refused_in_one_line_with_a_remedy(name: str, tmp_path: Path) -> None:
    builder, words = zoo_refused.REFUSED[name]
    kind = builder(tmp_path)
    before = snapshot(*kind.tops)
    started = time.monotonic()
    with pytest.raises(BadInput, match=words) as caught:
        inspect(kind.given, environment(kind))
    assert time.monotonic() - started < 2
    assert caught.value.next_step
    assert caught.value.line().isprintable()
    assert snapshot(*kind.tops) == before


def test_what_is_half_way_does_not_stop_a_team_that_runs(tmp_path: Path) -> None:
    kind = zoo_refused.a_merge_in_progress(tmp_path)
    assert inspect(kind.given, starting=False).branch == "main"
    git(kind.root, "merge", "--abort")
    git(kind.root, "switch", "-q", "--orphan", "fresh")
    assert inspect(kind.given, starting=False).root == kind.root


def test_branch_commit_and_dirt_are_those_of_the_checkout(tmp_path: Path) -> None:
    kind = zoo.a_dirty_checkout(tmp_path)
    repo = inspect(kind.given)
    assert repo.branch == "main"
    assert repo.head == git(kind.root, "rev-parse", "HEAD")
    assert set(repo.dirty) == {"file-0.txt", "staged", "new"}
    assert repo.common_dir == kind.root / ".git"


def test_a_detached_head_has_no_branch_and_is_said(tmp_path: Path) -> None:
    repo = inspect(zoo.a_detached_head(tmp_path).given)
    assert repo.branch is None
    assert "detached" in repo.warnings[0]


def test_a_branch_may_be_called_detached(tmp_path: Path) -> None:
    assert inspect(zoo.a_branch_called_detached(tmp_path).given).branch == "(detached)"


def test_shallow_sparse_and_submodules_are_said(tmp_path: Path) -> None:
    for number, builder in enumerate(
        (zoo.a_shallow_clone, zoo.a_sparse_checkout, zoo.with_a_submodule)
    ):
        at = tmp_path / str(number)
        at.mkdir()
        assert len(inspect(builder(at).given).warnings) == 1


def test_agents_of_a_sparse_checkout_get_the_same_part(tmp_path: Path) -> None:
    repo = inspect(zoo.a_sparse_checkout(tmp_path).given)
    place = tmp_path / "ours/developer"
    make(repo, place, "orch/ab12cd/developer", repo.head, ours=True)
    assert (place / "wanted").exists()
    assert not (place / "unwanted").exists()


def test_from_an_agents_worktree_the_main_worktree_is_the_starting_point(tmp_path: Path) -> None:
    kind = zoo.plain(tmp_path)
    repo = inspect(kind.given)
    place = tmp_path / "ours/developer"
    make(repo, place, "orch/ab12cd/developer", repo.head, ours=True)
    git(place, "switch", "-q", "-c", "feature/x")
    git(place, "commit", "-q", "--allow-empty", "-m", "Work")
    again = inspect(place, ours_below=tmp_path / "ours")
    assert (again.root, again.branch, again.head) == (repo.root, "main", repo.head)
    assert inspect(place).root == repo.root


def test_an_identity_is_seen_and_its_absence_too(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "sample")
    assert inspect(root).identity
    nobody = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    assert not inspect(root, nobody).identity
    git(root, "config", "user.name", "Only A Name")
    assert not inspect(root, nobody).identity
    git(root, "config", "author.email", "a@example.invalid")
    git(root, "config", "committer.email", "a@example.invalid")
    assert inspect(root, nobody).identity


def test_a_prefix_of_several_parts_is_checked_at_each(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "sample")
    git(root, "branch", "team/agents")
    inspect(root, branch_prefix="team/orch")
    with pytest.raises(BadInput, match="team/agents stands in the way"):
        inspect(root, branch_prefix="team/agents/orch")


def test_another_users_repository_is_refused_with_the_remedy(short_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a directory to another user")
    root = make_repository(short_path / "sample")
    for path in (root, root / ".git"):
        os.chown(path, 65534, 65534)
    with pytest.raises(BadInput, match="belongs to another user") as caught:
        inspect(root)
    assert "safe.directory" in caught.value.next_step


def test_a_read_only_repository_is_refused(
    short_path: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    short_path.chmod(0o777)

    def body() -> None:
        os.environ["HOME"] = str(short_path)
        root = short_path / "sample"
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=b", "init", "-q", root],
                       check=True)  # fmt: skip
        subprocess.run(["git", "-C", root, "-c", "user.name=a", "-c", "user.email=b", "commit",
                        "-q", "--allow-empty", "-m", "x"], check=True)  # fmt: skip
        for directory in [root / ".git", *(p for p in (root / ".git").rglob("*") if p.is_dir())]:
            directory.chmod(0o555)
        before = snapshot(root)
        try:
            with pytest.raises(BadInput, match="read-only") as caught:
                inspect(root)
            assert caught.value.next_step
            assert snapshot(root) == before
        finally:
            for directory in [root / ".git", *(root / ".git").rglob("*")]:
                if directory.is_dir():
                    directory.chmod(0o755)

    as_ordinary_user(body)


def test_an_unreadable_directory_is_refused(
    short_path: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    (short_path / "closed").mkdir(mode=0o700)
    short_path.chmod(0o755)

    def body() -> None:
        if os.getuid() != 65534:
            (short_path / "closed").chmod(0)
        with pytest.raises(BadInput, match="may not be read"):
            inspect(short_path / "closed")

    as_ordinary_user(body)


def test_a_git_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository(tmp_path / "sample")
    zoo.script(tmp_path / "git", "exec tail -f /dev/null")
    monkeypatch.setattr(runner, "READ_DEADLINE_S", 0.2)
    monkeypatch.setattr(runner.Git.run, "__kwdefaults__",
                        {**runner.Git.run.__kwdefaults__, "deadline_s": 0.2})  # fmt: skip
    with pytest.raises(CouldNotTell, match="did not end within"):
        inspect(root, {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})


def test_no_git_at_all_is_said(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "sample")
    with pytest.raises(BadInput, match="git cannot be started"):
        inspect(root, {"PATH": str(tmp_path)})
