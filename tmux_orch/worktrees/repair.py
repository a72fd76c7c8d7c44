"""Putting right what a kill, a move or an `rm -rf` left of a worktree of ours."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.worktrees.entries import (
    Entry,
    entries,
    entry_at,
    is_whole,
    pointed_at,
)
from tmux_orch.worktrees.git import CHECKOUT_DEADLINE_S, Git
from tmux_orch.worktrees.running import adds_have_ended
from tmux_orch.worktrees.shown import few, shown

# How long another `git worktree add` of the repository is waited for before its unfinished entry
# may be judged; a checkout of 50,000 files took 1 s.
_OTHERS_DEADLINE_S = 20.0


def clear_half_made(git: Git, entry: Entry, base: str) -> str:
    """Take away a worktree that git never finished; its branch stays.

    git's own marker says that no agent has started in it. Should a file stand there that the
    commit does not have, then somebody has worked in it after all: the directory is put aside
    instead of deleted, and the note says where.

    Returns:
        The note; empty when nothing was put aside.
    """
    path = entry.worktree
    if path is None:
        raise CouldNotTell(f"{shown(entry.admin)} names no worktree", "see git worktree list")
    note = ""
    strangers = _strangers(git, path, base)
    if strangers:
        aside = _free_name(path, "aside")
        path.rename(aside)
        (aside / ".git").unlink(missing_ok=True)
        note = f"files in the unfinished worktree ({few(strangers)}) are now in {shown(aside)}"
    elif path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
    remove_entry(git, entry)
    return note


def remove_entry(git: Git, entry: Entry) -> None:
    """Delete an entry whose directory is gone.

    ``git worktree prune`` would take the person's own entries with it whose disk is not mounted.
    Forced twice, because a killed add leaves its entry locked; there are no files left to lose.
    """
    if entry.worktree is not None:
        done = git.run("worktree", "remove", "--force", "--force", str(entry.worktree),
                       accept=(0, 128))  # fmt: skip
        if done.code == 0:
            return
    _delete_admin(entry.admin)


def clear_nameless(common_dir: Path, path: Path) -> None:
    """Delete entries that a killed add left before it wrote where their files are.

    No command of git shows them, and once git has locked them none removes them. Only names that
    git would give to ``path`` count, and only entries that hold no state.
    """
    wanted = re.compile(re.escape(re.sub(r"[^A-Za-z0-9._-]", "-", path.name)) + r"[0-9]*")
    _clear(common_dir, lambda e: (
        e.worktree is None and wanted.fullmatch(e.admin.name) is not None
        and not (e.admin / "index").exists() and not (e.admin / "logs").exists()
    ))  # fmt: skip


def clear_unreadable(common_dir: Path, directory: Path) -> None:
    """Delete entries below our ``directory`` whose making was killed at its worst moment.

    An entry with an empty ``commondir`` makes every git fail that reads all entries, the person's
    too. The next repair of its own worktree makes it again.
    """
    _clear(common_dir, lambda e: (
        e.half_made and e.worktree is not None and e.worktree.parent == directory
        and not (e.admin / "index.lock").exists() and not _size(e.admin / "commondir")
    ))  # fmt: skip


def _clear(common_dir: Path, is_left_over: Callable[[Entry], bool]) -> None:
    """Delete the entries that are left over once the gits that may be making them have ended."""
    found = {e.admin for e in entries(common_dir) if is_left_over(e)}
    if not found:
        return
    places = {common_dir, common_dir.parent}
    places |= {e.worktree for e in entries(common_dir) if e.worktree is not None}
    if not adds_have_ended(places, _OTHERS_DEADLINE_S):
        return  # a later repair finds them again
    for entry in entries(common_dir):
        if entry.admin in found and is_left_over(entry):
            _delete_admin(entry.admin)


def reconnect(git: Git, entry: Entry | None, path: Path) -> bool:
    """Join directory and entry again where one has lost the other; whether that was enough.

    Nothing is deleted, no file that is there is written: the agent's branch, index and changes
    are as they were. A directory without any file gets them back from the index.
    """
    pointed = pointed_at(path)
    if entry is None and (pointed is None or not pointed.is_dir()):
        return False
    empty = _is_empty(path)
    if entry is not None and pointed is None:  # the directory or its .git was deleted
        path.mkdir(mode=0o700, exist_ok=True)
        _write_pointer(path, entry)
    elif pointed is None or entry is None or pointed != entry.admin.resolve():
        git.run("worktree", "repair", str(path), accept=(0, 1, 128))
    found = entry_at(_common_dir(git), path)
    if found is None or not is_whole(found):
        return False
    _fill(git, found, path, files=empty)
    return True


def adopt_files(git: Git, path: Path, branch: str, base: str) -> None:
    """Give the files at ``path`` a new entry; every file stays as it is.

    For a worktree whose entry was pruned. What was staged is merely changed afterwards.
    """
    if (useless := entry_at(_common_dir(git), path)) is not None:
        _delete_admin(useless.admin)  # it could not be joined: its HEAD is lost
    empty = _is_empty(path)
    # The entry gets the directory's name, so the last part of both is the same.
    fresh = path.with_name(f".{path.name}.entry") / path.name
    made = entry_at(_common_dir(git), fresh)
    if made is not None and not is_whole(made):  # this was killed here before
        shutil.rmtree(fresh, ignore_errors=True)
        remove_entry(git, made)
        made = None
    if made is None:
        tip = git.line("rev-parse", "-q", "--verify", f"refs/heads/{branch}", accept=(0, 1))
        where = (str(fresh), branch) if tip else ("--no-track", "-b", branch, str(fresh), base)
        git.run("worktree", "add", "--no-checkout", *where)
    (path / ".git").unlink(missing_ok=True)
    (fresh / ".git").rename(path / ".git")
    fresh.rmdir()
    fresh.parent.rmdir()
    git.run("worktree", "repair", str(path))
    found = entry_at(_common_dir(git), path)
    if found is None or not is_whole(found):
        raise CouldNotTell(f"{shown(path)} could not be joined to the repository again",
                           "see git worktree list")  # fmt: skip
    _fill(git, found, path, files=empty)


def _is_empty(path: Path) -> bool:
    return not path.is_dir() or all(entry.name == ".git" for entry in path.iterdir())


def _fill(git: Git, entry: Entry, path: Path, *, files: bool) -> None:
    """Bring back a lost index, and the files where none is left (else some were deleted)."""
    here = Git(path, git.environment)
    if not (entry.admin / "index").exists():
        here.run("read-tree", "HEAD")
    if not files:
        return
    # Status 1: a file could not be written because something else stands there; that stays.
    here.run("checkout-index", "--all", "--quiet", deadline_s=CHECKOUT_DEADLINE_S, accept=(0, 1))


def _strangers(git: Git, path: Path, base: str) -> list[str]:
    """Files below ``path`` that ``base`` does not have."""
    if path.is_symlink() or not path.is_dir():
        return []
    names = git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", base).out.split(b"\0")
    known = set(names)
    top = os.fsencode(path)
    found = []
    for directory, _, files in os.walk(top):
        for file in files:
            name = os.path.relpath(os.path.join(directory, file), top)  # noqa: PTH118 (bytes)
            if name != b".git" and name not in known:
                found.append(os.fsdecode(name))
    return found


def _write_pointer(path: Path, entry: Entry) -> None:
    pointer = path / ".git"
    with pointer.open("x", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"gitdir: {entry.admin}\n")


def _delete_admin(admin: Path) -> None:
    if admin.parent.name != "worktrees" or not stat.S_ISDIR(admin.lstat().st_mode):
        raise CouldNotTell(f"{shown(admin)} is no worktree entry", "see git worktree list")
    shutil.rmtree(admin)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _free_name(path: Path, word: str) -> Path:
    number = 1
    while (name := path.with_name(f"{path.name}.{word}-{number}")).exists():
        number += 1
    return name


def _common_dir(git: Git) -> Path:
    return Path(git.line("rev-parse", "--path-format=absolute", "--git-common-dir")).resolve()
