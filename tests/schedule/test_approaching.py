"""An approaching limit asks each agent that works, once until the reset."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tmux_orch.domain.forecast import Outlook
from tmux_orch.domain.states import AgentState
from tmux_orch.schedule.approaching import Approaching

BEGIN = datetime(2026, 5, 4, 10, tzinfo=UTC)
RESET = BEGIN + timedelta(hours=1)
WARNING = ("condition_seen", "shop/dev", {"condition": "approaching_limit"})


@dataclass
class World:
    """Agents of one account ("dev", "test") and one of another ("other")."""

    at: datetime = BEGIN
    soon: dict[str, Outlook] = field(default_factory=dict)
    windows: list[Outlook] = field(default_factory=list)
    states: dict[str, AgentState] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def account(self, key: str) -> str:
        if key not in self.states:
            return ""
        return "claude:/other" if key == "shop/other" else "claude:/mine"

    def next_end(self, key: str) -> Outlook | None:
        return self.soon.get(key)

    def outlooks(self, account: str) -> list[Outlook]:
        return self.windows if account == "claude:/mine" else []

    def ask(self, seat: Any, why: str, within_s: float, *, occasion: str, goes_on: bool) -> bool:
        assert within_s >= 60
        assert goes_on
        self.asked.append((seat.key, why, occasion))
        return True

    def lives(self) -> list[Any]:
        return [
            SimpleNamespace(
                seat=lambda key=key: SimpleNamespace(key=key),
                fused=lambda state=state: SimpleNamespace(state=state),
            )
            for key, state in self.states.items()
        ]

    def build(self) -> Approaching:
        return Approaching(self, self.ask, self)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    names = ("shop/dev", "shop/test", "shop/other")
    return World(states=dict.fromkeys(names, AgentState.WORKING))


def outlook(resets_at: datetime | None = RESET, used: float = 97.0) -> Outlook:
    return Outlook("five_hour", used, resets_at, BEGIN, 30.0, BEGIN + timedelta(minutes=6))


def test_who_works_is_asked_once_and_who_begins_later_then(world: World) -> None:
    world.soon = dict.fromkeys(("shop/dev", "shop/test"), outlook())
    world.states["shop/test"] = AgentState.IDLE
    approaching = world.build()
    for _ in range(3):
        approaching.round(world.lives())
        world.at += timedelta(seconds=20)
    why = "your plan's five hour window is 97 % used"
    assert world.asked == [("shop/dev", why, "limit:2026-05-04T11:00Z")]
    world.states["shop/test"] = AgentState.WORKING
    approaching.round(world.lives())
    assert [key for key, _, _ in world.asked] == ["shop/dev", "shop/test"]


def test_the_next_window_asks_again(world: World) -> None:
    world.soon = {"shop/dev": outlook()}
    approaching = world.build()
    approaching.round(world.lives())
    world.at = RESET + timedelta(hours=4)
    world.soon = {"shop/dev": outlook(RESET + timedelta(hours=5))}
    approaching.round(world.lives())
    assert [occasion for _, _, occasion in world.asked] == [
        "limit:2026-05-04T11:00Z", "limit:2026-05-04T16:00Z",
    ]  # fmt: skip


def test_the_next_daemon_asks_for_the_same_occasion(world: World) -> None:
    for seconds in (0, 40):
        world.soon = {"shop/dev": outlook(RESET - timedelta(seconds=seconds))}
        world.build().round(world.lives())
    assert len({occasion for _, _, occasion in world.asked}) == 1


def test_a_programs_warning_asks_those_of_its_account_for_ten_minutes(world: World) -> None:
    approaching = world.build()
    world.windows = [outlook(RESET + timedelta(days=3), 12.0), outlook()]
    approaching.event(*WARNING)
    approaching.round(world.lives())
    assert {key for key, _, _ in world.asked} == {"shop/dev", "shop/test"}
    assert {occasion for _, _, occasion in world.asked} == {"limit:2026-05-04T11:00Z"}
    world.states["shop/late"] = AgentState.THINKING
    world.at += timedelta(minutes=11)
    approaching.round(world.lives())
    assert len(world.asked) == 2


@pytest.mark.parametrize(
    ("kind", "key", "payload"),
    [
        ("condition_seen", "shop/dev", {"condition": "overloaded"}),
        ("condition_seen", "shop/gone", {"condition": "approaching_limit"}),
        ("condition_seen", None, {"condition": "approaching_limit"}),
        ("limit_seen", "shop/dev", {"condition": "approaching_limit"}),
        ("condition_seen", "shop/dev", {}),
    ],
)
def test_nothing_else_is_a_warning(
    world: World, kind: str, key: str | None, payload: dict[str, str]
) -> None:
    approaching = world.build()
    approaching.event(kind, key, payload)
    approaching.round(world.lives())
    assert world.asked == []
