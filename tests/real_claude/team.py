"""A team of real agents in a house of its own, driven by the real commands."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.real_claude.conftest import program_path
from tests.real_claude.house import House
from tests.standin.anthropic_standin import State
from tests.whole.conftest import BIN, Place, wait_until

SESSION = "x-claude-code-session-id"


class Team:
    """Five real agents, driven by the real commands."""

    def __init__(self, root: Path, api: tuple[str, State], version: str) -> None:
        self.house = House(root, api[0], program_path(version))
        self.state = api[1]
        environment = self.house.environment()
        path = f"{self.house.program.parent}:{BIN}:{environment['PATH']}"
        self.place = Place(root, self.house.repository, {**environment, "PATH": path})
        self.spec = root / "spec.md"
        self.spec.write_text("# Sample work\n\n- [ ] do the thing\n")

    def start(self, *more: str) -> None:
        self.place.run(
            "auto-orchestrate",
            "--spec",
            str(self.spec),
            "--permission-mode",
            "default",
            # The stand-in of the model would answer the planner too, and count it as a session.
            "--planner",
            "offline",
            *more,
            timeout=120,
        )

    def agents(self) -> dict[str, dict[str, Any]]:
        return {a["name"]: a for a in self.place.ask("status", project="project")["agents"]}

    def await_state(self, name: str, *states: str) -> dict[str, Any]:
        agent: dict[str, Any] = {}

        def look() -> bool:
            agent.update(self.agents()[name])
            return agent["state"] in states

        try:
            wait_until(look, 40, f"{name} is {states}")
        except AssertionError:
            raise AssertionError(f"{agent}\n{self.screen(name)}") from None
        return agent

    def requests(self, name: str) -> list[dict[str, Any]]:
        """What the model was asked in this agent's conversation, in order."""
        conversation = self.agents()[name]["conversation_id"]
        return [
            r for r in self.state.requests
            if r.get("main") and r["headers"].get(SESSION) == conversation
        ]  # fmt: skip

    def asked_with(self, name: str, mark: str) -> int:
        """How often the mark stands in the last request of the agent's conversation."""
        requests = self.requests(name)
        return everything(requests[-1]).count(mark) if requests else 0

    def screen(self, name: str) -> str:
        return self.place.tmux("capture-pane", "-p", "-J", "-t", self.agents()[name]["pane_id"])

    def scm(self, name: str, text: str, *options: str, check: bool = True) -> Any:
        return self.place.run("scm", *options, name, text, check=check, timeout=60)

    def sent(self, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
        """The message of an ``scm --json`` receipt, as the daemon has it now."""
        ident = json.loads(done.stdout)["id"]
        rows = self.place.ask("messages", project="project", limit=500)["messages"]
        return next(row for row in rows if row["id"] == ident)


def everything(request: dict[str, Any]) -> str:
    """Every human, tool and reminder text of a request, wherever it stands."""
    parts = (request["all_human"], request["reminders"], request["tool_results"])
    return json.dumps(parts, ensure_ascii=False)


def user_texts(request: dict[str, Any], mark: str) -> int:
    """User messages of a request that contain the mark."""
    return sum(mark in text for text in request["all_human"])
