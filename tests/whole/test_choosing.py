"""The team that a spec and a tree call for, brought up: each agent knows its tasks, and only its.

The agents are rehearsal agents, whose first commit names the tasks that their briefing gave them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git
from tests.whole.conftest import Place, wait_until

SPECS = Path(__file__).parents[1] / "data/specs"

DEPLOYED = {
    "README.md": "# Elliott waves\n\nCounts waves in a price series.\n",
    "pyproject.toml": (
        '[project]\nname = "waves"\nversion = "0.3"\ndependencies = ["fastapi", "redis"]\n'
    ),
    "waves/app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "waves/count.py": "def count(prices):\n    return []\n",
}
SHOP = {
    "package.json": json.dumps(
        {
            "name": "shop",
            "dependencies": {"express": "^4", "react": "^18", "react-dom": "^18", "pg": "^8"},
            "devDependencies": {"jest": "^29", "supertest": "^6"},
            "scripts": {"test": "jest"},
        }
    ),
    "server/index.js": "const express = require('express')\nmodule.exports = express()\n",
    "server/routes/basket.js": "module.exports = router => router\n",
    "client/src/pages/Basket.jsx": "export default () => <main>Basket</main>\n",
    "client/src/App.jsx": "export default () => <Basket />\n",
    "db/migrations/001_products.sql": "create table products (id int primary key);\n",
    "test/basket.test.js": "test('basket', () => {})\n",
}
PIPELINE = {
    "requirements.txt": "apache-airflow==2.9.1\ndbt-core\ndbt-postgres\npandas\n",
    "dags/orders_daily.py": "from airflow import DAG\n\nwith DAG('orders_daily'):\n    pass\n",
    "plugins/operators/extract.py": "from airflow.models import BaseOperator\n",
    "warehouse/dbt_project.yml": "name: warehouse\nversion: '1.0'\n",
    "warehouse/models/staging/stg_orders.sql": "select * from {{ source('shop', 'orders') }}\n",
    "warehouse/models/marts/revenue.sql": "select sum(amount) from {{ ref('stg_orders') }}\n",
    "warehouse/models/schema.yml": "version: 2\nmodels:\n  - name: stg_orders\n",
}
_NETWORK = 'module "network" {\n  source = "../../modules/network"\n}\n'
ESTATE = {
    "versions.tf": 'terraform {\n  backend "s3" {}\n}\n',
    "modules/network/main.tf": 'resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n',
    "modules/network/variables.tf": 'variable "cidr" {}\n',
    "modules/cluster/main.tf": 'resource "aws_eks_cluster" "main" {\n  name = "main"\n}\n',
    "environments/production/main.tf": _NETWORK,
    "environments/staging/main.tf": _NETWORK,
}


@dataclass(frozen=True)
class Case:
    """A spec, the tree it is for, and the team that a person would pick for it."""

    spec: str
    tree: dict[str, str]
    plan: str
    team_type: str
    roles: tuple[str, ...]


CASES = [
    Case(
        "deployment.md", DEPLOYED, "max20", "system_deployment",
        ("orchestrator", "project_manager", "sysadmin", "devops", "securityops"),
    ),
    Case(
        "shop.md", SHOP, "max5", "web_application",
        ("orchestrator", "project_manager", "developer", "tester", "testrunner"),
    ),
    Case(
        "orders_pipeline.md", PIPELINE, "max5", "data_pipeline",
        ("orchestrator", "project_manager", "developer", "databaseops", "sysadmin"),
    ),
    Case(
        "estate.md", ESTATE, "max5", "infrastructure_as_code",
        ("orchestrator", "project_manager", "devops", "sysadmin", "securityops"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.team_type)
def test_a_spec_brings_up_the_team_it_needs_and_each_agent_knows_its_own_tasks(
    place: Place, case: Case
) -> None:
    grow(place.project, case.tree)
    words = ["--spec", str(SPECS / case.spec), "--agent", "rehearsal", "--plan", case.plan]
    words += ["--planner", "offline"]  # a `claude` on PATH would be asked
    foretold = json.loads(place.run("auto-orchestrate", *words, "--dry-run", "--json").stdout)
    place.run("auto-orchestrate", *words)

    agents = place.agents()
    assert foretold["team_type"] == case.team_type
    assert tuple(agent["role"] for agent in agents.values()) == case.roles
    assert tuple(agent["role"] for agent in foretold["agents"]) == case.roles

    plan = json.loads(place.run("tmux-orch", "plan", "show", "--json").stdout)
    assert plan == foretold["implementation_plan"]
    wait_until(lambda: all(map(said, agents.values())), 30, "everybody commits")
    for role, agent in agents.items():
        own = named(plan, role)
        assert own or role == "orchestrator"
        assert said(agent) == message(role, own)  # and so nobody else's


def test_two_agents_of_one_role_take_turns_through_its_tasks(place: Place) -> None:
    grow(place.project, SHOP)
    words = ["--spec", str(SPECS / "shop.md"), "--agent", "rehearsal", "--planner", "offline"]
    place.run("auto-orchestrate", *words, "--roles", "developer:2,tester")
    agents = place.agents()
    plan = json.loads(place.run("tmux-orch", "plan", "show", "--json").stdout)
    wait_until(lambda: all(map(said, agents.values())), 30, "everybody commits")
    own = named(plan, "developer")
    assert len(own) > 2
    assert said(agents["developer"]) == message("developer", own[0::2])
    assert said(agents["developer-2"]) == message("developer-2", own[1::2])
    assert said(agents["tester"]) == message("tester", named(plan, "tester"))


def grow(project: Path, tree: dict[str, str]) -> None:
    """Commit ``tree`` in place of what the project holds."""
    git(project, "rm", "-q", "-r", ".")
    for name, text in tree.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "Take the project in")


def said(agent: dict[str, Any]) -> list[str]:
    """The lines of an agent's first commit message; empty before it made one."""
    worktree = Path(agent["worktree"])
    commits = git(worktree, "rev-list", "--reverse", "main..HEAD").split()
    return git(worktree, "log", "-1", "--format=%B", commits[0]).split("\n") if commits else []


def named(plan: dict[str, Any], role: str) -> list[str]:
    """Id and title of the plan's tasks for ``role``."""
    return [f"{task['id']} {task['title']}" for task in plan["tasks"] if task["role"] == role]


def message(name: str, tasks: list[str]) -> list[str]:
    """The lines of the first commit message of an agent that knows these tasks, and no other."""
    return [f"Add the notes of {name}", *(["", "My tasks:", *tasks] if tasks else [])]
