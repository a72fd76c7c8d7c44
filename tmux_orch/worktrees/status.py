"""``git status`` as data: commit, branch, and every path that differs."""

from __future__ import annotations

from dataclasses import dataclass

from tmux_orch.worktrees.git import Git


@dataclass(frozen=True, slots=True)
class Changed:
    """One path that differs from the commit.

    Attributes:
        kind: ``1`` changed, ``u`` unmerged, ``?`` untracked, ``!`` ignored.
        index, tree: git's letters for the index and the working tree (``.`` is the same);
            both ``.`` for untracked and ignored ones.
        submodule: git's four letters, ``N...`` for what is not a submodule.
        path: Relative to the top; ends in ``/`` for a directory shown as a whole.
    """

    kind: str
    index: str
    tree: str
    submodule: str
    path: str


@dataclass(frozen=True, slots=True)
class Status:
    """What ``git status`` says of one worktree.

    Attributes:
        commit: The commit it is on; ``None`` before the first.
        branch: Short branch name; ``None`` when HEAD is detached.
        changed: Every path that differs.
    """

    commit: str | None
    branch: str | None
    changed: tuple[Changed, ...]


def read_status(
    git: Git, *, untracked: str = "normal", ignored: bool = False, submodules: bool = True
) -> Status:
    """Ask git once; reads only, the index is not refreshed.

    Args:
        git: git in the worktree.
        untracked: ``normal`` shows a directory as one path, ``all`` every file.
        ignored: Whether ignored files are listed too.
        submodules: Whether a submodule that differs counts as changed.

    Raises:
        GitFailed, CouldNotTell: as :meth:`Git.run`.
    """
    arguments = ["status", "--porcelain=v2", "--branch", "-z", "--no-renames",
                 f"--untracked-files={untracked}"]  # fmt: skip
    if ignored:
        arguments.append("--ignored=traditional")  # with `all`: each file, not its directory
    if not submodules:
        arguments.append("--ignore-submodules=all")
    status = parse(git.run(*arguments).text())
    if status.branch == "(detached)":
        # The word is also a legal branch name: only symbolic-ref tells.
        branch = git.line("symbolic-ref", "-q", "--short", "HEAD", accept=(0, 1))
        status = Status(status.commit, branch or None, status.changed)
    return status


def parse(text: str) -> Status:
    """Read ``git status --porcelain=v2 --branch -z --no-renames``."""
    commit: str | None = None
    branch: str | None = None
    changed = []
    for record in text.split("\0"):
        kind = record[:1]
        if record.startswith("# branch.oid "):
            word = record.removeprefix("# branch.oid ")
            commit = None if word == "(initial)" else word
        elif record.startswith("# branch.head "):
            branch = record.removeprefix("# branch.head ")
        elif kind in ("1", "u"):
            fields = record.split(" ", 8 if kind == "1" else 10)
            changed.append(Changed(kind, fields[1][0], fields[1][1], fields[2], fields[-1]))
        elif kind in ("?", "!"):
            changed.append(Changed(kind, ".", ".", "N...", record[2:]))
    return Status(commit, branch, tuple(changed))
