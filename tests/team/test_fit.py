"""A start is warned of too little memory, and refused only when it can never fit."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.briefing.team import plan_of, seats
from tmux_orch.agents import memory
from tmux_orch.agents.registry import adapters
from tmux_orch.cli import dry_run
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.memory import Room
from tmux_orch.domain.states import AgentState
from tmux_orch.team import fit

OPENCODE = ["opencode"] * 4


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the memory there is; what the person is told."""
    lines: list[str] = []

    def room(free_mb: int, total_mb: int) -> list[str]:
        monkeypatch.setattr(memory, "room", lambda *_: Room(free_mb, total_mb))
        return lines

    return room


def parts_with(server: Callable[[], str | None]) -> Any:
    looks = SimpleNamespace(server=server)
    return SimpleNamespace(adapters=adapters(), board=SimpleNamespace(looks=looks))


def check(programs: list[str], lines: list[str], *, refuse: bool = True) -> None:
    parts = parts_with(lambda: "1:2")
    fit.check(parts, programs, lambda event: lines.append(event["text"]), refuse=refuse)


def test_a_team_that_fits_is_told_nothing(told: Any) -> None:
    lines = told(4000, 8000)
    check(OPENCODE, lines)
    check([], lines)
    assert lines == []


def test_a_team_that_does_not_fit_now_is_warned_and_goes_on(told: Any) -> None:
    lines = told(3000, 8000)
    check(OPENCODE, lines)
    assert lines == [
        "4 agents need about 3.9 GB of memory, and 3.0 GB of 8.0 GB are free; "
        "take fewer agents (--roles, --size or a smaller --plan)"
    ]


def test_a_team_that_can_never_fit_is_refused_but_not_when_it_is_resumed(told: Any) -> None:
    lines = told(3000, 3500)
    with pytest.raises(BadInput, match=r"about 3\.9 GB of memory, and 3\.0 GB of 3\.5 GB are free"):
        check(OPENCODE, lines)
    assert lines == []
    check(OPENCODE, lines, refuse=False)
    assert len(lines) == 1


def test_the_dry_run_says_and_refuses_the_same(told: Any) -> None:
    agents = [SimpleNamespace(agent=name) for name in ("", "opencode", "opencode")]
    proposal: Any = SimpleNamespace(chosen=SimpleNamespace(agents=agents))
    asked: Any = SimpleNamespace(agent="gemini")
    told(2000, 8000)
    (line,) = dry_run._memory(asked, proposal)
    assert line.startswith("3 agents need about 2.3 GB of memory")
    told(2000, 2100)
    with pytest.raises(BadInput):
        dry_run._memory(asked, proposal)
    told(4000, 8000)
    assert dry_run._memory(asked, proposal) == []


def test_where_memory_cannot_be_told_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(memory, "room", lambda pid: asked.append(pid))

    for server in (None, "", "7:1234"):
        parts = parts_with(lambda said=server: said)
        fit.check(parts, OPENCODE, lambda _event: pytest.fail("it was told"), refuse=True)
    assert asked == [0, 0, 7]


def test_only_agents_that_a_resume_would_start_count() -> None:
    team = seats(plan_of({"orchestrator": 1, "developer": 2}))
    states = {team[0].key: AgentState.IDLE, team[1].key: AgentState.EXITED}

    def live(key: str) -> Any:
        state = states.get(key)
        return SimpleNamespace(fused=lambda: SimpleNamespace(state=state)) if state else None

    parts: Any = SimpleNamespace(board=SimpleNamespace(seat=live))
    assert fit.down(parts, team) == [team[1].adapter, team[2].adapter]
