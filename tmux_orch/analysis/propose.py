"""The whole way from a repository, a spec and a person's wishes to a proposed team and its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmux_orch.analysis import plan, request, spec, team
from tmux_orch.analysis.detect import analyse
from tmux_orch.analysis.spec import Spec
from tmux_orch.analysis.team import Chosen
from tmux_orch.domain.findings import NAMES, Findings
from tmux_orch.domain.implementation import Implementation, PlannerSettings
from tmux_orch.domain.roles import Templates


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for, as typed; empty where they left it to us."""

    team_type: str = ""
    roles: str = ""
    add_roles: str = ""
    plan: str = ""
    size: str = ""
    planner: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was found out, who is proposed, and what they would do."""

    spec: Spec
    findings: Findings
    chosen: Chosen
    implementation: Implementation

    def conditions(self) -> dict[str, Any]:
        """Name of a condition → its value."""
        return {name: self.findings.conditions.value(name) for name in NAMES}


def propose(
    root: Path,
    environ: Mapping[str, str],
    text: str,
    templates: Templates,
    wish: Wish,
    settings: PlannerSettings,
    progress: Callable[[str], None],
) -> Proposal:
    """Analyse, choose and plan; the repository is only read.

    Args:
        root: The repository's main worktree.
        environ: The person's, for git and for the planner that was asked for.
        progress: Called with one line per stage that takes a while.

    Raises:
        BadInput: a wish cannot be met.
    """
    words = templates.aliases()
    roles = request.read_roles(wish.roles, words, "--roles") if wish.roles else None
    added: dict[str, int] = {}
    if wish.add_roles:
        added = request.read_roles(wish.add_roles, words, "--add-roles")
    read = spec.read(text)
    findings = analyse(root, environ, text, templates)
    asked = team.Asked(
        team_type=wish.team_type,
        roles=roles,
        added=added,
        size=wish.size,
        subscription=wish.plan,
        agent=wish.agent,
    )
    chosen = team.choose(templates, findings, asked)
    implementation = plan.make(
        read,
        findings,
        chosen.agents,
        templates,
        planner=wish.planner or "auto",
        environ=environ,
        settings=settings,
        progress=progress,
    )
    return Proposal(read, findings, chosen, implementation)
