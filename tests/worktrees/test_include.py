"""`.worktreeinclude`: exactly the ignored files that were asked for, and nothing from outside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import git, make_repository
from tests.worktrees.conftest import Bench
from tests.worktrees.snapshot import contents, snapshot
from tmux_orch.domain.errors import BadInput
from tmux_orch.worktrees.include import Listed, copy, listed
from tmux_orch.worktrees.repository import inspect


def asked(bench: Bench, patterns: str, ignored: str = "") -> None:
    (bench.root / ".worktreeinclude").write_text(patterns)
    (bench.root / ".git/info/exclude").write_text(ignored or patterns)


def test_without_a_list_nothing_is_copied_and_nothing_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert listed(bench.repo) == Listed(bench.root)


def test_ignored_files_are_copied_with_their_modes_and_times(bench: Bench) -> None:
    asked(bench, ".env\nconfig/*.secret\n")
    (bench.root / ".env").write_text("A=1")
    (bench.root / ".env").chmod(0o600)
    (bench.root / "config").mkdir()
    (bench.root / "config/a.secret").write_text("secret")
    (bench.root / "config/a.secret").chmod(0o6755)
    os.utime(bench.root / ".env", ns=(10**18, 10**18))
    bench.make()
    before = snapshot(bench.root)
    done = copy(listed(bench.repo), bench.path)
    assert done.files == (".env", "config/a.secret")
    assert done.refused == ()
    assert (bench.path / ".env").read_text() == "A=1"
    assert (bench.path / ".env").stat().st_mode & 0o7777 == 0o600
    assert (bench.path / ".env").stat().st_mtime_ns == 10**18
    assert (bench.path / "config/a.secret").stat().st_mode & 0o7777 == 0o755
    assert snapshot(bench.root) == before
    assert git(bench.path, "status", "--porcelain") == ""


def test_gitignore_syntax_is_gits_own(bench: Bench) -> None:
    asked(bench, "# a comment\n\n/only-top\n*.key\n!public.key\nbuild/**/deep\ntrailing\\ \n",
          "*\n!*/\n")  # fmt: skip
    wanted = ["only-top", "a.key", "x/b.key", "build/a/b/deep", "trailing "]
    others = ["x/only-top", "public.key", "build/other", "# a comment", "trailing"]
    for name in (*wanted, *others):
        (bench.root / name).parent.mkdir(parents=True, exist_ok=True)
        (bench.root / name).write_text(name)
    assert set(listed(bench.repo).files) == set(wanted)


def test_only_what_git_ignores_is_offered(bench: Bench) -> None:
    """Tracked files are there anyway; others may be the person's unfinished work."""
    asked(bench, "*\n", ".env\n")
    for name in (".env", "unfinished"):
        (bench.root / name).write_text("x")
    assert listed(bench.repo).files == (".env",)


def test_what_is_there_already_stays(bench: Bench) -> None:
    asked(bench, ".env\n")
    (bench.root / ".env").write_text("the person's")
    bench.make()
    (bench.path / ".env").write_text("the agent's")
    assert copy(listed(bench.repo), bench.path).files == ()
    assert (bench.path / ".env").read_text() == "the agent's"


def test_copying_again_changes_nothing(bench: Bench) -> None:
    asked(bench, ".env\n")
    (bench.root / ".env").write_text("x")
    bench.make()
    offer = listed(bench.repo)
    copy(offer, bench.path)
    before = contents(bench.path)
    assert copy(offer, bench.path).files == ()
    assert contents(bench.path) == before


def test_what_a_kill_left_of_a_copy_is_taken_up_again(bench: Bench) -> None:
    asked(bench, ".env\n")
    (bench.root / ".env").write_text("whole")
    bench.make()
    (bench.path / "..env.orch-part").write_text("ha")
    assert copy(listed(bench.repo), bench.path).files == (".env",)
    assert (bench.path / ".env").read_text() == "whole"
    assert not (bench.path / "..env.orch-part").exists()


def test_links_pipes_and_files_outside_are_refused(bench: Bench, tmp_path: Path) -> None:
    asked(bench, "secret*\nlinked/\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/key").write_text("outside")
    (bench.root / "secret-link").symlink_to(tmp_path / "outside/key")
    (bench.root / "linked").symlink_to(tmp_path / "outside")
    os.mkfifo(bench.root / "secret-pipe")
    (bench.root / "secret").write_text("fine")
    bench.make()
    done = copy(listed(bench.repo), bench.path)
    assert done.files == ("secret",)
    assert [line for line in done.refused if "symbolic link" in line]
    assert "outside" not in contents(bench.path).values()
    assert not (bench.path / "secret-link").is_symlink()
    forged = Listed(bench.root, ("secret-pipe", "linked/key", "../outside/key", "/etc/passwd"))
    refused = copy(forged, bench.path)
    assert refused.files == ()
    assert len(refused.refused) == 4


def test_nothing_is_written_through_a_link_of_the_agent(bench: Bench, tmp_path: Path) -> None:
    asked(bench, "config/\n")
    (bench.root / "config").mkdir()
    (bench.root / "config/key").write_text("key")
    bench.make()
    (tmp_path / "elsewhere").mkdir()
    (bench.path / "config").symlink_to(tmp_path / "elsewhere")
    done = copy(listed(bench.repo), bench.path)
    assert done.files == ()
    assert not any((tmp_path / "elsewhere").iterdir())


def test_a_repository_inside_is_not_copied(bench: Bench) -> None:
    asked(bench, "vendor/\n")
    make_repository(bench.root / "vendor/clone")
    (bench.root / "vendor/file").write_text("x")
    assert listed(bench.repo).files == ("vendor/file",)


def test_hostile_names_are_copied_as_they_are(bench: Bench) -> None:
    asked(bench, "keep/\n")
    names = [b"new\nline", b"\xff\xfe", b"-rf", b'"q"', b"$(touch PWNED)", b" "]
    (bench.root / "keep").mkdir()
    for name in names:
        (bench.root / "keep" / os.fsdecode(name)).write_text("x")
    bench.make()
    assert len(copy(listed(bench.repo), bench.path).files) == len(names)
    assert {os.fsencode(p.name) for p in (bench.path / "keep").iterdir()} == set(names)


def test_a_list_that_is_no_plain_file_is_refused(bench: Bench, tmp_path: Path) -> None:
    path = bench.root / ".worktreeinclude"
    path.symlink_to(tmp_path)
    with pytest.raises(BadInput, match="not a plain file"):
        listed(bench.repo)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BadInput, match="not a plain file"):
        listed(bench.repo)
    path.unlink()
    path.write_text("#" * 70_000)
    with pytest.raises(BadInput, match="larger than 64 kB") as caught:
        listed(bench.repo)
    assert caught.value.line().isprintable()


def test_a_bare_repository_has_nothing_to_copy(bench: Bench, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(bench.root), str(tmp_path / "b.git"))
    assert listed(inspect(tmp_path / "b.git")).files == ()
