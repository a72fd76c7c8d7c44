"""The forecast of accounts: several agents of one plan, kept over a restart of the daemon."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tmux_orch.domain.forecast import Sureness
from tmux_orch.domain.work import Figures, Quota
from tmux_orch.schedule.forecast import Forecast
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.quotas import Quotas

BEGIN = datetime(2026, 5, 4, 10, tzinfo=UTC)
RESET = BEGIN + timedelta(hours=4)


@dataclass
class Team:
    """Agents whose programs are told what the test says; a clock that the test moves."""

    open_again: Callable[[], Database]
    at: datetime = BEGIN
    accounts: dict[str, str] = field(default_factory=dict)
    told: dict[str, Figures] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def of(self, seat: Any) -> str:
        return self.accounts.get(seat.key, "claude:/home/me/.claude")

    def forecast(self) -> Forecast:
        return Forecast(Quotas(self.open_again()), self, self)  # type: ignore[arg-type]

    def tell(self, key: str, used: float, reset: datetime | None = RESET, **more: Any) -> None:
        name = more.pop("name", "five_hour")
        self.told[key] = Figures(self.at, quotas=(Quota(name, used, reset),), **more)

    def lives(self) -> list[Any]:
        return [
            SimpleNamespace(
                seat=lambda key=key: SimpleNamespace(key=key, model=""),
                figures=lambda figures=figures: figures,
            )
            for key, figures in self.told.items()
        ]

    def after(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    opened: list[Database] = []

    def again() -> Database:
        for database in opened:
            database.close()
        place = tmp_path / "registry"
        place.mkdir(mode=0o700, exist_ok=True)
        opened.append(open_database(place / "orch.db", place / "backups", place / "logs"))
        return opened[-1]

    yield Team(again)
    for database in opened:
        database.close()


def test_agents_of_one_account_report_one_window(team: Team) -> None:
    forecast = team.forecast()
    for minute, (dev, test) in enumerate([(10, 9), (11, 12), (14, 13), (16, 18)]):
        team.at = BEGIN + timedelta(minutes=10 * minute)
        team.tell("shop/dev", dev)
        team.tell("shop/test", test)
        forecast.read(team.lives())
    (outlook,) = forecast.outlooks("claude:/home/me/.claude")
    assert (outlook.used_percent, outlook.resets_at) == (18, RESET)
    assert outlook.rate_percent_per_h == pytest.approx(16)
    assert forecast.outlooks("claude:/home/me/other") == []


@pytest.mark.parametrize("reset", [RESET, None])
def test_an_idle_agent_that_says_the_same_again_takes_nothing_back(
    team: Team, reset: datetime | None
) -> None:
    forecast = team.forecast()
    team.tell("shop/idle", 10, reset)
    forecast.read(team.lives())
    team.after(30)
    team.tell("shop/idle", 10, reset)
    team.tell("shop/dev", 60, reset)
    forecast.read(team.lives())
    team.after(1)
    team.tell("shop/idle", 10, reset)
    forecast.read(team.lives())
    assert forecast.outlooks("claude:/home/me/.claude")[0].used_percent == 60


def test_the_pace_is_known_again_after_a_restart_and_old_windows_go(team: Team) -> None:
    forecast = team.forecast()
    for used in (10, 25, 40):
        team.tell("shop/dev", used)
        forecast.read(team.lives())
        team.after(20)
    forecast.close()
    forecast = team.forecast()
    (outlook,) = forecast.outlooks("claude:/home/me/.claude")
    assert (outlook.sureness, outlook.used_percent) == (Sureness.GOOD, 40)
    assert outlook.rate_percent_per_h == pytest.approx(30)
    # Its agents are known by what they say next, if only by the same again.
    assert forecast.stretch("shop/dev") == 1
    forecast.read(team.lives())
    assert forecast.stretch("shop/dev") == 1.5
    team.after(60 * 24 * 41)
    team.forecast()
    assert Quotas(team.open_again()).all() == []


def test_stretch_and_the_approaching_end_are_those_of_the_agents_own_account(team: Team) -> None:
    team.accounts = {"shop/other": "claude:/home/me/second", "shop/codex": "codex:/home/me/.codex"}
    forecast = team.forecast()
    for used in (10, 50, 96):
        team.tell("shop/dev", used, model="claude-opus-4-8")
        team.tell("shop/other", used / 10)
        team.told["shop/codex"] = Figures(team.at)
        forecast.read(team.lives())
        team.after(20)
    team.at -= timedelta(minutes=20)
    ends = forecast.approaching("shop/dev")
    assert ends is not None
    assert team.at < ends <= team.at + timedelta(minutes=10)
    assert forecast.stretch("shop/dev") == 4
    for key in ("shop/other", "shop/codex", "shop/nobody"):
        assert (forecast.approaching(key), forecast.stretch(key)) == (None, 1)


def test_a_window_of_another_model_does_not_stretch(team: Team) -> None:
    forecast = team.forecast()
    for used in (10, 50, 96):
        team.tell("shop/opus", used, name="seven_day_opus", model="claude-opus-4-8")
        team.told["shop/sonnet"] = Figures(team.at, model="claude-sonnet-5")
        forecast.read(team.lives())
        team.after(20)
    assert forecast.stretch("shop/opus") == 4
    assert forecast.stretch("shop/sonnet") == 1


def test_a_clock_that_is_set_back_begins_anew(team: Team) -> None:
    forecast = team.forecast()
    team.tell("shop/dev", 10)
    forecast.read(team.lives())
    team.at -= timedelta(days=1)
    team.tell("shop/dev", 12)
    forecast.read(team.lives())
    team.after(30)
    (outlook,) = forecast.outlooks("claude:/home/me/.claude")
    assert (outlook.used_percent, outlook.rate_percent_per_h) == (12, 0)


def test_an_account_that_cannot_be_told_keeps_the_others_from_nothing(team: Team) -> None:
    forecast = team.forecast()

    class Accounts:
        def of(self, seat: Any) -> str:
            if seat.key == "shop/broken":
                raise KeyError("no such program")
            return team.of(seat)

    forecast._accounts = Accounts()  # type: ignore[assignment]
    team.tell("shop/broken", 99)
    team.tell("shop/dev", 10)
    forecast.read(team.lives())
    assert forecast.account("shop/dev") == "claude:/home/me/.claude"
    assert forecast.account("shop/broken") == ""
    assert forecast.outlooks("claude:/home/me/.claude")[0].used_percent == 10


def test_a_directory_that_is_no_text_is_an_account(team: Team) -> None:
    odd = "claude:" + os.fsdecode(b"/home/me/\xff")
    team.accounts = {"shop/dev": odd}
    forecast = team.forecast()
    team.tell("shop/dev", 10)
    forecast.read(team.lives())
    forecast.close()
    assert team.forecast().outlooks(odd)[0].used_percent == 10
