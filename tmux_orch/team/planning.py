"""The stored implementation plan of a team: shown, replaced by an edited one, or made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tmux_orch.analysis import plan as planner
from tmux_orch.analysis import spec
from tmux_orch.analysis.detect import analyse
from tmux_orch.analysis.plan_check import check_body
from tmux_orch.analysis.plan_page import page
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.implementation import Implementation
from tmux_orch.domain.plan import Plan
from tmux_orch.store.projects import Project
from tmux_orch.team import mirrors
from tmux_orch.team.parts import Parts, Progress


def show(parts: Parts, project: Project) -> dict[str, Any]:
    """The plan as data and as a page.

    Raises:
        BadInput: the team was planned by a version without implementation plans.
    """
    stored, made = _stored(parts, project)
    return _answer(stored, made)


def edit(parts: Parts, project: Project, body: Mapping[str, Any]) -> dict[str, Any]:
    """Put the person's plan in the place of the stored one.

    Raises:
        BadInput: it is none, or gives work to a role that is not in the team.
    """
    stored = parts.plan_of(project)
    made = check_body(body, tuple(dict.fromkeys(agent.role for agent in stored.agents)))
    return _put(parts, project, stored, made, "plan-edit")


def replan(
    parts: Parts, project: Project, by: str, environ: Mapping[str, str], progress: Progress
) -> dict[str, Any]:
    """Have the stored spec planned anew for the team as it is now.

    Raises:
        BadInput: the planner that was asked for cannot work here.
    """
    stored = parts.plan_of(project)
    templates = parts.templates_of(project)
    made = planner.make(
        spec.read(stored.spec),
        analyse(Path(project.path), environ, stored.spec, templates),
        stored.agents,
        templates,
        planner=by or "auto",
        environ=environ,
        settings=parts.planner,
        progress=lambda line: progress({"event": "note", "text": line}),
    )
    return _put(parts, project, stored, made, "replan")


def _put(
    parts: Parts, project: Project, stored: Plan, made: Implementation, step: str
) -> dict[str, Any]:
    changed = replace(stored, implementation=made)
    with parts.database.write() as connection:
        parts.plans.put(changed.run, project.name, changed.body(), connection)
        parts.journal.note(project.name, changed.run, None, step, connection=connection)
    mirrors.plan(parts, changed)
    return _answer(changed, made)


def _stored(parts: Parts, project: Project) -> tuple[Plan, Implementation]:
    stored = parts.plan_of(project)
    if stored.implementation is None:
        raise BadInput(
            f"the team of {project.name} has no implementation plan", "tmux-orch plan replan"
        )
    return stored, stored.implementation


def _answer(stored: Plan, made: Implementation) -> dict[str, Any]:
    return {"implementation_plan": made.body(), "page": page(made, stored.title)}
