"""The pieces together, on a clock that the test moves: what is looked at, asked and written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tmux_orch.domain.seat import Desired
from tmux_orch.domain.states import AgentState
from tmux_orch.domain.work import Figures, Quota
from tmux_orch.store.database import open_database
from tmux_orch.upkeep.credit_mirror import NAME
from tmux_orch.upkeep.spending import LOOK_S, MIRROR_S, Spending

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


@dataclass
class World:
    """One agent of one account of Claude Code, that works."""

    root: Path
    at: datetime = NOW
    used: float = 10.0
    looked: int = 0
    asked: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def figures(self) -> Figures:
        self.looked += 1
        return Figures(self.at, quotas=(Quota("five_hour", self.used, NOW + timedelta(hours=5)),))

    def ask(self, seat: Any, why: str, within_s: float, **_more: Any) -> bool:
        self.asked.append(seat.key)
        return True

    def build(self, *, mirror: bool) -> Spending:
        seat = SimpleNamespace(
            key="shop/dev", name="dev", project="shop", model="", desired=Desired.UP
        )
        live = SimpleNamespace(
            seat=lambda: seat, figures=self.figures,
            fused=lambda: SimpleNamespace(state=AgentState.WORKING),
        )  # fmt: skip
        nothing = SimpleNamespace(
            open=list, history=lambda _account, _limit: [], shown=lambda _seat: None,
            round=lambda: None,
        )  # fmt: skip
        parts: Any = SimpleNamespace(
            database=open_database(self.root / "orch.db", self.root),
            clock=self,
            accounts=SimpleNamespace(of=lambda _seat: f"claude:{self.root}"),
            keeper=nothing,
            board=SimpleNamespace(seats=lambda: [live]),
            projects=SimpleNamespace(all=lambda: [SimpleNamespace(name="shop", live=True)]),
            seats=SimpleNamespace(all=lambda: [seat], get=lambda _key: seat),
        )
        return Spending(parts, self.ask, mirror=mirror)


@pytest.fixture
def world(tmp_path: Path) -> World:
    tmp_path.chmod(0o700)
    return World(tmp_path)


def test_it_looks_now_and_then_and_at_once_when_it_is_asked(world: World) -> None:
    spending = world.build(mirror=False)
    for _ in range(5):
        spending.look()
    assert world.looked == 1
    assert spending.check()["accounts"][0]["windows"][0]["used_percent"] == 10
    assert world.looked == 2
    world.at += timedelta(seconds=LOOK_S)
    spending.look()
    assert world.looked == 3
    assert not (world.root / NAME).exists()


def test_the_mirror_follows_within_a_minute(world: World) -> None:
    spending = world.build(mirror=True)
    spending.look()
    assert "2026" in (world.root / NAME).read_text()
    (world.root / NAME).unlink()
    world.at, world.used = world.at + timedelta(seconds=MIRROR_S + 1), 99.0
    spending.look()
    assert not (world.root / NAME).exists()  # what it says has not changed
    world.at += timedelta(minutes=10)
    spending.look()
    assert '"warning"' in (world.root / NAME).read_text()


def test_a_fast_pace_is_noticed_and_kept_over_a_restart(world: World) -> None:
    spending = world.build(mirror=False)
    for used in (10, 50, 97):
        world.used = used
        spending.look()
        world.at += timedelta(minutes=16)
    world.at -= timedelta(minutes=16)
    assert world.asked == ["shop/dev"]
    assert spending.forecast.stretch("shop/dev") == 4
    spending.close()
    again = world.build(mirror=False)
    (window,) = again.credits.status()["accounts"][0]["windows"]
    assert (window["used_percent"], window["lasts"], window["sureness"]) == (97, False, "good")
