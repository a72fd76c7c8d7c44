"""What a directory the person gave is to git: the project it belongs to and whether a team fits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tmux_orch.domain.errors import BadInput
from tmux_orch.worktrees import operation
from tmux_orch.worktrees.git import Git, GitFailed
from tmux_orch.worktrees.locate import Place, locate
from tmux_orch.worktrees.shown import shown
from tmux_orch.worktrees.status import Status, read_status

_CONFIG = r"^((user|author|committer)\.(name|email)|core\.sparsecheckout)$"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that agents' worktrees can be made in.

    Attributes:
        root: Real path of the main worktree, which identifies the project; of a bare repository
            its own directory.
        common_dir: Real path of git's common directory.
        checkout: The worktree the person stands in; ``None`` in a bare repository.
        branch: Short name of the branch ``head`` was read from; ``None`` when HEAD is detached.
        head: The commit that agents start from; may be empty when none is about to start.
        dirty: Paths in ``checkout`` that are not committed, so not in the agents' worktrees.
        warnings: One line each that the person should read before a team starts.
        identity: Whether commits have an author: a name and an address are configured.
        bare, shallow, sparse: What kind of repository it is.
        environment: The person's environment; git runs in it.
    """

    root: Path
    common_dir: Path
    checkout: Path | None
    branch: str | None
    head: str
    dirty: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    identity: bool = True
    bare: bool = False
    shallow: bool = False
    sparse: bool = False
    environment: Mapping[str, str] | None = field(default=None, repr=False, compare=False)

    def git(self) -> Git:
        """git in the main worktree (or bare repository)."""
        return Git(self.root, self.environment)

    def git_at(self, directory: Path) -> Git:
        """git in another directory of it, in the same environment."""
        return Git(directory, self.environment)


def inspect(
    path: Path | str,
    environment: Mapping[str, str] | None = None,
    *,
    starting: bool = True,
    branch_prefix: str = "orch",
    ours_below: Path | None = None,
) -> Repository:
    """Look at the repository ``path`` is in; changes nothing in it, not even its index.

    Args:
        path: Any directory in it: the top, a subdirectory, a linked worktree, a symbolic link.
        environment: The person's environment (for git's own configuration).
        starting: Whether a team is about to start. Otherwise a merge in progress is no
            obstacle, because the agents' starting point was recorded before.
        branch_prefix: First part of the agents' branch names, checked to be free.
        ours_below: Directory of the agents' worktrees: standing in one of those, the starting
            point is the main worktree's, not the agent's.

    Raises:
        BadInput: no team can start here; the message says what to do.
        CouldNotTell: git did not answer in time.
    """
    place = locate(path, environment)
    if ours_below is not None and place.top is not None and _is_below(place.top, ours_below):
        place = place.main()
    git = Git(place.top or place.common_dir, environment)
    try:
        # git status takes longest by far; the settings are read beside it.
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(_settings, git)
            status = read_status(git) if place.top else _bare_status(git)
            settings = asked.result()
    except GitFailed as error:
        raise BadInput(
            f"git cannot read {shown(place.root)} ({error.message})",
            f"see what `git -C {shown(place.root)} status` says",
        ) from error
    if starting:
        _check_writable(place)
        operation.check_none(place, status)
        _check_prefix(git, branch_prefix)
    return Repository(
        root=place.root,
        common_dir=place.common_dir,
        checkout=place.top,
        branch=status.branch,
        head=_head(place, status) if starting else status.commit or "",
        dirty=tuple(change.path for change in status.changed),
        warnings=_warnings(place, status, settings),
        identity=_has_identity(settings),
        bare=place.bare,
        shallow=place.shallow,
        sparse=settings.get("core.sparsecheckout") == "true",
        environment=environment,
    )


def _is_below(path: Path, directory: Path) -> bool:
    return path.is_relative_to(directory.resolve())


def _bare_status(git: Git) -> Status:
    commit = git.line("rev-parse", "-q", "--verify", "HEAD^{commit}", accept=(0, 1))
    branch = git.line("symbolic-ref", "-q", "--short", "HEAD", accept=(0, 1))
    return Status(commit or None, branch or None, ())


def _settings(git: Git) -> dict[str, str]:
    """The settings asked for, last value of each (git's own rule), names in lower case."""
    text = git.run("config", "-z", "--get-regexp", _CONFIG, accept=(0, 1)).text()
    pairs = (record.partition("\n") for record in text.split("\0") if record)
    return {name: value for name, _, value in pairs}


def _has_identity(settings: Mapping[str, str]) -> bool:
    return all(
        settings.get(f"user.{part}")
        or (settings.get(f"author.{part}") and settings.get(f"committer.{part}"))
        for part in ("name", "email")
    )


def _head(place: Place, status: Status) -> str:
    if status.commit is not None:
        return status.commit
    where = shown(place.root)
    if status.branch is None:
        raise BadInput(f"{where}: HEAD names no commit", "switch to a branch: git switch BRANCH")
    raise BadInput(
        f"{where}: the branch {shown(status.branch)} has no commits, so agents have nothing to "
        "start from",
        "commit once (git add -A && git commit -m Start) or switch to a branch that has commits",
    )


def _check_writable(place: Place) -> None:
    for directory in (place.common_dir, place.common_dir / "objects", place.common_dir / "refs"):
        # Some are absent in other storage formats; git itself then says what it misses.
        if directory.exists() and not os.access(directory, os.W_OK | os.X_OK):
            raise BadInput(
                f"{shown(directory)} is read-only for you, and branches are kept there",
                "make it writable, or clone the repository to a place of your own",
            )


def _check_prefix(git: Git, prefix: str) -> None:
    """git keeps ``a`` and ``a/b`` as file and directory: no branch may be called like a parent."""
    parts = prefix.split("/")
    parents = ["refs/heads/" + "/".join(parts[: n + 1]) for n in range(len(parts))]
    found = git.line("for-each-ref", "--format=%(refname)", *parents).split("\n")
    for parent in parents:
        if parent in found:
            name = parent.removeprefix("refs/heads/")
            raise BadInput(
                f"a branch named {shown(name)} stands in the way of the agents' branches "
                f"{shown(prefix)}/…",
                f"rename it (git branch -m {shown(name)} NEW) or set another branch_prefix",
            )


def _warnings(place: Place, status: Status, settings: Mapping[str, str]) -> tuple[str, ...]:
    warnings = []
    if status.branch is None:
        warnings.append(f"HEAD is detached: agents start from commit {(status.commit or '')[:10]}")
    if place.shallow:
        warnings.append("the clone is shallow: agents see its history only as far as it goes")
    if settings.get("core.sparsecheckout") == "true":
        warnings.append("the checkout is sparse: agents' worktrees hold the same part of the tree")
    if place.top is not None and (place.top / ".gitmodules").is_file():
        warnings.append(
            "submodules are empty in the agents' worktrees until git submodule update --init"
        )
    return tuple(warnings)
