"""The directory of a worktree on its way out: renamed first, deleted when everything was kept."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tmux_orch.domain.errors import Internal
from tmux_orch.worktrees.shown import shown


@dataclass(frozen=True, slots=True)
class Directory:
    """Where a worktree's files are while it is removed.

    The names tell after a crash how far it came: ``NAME.removing`` may hold work and is put back,
    ``NAME.removed`` holds nothing that was not kept. Agents' names have no dot.

    Attributes:
        path: Where the worktree belongs.
    """

    path: Path

    @property
    def removing(self) -> Path:
        """Its name while it is looked at."""
        return self.path.with_name(f"{self.path.name}.removing")

    @property
    def removed(self) -> Path:
        """Its name when it only has to be deleted."""
        return self.path.with_name(f"{self.path.name}.removed")

    @property
    def both(self) -> bool:
        """Whether an interrupted removal left files and something new stands at the path."""
        return self.removing.exists() and self.path.exists()

    @property
    def tree(self) -> Path:
        """Where the files are now; ``path`` when there are none."""
        return self.removing if self.removing.exists() and not self.path.exists() else self.path

    def put_back(self) -> None:
        """Undo a removal that was interrupted before everything was kept."""
        if self.removing.exists() and not self.path.exists():
            self.removing.rename(self.path)

    @contextmanager
    def out_of_reach(self) -> Iterator[Path]:
        """Rename it, so that nothing is written into it by name; an error puts it back.

        Raises:
            Internal: it cannot be renamed.
        """
        try:
            if self.path.exists():
                self.path.rename(self.removing)
        except OSError as error:
            raise Internal(f"{shown(self.path)} cannot be renamed: {error.strerror}") from error
        try:
            yield self.removing
        except BaseException:
            if self.removed.exists() and not self.removing.exists():
                self.removed.rename(self.removing)
            self.put_back()
            raise

    def commit_to_removal(self) -> None:
        """Everything is kept: from here on a crash leaves only something to delete."""
        if self.removing.exists():
            self.removing.rename(self.removed)


def delete_tree(tree: Path) -> None:
    """Delete a directory, read-only parts of it too; nothing when it is not there."""
    if not tree.exists():
        return
    try:
        shutil.rmtree(tree)
    except PermissionError:  # module caches make their directories read-only
        tree.chmod(stat.S_IRWXU)
        for directory, names, _ in os.walk(tree):
            for name in names:
                path = Path(directory, name)
                if not path.is_symlink():
                    path.chmod(stat.S_IRWXU)
        shutil.rmtree(tree)
