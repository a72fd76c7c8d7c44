"""``--dry-run``: the plan that would be made; needs no daemon, starts none, changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tmux_orch.cli import plan_view, printing
from tmux_orch.cli.orchestrate import Asked, directory
from tmux_orch.cli.spec_file import spec_text
from tmux_orch.domain.errors import EXIT_DONE, BadInput

if TYPE_CHECKING:
    from tmux_orch.analysis.propose import Proposal
    from tmux_orch.config.registry import ProjectPaths
    from tmux_orch.domain.roles import Templates
    from tmux_orch.worktrees.repository import Repository

SCHEMA = "tmux-orch/plan/1"
_AGENT = "claude"


def dry_run(asked: Asked) -> int:
    """Print the plan; every refusal that the start itself would give here comes here too."""
    place = directory(asked)
    text, name = spec_text(asked.spec, asked.task)
    plan = _plan(asked, place, text, name)
    if asked.as_json:
        printing.as_json(plan)
    else:
        printing.lines(plan_view.lines(plan))
    return EXIT_DONE


def _plan(asked: Asked, place: str, text: str, name: str) -> dict[str, Any]:
    from pathlib import Path

    from tmux_orch.analysis.propose import Wish, propose
    from tmux_orch.config.registry import Registry
    from tmux_orch.config.settings import load_settings
    from tmux_orch.config.templates import load_templates
    from tmux_orch.domain.names import slug
    from tmux_orch.worktrees.repository import inspect

    settings, registry = load_settings(os.environ), Registry.find(os.environ)
    prefix = settings.branch_prefix
    below = registry.projects
    repository = inspect(place, os.environ, branch_prefix=prefix, ours_below=below)
    templates = load_templates(os.environ, Path(repository.root))
    wish = Wish(
        team_type=asked.team_type,
        roles=asked.roles,
        add_roles=asked.add_roles,
        plan=asked.plan,
        size=asked.size,
        # Nothing is started and nothing leaves the machine unless it was asked for by name.
        planner=asked.planner if asked.planner not in ("", "auto") else "offline",
        agent=asked.agent,
    )
    proposal = propose(
        repository.root, os.environ, text, templates, wish, settings.planner, printing.note
    )
    programs, missing = _programs(asked, proposal)
    paths = registry.project(asked.session or slug(repository.root.name))
    return {
        "schema": SCHEMA,
        "project": {
            "name": paths.root.name,
            "path": os.fspath(repository.root),
            "starting_branch": repository.branch,
            "starting_commit": repository.head,
        },
        "spec": {"name": name, "title": proposal.spec.title},
        **_team(proposal, templates),
        "agents": _agents(asked, proposal, templates, prefix, paths),
        "agent_programs": programs,
        "budget": _budget(asked),
        "warnings": [
            *repository.warnings,
            *_dirty(repository),
            *missing,
            *_memory(asked, proposal),
        ],
    }


def _budget(asked: Asked) -> dict[str, Any] | None:
    from tmux_orch.domain.budget import per_day

    if not asked.budget:
        return None
    unit, amount = per_day(asked.budget)
    return {"unit": str(unit), "amount": amount, "period": "day"}


def _team(proposal: Proposal, templates: Templates) -> dict[str, Any]:
    findings, chosen, made = proposal.findings, proposal.chosen, proposal.implementation
    subscription = templates.subscriptions[chosen.subscription]
    return {
        "team_type": chosen.team_type,
        "confidence": round(findings.confidence, 3),
        "evidence": [
            {
                "for": seen.team_type,
                "indicator": seen.indicator,
                "path": seen.path,
                "weight": round(seen.weight, 3),
            }
            for seen in findings.evidence
        ],
        "detected_type": findings.team_type,
        "runner_up": findings.runner_up or None,
        "size": chosen.size,
        "detected_size": findings.size,
        "lines": findings.lines,
        "plan": subscription.name,
        "plan_cap": subscription.cap,
        "plan_recommended": list(subscription.recommended),
        "token_multiplier": chosen.token_multiplier,
        "conditions": proposal.conditions(),
        "conditions_why": dict(findings.conditions.why),
        "omitted": [{"role": one.role, "why": one.why} for one in chosen.omitted],
        "planner": made.planner,
        "implementation_plan": made.body(),
    }


def _agents(
    asked: Asked, proposal: Proposal, templates: Templates, prefix: str, paths: ProjectPaths
) -> list[dict[str, Any]]:
    return [
        {
            "name": agent.name,
            "role": agent.role,
            "title": templates.roles[agent.role].title,
            "agent": agent.agent or asked.agent or _AGENT,
            "model": asked.model or agent.model or None,
            "window": templates.window_of(agent.role, agent.name),
            "branch": f"{prefix}/<run>/{agent.name}",
            "worktree": os.fspath(paths.worktree(agent.name)),
            "why": agent.reason,
        }
        for agent in proposal.chosen.agents
    ]


def _programs(asked: Asked, proposal: Proposal) -> tuple[list[dict[str, str | None]], list[str]]:
    """The agent programs that the team would run, and what is in the way of starting them.

    A program that is missing here is a warning: the plan is worth reading before it is installed.

    Raises:
        BadInput: one is not known.
    """
    from tmux_orch.agents.registry import adapter
    from tmux_orch.config.agent_programs import AgentPrograms

    described = AgentPrograms(os.environ)
    team = asked.agent or _AGENT
    names = dict.fromkeys([team, *(a.agent for a in proposal.chosen.agents if a.agent)])
    found: list[dict[str, str | None]] = []
    warnings = []
    for name in names:
        known = adapter(name, described)
        try:
            version = known.locate(os.environ).version
        except BadInput as missing:
            version = None
            warnings.append(missing.line())
        found.append({"name": name, "version": version})
    return found, warnings


def _memory(asked: Asked, proposal: Proposal) -> list[str]:
    """Whether the team would fit into memory.

    Raises:
        BadInput: it would not fit into a machine that does nothing else; the start refuses it, too.
    """
    from tmux_orch.agents import memory
    from tmux_orch.agents.registry import adapter
    from tmux_orch.config.agent_programs import AgentPrograms
    from tmux_orch.domain.memory import FEWER, is_hopeless, warning

    described, team = AgentPrograms(os.environ), asked.agent or _AGENT
    names = [planned.agent or team for planned in proposal.chosen.agents]
    needs = [memory.needed_mb(adapter(name, described)) for name in names]
    room = memory.room()
    line = warning(needs, room) if room is not None else ""
    if line and room is not None and is_hopeless(needs, room):
        raise BadInput(line, FEWER)
    return [f"{line}; {FEWER}"] if line else []


def _dirty(repository: Repository) -> list[str]:
    count = len(repository.dirty)
    files = "1 uncommitted file" if count == 1 else f"{count} uncommitted files"
    return [f"{files} would not be in the worktrees"] if count else []
