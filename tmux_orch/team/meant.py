"""Which project a request is about."""

from __future__ import annotations

import os
from pathlib import Path

from tmux_orch.domain.errors import BadInput, CouldNotTell
from tmux_orch.domain.names import split_key
from tmux_orch.store.projects import Project
from tmux_orch.team.parts import Parts
from tmux_orch.worktrees.locate import locate


def meant(parts: Parts, cwd: str, name: str | None, sender: str | None) -> Project:
    """The project meant: named, the sender's own, the directory's, or the only live one.

    Args:
        parts: The rooms' objects.
        cwd: Where the command was typed.
        name: A project's name or directory, when one was given.
        sender: The agent that asks; ``None`` for a person.

    Raises:
        BadInput: none, or several, with the candidates.
    """
    projects = [p for p in parts.projects.all() if p.run]
    if name:
        found = next((p for p in projects if p.name == name), None)
        # Else a wrong name, typed inside a project, would be a path below it.
        # os.path: pathlib raises for a name that is too long, and for links in a circle.
        there = "/" in name or os.path.exists(os.path.join(cwd, name))  # noqa: PTH110, PTH118
        if found is None and there and "\0" not in name:
            found = at(parts, cwd, name)
        if found is None:
            known = ", ".join(p.name for p in projects) or "none"
            raise BadInput(f"no project {name[:80]!r}", f"the known ones are: {known}")
        return found
    if sender is not None:
        own = split_key(sender)[0]
        return next(p for p in projects if p.name == own)
    if (here := at(parts, cwd)) is not None:
        return here
    live = [p for p in projects if p.live] or projects
    if len(live) == 1:
        return live[0]
    if not projects:
        raise BadInput("there is no team yet", "start one: auto-orchestrate --spec FILE")
    raise BadInput(
        "several projects have a team",
        f"name one: --project {' | '.join(p.name for p in live)}",
    )


def at(parts: Parts, cwd: str, path: str = "") -> Project | None:
    """The project that a directory belongs to: below its checkout or one of its worktrees.

    git is asked (one process) only for a directory that lies under none of them, such as a
    linked worktree of the person's own.
    """
    place = Path(os.path.realpath(Path(cwd, path)))
    projects = [p for p in parts.projects.all() if p.run]
    # Of nested projects the innermost.
    for project in sorted(projects, key=lambda p: -len(p.path)):
        ours = parts.registry.project(project.name).worktrees
        if place.is_relative_to(project.path) or place.is_relative_to(ours):
            return project
    try:
        root = str(locate(place).root)
    except (BadInput, CouldNotTell):
        return None  # no repository there: the caller names the candidates
    return next((p for p in projects if p.path == root), None)
