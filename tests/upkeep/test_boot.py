"""The waves after a restart of the machine, where something stands in their way."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.briefing.team import plan_of, seats
from tmux_orch.domain.boot import Boot, Phase
from tmux_orch.team.holds import Holds
from tmux_orch.upkeep import boot
from tmux_orch.upkeep.boot import AfterBoot


class Machine:
    """A team of two that is down; how its agents come back is the test's."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.team = seats(plan_of({"orchestrator": 1, "developer": 1}))
        project: Any = SimpleNamespace(name=self.team[0].project, path=str(place), live=True)
        self.path, self.holds = project.path, Holds()
        self.events: list[str] = []
        self.fault: Exception | None = None
        self.started = 0
        parts = SimpleNamespace(
            registry=SimpleNamespace(root=place),
            board=SimpleNamespace(seat=lambda _key: None, held=lambda _seat: None),
            projects=SimpleNamespace(all=lambda: [project]),
            up_seats=lambda: self.team,
            events=SimpleNamespace(append=lambda kind, *_: self.events.append(kind)),
        )
        self.after: Any = AfterBoot(SimpleNamespace(parts=parts, holds=self.holds), {})  # type: ignore[arg-type]
        self.after._boot = Boot("another", Phase.RETURNING)
        monkeypatch.setattr(boot, "bring_back", self.bring_back)

    def bring_back(self, *_given: object, **_more: object) -> list[Any]:
        self.started += 1
        if self.fault is not None:
            raise self.fault
        return []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_wave_that_waits_for_a_persons_act_is_told_when_it_begins(machine: Machine) -> None:
    with machine.holds.hold(machine.path):
        assert [machine.after.round() for _ in range(3)] == [False] * 3
    assert machine.events == []
    assert machine.after.round()
    assert (machine.started, machine.events) == (1, ["boot.wave"])


def test_a_fault_of_ours_is_not_repeated_for_ever(machine: Machine) -> None:
    machine.fault = PermissionError("the worktree cannot be written")
    assert machine.after.round()
    assert not machine.after.round()
    assert (machine.started, machine.events) == (1, ["boot.wave", "boot.left"])
