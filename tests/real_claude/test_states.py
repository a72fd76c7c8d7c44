"""Every row of the table of states with the real program: told right, from which source, how late.

The quick rows run always; with ``--full`` all of them, in each version, with hooks and without
(then only the screen and the process tell, and ``unknown`` is allowed, but nothing wrong). The
table goes to the file that ``STATES_TABLE`` names, what was read to the directory
``STATES_RECORD``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.real_claude.conftest import VERSIONS, program_path
from tests.real_claude.seat import directive
from tests.real_claude.watched import Told, Watched, watched
from tests.watch.conftest import eventually
from tests.watch.histories import Recorder
from tmux_orch.domain.states import BUSY, READY, AgentState
from tmux_orch.domain.work import Figures
from tmux_orch.messages.port import Sighting

pytestmark = pytest.mark.real_claude
S = AgentState


class Table:
    """What was told of each row, and how late; the truth is the program's or the stand-in's."""

    def __init__(self, agent: Watched, version: str, hooks: bool) -> None:
        self.agent, self.hooks = agent, hooks
        self.sort = f"{version} {'all sources' if hooks else 'screen only'}"
        self.rows: list[dict[str, Any]] = []

    def row(self, name: str, told: Told, true_at: float) -> None:
        late_s = round(told.at - true_at, 3)
        row = {"row": name, "state": str(told.state), "source": told.source, "late_s": late_s}
        self.rows.append({"sort": self.sort, **row})
        if place := os.environ.get("STATES_TABLE"):
            with Path(place).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(self.rows[-1]) + "\n")

    def expect(self, name: str, true_at: float, since: float, *states: S) -> Told:
        """One of ``states`` is told; without hooks any busy state does for a busy one."""
        wanted = set(states)
        if not self.hooks and wanted <= BUSY - {S.RETRYING, S.COMPACTING}:
            wanted = set(BUSY)
        told = self.agent.wait(*wanted, since=since)
        self.row(name, told, true_at)
        return told

    def turn(self, name: str, prompt: str, *states: S) -> None:
        """A prompt makes it say ``states``; the truth is when the model was asked."""
        since = time.time()
        self.agent.say(prompt)
        self.expect(name, self.asked_at(since), since, *states)

    def asked_at(self, since: float) -> float:
        """When the model was first asked after ``since``."""

        def found() -> float | None:
            asked = [r["t"] for r in self.agent.api.requests if r.get("main")]
            return next((at for at in asked if at >= since), None)

        try:
            answer: float = eventually(found, 10)
        except AssertionError:
            raise AssertionError(self.agent.report("the model was not asked")) from None
        return answer

    def rest(self, name: str = "turn done") -> None:
        since = time.time()
        self.agent.rest()
        idle = [t for t in self.agent.told if t.state in READY]
        last = self.agent.truth[-1]
        if idle and last[1] == "idle" and idle[-1].at >= since and last[0] >= since - 1:
            self.row(name, idle[-1], last[0])


def bash(command: str) -> str:
    return directive("Bash", {"command": command, "description": "run it"})


def thinking(table: Table) -> None:
    table.turn("thinking", 'STANDIN{"text": "hello", "first_delay": 2.5}', S.THINKING)
    table.rest()


def run_tests(table: Table) -> None:
    table.turn("test command", bash("pytest --version; sleep 2"), S.TESTING)
    table.rest()


def permission(table: Table) -> None:
    since = time.time()
    table.agent.say(bash("touch x"))
    true_at = table.agent.true_since("waiting", since)
    table.expect("permission", true_at, since, S.WAITING_PERMISSION)
    eventually(lambda: table.agent.live.dialog() is not None)
    dialog = table.agent.live.dialog()
    assert dialog is not None and "Yes" in dialog.options and "touch x" in dialog.question
    escape(table, "rejected with Esc")


def escape(table: Table, name: str) -> None:
    """Esc until the dialog is gone: 2.1.329 ignores keys in the moment it appears."""
    since = time.time()
    for _ in range(10):
        table.agent.keys("Escape")
        try:
            true_at = table.agent.true_since("idle", since, 1)
            break
        except AssertionError:
            continue
    else:
        raise AssertionError(table.agent.report("the dialog stays"))
    table.expect(name, true_at, since, *READY)
    table.agent.rest()


def usage_limit(table: Table) -> None:
    resets_at = int(time.time()) + 7200
    name = "anthropic-ratelimit-unified"
    headers = {
        f"{name}-status": "rejected",
        f"{name}-representative-claim": "five_hour",
        f"{name}-reset": resets_at,
        f"{name}-5h-utilization": "1.0",
        f"{name}-5h-reset": resets_at,
        f"{name}-7d-utilization": "0.2",
        f"{name}-7d-reset": resets_at + 300_000,
    }
    rule = {"status": 429, "error_type": "rate_limit_error", "message": "x", "headers": headers}
    table.agent.api.queue.append(rule)
    begun = time.time()
    table.turn("usage limit", "work on step 1", S.USAGE_LIMITED)
    live = table.agent.live
    limit = live.readings().limit_said()
    assert limit is not None and limit.until_at is not None
    exact = limit.until_at.timestamp() - resets_at
    assert -60 <= exact <= 60, limit
    eventually(lambda: "condition_seen" in dict(table.agent.real.events), 10)
    assert "limit_seen" in dict(table.agent.real.events)
    eventually(lambda: "limit to reset" in table.agent.screen(), 10)
    table.agent.true_since("waiting", begun)
    # The menu is a dialog for who answers it; the state stays what it is when it goes.
    eventually(lambda: live.dialog() is not None, 10)
    since = time.time()
    while table.agent.truth[-1][1] != "idle":
        table.agent.keys("Enter")
        time.sleep(0.5)  # paced: the program ignores keys in the moment a menu appears
    time.sleep(1.5)  # paced: two ticks in which nothing may change
    told = [t.state for t in table.agent.told if t.at >= since]
    assert set(told) <= {S.USAGE_LIMITED, S.UNKNOWN}, table.agent.report("the limit was forgotten")
    # It works again: nothing holds it.
    since = time.time()
    table.turn("working after a limit", 'STANDIN{"text": "on", "first_delay": 2.5}', S.THINKING)
    table.rest("idle after a limit")


def killed(table: Table) -> None:
    at = time.time()
    os.kill(table.agent.live.seat().pid, 9)
    table.expect("killed", at, at, S.EXITED)


def working(table: Table) -> None:
    table.turn("tool", bash("sleep 2.5"), S.WORKING)
    table.rest()


def reading(table: Table) -> None:
    path = str(table.agent.house.worktree / "README.md")
    since = time.time()
    table.agent.say(directive("Read", {"file_path": path}))
    if table.hooks:  # it takes 10 ms, which no look at the screen sees
        table.expect("reading tool", table.asked_at(since), since, S.READING)
    table.rest()


def question(table: Table) -> None:
    options = [{"label": "SQLite", "description": "a"}, {"label": "Postgres", "description": "b"}]
    asked = {"question": "Which one?", "header": "Store", "options": options, "multiSelect": False}
    since = time.time()
    table.agent.say(directive("AskUserQuestion", {"questions": [asked]}))
    true_at = table.agent.true_since("waiting", since)
    table.expect("question", true_at, since, S.WAITING_ANSWER)
    eventually(lambda: table.agent.live.dialog() is not None)
    escape(table, "question left with Esc")


def plan_approval(table: Table) -> None:
    for _ in range(4):
        if "plan mode on" in table.agent.screen():
            break
        table.agent.keys("BTab")
        time.sleep(0.5)  # paced: a key that changes the footer
    since = time.time()
    table.agent.say(directive("ExitPlanMode", {"plan": "# Plan\n1. add a parser\n2. add tests\n"}))
    true_at = table.agent.true_since("waiting", since)
    table.expect("plan approval", true_at, since, S.WAITING_ANSWER)
    eventually(lambda: table.agent.live.dialog() is not None)
    escape(table, "plan left with Esc")
    for _ in range(4):
        if "plan mode on" not in table.agent.screen():
            break
        table.agent.keys("BTab")
        time.sleep(0.5)  # paced: as above


def compacting(table: Table) -> None:
    table.agent.api.queue.append({"text": "a summary", "first_delay": 3, "side": True})
    since = time.time()
    table.agent.say("/compact")
    table.expect("compacting", table.agent.true_since("busy", since), since, S.COMPACTING)
    table.rest()


def retrying(table: Table) -> None:
    rule = {"status": 500, "error_type": "api_error", "message": "Internal server error"}
    table.agent.api.queue.append({**rule, "times": 5})
    table.turn("retrying", "go on", S.RETRYING)
    table.rest("idle after retries")


def api_error(table: Table) -> None:
    table.turn(
        "turn failed",
        'STANDIN{"status": 400, "error_type": "invalid_request_error", "message": "no"}',
        S.ERROR,
    )
    table.agent.rest()


def refused(table: Table) -> None:
    table.turn(
        "sign-in refused",
        'STANDIN{"status": 403, "error_type": "permission_error", "message": "no access"}',
        *((S.NEEDS_LOGIN,) if table.hooks else (S.NEEDS_LOGIN, S.ERROR)),
    )
    table.agent.rest()


Row = Callable[[Table], None]
QUICK: tuple[Row, ...] = (thinking, run_tests, permission, usage_limit, killed)
ALL: tuple[Row, ...] = (
    thinking, working, run_tests, reading, permission, question, plan_approval, compacting,
    retrying, api_error, refused, usage_limit, killed,
)  # fmt: skip
CASES = [
    pytest.param(QUICK, "2.1.329", True, id="quick-2.1.329"),
    pytest.param(QUICK, "2.1.197", True, id="quick-2.1.197"),
    pytest.param(QUICK, "2.1.329", False, id="quick-2.1.329-screen"),
    *(
        pytest.param(ALL, version, hooks, id=f"all-{version}-{hooks}", marks=pytest.mark.full)
        for version in VERSIONS
        for hooks in (True, False)
    ),
]


@pytest.mark.parametrize(("rows", "version", "hooks"), CASES)
def test_every_state_is_told_right(
    rows: tuple[Row, ...], version: str, hooks: bool, short_path: Path
) -> None:
    place = os.environ.get("STATES_RECORD")
    kind = "hooks" if hooks else "screen"
    record = Recorder(Path(place) / f"claude-{version}-{kind}.json") if place else nullcontext()
    with record, watched(short_path, program_path(version), hooks=hooks) as agent:
        seen = agent.live.await_sighting("0000beef", Sighting.ANSWERED, 60)
        assert seen is Sighting.ANSWERED, agent.report("the brief was not answered")
        agent.rest()
        table = Table(agent, version, hooks)
        for row in rows:
            if row is killed and hooks:
                # The program draws its status line a moment after what it tells there.
                figures = eventually(lambda: _with_quotas(agent.live.figures()), 10)
                assert figures.model and figures.input_tokens
                windows = {quota.name: quota for quota in figures.quotas}
                assert set(windows) >= {"five_hour", "seven_day"}
                # To the second, also where the words of the limit had only the minute.
                ends_at = windows["five_hour"].resets_at
                assert ends_at is not None and ends_at.timestamp() == told_reset(agent)
            row(table)
        assert agent.wrong() == []


def told_reset(agent: Watched) -> int:
    """When the 5-hour window ends, as the service said last."""
    name = "anthropic-ratelimit-unified-5h-reset"
    told = [r["rule"].get("headers", {}).get(name) for r in agent.api.requests if "rule" in r]
    return int([at for at in told if at is not None][-1])


def _with_quotas(figures: Figures | None) -> Figures | None:
    return figures if figures is not None and figures.quotas else None
