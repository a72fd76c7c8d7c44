"""The `.orch/` directory of a worktree: an agent's pages, the spec's copy and its mailbox."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from tmux_orch.briefing import render
from tmux_orch.config.files import write_atomically
from tmux_orch.domain.errors import Partly
from tmux_orch.domain.plan import Plan
from tmux_orch.domain.roles import Role
from tmux_orch.domain.seat import Seat

DIRECTORY = ".orch"
SPEC_FILE = ".orch/spec.md"


def directory(worktree: Path) -> Path:
    """The worktree's `.orch/`, made when absent, ignored by git through its own `.gitignore`.

    Raises:
        Partly: something else (a link, a file) stands there; an agent could have put it there to
            make us write elsewhere, so it is never followed.
    """
    path = worktree / DIRECTORY
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise Partly(
                f"{path} is not a directory of ours", "move it away and use --resume"
            ) from None
    ignore = path / ".gitignore"
    if not ignore.exists():
        write_atomically(ignore, b"*\n")
    mailbox = path / "mailbox"
    if not mailbox.is_symlink():
        mailbox.mkdir(mode=0o700, exist_ok=True)
    return path


def reader(
    plan: Plan, label: str, seat: Seat, mates: tuple[Seat, ...], role_of: Callable[[str], Role],
    last: Mapping[str, str],
) -> render.Reader:  # fmt: skip
    """What the pages of ``seat`` may say."""

    def mate(other: Seat) -> render.Mate:
        role = role_of(other.role)
        return render.Mate(other.name, role.title, role.purpose, other.worktree, other.branch)

    return render.Reader(
        me=mate(seat),
        responsibilities=tuple(role_of(seat.role).responsibilities),
        hub=plan.hub,
        project=label,
        title=plan.title,
        tasks=plan.tasks,
        spec_file=SPEC_FILE,
        starting_branch=plan.starting_branch,
        base=seat.base,
        mates=tuple(mate(other) for other in mates),
        last=last,
    )


def write_first(worktree: Path, role_page: Path, plan: Plan, about: render.Reader) -> None:
    """Briefing, spec copy and role page of a first start; written again they are the same bytes."""
    place = directory(worktree)
    write_atomically(place / "spec.md", plan.spec.encode("utf-8", "surrogateescape"))
    write_atomically(place / "briefing.md", _bytes(render.page("briefing", about)))
    role = _bytes(render.page("role", about))
    write_atomically(place / "role.md", role)
    write_atomically(role_page, role)


def write_resume(worktree: Path, about: render.Reader) -> None:
    """The page that tells an agent where it was when its program ended."""
    place = directory(worktree)
    write_atomically(place / "resume.md", _bytes(render.page("resume", about)))


def _bytes(page: str) -> bytes:
    """The page as a file; paths in it that are not UTF-8 keep their own bytes."""
    return page.encode("utf-8", "surrogateescape")
