"""Which commits of a worktree exist nowhere else, so that removing it would lose them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tmux_orch.worktrees.entries import Entry
from tmux_orch.worktrees.git import Git

# Commits that an unfinished command of git keeps beside HEAD, relative to the git directory.
_HEADS = (
    "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "ORIG_HEAD", "BISECT_HEAD",
    "AUTO_MERGE", "MERGE_AUTOSTASH", "rebase-merge/orig-head", "rebase-merge/onto",
    "rebase-merge/autostash", "rebase-merge/stopped-sha", "rebase-apply/orig-head",
    "rebase-apply/onto", "rebase-apply/autostash", "rebase-apply/original-commit",
)  # fmt: skip
_OID = re.compile(r"\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b")


@dataclass(frozen=True, slots=True)
class OnlyHere:
    """Commits that no other ref has.

    Attributes:
        count: How many of them the asked heads have.
        tips: The newest of all, which keep the others.
    """

    count: int = 0
    tips: tuple[str, ...] = ()


def only_here(
    git: Git, heads: Iterable[str], home: str, remembered: Iterable[str] = ()
) -> OnlyHere:
    """What is reachable from ``heads`` and ``remembered`` and from no other ref.

    Elsewhere means any branch, tag or remote branch but ``home`` (the branch that goes with the
    worktree). The stash and rescue refs of ours do not count: a stash is dropped in passing.

    Args:
        git: git in the repository.
        heads: Full ids of HEAD and home branch, which are counted.
        home: Full name of the home branch.
        remembered: Further ids, from reflogs; unknown objects and other kinds are passed over.
    """
    heads = list(heads)
    known = _existing(git, {*heads, *remembered})
    if not known:
        return OnlyHere()
    lines = git.run(
        "rev-list", "--parents", *known, "--not", f"--exclude={home}", "--exclude=refs/stash",
        "--exclude=refs/orch/*", "--glob=refs/*",
    ).text().splitlines()  # fmt: skip
    graph = {commit: parents for commit, *parents in map(str.split, lines)}
    inner = {parent for parents in graph.values() for parent in parents}
    return OnlyHere(
        len(_reachable(graph, heads)), tuple(commit for commit in graph if commit not in inner)
    )


def _reachable(graph: Mapping[str, list[str]], heads: Iterable[str]) -> set[str]:
    found: set[str] = set()
    left = list(heads)
    while left:
        commit = left.pop()
        if commit in graph and commit not in found:
            found.add(commit)
            left.extend(graph[commit])
    return found


def forgotten(common_dir: Path, entry: Entry, home: str) -> set[str]:
    """Every commit that HEAD or the home branch once was, or an unfinished command keeps.

    Read from the reflogs, which go away with worktree and branch: a commit made while HEAD was
    detached is in nothing else after the next switch.
    """
    found: set[str] = set()
    for path in (entry.admin / "logs" / "HEAD", common_dir / "logs" / home):
        for line in _lines(path):
            found.update(_OID.findall(line.partition("\t")[0]))
    for name in _HEADS:
        for line in _lines(entry.admin / name):
            found.update(_OID.findall(line))
    return {oid for oid in found if oid.strip("0")}


def _existing(git: Git, commits: Iterable[str]) -> list[str]:
    asked = "\n".join(sorted(set(commits)))
    if not asked:
        return []
    answer = git.run("cat-file", "--batch-check", stdin=f"{asked}\n".encode()).text()
    rows = (line.split() for line in answer.splitlines())
    return [row[0] for row in rows if row[1:2] == ["commit"]]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "surrogateescape").splitlines()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return []
