"""A team that the test writes, shown without a daemon; the keys are Textual's Pilot's."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tmux_orch.rpc.post import Receipt
from tmux_orch.tui.acts import Acts
from tmux_orch.tui.app import Top


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def agent(name: str = "developer", **more: Any) -> dict[str, Any]:
    """One with the fields that every daemon tells; the others are absent."""
    return {
        "name": name, "role": name, "adapter": "claude", "state": "idle",
        "state_since_at": ago(300), "evidence": "hook: claude.hook.Stop",
        "branch": f"orch/1/{name}", "dirty_files": 0, "commits_ahead": 1, "held_messages": 0,
    } | more  # fmt: skip


def team(*agents: dict[str, Any], **more: Any) -> dict[str, Any]:
    project = {"name": "sample", "run": "ab12cd", "path": "/src/sample", "live": True}
    return {"schema": "tmux-orch/status/1", "project": project, "agents": list(agents)} | more


def busy_team() -> dict[str, Any]:
    """Five agents, as of now."""
    return team(
        agent("orchestrator", progress_done=3, progress_total=7, context_percent=41.2,
              cost_usd=1.234, last_line="Waiting for reports from the developer."),
        agent("project_manager", state="thinking", state_since_at=ago(42), context_percent=12,
              cost_usd=0.4, last_line="Reading the merge plan"),
        agent("developer", state="waiting_permission", state_since_at=ago(130), progress_done=2,
              progress_total=5, context_percent=83, cost_usd=3.5, held_messages=2, dirty_files=4,
              conflict="screen: claude.composer (idle)", cpu_percent=3.2, memory_bytes=512 << 20,
              input_tokens=1_234_567, output_tokens=45_210, last_commit_at=ago(900),
              commits_behind=2, last_line="Do you want to proceed?",
              attention=[{"kind": "unanswered_question", "since_at": ago(130), "detail": "rm"}]),
        agent("tester", state="testing", state_since_at=ago(8), last_line="pytest tests/unit -x"),
        agent("testrunner", state="exited", state_since_at=ago(7300), evidence="process: exit 1",
              attention=[{"kind": "restart_loop", "since_at": ago(60), "detail": "5 in 60 s"}]),
        dialogs=[{"agent": "developer", "id": 7, "kind": "permission", "exact": "rm -r build\nls",
                  "question": "Do you want\nto proceed?", "tool": "Bash", "outcome": "",
                  "options": ["Yes", "Yes, and do not ask again", "No"], "screen": "",
                  "destructive": "deletes files", "since_at": ago(130), "deadline_at": None}],
        tmux_server="present",
    )  # fmt: skip


class FakeActs(Acts):
    """Says what the test wrote, and keeps what was asked for."""

    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__("sample")
        self.status = status
        self.said: list[tuple[Any, ...]] = []
        self.over = threading.Event()
        self.step: Callable[[dict[str, Any]], None] = lambda _status: None
        self.away: Callable[[str], None] = lambda _why: None
        self.happened: list[dict[str, Any]] = []
        self.screen = ["line one", "line two"]

    def follow(self, step, away):
        self.step, self.away = step, away
        step(self.status)
        self.over.wait(30)

    def events(self, agent, limit):
        return self.happened

    def send(self, agent, text):
        self.said.append(("send", agent, text))
        return Receipt(0, f"delivered to {agent} in 0.1 s (msg 1a2b3c4d)")

    def explain(self, agent):
        self.said.append(("explain", agent))
        readings = [
            {"source": "hook", "state": "idle", "at": "2026-01-02T03:04:05+00:00",
             "rule": "claude.hook.Stop", "detail": "[red]x[/red]", "decided": True},
            {"source": "screen", "state": None, "at": "2026-01-02T03:04:06+00:00", "rule": "r"},
        ]  # fmt: skip
        return {"evidence": "hook: claude.hook.Stop", "conflict": "", "readings": readings}

    def peek(self, agent):
        self.said.append(("peek", agent))
        return self.screen

    def answer(self, agent, dialog, option, text):
        self.said.append(("answer", agent, dialog["id"], option, *([text] if text else [])))

    def attach(self, agent):
        self.said.append(("attach", agent))


class View:
    """The running view."""

    def __init__(self, top: Top, pilot: Any, acts: FakeActs) -> None:
        self.top, self.pilot, self.acts = top, pilot, acts

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*({" ": "space", "/": "slash"}.get(c, c) for c in text))

    async def told(self, status: dict[str, Any]) -> None:
        """News from the daemon, in the thread they come in."""
        await asyncio.to_thread(self.acts.step, status)
        await self.pilot.pause()

    def lines(self) -> list[str]:
        """What stands on the screen, as a terminal would show it."""
        width, height = self.top.size
        strips = self.top.screen._compositor.render_strips(self.top.size)
        return [strip.crop(0, width).text for strip in strips][:height]

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines())

    async def until(self, condition: Callable[[], Any], what: str = "the condition") -> None:
        for _ in range(500):
            if condition():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"{what} did not hold:\n{self.text()}")


Script = Callable[[View], Awaitable[None]]


@pytest.fixture
def play() -> Callable[..., FakeActs]:
    """Runs a script of keys against a status, in a terminal of some size."""

    def run(script: Script, status: dict[str, Any] | None = None, size=(80, 24), **more: Any):
        acts = FakeActs(status or busy_team())
        for name, value in more.items():
            setattr(acts, name, value)

        async def played() -> None:
            top = Top(acts)
            async with top.run_test(size=size, notifications=True) as pilot:
                view = View(top, pilot, acts)
                try:
                    await view.until(lambda: "agent" in view.text(), "the team is shown")
                    await script(view)
                finally:
                    acts.over.set()

        os.environ.pop("NO_COLOR", None)
        asyncio.run(played())
        return acts

    return run
