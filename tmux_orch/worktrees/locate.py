"""Which repository a directory belongs to, and where that repository's main worktree is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tmux_orch.domain.errors import BadInput
from tmux_orch.worktrees.entries import pointed_at
from tmux_orch.worktrees.git import Git, complaint
from tmux_orch.worktrees.shown import shown

_ASKED = ("--is-bare-repository", "--is-shallow-repository")
_PATHS = ("--git-dir", "--git-common-dir", "--show-toplevel")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a directory stands in its repository.

    Attributes:
        root: Real path of the main worktree; of a bare repository its own directory.
        common_dir: Real path of git's common directory.
        git_dir: Real path of the git directory of the worktree it stands in.
        top: Top of the worktree it stands in; ``None`` in a bare repository.
        bare: Whether the repository has no main worktree.
        shallow: Whether its history is cut off.
    """

    root: Path
    common_dir: Path
    git_dir: Path
    top: Path | None
    bare: bool
    shallow: bool
    _environment: Mapping[str, str] | None = field(default=None, repr=False, compare=False)

    def main(self) -> Place:
        """The same repository seen from its main worktree."""
        top = None if self.bare else self.root
        return replace(self, git_dir=self.common_dir, top=top)


def locate(path: Path | str, environment: Mapping[str, str] | None = None) -> Place:
    """Ask git where ``path`` stands: one process for the usual kinds of repository.

    Raises:
        BadInput: it is no directory, no repository, one that git does not trust, or a worktree
            whose repository is gone; the message says what to do.
        CouldNotTell: git did not answer in time.
    """
    directory = _directory(path)
    words = _ask(Git(directory, environment), directory)
    bare, shallow, git_dir, common_dir, top = words
    if top is None and not bare:  # inside .git: the worktree is the one this .git belongs to
        return _from_git_dir(common_dir, shallow, environment)
    if git_dir == common_dir:
        return Place(top or common_dir, common_dir, git_dir, top, bare, shallow, environment)
    root = _main_worktree(common_dir, environment)
    return Place(root or common_dir, common_dir, git_dir, top, root is None, shallow, environment)


def _directory(path: Path | str) -> Path:
    text = os.fspath(path)
    if not text:
        raise BadInput("the project is an empty name", "give a directory, such as .")
    if "\0" in text:
        raise BadInput("the project's name contains a zero byte", "give a directory, such as .")
    try:
        directory = Path(text).resolve(strict=True)
    except FileNotFoundError as error:
        raise BadInput(f"{shown(text)} does not exist", "give the project's directory") from error
    except (OSError, RuntimeError) as error:  # a name too long, no permission, a symbolic-link loop
        reason = getattr(error, "strerror", None) or "symbolic links that lead in a circle"
        raise BadInput(f"{shown(text)}: {reason}", "give the project's directory") from error
    if not directory.is_dir():
        raise BadInput(f"{shown(text)} is not a directory", "give the project's directory")
    if not os.access(directory, os.R_OK | os.X_OK):
        raise BadInput(f"{shown(text)} may not be read by you", "give a directory of your own")
    return directory


def _ask(git: Git, directory: Path) -> tuple[bool, bool, Path, Path, Path | None]:
    done = git.run("rev-parse", "--path-format=absolute", *_ASKED, *_PATHS, accept=(0, 128, 129, 1))
    lines = done.text().split("\n")[:-1]
    words, paths = lines[: len(_ASKED)], lines[len(_ASKED) :]
    bare = words[:1] == ["true"]
    # Outside a work tree --show-toplevel fails after the others were printed.
    expected = len(_PATHS) if done.code == 0 else len(_PATHS) - 1
    if done.code not in (0, 128) or len(lines) < len(_ASKED) + expected:
        raise _not_usable(directory, done.err.decode("utf-8", "surrogateescape"), complaint(done))
    if len(paths) != expected:  # a path contains a newline: ask for one at a time
        paths = [git.line("rev-parse", "--path-format=absolute", word)
                 for word in _PATHS[:expected]]  # fmt: skip
    found = [Path(text).resolve() for text in paths]
    return bare, words[1] == "true", found[0], found[1], found[2] if done.code == 0 else None


def _not_usable(directory: Path, said: str, blame: str) -> BadInput:
    where = shown(directory)
    if "dubious ownership" in said:
        return BadInput(
            f"git does not trust {where}, because it belongs to another user",
            f"if you do: git config --global --add safe.directory {where}",
        )
    if (directory / ".git").is_file():
        target = pointed_at(directory)
        if target is not None and not target.exists():
            return BadInput(
                f"{where} points to a repository that is no longer at {shown(target)}",
                f"if it was moved: git -C NEW_PLACE worktree repair {where}",
            )
    if "not a git repository" in said:
        return BadInput(
            f"{where} is not in a git repository",
            "make it one (git init && git add -A && git commit -m Start) or give another directory",
        )
    return BadInput(f"git cannot read {where} ({blame})", f"see what `git -C {where} status` says")


def _main_worktree(common_dir: Path, environment: Mapping[str, str] | None) -> Path | None:
    """The main worktree of a repository seen from a linked one; ``None`` when it has none."""
    git = Git(common_dir, environment)
    if git.line("config", "--bool", "core.bare", accept=(0, 1)) == "true":
        return None
    configured = git.line("config", "core.worktree", accept=(0, 1))
    if configured:
        return (common_dir / configured).resolve()
    if common_dir.name == ".git":
        return common_dir.parent
    raise BadInput(
        f"the main worktree of {shown(common_dir)} is kept elsewhere and cannot be found from here",
        "start in the main worktree",
    )


def _from_git_dir(common_dir: Path, shallow: bool, environment: Mapping[str, str] | None) -> Place:
    root = _main_worktree(common_dir, environment)
    if root is None:
        return Place(common_dir, common_dir, common_dir, None, True, shallow, environment)
    return Place(root, common_dir, common_dir, root, False, shallow, environment)
