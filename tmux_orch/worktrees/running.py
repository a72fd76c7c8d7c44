"""Processes at work in a worktree: a git that still fills it, a program whose directory it is."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.worktrees.shown import shown

_GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)


def wait_for_git(path: Path, deadline_s: float) -> None:
    """Wait until no ``git`` of this user works on ``path``.

    A ``git worktree add`` outlives the daemon that started it (it is not killed with it), and its
    ``git reset`` child outlives a killed parent: neither is half-made work yet.

    Raises:
        CouldNotTell: one still runs after ``deadline_s``.
    """
    found = list(_gits_at(path))
    psutil.wait_procs(found, timeout=deadline_s)
    left = [process.pid for process in _gits_at(path)]
    if left:
        raise CouldNotTell(
            f"git (process {left[0]}) is still filling {shown(path)}",
            "wait for it or end it, then try again",
        )


def adds_have_ended(places: Collection[Path], deadline_s: float) -> bool:
    """Wait for every ``git worktree add`` that now runs in one of ``places`` or below.

    What was unfinished before the call, and still is after it, is nobody's any more.

    Returns:
        Whether they all ended within ``deadline_s``.
    """
    found = [process for process in psutil.process_iter() if _adds_in(process, places)]
    return not psutil.wait_procs(found, timeout=deadline_s)[1]


def _adds_in(process: psutil.Process, places: Collection[Path]) -> bool:
    try:
        if process.name() != "git" or process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = process.cmdline()
        if not {"worktree", "add"} <= set(words):
            return False
        directory = Path(process.cwd())
    except (*_GONE, psutil.AccessDenied):
        return False  # it ended while we looked, or belongs to another user
    for option, value in pairwise(words):
        if option == "-C":
            directory /= value
    return any(directory.is_relative_to(place) for place in places)


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its id and program name."""

    pid: int
    name: str


def inside(path: Path) -> list[Process]:
    """Processes whose working directory is ``path`` or below it, as far as we may look.

    Processes of other users cannot be looked at; they cannot be agents of ours.
    """
    found = []
    prefix = f"{path}{os.sep}"
    for process in psutil.process_iter():
        try:
            cwd, name = process.cwd(), process.name()
        except (*_GONE, psutil.AccessDenied):
            continue
        if cwd == str(path) or cwd.startswith(prefix):
            found.append(Process(process.pid, name))
    return found


def _gits_at(path: Path) -> Iterator[psutil.Process]:
    text = str(path)
    for process in psutil.process_iter():
        try:
            if not process.name().startswith("git") or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if text in process.cmdline() or process.environ().get("GIT_WORK_TREE") == text:
                yield process
        except (*_GONE, psutil.AccessDenied):
            continue  # it ended while we looked, or belongs to another user
