"""What a forced removal keeps, and what it does when keeping fails or is killed."""

from __future__ import annotations

import os
import socket
import tarfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.conftest import git, make_repository
from tests.worktrees.conftest import BRANCH, REF, Bench
from tests.worktrees.losses import AT, archives, exists_now, nothing_here, precious, take
from tests.worktrees.snapshot import snapshot
from tests.worktrees.unsaved import a_merge_in_progress, a_staged_file_that_changed_again, commit
from tmux_orch import external
from tmux_orch.domain.errors import BadInput, CouldNotTell, OrchError
from tmux_orch.worktrees import archive, salvage
from tmux_orch.worktrees.remove import StillNeeded
from tmux_orch.worktrees.remove import salvage as keep


def test_modes_links_and_special_files_are_in_the_archive(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    (bench.path / "tool").write_text("run")
    (bench.path / "tool").chmod(0o750)
    (bench.path / "link").symlink_to("tool")
    os.link(bench.path / "tool", bench.path / "same")
    os.mkfifo(bench.path / "pipe")
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(bench.path)  # the path of a socket ends at 107 bytes
    try:
        server.bind("socket")
    finally:
        os.chdir(here)
        server.close()
    rescue = take(bench, force=True).rescue
    assert rescue is not None
    assert rescue.archive is not None
    assert rescue.archive.stat().st_mode & 0o777 == 0o600
    assert rescue.archive.parent.stat().st_mode & 0o777 == 0o700
    with tarfile.open(rescue.archive) as tar:
        assert tar.getmember("files/tool").mode == 0o750
        assert tar.getmember("files/link").linkname == "tool"
        same = tar.extractfile("files/same")
        assert same is not None
        assert same.read() == b"run"


def test_the_rescue_ref_brings_the_index_back(bench: Bench) -> None:
    bench.make()
    a_merge_in_progress(bench)
    (bench.path / "staged").write_text("staged")
    git(bench.path, "add", "staged")
    rescue = take(bench, force=True).rescue
    assert rescue is not None
    assert rescue.ref.startswith("refs/orch/rescue/20260304T050607Z-")
    assert rescue.ref.endswith("-developer")
    assert git(bench.root, "show", f"{rescue.ref}:staged") == "staged"
    assert git(bench.root, "show", f"{rescue.ref}:file-0.txt~stage2") == "ours"
    assert git(bench.root, "show", f"{rescue.ref}:file-0.txt~stage3") == "theirs"


def test_salvage_alone_changes_nothing_in_the_worktree(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    a_staged_file_that_changed_again(bench)
    before = snapshot(bench.path, bench.root / ".git/worktrees")
    rescue = keep(bench.repo, bench.path, BRANCH, label="developer",
                  archive_dir=tmp_path / "archives", at=AT)  # fmt: skip
    assert rescue.archive is not None
    assert snapshot(bench.path, bench.root / ".git/worktrees") == before
    with pytest.raises(BadInput, match="is not a worktree"):
        keep(bench.repo, tmp_path, BRANCH, label="developer", archive_dir=tmp_path, at=AT)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_cannot_be_kept_is_put_back(
    bench: Bench, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make()
    (bench.path / "new").write_text("untracked")
    before = snapshot(bench.path, bench.root / ".git/worktrees")

    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(archive, "write", fail)
    with pytest.raises((OrchError, KeyboardInterrupt)):
        take(bench, force=True)
    assert snapshot(bench.path, bench.root / ".git/worktrees") == before
    assert REF in bench.refs()


def test_an_archive_that_does_not_read_back_deletes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make()
    (bench.path / "new").write_text("untracked")
    real = archive._pack

    def damaged(file: object, sources: object) -> dict[str, bytes]:
        digests = real(file, sources)  # type: ignore[arg-type]
        return {**digests, "files/new": b"another"}

    monkeypatch.setattr(archive, "_pack", damaged)
    with pytest.raises(OrchError, match="does not hold files/new as it was"):
        take(bench, force=True)
    assert (bench.path / "new").read_text() == "untracked"
    assert archives(bench) == []


def test_what_changes_while_the_proof_is_made_is_seen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes by path between the first look and the rename."""
    bench.make()
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self == bench.path:
            (self / "late").write_text("at the last moment")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(StillNeeded, match="1 file not in git: late"):
        take(bench)
    monkeypatch.undo()
    assert (bench.path / "late").read_text() == "at the last moment"
    assert bench.make().state == "kept"


# External calls of a forced removal: the next test fails when there are more.
CALLS = 20


def test_a_forced_removal_makes_no_more_calls_than_are_killed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make()
    commit(bench, "one", "1")
    (bench.path / "new").write_text("untracked")
    calls, real = [], external.run

    def run(argv: list[str], **options: object) -> external.Completed:
        calls.append(argv)
        return real(argv, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(external, "run", run)
    take(bench, force=True)
    assert len(calls) == CALLS


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_killed_at_any_call_nothing_is_lost_and_the_next_call_ends_it(
    bench: Bench, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The N-th external call fails without any clean-up, as if the daemon had been killed there."""
    bench.make()
    commit(bench, "one", "1")
    (bench.path / "new").write_text("untracked")
    treasure = precious(bench)
    pid = os.fork()
    if pid == 0:
        real, count = external.run, 0

        def run(*argv: object, **options: object) -> external.Completed:
            nonlocal count
            count += 1
            if count == number:
                os._exit(9)
            return real(*argv, **options)  # type: ignore[arg-type]

        external.run = run  # type: ignore[assignment]
        try:
            take(bench, force=True)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    interrupted = bench.path.with_name("developer.removing").exists()
    if number % 2 or interrupted:
        made = bench.make() if number % 2 else None
        assert made is None or made.state in ("kept", "repaired", "created")
    with nullcontext():
        take(bench, force=True)
    assert treasure <= exists_now(bench, tmp_path)
    nothing_here(bench)
    assert os.listdir(bench.path.parent) == []


def test_a_directory_that_cannot_be_read_is_no_empty_directory(
    short_path: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    short_path.chmod(0o777)

    def body() -> None:
        os.environ["HOME"] = str(short_path)
        (short_path / ".gitconfig").write_text("[user]\n name = a\n email = a@b.invalid\n")
        from tmux_orch.worktrees.repository import inspect

        root = make_repository(short_path / "sample")
        bench = Bench(root, inspect(root), short_path / "ours/developer")
        bench.make()
        (bench.path / "closed").mkdir()
        (bench.path / "closed/work").write_text("work")
        (bench.path / "closed").chmod(0)
        try:
            for force in (False, True):
                with pytest.raises(CouldNotTell, match="closed cannot be read"):
                    take(bench, force=force)
        finally:
            (bench.path / "closed").chmod(0o755)
        assert (bench.path / "closed/work").read_text() == "work"

    as_ordinary_user(body)


def test_read_only_directories_can_be_removed(
    short_path: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    short_path.chmod(0o777)

    def body() -> None:
        os.environ["HOME"] = str(short_path)
        (short_path / ".gitconfig").write_text("[user]\n name = a\n email = a@b.invalid\n")
        from tmux_orch.worktrees.repository import inspect

        root = make_repository(short_path / "sample")
        bench = Bench(root, inspect(root), short_path / "ours/developer")
        bench.make()
        (bench.path / "cache/deep").mkdir(parents=True)
        (bench.path / "cache/deep/data").write_text("x")
        (bench.path / "cache/deep").chmod(0o555)
        (bench.path / "cache").chmod(0o555)
        assert take(bench, force=True).worktree
        assert not bench.path.exists()

    as_ordinary_user(body)


def test_a_label_that_is_no_name_never_becomes_a_path(bench: Bench, tmp_path: Path) -> None:
    bench.make()
    with pytest.raises(ValueError, match="not a name"):
        keep(bench.repo, bench.path, BRANCH, label="../x", archive_dir=tmp_path, at=AT)
    assert salvage.RESCUE == "refs/orch/rescue"
