"""The status for those who keep looking: made once for all, costly parts rarely, told on change."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.seat import Desired
from tmux_orch.team import overview
from tmux_orch.team.overview import COSTLY_S, Overview

PROJECT = SimpleNamespace(name="p", path="/p", run="ab12cd", live=True, starting_branch="main")


class World:
    """A team of two whose looks are counted; the clock goes when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.projects = [PROJECT]
        self.seats = [SimpleNamespace(key=f"p/{n}", name=n, desired=Desired.UP) for n in "ab"]
        self.held: dict[str, int] = {}
        self.costly = self.cheap = 0
        self.parts: Any = SimpleNamespace(
            clock=SimpleNamespace(monotonic=lambda: self.now),
            projects=SimpleNamespace(all=lambda: self.projects),
            seats=SimpleNamespace(of_project=lambda _name: self.seats),
            outbox=SimpleNamespace(count_held=lambda _name: self.held),
            board=SimpleNamespace(server_state=lambda: "present"),
        )
        monkeypatch.setattr(overview.status, "status", self.status)
        monkeypatch.setattr(overview.status, "quick", self.quick)
        monkeypatch.setattr(overview, "waiting", lambda _parts, _project: [])
        monkeypatch.setattr(overview, "totals", self.totals)
        self.overview = Overview(self.parts)

    def status(self, _parts, project):
        self.costly += 1
        agents = [{"name": s.name, "dirty_files": self.costly} for s in self.seats]
        project = {"name": project.name, "run": project.run, "live": project.live}
        return {"project": project, "agents": agents, "tmux_server": "present", "dialogs": []}

    def quick(self, _parts, _seat, held):
        self.cheap += 1
        return {"held_messages": held}

    def totals(self, agents):
        return {"held_messages": sum(agent["held_messages"] for agent in agents)}

    def look(self, later_s: float = 0.0):
        self.now += later_s
        return self.overview.look("p")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_git_is_asked_at_most_every_five_seconds_however_many_look(world):
    for _ in range(int(4 * COSTLY_S)):
        for _ in range(10):  # ten who look
            world.look()
        world.now += 1.0
    assert world.costly == 4
    assert world.cheap == (4 * COSTLY_S - 4) * len(world.seats)


def test_cheap_fields_are_new_each_second_and_the_others_stay(world):
    before = world.look()
    world.held = {"p/a": 2}
    after = world.look(1.0)
    assert [a["held_messages"] for a in after["agents"]] == [2, 0]
    assert [a["dirty_files"] for a in after["agents"]] == [1, 1]
    assert after["totals"] == {"held_messages": 2}
    assert "held_messages" not in before["agents"][0]  # what was told does not change


def test_a_team_that_changed_is_looked_at_whole(world):
    world.look()
    world.seats = world.seats[:1]
    assert [a["name"] for a in world.look(1.0)["agents"]] == ["a"]
    world.seats[0].desired = Desired.REMOVED
    assert world.look(1.0)["agents"] != []  # asked anew: `status` itself leaves removed ones out
    assert world.costly == 3


def test_a_removed_project_ends_it(world):
    world.look()
    world.projects = []
    with pytest.raises(BadInput, match="removed"):
        world.look(1.0)


def test_it_is_told_only_when_it_changed_and_no_more_often_than_asked_for(world):
    told: list[tuple[float, Any]] = []
    reply = SimpleNamespace(
        only_follows=lambda: None, progress=lambda shown: told.append((world.now, shown))
    )

    def wait(seconds: float) -> None:
        world.now += seconds
        if world.now > 103:
            world.held = {"p/a": 1}

    world.overview._pause = SimpleNamespace(wait=wait)

    def gone() -> bool:
        return world.now > 120

    world.overview.follow(PROJECT, {"interval_s": 2}, reply, gone)
    assert all(b - a >= 2 for (a, _), (b, _) in pairwise(told))
    assert all(a != b for (_, a), (_, b) in pairwise(told))
    assert told[-1][1]["agents"][0] != told[0][1]["agents"][0]


@pytest.mark.parametrize("interval", [0, 0.5, "1", True, None, 1e9, [1]])
def test_a_bad_interval_is_refused(world, interval):
    reply = SimpleNamespace(only_follows=lambda: None)
    with pytest.raises(BadInput):
        world.overview.follow(PROJECT, {"interval_s": interval}, reply, lambda: True)
