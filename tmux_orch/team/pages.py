"""The `.orch/` directory of a worktree: an agent's pages, the spec's copy and its mailbox."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from tmux_orch.agents.claude import mcp
from tmux_orch.briefing import compose, facts, render
from tmux_orch.briefing.compose import Surroundings
from tmux_orch.briefing.facts import Reader, Tool, Tools, Variant
from tmux_orch.config.directory import config_directory
from tmux_orch.config.files import private_directory, write_atomically
from tmux_orch.domain.errors import OrchError, Partly
from tmux_orch.domain.implementation import Implementation
from tmux_orch.domain.plan import Plan
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.store.projects import Project
from tmux_orch.team import environment, last_work
from tmux_orch.team.decide import Act
from tmux_orch.team.parts import Parts
from tmux_orch.worktrees.git import Git

DIRECTORY = ".orch"
#: Directory of the user's own page templates, beside the configuration file.
OVERRIDES = "briefings"
CLAUDE = "claude"
# It becomes part of a command on the page.
_REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,60}")


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


def mates(parts: Parts, seat: Seat) -> tuple[Seat, ...]:
    """The others of an agent's team, without those that were removed."""
    return tuple(
        other
        for other in parts.seats.of_project(seat.project)
        if other.key != seat.key and other.desired is not Desired.REMOVED
    )


def variant(seat: Seat, act: Act, under_way: bool) -> Variant:
    """Why the pages of ``seat`` are written.

    Args:
        seat: As it was before the act.
        act: What is done with it; one that is adopted reads its pages again.
        under_way: Whether some agent of its team was at work before.
    """
    if act is Act.RESUME:
        return Variant.RESUME
    if act is Act.ADOPT:
        return Variant.REBRIEF
    if seat.briefed:
        return Variant.AGAIN
    return Variant.JOINED if under_way else Variant.FIRST


def reader(
    parts: Parts,
    project: Project,
    plan: Plan,
    seat: Seat,
    variant: Variant = Variant.FIRST,
    others: tuple[Seat, ...] | None = None,
    push_to: str | None = None,
) -> Reader:
    """What the pages of ``seat`` may say now; looks at its team, git and configuration.

    Args:
        parts: The rooms' objects.
        project, plan: Its project and the plan of its team.
        seat: Whose pages they are.
        variant: Why they are written.
        others: The rest of the team now; looked up when not given.
        push_to: What :func:`remote` says; asked when not given.
    """
    if others is None:
        others = mates(parts, seat)
    templates = parts.templates_of(project)
    teams = templates.teams
    worked = variant in (Variant.RESUME, Variant.LIMIT, Variant.AGAIN)
    around = Surroundings(
        label=project.label,
        remote=remote(Path(project.path)) if push_to is None else push_to,
        notes=str(notes(parts, project)),
        ports=environment.PORT_BASE + environment.PORTS_PER_SLOT * seat.slot,
        merge_order=teams[plan.team_type].merge_order if plan.team_type in teams else (),
        tools=_tools(parts, project, seat) if seat.role == compose.TOOLS_ROLE else None,
        did={m.name: last_work.done(m) for m in others} if variant is Variant.JOINED else {},
        last=last_work.of(seat, parts) if worked else None,
    )
    return compose.reader(plan, seat, others, templates.role, around, variant)


def write_first(
    worktree: Path, role_page: Path, plan: Plan, about: Reader, overrides: Path | None = None
) -> None:
    """Every page of a first start; written again they are the same bytes.

    Raises:
        BadInput: a template of the user's is broken; nothing was written.
    """
    role = _bytes(render.page("role", about, overrides))
    written = {facts.SPEC_FILE: plan.spec.encode("utf-8", "surrogateescape")}
    if plan.implementation is not None:
        written[facts.PLAN_FILE] = _plan_page(plan.title, plan.implementation, overrides)
    if about.tools is not None:
        written[facts.INVENTORY_FILE] = _bytes(
            render.inventory_page(about.project, about.tools, overrides)
        )
    written[facts.ROLE_FILE] = role
    written[facts.BRIEFING_FILE] = _bytes(render.page("briefing", about, overrides))
    place = directory(worktree)
    if not os.path.lexists(place / Path(facts.TASKS_FILE).name):  # what is marked in it stays
        written[facts.TASKS_FILE] = _bytes(render.page("tasks", about, overrides))
    for name, data in written.items():
        # Durable, fifty agents' pages would wait 400 times for the disk (benchmarks/bootstrap.py).
        write_atomically(place / Path(name).name, data, durable=False)
    write_atomically(role_page, role)
    if about.notes:
        place = private_directory(Path(about.notes))
        inventory = written.get(facts.INVENTORY_FILE)
        if inventory is not None:
            write_atomically(place / Path(facts.INVENTORY_FILE).name, inventory)


def write_resume(worktree: Path, about: Reader, overrides: Path | None = None) -> None:
    """The page that tells an agent where it was when its program ended.

    Raises:
        BadInput: a template of the user's is broken; nothing was written.
    """
    page = _bytes(render.page("resume", about, overrides))
    write_atomically(directory(worktree) / Path(facts.RESUME_FILE).name, page)


def overrides(environ: Mapping[str, str]) -> Path | None:
    """The directory of the user's own page templates; ``None`` when there is none."""
    path = config_directory(environ) / OVERRIDES
    return path if path.is_dir() else None


def notes(parts: Parts, project: Project) -> Path:
    """The registry's directory for notes and status reports of one project."""
    return parts.registry.project(project.name).notes


def inventory(project: Project, environ: Mapping[str, str]) -> str:
    """The text of ``mcp-inventory.md``: the MCP servers of the project and of the user."""
    tools = _found(Path(project.path), environ)
    return render.inventory_page(project.label, tools, overrides(environ))


def remote(root: Path) -> str:
    """Name of the remote that work may be pushed to; empty when there is none or git is silent."""
    try:
        names = Git(root).run("remote").text().split()
    except OrchError:
        return ""
    names = [name for name in names if _REMOTE.fullmatch(name)]
    return "origin" if "origin" in names else next(iter(names), "")


def _tools(parts: Parts, project: Project, seat: Seat) -> Tools | None:
    """MCP servers of the agent's program; nothing is said of programs we cannot read."""
    if seat.adapter != CLAUDE:
        return None
    return _found(Path(project.path), parts.berth(seat, ()).environment)


def _found(root: Path, environ: Mapping[str, str]) -> Tools:
    found = mcp.find(root, environ)
    servers = (Tool(s.name, s.transport, s.where or "unnamed", s.scope) for s in found.servers)
    return Tools(tuple(servers), found.notes)


def _bytes(page: str) -> bytes:
    return page.encode("utf-8", "surrogateescape")


def _plan_page(title: str, made: Implementation, overrides: Path | None) -> bytes:
    """The whole plan, the same for every agent of a team."""
    if overrides is None:
        return _shipped_plan_page(title, made)
    return _bytes(render.plan_page(title, made, overrides))


@lru_cache(maxsize=4)
def _shipped_plan_page(title: str, made: Implementation) -> bytes:
    return _bytes(render.plan_page(title, made))
