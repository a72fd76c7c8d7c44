"""A team, its findings and a good answer, for the tests of the planners."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tmux_orch.analysis import plan, spec
from tmux_orch.domain.findings import Conditions, Findings
from tmux_orch.domain.implementation import Implementation, PlannerSettings
from tmux_orch.domain.plan import PlannedAgent
from tmux_orch.domain.roles import Role, Templates

KEY = "sk-ant-test-0000000000000000000000000standin"
FINDINGS = Findings("web_application", 0.8, (), "", "small", 1200, Conditions(has_database=True))
QUICK = PlannerSettings(timeout_s=20, retries=0)

PURPOSES = {
    "orchestrator": "Decides who does what next.",
    "project_manager": "Holds the work to the spec.",
    "developer": "Writes the code that the spec asks for.",
    "tester": "Finds out where the work fails.",
    "testrunner": "Runs the tests of every branch.",
    "devops": "Builds, packs and deploys.",
    "code_reviewer": "Reads every change before it is merged.",
    "researcher": "Finds out what the others need to know.",
    "documentation_writer": "Writes for users.",
    "sysadmin": "Keeps machines and accounts.",
    "securityops": "Closes what an attacker could use.",
    "networkops": "Keeps names, routes and certificates.",
    "monitoringops": "Watches what runs.",
    "databaseops": "Keeps the data and its structure.",
}
DIRECTORIES = {"developer": ("src/",), "tester": ("tests/",), "sysadmin": ("ansible/",)}


def role(name: str, purpose: str = "", **more: Any) -> Role:
    return Role(
        name=name,
        title=name.replace("_", " ").title(),
        window=name,
        purpose=purpose or PURPOSES[name],
        responsibilities=more.pop("responsibilities", ("Do the work of this role with care.",)),
        aliases=(),
        branch_prefix=f"{name}/",
        check_in_s=600,
        talks_to=(),
        directories=more.pop("directories", DIRECTORIES.get(name, ())),
        **more,
    )


TEMPLATES = Templates({name: role(name) for name in PURPOSES}, {})
SMALL = ("orchestrator", "project_manager", "developer", "tester", "testrunner")


def agents(*names: str) -> tuple[PlannedAgent, ...]:
    return tuple(PlannedAgent(name, name, slot, "asked for") for slot, name in enumerate(names))


def make(
    text: str,
    *,
    team: tuple[str, ...] = SMALL,
    planner: str = "offline",
    environ: Mapping[str, str] | None = None,
    settings: PlannerSettings = QUICK,
    progress: Callable[[str], None] = lambda line: None,
    templates: Templates = TEMPLATES,
) -> Implementation:
    return plan.make(
        spec.read(text),
        FINDINGS,
        agents(*team),
        templates,
        planner=planner,
        environ=environ or {},
        settings=settings,
        progress=progress,
    )


def answer() -> dict[str, Any]:
    """A plan of the small team, as a good model answers it."""
    return {
        "summary": "A shop that lists books.",
        "phases": [{"name": "Build", "goal": "It works."}, {"name": "Check", "goal": "It holds."}],
        "tasks": [
            _task("T1", "developer", "List books", "Build", [], ["src/books.py"]),
            _task("T2", "tester", "Test the list", "Check", ["T1"], []),
            _task("T3", "testrunner", "Run the tests", "Check", ["T2"], []),
        ],
        "risks": [{"risk": "The list is long", "mitigation": "Page it."}],
        "open_questions": ["How many books?"],
    }


def _task(
    name: str, who: str, title: str, phase: str, after: list[str], files: list[str]
) -> dict[str, Any]:
    return {
        "id": name,
        "role": who,
        "title": title,
        "phase": phase,
        "depends_on": after,
        "success_criteria": [f"{title}: seen to work"],
        "files": files,
    }


def says(body: Any, **more: Any) -> dict[str, Any]:
    """A rule of the stand-in: the model answers ``body`` (text as it is, else as JSON)."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {"text": text, "side": True, **more}


def fails(status: int, **more: Any) -> dict[str, Any]:
    """A rule of the stand-in: the API answers with an error."""
    return {"status": status, "error_type": f"error_{status}", "side": True, "times": 9, **more}
