"""Making a worktree: once, again, beside others, and after something went wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import git
from tests.worktrees.conftest import BRANCH, REF, Bench
from tests.worktrees.snapshot import contents, snapshot
from tests.worktrees.zoo import script
from tmux_orch import external
from tmux_orch.domain.errors import BadInput, CouldNotTell, Internal, OrchError
from tmux_orch.worktrees import make as module
from tmux_orch.worktrees.make import make
from tmux_orch.worktrees.repository import Repository


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Every program that was run."""
    seen: list[tuple[str, ...]] = []
    real = external.run

    def run(argv: list[str], **options: object) -> external.Completed:
        seen.append(tuple(argv))
        return real(argv, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(external, "run", run)
    return seen


def test_a_new_worktree_costs_one_git(bench: Bench, calls: list[tuple[str, ...]]) -> None:
    assert bench.make().state == "created"
    assert len(calls) == 1
    assert "--force" not in calls[0]
    assert git(bench.path, "symbolic-ref", "HEAD") == REF


def test_making_it_again_costs_nothing_and_keeps_it(
    bench: Bench, calls: list[tuple[str, ...]]
) -> None:
    bench.make()
    (bench.path / "work").write_text("mine")
    before = contents(bench.path, bench.root)
    calls.clear()
    assert bench.make().state == "kept"
    assert calls == []
    assert contents(bench.path, bench.root) == before


def test_an_agent_on_a_branch_of_its_own_is_left_there(bench: Bench) -> None:
    bench.make()
    git(bench.path, "switch", "-q", "-c", "feature/x")
    assert bench.make().state == "kept"
    assert git(bench.path, "branch", "--show-current") == "feature/x"


def test_without_the_journal_a_whole_worktree_on_its_branch_is_adopted(bench: Bench) -> None:
    bench.make()
    assert bench.make(ours=False).state == "adopted"


def test_sixteen_at_once_are_all_made(bench: Bench) -> None:
    results = at_once(16, lambda n: make(
        bench.repo, bench.path.with_name(f"agent-{n}"), f"orch/ab12cd/agent-{n}",
        bench.repo.head, ours=True))  # fmt: skip
    assert [made.state for made in results] == ["created"] * 16
    assert len(bench.worktrees()) == 16
    assert "branch." not in (bench.root / ".git/config").read_text()


def test_sixteen_at_once_from_a_remote_branch_are_all_made(bench: Bench, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(bench.root), str(tmp_path / "clone"))
    root = tmp_path / "clone"
    repo = Repository(root, root / ".git", root, "main", "origin/main")
    results = at_once(16, lambda n: make(
        repo, bench.path.with_name(f"agent-{n}"), f"orch/ab12cd/agent-{n}", "origin/main",
        ours=True))  # fmt: skip
    assert [made.state for made in results] == ["created"] * 16


def test_eight_calls_for_one_agent_make_it_once(bench: Bench) -> None:
    states = sorted(made.state for made in at_once(8, lambda _: bench.make()))
    assert states == ["created"] + ["kept"] * 7


def test_eight_calls_for_one_half_made_repair_it_once(bench: Bench) -> None:
    bench.make()
    (bench.root / ".git/worktrees/developer/locked").write_text("initializing")
    states = sorted(made.state for made in at_once(8, lambda _: bench.make()))
    assert states == ["kept"] * 7 + ["repaired"]
    assert git(bench.path, "status", "--porcelain") == ""


def at_once(count: int, call: Callable[[int], module.Made]) -> list[module.Made]:
    results: list[module.Made] = []
    gate = threading.Barrier(count)

    def body(number: int) -> None:
        gate.wait()
        results.append(call(number))

    threads = [threading.Thread(target=body, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == count
    return results


# --- what is in the way -------------------------------------------------------------------------


def refused(bench: Bench, words: str, *, ours: bool) -> None:
    before = snapshot(bench.root, *([bench.path] if bench.path.exists() else []))
    refs, admins = bench.refs(), bench.admins()
    with pytest.raises(BadInput, match=words) as caught:
        bench.make(ours=ours)
    assert caught.value.next_step
    assert caught.value.line().isprintable()
    assert bench.refs() == refs
    assert bench.admins() == admins
    assert snapshot(bench.root, *([bench.path] if bench.path.exists() else [])) == before


def test_a_directory_with_files_is_not_touched(bench: Bench) -> None:
    bench.path.mkdir(parents=True)
    (bench.path / "file").write_text("somebody's")
    refused(bench, "exists and is not a worktree of ours", ours=False)


def test_an_empty_directory_is_taken(bench: Bench) -> None:
    bench.path.mkdir(parents=True)
    assert bench.make(ours=False).state == "created"


@pytest.mark.parametrize("ours", [True, False])
def test_a_symbolic_link_is_not_followed(bench: Bench, tmp_path: Path, ours: bool) -> None:
    bench.path.parent.mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "target/file").write_text("somebody's")
    bench.path.symlink_to(tmp_path / "target")
    refused(bench, "exists and is not", ours=ours)
    assert [p.name for p in (tmp_path / "target").iterdir()] == ["file"]
    bench.path.unlink()
    bench.path.write_text("a file")
    refused(bench, "exists and is not", ours=ours)


def test_a_worktree_of_the_persons_is_not_taken(bench: Bench) -> None:
    bench.path.parent.mkdir()
    git(bench.root, "worktree", "add", "-q", "-b", "mine", str(bench.path))
    git(bench.root, "worktree", "lock", "--reason", "on a stick", str(bench.path))
    refused(bench, "on a stick", ours=False)


def test_a_branch_of_the_same_name_with_other_commits_is_not_taken(bench: Bench) -> None:
    git(bench.root, "switch", "-q", "-c", BRANCH)
    git(bench.root, "commit", "-q", "--allow-empty", "-m", "Somebody's")
    git(bench.root, "switch", "-q", "main")
    refused(bench, "exists and is not ours", ours=False)


@pytest.mark.parametrize("ours", [True, False])
def test_a_branch_checked_out_by_the_person_is_not_moved(bench: Bench, ours: bool) -> None:
    git(bench.root, "switch", "-q", "-c", BRANCH)
    refused(bench, "is checked out at", ours=ours)
    assert git(bench.root, "status", "--porcelain") == ""


def test_a_branch_checked_out_in_a_linked_worktree_is_not_moved(
    bench: Bench, tmp_path: Path
) -> None:
    git(bench.root, "worktree", "add", "-q", "-b", BRANCH, str(tmp_path / "linked"))
    refused(bench, "is checked out at .*linked", ours=True)


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("branch", ["orch", "orch/ab12cd", f"{BRANCH}/below"])
def test_a_branch_that_is_a_directory_of_ours_or_below_is_named(
    bench: Bench, branch: str, ours: bool
) -> None:
    git(bench.root, "branch", branch)
    refused(bench, f"{branch} stands in the way", ours=ours)


def test_a_free_branch_at_the_starting_point_is_adopted(bench: Bench) -> None:
    git(bench.root, "branch", BRANCH)
    assert bench.make(ours=False).state == "adopted"


def test_a_branch_of_ours_is_taken_up_with_its_commits(bench: Bench) -> None:
    bench.make()
    git(bench.path, "commit", "-q", "--allow-empty", "-m", "Work")
    tip = git(bench.path, "rev-parse", "HEAD")
    git(bench.root, "worktree", "remove", str(bench.path))
    assert bench.make().state == "repaired"
    assert git(bench.path, "rev-parse", "HEAD") == tip


# --- a failed add leaves nothing ----------------------------------------------------------------


def nothing_left(bench: Bench) -> None:
    assert REF not in bench.refs()
    assert bench.admins() == []
    assert not bench.path.exists() or not any(bench.path.iterdir())


def test_a_full_disk_leaves_no_branch(
    bench: Bench, with_git: Callable[[Bench, str], Bench]
) -> None:
    (bench.root / "large").write_bytes(os.urandom(300_000))
    git(bench.root, "add", ".")
    git(bench.root, "commit", "-q", "-m", "Large")
    before = snapshot(bench.root)
    # A limit on the size of files fails the write like a full disk, without being root.
    full = with_git(bench, "case \" $* \" in *' add '*) trap '' XFSZ; ulimit -f 100;; esac\n"
                    'exec "$GIT" "$@"')  # fmt: skip
    with pytest.raises(Internal) as caught:
        full.make()
    assert caught.value.line().isprintable()
    assert "disk is full" in caught.value.next_step
    nothing_left(bench)
    assert snapshot(bench.root) == before
    full.repo = bench.repo
    assert make(bench.repo, bench.path, BRANCH, bench.repo.head, ours=True).state == "created"


def test_large_file_storage_that_is_missing_leaves_no_branch(bench: Bench) -> None:
    (bench.root / ".gitattributes").write_text("*.bin filter=lfs\n")
    (bench.root / "a.bin").write_text("version https://git-lfs.github.com/spec/v1\n")
    git(bench.root, "add", ".")
    git(bench.root, "commit", "-q", "-m", "Pointer")
    git(bench.root, "config", "filter.lfs.smudge", "git-lfs-absent smudge -- %f")
    git(bench.root, "config", "filter.lfs.required", "true")
    head = git(bench.root, "rev-parse", "HEAD")
    before = snapshot(bench.root)
    with pytest.raises(BadInput, match="git-lfs is not installed"):
        make(bench.repo, bench.path, BRANCH, head, ours=True)
    nothing_left(bench)
    assert snapshot(bench.root) == before


def test_a_locked_ref_is_said_and_leaves_nothing(bench: Bench) -> None:
    lock = bench.root / f".git/{REF}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(Internal, match="cannot lock ref") as caught:
        bench.make()
    assert "delete that lock" in caught.value.next_step
    nothing_left(bench)
    lock.unlink()
    assert bench.make().state == "created"


def test_a_path_taken_at_the_last_moment_leaves_no_branch(
    bench: Bench, with_git: Callable[[Bench, str], Bench]
) -> None:
    taken = with_git(bench, f"case \" $* \" in *' add '*) mkdir -p {bench.path}; "
                     f'touch {bench.path}/theirs;; esac\nexec "$GIT" "$@"')  # fmt: skip
    with pytest.raises(OrchError):
        taken.make()
    assert REF not in bench.refs()
    assert (bench.path / "theirs").exists()


def test_a_branch_that_has_moved_on_is_not_taken_back(
    bench: Bench, with_git: Callable[[Bench, str], Bench]
) -> None:
    git(bench.root, "commit", "-q", "--allow-empty", "-m", "Later")
    moved = with_git(bench, f"""
case " $* " in *' add '*)
    $GIT -C {bench.root} branch {BRANCH} main; echo "fatal: no" >&2; exit 128
esac
exec "$GIT" "$@"
""")  # fmt: skip
    with pytest.raises(Internal):
        make(moved.repo, bench.path, BRANCH, bench.repo.head, ours=True)
    assert git(bench.root, "rev-parse", BRANCH) == git(bench.root, "rev-parse", "main")


def test_a_checkout_that_hangs_is_ended_and_repaired_by_the_next_call(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(bench.root / ".git/wait", "exec tail -f /dev/null")
    (bench.root / ".gitattributes").write_text("file-1.txt filter=wait\n")
    git(bench.root, "add", ".")
    git(bench.root, "commit", "-q", "-m", "Attributes")
    git(bench.root, "config", "filter.wait.smudge", str(bench.root / ".git/wait"))
    head = git(bench.root, "rev-parse", "HEAD")
    monkeypatch.setattr(module, "CHECKOUT_DEADLINE_S", 0.5)
    started = time.monotonic()
    with pytest.raises(CouldNotTell, match="did not fill"):
        make(bench.repo, bench.path, BRANCH, head, ours=True)
    assert time.monotonic() - started < 15
    git(bench.root, "config", "--unset", "filter.wait.smudge")
    monkeypatch.undo()
    assert make(bench.repo, bench.path, BRANCH, head, ours=True).state == "repaired"
    assert git(bench.path, "status", "--porcelain") == ""


# --- damage afterwards --------------------------------------------------------------------------


def worked_in(bench: Bench) -> str:
    """A worktree with a commit on a task branch, something staged, changed and untracked."""
    bench.make()
    git(bench.path, "switch", "-q", "-c", "feature/x")
    (bench.path / "done").write_text("done")
    git(bench.path, "add", ".")
    git(bench.path, "commit", "-q", "-m", "Work")
    (bench.path / "staged").write_text("staged")
    git(bench.path, "add", "staged")
    (bench.path / "file-0.txt").write_text("changed")
    (bench.path / "new").write_text("untracked")
    (bench.path / "file-2.txt").unlink()
    return git(bench.path, "rev-parse", "HEAD")


def test_a_deleted_directory_comes_back_where_the_agent_was(bench: Bench) -> None:
    tip = worked_in(bench)
    shutil.rmtree(bench.path)
    assert bench.make().state == "repaired"
    assert git(bench.path, "rev-parse", "HEAD") == tip
    assert git(bench.path, "branch", "--show-current") == "feature/x"
    assert (bench.path / "staged").read_text() == "staged"
    assert git(bench.path, "status", "--porcelain") == "A  staged"
    assert len(bench.worktrees()) == 1


def test_a_locked_and_deleted_directory_comes_back(bench: Bench) -> None:
    tip = worked_in(bench)
    git(bench.root, "worktree", "lock", str(bench.path))
    shutil.rmtree(bench.path)
    assert bench.make().state == "repaired"
    assert git(bench.path, "rev-parse", "HEAD") == tip


def test_a_lost_git_file_comes_back_and_no_file_changes(bench: Bench) -> None:
    worked_in(bench)
    before = contents(bench.path)
    (bench.path / ".git").unlink()
    assert bench.make().state == "repaired"
    assert contents(bench.path) == before
    assert "A  staged" in git(bench.path, "status", "--porcelain")


def test_a_moved_repository_is_followed(bench: Bench, tmp_path: Path) -> None:
    worked_in(bench)
    before = {n: d for n, d in contents(bench.path).items() if n != ".git"}
    bench.root.rename(tmp_path / "moved")
    root = tmp_path / "moved"
    repo = Repository(root, root / ".git", root, "main", bench.repo.head)
    assert make(repo, bench.path, BRANCH, repo.head, ours=True).state == "repaired"
    assert {n: d for n, d in contents(bench.path).items() if n != ".git"} == before
    assert "A  staged" in git(bench.path, "status", "--porcelain")


def test_a_moved_registry_is_followed(bench: Bench, tmp_path: Path) -> None:
    worked_in(bench)
    before = contents(bench.path)
    bench.path.parent.rename(tmp_path / "new")
    bench.path = tmp_path / "new/developer"
    assert bench.make().state == "repaired"
    assert contents(bench.path) == before
    assert bench.worktrees() == [str(bench.path)]


def test_a_pruned_entry_is_made_again_and_no_file_changes(bench: Bench) -> None:
    worked_in(bench)
    before = {n: d for n, d in contents(bench.path).items() if n != ".git"}
    shutil.rmtree(bench.root / ".git/worktrees")
    assert bench.make().state == "repaired"
    after = {n: d for n, d in contents(bench.path).items() if n != ".git"}
    assert {n: after[n] for n in before} == before
    assert bench.worktrees() == [str(bench.path)]
    git(bench.path, "add", ".")
    git(bench.path, "commit", "-q", "-m", "It works again")


def test_an_entry_that_lost_its_head_is_made_again(bench: Bench) -> None:
    worked_in(bench)
    (bench.root / ".git/worktrees/developer/HEAD").unlink()
    assert bench.make().state == "repaired"
    assert (bench.path / "new").read_text() == "untracked"
    assert bench.worktrees() == [str(bench.path)]


def test_a_lost_index_is_made_again(bench: Bench) -> None:
    worked_in(bench)
    (bench.path / ".git").unlink()
    (bench.root / ".git/worktrees/developer/index").unlink()
    assert bench.make().state == "repaired"
    assert (bench.path / "file-0.txt").read_text() == "changed"


def test_the_persons_own_stale_entries_are_never_pruned(bench: Bench, tmp_path: Path) -> None:
    """Its disk may only be unplugged."""
    git(bench.root, "worktree", "add", "-q", "-b", "mine", str(tmp_path / "stick"))
    (tmp_path / "stick").rename(tmp_path / "unplugged")
    worked_in(bench)
    mark = bench.root / ".git/worktrees/developer/locked"
    for damage in (
        lambda: shutil.rmtree(bench.path),
        lambda: (bench.path / ".git").unlink(),
        lambda: mark.write_text("initializing"),
    ):
        damage()
        assert bench.make().state == "repaired"
    assert "stick" in bench.admins()


def test_nothing_is_repaired_that_the_journal_does_not_call_ours(bench: Bench) -> None:
    worked_in(bench)
    (bench.path / ".git").unlink()
    with pytest.raises(BadInput):
        bench.make(ours=False)
    assert not (bench.path / ".git").exists()


def test_no_git_of_ours_forces_anything(bench: Bench, calls: list[tuple[str, ...]]) -> None:
    """`--force` is given only to remove an entry whose directory is gone."""
    worked_in(bench)
    shutil.rmtree(bench.path)
    bench.make()
    assert calls
    assert not [argv for argv in calls if "--force" in argv and "remove" not in argv]


def test_objects_survive(bench: Bench) -> None:
    worked_in(bench)
    shutil.rmtree(bench.path)
    bench.make()
    done = subprocess.run(["git", "-C", bench.path, "fsck"], capture_output=True, timeout=60)
    assert done.returncode == 0
