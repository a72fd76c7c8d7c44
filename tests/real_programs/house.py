"""A team of real agent programs in a house of its own: repository, home, dummy keys, stand-in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import make_repository
from tests.standin.other_standins import State
from tests.whole.conftest import BIN, Place, unsupervised, wait_until
from tests.whole.quick import Quick


def program_directory(name: str, version: str) -> Path:
    """Where the pinned program's command lies; fails the test when it is absent."""
    cache = os.environ.get("TMUX_ORCH_TEST_CACHE", "~/.cache/tmux-orch-test")
    path = Path(cache).expanduser() / f"{name}-{version}" / "node_modules" / ".bin"
    if not (path / name).exists():
        pytest.fail(f"{name} {version} is not installed; type: ./scripts/agent-programs")
    return path


class Team:
    """Real agents of one program, driven by the real commands.

    Args:
        root: A directory with a short path.
        program: Directory of the agent program's command.
        variables: What the program needs of its environment: its home, key and service.
        state: The stand-in that the program talks to.
        roles: Who is in the team.
    """

    def __init__(
        self,
        root: Path,
        name: str,
        program: Path,
        variables: dict[str, str],
        state: State,
        roles: tuple[str, ...] = ("orchestrator", "developer"),
    ) -> None:
        self.root, self.name, self.state, self.roles = root, name, state, roles
        self.home = root / "home"
        self.home.mkdir(mode=0o700, exist_ok=True)
        unsupervised(self.home / ".config")
        runtime = root / "run"
        runtime.mkdir(mode=0o700)
        self.repository = make_repository(root / "project")
        node = shutil.which("node")
        assert node is not None, "Node.js is missing"
        environment = {
            "HOME": str(self.home),
            "USER": "tester",
            "SHELL": "/bin/bash",
            "PATH": f"{program}:{BIN}:{Path(node).parent}:{os.defpath}:/usr/local/bin",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "TZ": "UTC",
            "XDG_RUNTIME_DIR": str(runtime),
            **variables,
        }
        self.place = Place(root, self.repository, environment)
        self.daemon = Quick(self.place)
        self.spec = root / "spec.md"
        self.spec.write_text("# Sample work\n\n- [ ] do the thing\n")

    def start(self, *more: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.place.run(
            "auto-orchestrate", "--spec", str(self.spec), "--agent", self.name,
            "--roles", ",".join(self.roles), "--planner", "offline", *more,
            timeout=150, check=check,
        )  # fmt: skip

    def agents(self) -> dict[str, dict[str, Any]]:
        return {a["name"]: a for a in self.place.ask("status", project="project")["agents"]}

    def agent(self, name: str) -> dict[str, Any]:
        return self.agents()[name]

    def await_state(self, name: str, *states: str, deadline_s: float = 40) -> dict[str, Any]:
        agent: dict[str, Any] = {}

        def look() -> bool:
            agent.update(self.agent(name))
            return agent["state"] in states

        self.until(look, f"{name} is {states}", name, deadline_s)
        return agent

    def until(self, look: Callable[[], Any], what: str, name: str, deadline_s: float = 30) -> None:
        """Wait for it; a failure shows the agent and its screen."""
        try:
            wait_until(look, deadline_s, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.agent(name)}\n{self.screen(name)}") from None

    def screen(self, name: str) -> str:
        return self.place.tmux("capture-pane", "-p", "-J", "-t", self.agent(name)["pane_id"])

    def scm(self, name: str, text: str, *options: str, check: bool = True) -> Any:
        return self.place.run("scm", *options, name, text, check=check, timeout=60)

    def receipt(self, name: str, text: str, *options: str, check: bool = True) -> dict[str, Any]:
        done = self.scm(name, text, "--json", *options, check=check)
        body: dict[str, Any] = json.loads(done.stdout)
        return body

    def message(self, ident: str) -> dict[str, Any]:
        """The message as the daemon has it now."""
        rows = self.place.ask("messages", project="project", limit=500)["messages"]
        found: dict[str, Any] = next(row for row in rows if row["id"] == ident)
        return found

    def bodies(self, mark: str) -> list[str]:
        """This team's requests (tools offered) that contain the mark, whole, as text.

        Several programs may share the stand-in of one run; each names its own working directory.
        """
        texts = [
            json.dumps(request["body"], ensure_ascii=False)
            for request in list(self.state.requests)
            if request["body"].get("tools")
        ]
        return [text for text in texts if mark in text and str(self.root) in text]

    def close(self) -> None:
        self.place.close()
        shutil.rmtree(self.root, ignore_errors=True)
