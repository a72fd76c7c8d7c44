"""A planned team with the shipped roles, for pages that speak of real ones."""

from __future__ import annotations

from functools import cache
from typing import Any

from tmux_orch.briefing import compose
from tmux_orch.briefing.compose import Surroundings
from tmux_orch.briefing.facts import LastWork, Reader, Tool, Tools, Variant
from tmux_orch.config.templates import load_templates
from tmux_orch.domain.implementation import Implementation, Phase, Task
from tmux_orch.domain.plan import Plan, fill
from tmux_orch.domain.roles import Templates
from tmux_orch.domain.seat import Seat

ROLES = (
    "orchestrator", "project_manager", "developer", "tester", "testrunner", "researcher",
    "logtracker", "devops", "code_reviewer", "documentation_writer", "sysadmin", "securityops",
    "networkops", "monitoringops", "databaseops",
)  # fmt: skip
PHASES = (Phase("Foundation", "Make it run"), Phase("Finish", "Make it right"))
LAST = LastWork(
    "your program ended", "feature/T3-login", 2,
    ("3f2a1b0 Check the password", "9c8d7e6 Add the form"), ("src/login.py", "tests/login.py"), 1,
)  # fmt: skip
TOOLS = Tools(
    (
        Tool("search", "http", "mcp.example.com", "the project's .mcp.json"),
        Tool("files", "stdio", "npx", "the user's configuration"),
    ),
    (".mcp.json: not JSON",),
)


@cache
def templates() -> Templates:
    return load_templates({"HOME": "/nonexistent"})


def tasks(*roles: str, each: int = 2, text: str = "") -> tuple[Task, ...]:
    """``each`` tasks per role, every one with words that no other has."""
    made: list[Task] = []
    for role in roles:
        for number in range(each):
            at = len(made) + 1
            words = text or f"work-of-{role}-{number}"
            before = (f"T{at - 1}",) if number else ()
            criteria = (text or f"{words} is seen to hold", text or f"{words} has a test")
            made.append(
                Task(f"T{at}", role, words, PHASES[number % 2].name, before, criteria,
                     (text or f"src/{role}.py",))
            )  # fmt: skip
    return tuple(made)


def type_of(role: str) -> str:
    """A team type that has this role."""
    for name, team in templates().teams.items():
        if role in (*team.core, *team.optional):
            return name
    return "general"


def seats(plan: Plan) -> tuple[Seat, ...]:
    return tuple(
        Seat(
            project="shop", name=one.name, role=one.role, run=plan.run, slot=one.slot,
            adapter="claude", worktree=f"/registry/projects/shop/worktrees/{one.name}",
            branch=f"orch/{plan.run}/{one.name}", base=plan.starting_commit, incarnation=1,
            conversation_id="c", brief_id="0badcafe",
        )
        for one in plan.agents
    )  # fmt: skip


def plan_of(
    roles: dict[str, int], team_type: str = "general", each: int = 2, **changed: Any
) -> Plan:
    agents = fill(roles, dict.fromkeys(roles, "asked for"), frozenset(), 0)
    text = changed.pop("text", "")
    made = Implementation(
        summary=text or "A shop that takes orders and keeps them.",
        phases=PHASES,
        tasks=tasks(*roles, each=each, text=text),
        open_questions=(text or "Which currencies?",),
    )
    fields: dict[str, Any] = {
        "run": "0a1b2c", "project": "shop", "title": text or "Build the shop", "spec": "# Shop\n",
        "spec_name": "spec.md", "team_type": team_type, "starting_branch": "main",
        "starting_commit": "0123456789abcdef0123456789abcdef01234567", "agents": agents,
        "implementation": made,
    }  # fmt: skip
    return Plan(**(fields | changed))


def reader_of(plan: Plan, name: str, variant: Variant = Variant.FIRST, **changed: Any) -> Reader:
    """What the agent ``name`` of this plan is told."""
    team = seats(plan)
    me = next(one for one in team if one.name == name)
    mates = tuple(one for one in team if one.name != name)
    worked = variant in (Variant.RESUME, Variant.LIMIT, Variant.AGAIN)
    fields: dict[str, Any] = {
        "label": "shop", "remote": "origin", "notes": "/registry/projects/shop/notes",
        "ports": 20000 + 100 * me.slot,
        "merge_order": templates().team(plan.team_type).merge_order, "tools": TOOLS,
        "did": {m.name: f"on `orch/0a1b2c/{m.name}`, 3 commits, 0 files not committed"
                for m in mates} if variant is Variant.JOINED else {},
        "last": LAST if worked else None,
    }  # fmt: skip
    around = Surroundings(**(fields | changed))
    return compose.reader(plan, me, mates, templates().role, around, variant)


def typical(role: str, each: int = 2, **changed: Any) -> Plan:
    """A team of a type that has ``role``, with everybody of that type and two developers."""
    team_type = type_of(role)
    team = templates().team(team_type)
    wanted = dict.fromkeys((*team.core, *team.optional, role), 1)
    if "developer" in wanted:
        wanted["developer"] = 2
    return plan_of(wanted, team_type, each, **changed)
