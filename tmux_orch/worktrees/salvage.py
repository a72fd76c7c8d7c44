"""Keeping what a removal would lose: commits and index under a rescue ref, files in an archive."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tmux_orch.domain.names import is_name
from tmux_orch.worktrees import archive, nested
from tmux_orch.worktrees.archive import Source
from tmux_orch.worktrees.entries import Entry
from tmux_orch.worktrees.findings import OUR_DIRECTORY, Findings, git_of
from tmux_orch.worktrees.git import Git
from tmux_orch.worktrees.repository import Repository

RESCUE = "refs/orch/rescue"
# In the archive the worktree's own files stand below `files/`, its git directory (index, reflog,
# state of an unfinished rebase, submodules' repositories) below `entry/`.
FILES, ENTRY = "files", "entry"

_AUTHOR = {
    "GIT_AUTHOR_NAME": "tmux-orch", "GIT_AUTHOR_EMAIL": "rescue@tmux-orch.invalid",
    "GIT_COMMITTER_NAME": "tmux-orch", "GIT_COMMITTER_EMAIL": "rescue@tmux-orch.invalid",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rescue:
    """Where what was kept is.

    Attributes:
        ref: Commit whose parents are HEAD and every commit that was nowhere else, and whose tree
            is the index (unmerged files as ``NAME~stageN``); ``None`` when git has it all.
        archive: The files that git does not have, as they stood; ``None`` when there were none.
    """

    ref: str | None
    archive: Path | None


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps what is left of one agent's work.

    Attributes:
        repo: The repository.
        label: The agent's name, part of the ref's and archive's names.
        directory: Where archives go.
        at: Now, aware.
    """

    repo: Repository
    label: str
    directory: Path
    at: datetime

    def all_of(self, entry: Entry, tree: Path, found: Findings) -> Rescue:
        """Write rescue ref and archive for the worktree whose files are at ``tree``.

        Nothing of the worktree changes. Both are on the disk, and the archive was read back, when
        this returns.

        Raises:
            Partly: something changed meanwhile.
            OSError, GitFailed: it could not be written.
        """
        name = self._name()
        path = self.directory / f"{name}.tar.gz"
        members = archive.write(path, _sources(entry, tree, found))
        with tempfile.TemporaryDirectory(prefix="orch-") as scratch:
            git = git_of(self.repo, entry, Path(scratch))  # only its index is asked for
            content = _index_tree(git.within(GIT_INDEX_FILE=f"{scratch}/index"), git)
        parents = [oid for oid in dict.fromkeys((found.commit, *found.tips)) if oid]
        arguments = [word for oid in parents for word in ("-p", oid)]
        message = f"Kept before the worktree of {self.label} was removed\n\nFiles: {path}\n"
        date = self.at.isoformat()
        commit = (
            self.repo.git()
            .within(**_AUTHOR, GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
            .run(
                "commit-tree", content, *arguments, stdin=message.encode("utf-8", "surrogateescape")
            )
        )
        return Rescue(self._write(name, commit.text().strip()), path if members else None)

    def directory_of(self, tree: Path, name: str) -> Rescue | None:
        """Keep one directory of the worktree, and no more."""
        path = self.directory / f"{self._name()}.tar.gz"
        members = archive.write(path, [Source(tree / name, f"{FILES}/{name}")])
        return Rescue(None, path) if members else None

    def branch(self, tip: str) -> Rescue:
        """Keep the commits of a branch that has no worktree."""
        return Rescue(self._write(self._name(), tip), None)

    def _name(self) -> str:
        if not is_name(self.label):
            raise ValueError(f"not a name: {self.label!r}")
        return f"{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}-{self.label}"

    def _write(self, name: str, commit: str) -> str:
        self.repo.git().run("update-ref", f"{RESCUE}/{name}", commit, "0" * len(commit))
        return f"{RESCUE}/{name}"


def _sources(entry: Entry, tree: Path, found: Findings) -> Iterator[Source]:
    """What git does not have, the entry, and the repositories inside."""
    names = (*found.changed, *found.untracked, *found.ignored, *found.spared, *found.hidden)
    wanted = dict.fromkeys(name.rstrip("/") for name in names if not name.endswith(".pyc")
                           or name not in found.spared)  # fmt: skip
    wanted.update(dict.fromkeys(str(place.relative_to(tree)) for place in nested.inner(tree)))
    for name in wanted:
        if (tree / name).is_symlink() or (tree / name).exists():
            yield Source(tree / name, f"{FILES}/{name}")
    if (tree / OUR_DIRECTORY).is_dir():
        yield Source(tree / OUR_DIRECTORY, f"{FILES}/{OUR_DIRECTORY}")
    for place in sorted(entry.admin.iterdir()):
        if place.name != "modules" or found.repositories:
            yield Source(place, f"{ENTRY}/{place.name}")


def _index_tree(scratch: Git, git: Git) -> str:
    """A tree of everything in the index; each side of an unmerged file under a name of its own."""
    lines = []
    for record in git.run("ls-files", "--stage", "-z").out.split(b"\0"):
        facts, _, name = record.partition(b"\t")
        if name:
            mode, oid, stage = facts.split(b" ")
            suffix = b"" if stage == b"0" else b"~stage" + stage
            lines.append(b"%s %s 0\t%s%s\0" % (mode, oid, name, suffix))
    scratch.run("update-index", "-z", "--index-info", stdin=b"".join(lines))
    return scratch.line("write-tree", "--missing-ok")
