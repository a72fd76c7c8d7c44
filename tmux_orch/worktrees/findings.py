"""What removing a worktree would lose, looked up as facts; what they forbid is decided apart."""

from __future__ import annotations

import filecmp
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tmux_orch.worktrees import elsewhere, nested, operation, running
from tmux_orch.worktrees.entries import Entry
from tmux_orch.worktrees.git import Git
from tmux_orch.worktrees.repository import Repository
from tmux_orch.worktrees.shown import counted, few, shown
from tmux_orch.worktrees.status import read_status

# Our own files in an agent's worktree; they ignore themselves (a .gitignore of `*`).
OUR_DIRECTORY = ".orch"


@dataclass(frozen=True, slots=True)
class Findings:
    """The facts about one worktree.

    Attributes:
        commit: What HEAD is; ``None`` before a first commit.
        branch: Short name of the branch it is on; ``None`` when detached.
        tip: The commit of its home branch; empty when there is no such branch.
        changed: Tracked paths that differ from HEAD, staged or not.
        untracked, ignored: Files git does not have; without those that cost nothing to lose.
        spared: Files git does not have that may go: ours, compiled Python, unchanged copies.
        hidden: Tracked files that differ though git was told not to look.
        operation: An unfinished merge, rebase …; empty when none.
        commits: How many commits of HEAD and home branch are nowhere else.
        tips: The newest commits that are nowhere else, those only in a reflog included.
        stashes: Stash entries made on its branches.
        processes: What works in it.
        locked: Why it is locked; ``None`` when it is not.
        repositories: Other repositories and submodules in it that hold work.
    """

    commit: str | None
    branch: str | None
    tip: str = ""
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    operation: str = ""
    commits: int = 0
    tips: tuple[str, ...] = ()
    stashes: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    locked: str | None = None
    repositories: tuple[str, ...] = ()

    def obstacles(self, home: str) -> list[str]:
        """Each reason against removing it, one line each; empty is the proof that nothing is lost.

        Args:
            home: Short name of its home branch.
        """
        lines = []
        for names, what in (
            (self.changed, "changed and not committed"),
            (self.hidden, "changed though git was told not to look"),
            (self.untracked, "not in git"),
            (self.ignored, "ignored by git and nowhere else"),
        ):
            if names:
                lines.append(f"{counted(len(names), 'file')} {what}: {few(names)}")
        if self.operation:
            lines.append(f"{self.operation} is in progress")
        if self.commits:
            where = shown(home) if self.branch else "a detached HEAD"
            lines.append(f"{counted(self.commits, 'commit')} on {where} that no other branch has")
        if self.stashes:
            lines.append(f"a stash was made on its branch: {few(self.stashes)}")
        if self.repositories:
            lines.append(f"another repository in it holds work: {few(self.repositories)}")
        if self.locked is not None:
            lines.append(f"it is locked: {shown(self.locked) or 'no reason given'}")
        if self.processes:
            lines.append(f"a process works in it: {few(self.processes)}")
        return lines


def look(repo: Repository, entry: Entry, tree: Path, home: str) -> Findings:
    """Gather the facts; reads only.

    Args:
        repo: The repository.
        entry: The worktree's entry.
        tree: Where its files are now; may be missing.
        home: Short name of its home branch.

    Raises:
        GitFailed, CouldNotTell: git could not say; then there is no proof.
    """
    if tree.is_dir():
        return _look(repo, entry, tree, home, there=True)
    with tempfile.TemporaryDirectory(prefix="orch-") as empty:
        return _look(repo, entry, Path(empty), home, there=False)


def git_of(repo: Repository, entry: Entry, tree: Path) -> Git:
    """git for the worktree of ``entry`` with its files at ``tree``, without any discovery."""
    return repo.git_at(tree).within(GIT_DIR=str(entry.admin), GIT_WORK_TREE=str(tree))


def _look(repo: Repository, entry: Entry, tree: Path, home: str, *, there: bool) -> Findings:
    git, ref = git_of(repo, entry, tree), f"refs/heads/{home}"
    # Submodules find their files by a relative path, so they are not looked into from another
    # place; what they hold is asked apart.
    status = read_status(
        git, untracked="all", ignored=True, submodules=there and tree == entry.worktree
    )
    changed = [c.path for c in status.changed
               if c.kind in "1u" and (there or (c.index, c.tree) != (".", "D"))]  # fmt: skip
    outside = [c for c in status.changed if c.kind in "?!"]
    spared = {c.path for c in outside if _is_spared(repo, tree, c.path)}
    tip = git.line("rev-parse", "-q", "--verify", ref, accept=(0, 1))
    heads = [oid for oid in (status.commit, tip) if oid]
    remembered = elsewhere.forgotten(repo.common_dir, entry, ref)
    alone = elsewhere.only_here(repo.git(), heads, ref, remembered)
    found = operation.in_progress(entry.admin)
    return Findings(
        commit=status.commit,
        branch=status.branch,
        tip=tip,
        changed=tuple(changed),
        untracked=tuple(c.path for c in outside if c.kind == "?" and c.path not in spared),
        ignored=tuple(c.path for c in outside if c.kind == "!" and c.path not in spared),
        spared=tuple(sorted(spared)),
        hidden=tuple(_hidden(git, tree)) if there else (),
        operation=found[0] if found else "",
        commits=alone.count,
        tips=alone.tips,
        stashes=tuple(_stashes(repo.git(), {home, status.branch or home})),
        processes=tuple(_named(p) for p in running.inside(tree)) if there else (),
        locked=None if entry.half_made else entry.locked,
        repositories=tuple(nested.with_work(repo, entry, tree)) if there else (),
    )


def _is_spared(repo: Repository, tree: Path, name: str) -> bool:
    """Whether losing this file outside of git loses nothing."""
    parts = name.split("/")
    if parts[0] == OUR_DIRECTORY:
        return True  # goes into the archive all the same
    if "__pycache__" in parts[:-1] and name.endswith(".pyc"):
        return True  # a function of the source beside it
    original = (repo.checkout or repo.root) / name
    copy = tree / name
    try:  # a file that .worktreeinclude copied and nobody changed
        return (
            not copy.is_symlink() and not original.is_symlink() and copy.is_file()
            and filecmp.cmp(original, copy, shallow=False)
        )  # fmt: skip
    except OSError:
        return False  # no original, or it cannot be read: then this is the only one


def _hidden(git: Git, tree: Path) -> list[str]:
    """Files marked assume-unchanged or skip-worktree whose content is not the index's."""
    marked = {}
    for record in git.run("ls-files", "-v", "-s", "-z").out.split(b"\0"):
        tag, _, rest = record.partition(b" ")
        facts, _, name = rest.partition(b"\t")
        if (tag.islower() or tag == b"S") and _is_file_there(tree, name):
            marked[name] = facts.split()[1]
    if not marked:
        return []
    plain = [name for name in marked if not (tree / os.fsdecode(name)).is_symlink()]
    said = git.run("hash-object", "--stdin-paths", stdin=b"".join(
        _quoted(name) + b"\n" for name in plain)).out.split()  # fmt: skip
    same = {name for name, oid in zip(plain, said, strict=True) if marked[name] == oid}
    return [os.fsdecode(name) for name in marked if name not in same]


def _is_file_there(tree: Path, name: bytes) -> bool:
    path = tree / os.fsdecode(name)
    return path.is_symlink() or path.is_file()


def _quoted(name: bytes) -> bytes:
    # hash-object reads one path for each line and understands git's own quoting.
    return b'"' + b"".join(b"\\%03o" % byte for byte in name) + b'"'


def _stashes(git: Git, branches: set[str]) -> list[str]:
    if not git.line("rev-parse", "-q", "--verify", "refs/stash", accept=(0, 1)):
        return []
    lines = git.run("log", "-g", "-z", "--format=%gd %gs", "refs/stash").text().split("\0")
    starts = tuple(f"{word} {branch}:" for branch in branches for word in ("WIP on", "On"))
    return [line for line in lines if line.partition(" ")[2].startswith(starts)]


def _named(process: running.Process) -> str:
    return f"{process.name} ({process.pid})"
