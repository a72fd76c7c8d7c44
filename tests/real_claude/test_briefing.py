"""What the real Claude Code asks its model with: each agent's own tasks, and nobody else's."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real_claude.team import SESSION, Team
from tests.real_claude.test_team import TEAM, brief_ids
from tests.standin.anthropic_standin import make_server
from tests.whole.conftest import wait_until

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
SPEC = Path(__file__).parents[1] / "data/specs/shop.md"
BRIEFING = ".orch/briefing.md"
_TASK = re.compile(r"\*\*(T\d+)\*\* ")


@pytest.fixture(scope="module")
def bodies() -> list[tuple[str, dict[str, Any]]]:
    """Conversation and body of every main request, in the order in which they came."""
    return []


@pytest.fixture(scope="module")
def team(version: str, bodies: list[tuple[str, dict[str, Any]]]) -> Iterator[Team]:
    """Five agents whose model reads the briefing first; its stand-in keeps whole requests."""
    server = make_server()
    plain = server.RequestHandlerClass

    class Keeping(plain):  # type: ignore[misc, valid-type]
        def _messages(self, body: dict[str, Any]) -> None:
            if body.get("tools"):
                bodies.append((self.headers.get(SESSION, ""), body))
            super()._messages(body)

    server.RequestHandlerClass = Keeping
    server.state.default = {"tools": [{"name": "Read", "input": {"file_path": BRIEFING}}]}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    made = Team(root, (f"http://127.0.0.1:{server.server_address[1]}", server.state), version)
    made.spec.write_bytes(SPEC.read_bytes())
    made.start()
    yield made
    made.place.close()
    server.shutdown()
    server.server_close()
    shutil.rmtree(root, ignore_errors=True)
    bodies.clear()


def test_each_model_is_asked_with_its_own_tasks_and_nobody_elses(
    team: Team, bodies: list[tuple[str, dict[str, Any]]]
) -> None:
    agents, briefs = team.agents(), brief_ids(team)
    plan = json.loads(team.place.run("tmux-orch", "plan", "show", "--json").stdout)
    assert list(agents) == TEAM
    for name in TEAM:
        own = [task for task in plan["tasks"] if task["role"] == name]
        others = [task for task in plan["tasks"] if task["role"] != name]
        assert own or name == "orchestrator"

        conversation = agents[name]["conversation_id"]
        asked = wait_until(lambda c=conversation: requests(bodies, c), 60, f"{name} has read")
        first, read = everything(asked[0]), results(asked[1])
        assert f"Read {BRIEFING} and begin" in first
        assert f"[brief {briefs[name]}]" in first

        page = Path(agents[name]["worktree"], BRIEFING).read_text("utf-8")
        assert f"# Briefing for {name}" in read
        for text in (read, page):
            assert _TASK.findall(text) == [task["id"] for task in own]
            assert all(f"**{task['id']}** {task['title']}" in text for task in own)
        for text in (first, read, page):
            assert not [task["title"] for task in others if task["title"] in text]


def requests(bodies: list[tuple[str, dict[str, Any]]], conversation: str) -> list[dict[str, Any]]:
    """The first request of a conversation and the next, which brings what it read."""
    found = [body for session, body in list(bodies) if session == conversation]
    return found[:2] if len(found) > 1 else []


def everything(body: dict[str, Any]) -> str:
    """All texts of a request, as JSON has them: the system's, the person's and the reminders."""
    return json.dumps([body.get("system"), body["messages"]], ensure_ascii=False)


def results(body: dict[str, Any]) -> str:
    """What the tools answered, in the last message of a request."""
    content = body["messages"][-1]["content"]
    blocks = [block for block in content if block.get("type") == "tool_result"]
    parts = [
        b["content"] if isinstance(b["content"], list) else [{"text": b["content"]}] for b in blocks
    ]
    return "\n".join(part.get("text", "") for block in parts for part in block)
