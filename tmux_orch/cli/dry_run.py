"""``--dry-run``: the plan that would be made; needs no daemon, starts none, changes nothing."""

from __future__ import annotations

import os
from typing import Any

from tmux_orch.cli import plain, printing
from tmux_orch.cli.orchestrate import Asked, directory
from tmux_orch.cli.spec_file import read_spec
from tmux_orch.cli.table import Column, table
from tmux_orch.domain.errors import EXIT_DONE, BadInput

SCHEMA = "tmux-orch/dry-run/1"
_SEATS = (Column("AGENT", 12), Column("ROLE", 8), Column("WHY", 20))
_AGENT = "claude"


def dry_run(asked: Asked) -> int:
    """Print the plan; every refusal that the start itself would give here comes here too."""
    place = directory(asked)
    plan = _plan(asked, place, read_spec(asked.spec))
    if asked.as_json:
        printing.as_json(plan)
    else:
        printing.lines(_lines(plan))
    return EXIT_DONE


def _plan(asked: Asked, place: str, text: str) -> dict[str, Any]:
    from tmux_orch.agents.registry import adapter
    from tmux_orch.analysis import request, spec, team
    from tmux_orch.config.registry import Registry
    from tmux_orch.config.settings import load_settings
    from tmux_orch.config.templates import load_templates
    from tmux_orch.worktrees.repository import inspect

    prefix = load_settings(os.environ).branch_prefix
    below = Registry.find(os.environ).projects
    repository = inspect(place, os.environ, branch_prefix=prefix, ours_below=below)
    templates = load_templates(os.environ)
    words = templates.aliases()
    roles = request.read_roles(asked.roles, words, "--roles") if asked.roles else None
    added = request.read_roles(asked.add_roles, words, "--add-roles") if asked.add_roles else {}
    kind = asked.team_type or "general"
    agents = team.choose_plain(templates.team(kind).core, roles, added)
    if len(agents) > request.MAX_AGENTS:
        raise BadInput(f"a team of {len(agents)} agents", f"at most {request.MAX_AGENTS}")
    program = adapter(asked.agent or _AGENT).locate(os.environ)
    read = spec.read(text)
    return {
        "schema": SCHEMA,
        "project": {"path": os.fspath(repository.root), "name": asked.session or None},
        "spec": {"name": os.path.basename(asked.spec), "title": read.title},  # noqa: PTH119
        "team_type": kind,
        "starting_branch": repository.branch,
        "starting_commit": repository.head,
        "agent_program": {"name": program.adapter, "version": program.version},
        "agents": [
            {
                "name": agent.name,
                "role": agent.role,
                "reason": agent.reason,
                "branch": f"{prefix}/<run>/{agent.name}",
            }
            for agent in agents
        ],
        "tasks": list(read.tasks),
        "warnings": list(repository.warnings),
        "dirty_files": list(repository.dirty),
    }


def _lines(plan: dict[str, Any]) -> list[str]:
    program = plan["agent_program"]
    rows = [(agent["name"], agent["role"], agent["reason"]) for agent in plan["agents"]]
    branch = plan["starting_branch"] or "a detached HEAD"
    lines = [
        f"{plan['spec']['title']}",
        f"in {plan['project']['path']}, from {branch} at {plan['starting_commit'][:12]}",
        f"{len(rows)} agents ({plan['team_type']} team, {program['name']} {program['version']})",
    ]
    lines = [plain.line(one) for one in lines] + ["", *table(_SEATS, rows)]
    if plan["tasks"]:
        lines += ["", f"{len(plan['tasks'])} tasks in the spec:"]
        lines += [f"  {plain.line(task)}" for task in plan["tasks"]]
    for warning in plan["warnings"]:
        lines += ["", plain.line(f"note: {warning}")]
    if plan["dirty_files"]:
        count = len(plan["dirty_files"])
        lines += ["", f"note: {count} uncommitted files would not be in the worktrees"]
    return [*lines, "", "nothing was changed; start it without --dry-run"]
