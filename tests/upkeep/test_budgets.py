"""Budgets over a real database: told once, held and freed at the right moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.briefing.team import plan_of, seats
from tmux_orch.domain.budget import TEAM, Budget, Period, Stage, Unit
from tmux_orch.domain.errors import BadInput, Internal, Refused
from tmux_orch.domain.message import Priority
from tmux_orch.domain.seat import Desired
from tmux_orch.domain.usage import Counter
from tmux_orch.store.database import open_database
from tmux_orch.store.events import Events
from tmux_orch.store.journal import Journal
from tmux_orch.store.outbox import NewMessage, Outbox, new_id
from tmux_orch.store.projects import Project, Projects
from tmux_orch.store.seats import Seats
from tmux_orch.store.usage import Usage
from tmux_orch.team.usage import day_of
from tmux_orch.upkeep import budget_desk
from tmux_orch.upkeep.budgets import Budgets

PLAN = plan_of({"orchestrator": 1, "developer": 2})
HUB, DEV, SECOND = seats(PLAN)
MONEY = Budget(HUB.project, TEAM, Period.DAY, Unit.USD, 10.0)


@dataclass
class Clock:
    at: datetime = datetime(2026, 5, 4, 10, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class Courier:
    """Takes messages into the outbox, as the real one does."""

    outbox: Outbox
    kicked: list[str] = field(default_factory=list)
    full: bool = False

    def accept(self, sender: str, target: str, text: str, *, client_key: str) -> None:
        if self.full:
            raise Refused("1000 messages wait already")
        project = target.partition("/")[0]
        self.outbox.accept(
            NewMessage(
                project, target, sender, text, Priority.MEDIUM, False, client_key, text, new_id()
            )
        )

    def kick(self, key: str) -> None:
        self.kicked.append(key)


class House:
    """A team, its database, and what its programs told."""

    def __init__(self, place: Path) -> None:
        self.clock = Clock()
        self.database = open_database(place / "orch.db", place / "backups")
        self.spent = 0.0
        clock: Any = self.clock
        outbox = Outbox(self.database, clock)
        self.courier = Courier(outbox)
        self.parts: Any = SimpleNamespace(
            database=self.database, projects=Projects(self.database, clock),
            seats=Seats(self.database, clock), journal=Journal(self.database, clock),
            outbox=outbox, events=Events(self.database, clock), usage=Usage(self.database),
            courier=self.courier, clock=clock,
            adapter=lambda _seat: SimpleNamespace(tells_use=("tokens", "usd")),
        )  # fmt: skip
        self.project = Project(
            name=HUB.project, path="/p", common_dir="/p/.git", label="p", starting_branch="main",
            starting_commit="", created_at=clock.now(),
        )  # type: ignore[call-arg]  # fmt: skip
        self.parts.projects.add(self.project)
        self.begin_run(PLAN.run)
        for seat in (HUB, DEV, SECOND):
            self.parts.seats.put(seat)
        self.budgets = Budgets(self.parts)

    def begin_run(self, run: str) -> None:
        with self.database.write() as c:
            self.parts.projects.change(self.project.name, c, live=True, run=run)
            self.parts.journal.note(self.project.name, run, None, "plan", connection=c)
        self.project = self.parts.projects.all()[0]

    def tell(self, usd: float | None, seat: Any = DEV, tokens: int | None = None) -> None:
        """The programs say that so much was used in all; then the round comes by."""
        day = day_of(self.clock.now())
        self.parts.usage.keep([Counter(day, seat.project, seat.key, "p:1", tokens, 0, usd)])
        self.budgets.look()

    def set(self, budget: Budget) -> None:
        self.budgets.change(lambda: self.budgets.ceilings.put(budget))

    def restart(self) -> None:
        """The daemon died, and another one looks."""
        self.budgets = Budgets(self.parts)
        self.budgets.look()

    def told(self) -> list[str]:
        return [message.text for message in reversed(self.parts.outbox.recent(None, 100))]

    def kinds(self) -> list[str]:
        return [e.kind for e in self.parts.events.since(0) if e.kind.startswith("budget.")]

    def held(self) -> list[str]:
        return [seat.name for seat in (HUB, DEV, SECOND) if self.budgets.held(seat)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    place = tmp_path / "r"
    place.mkdir(mode=0o700)
    house = House(place)
    yield house
    house.database.close()


def test_four_fifths_are_told_once_over_rounds_and_restarts(house: House) -> None:
    house.set(MONEY)
    house.tell(7.9)
    assert (house.told(), house.kinds()) == ([], [])
    house.tell(8.4)
    house.tell(8.5)
    house.restart()
    (text,) = house.told()
    assert "84 % of the team's budget of 10.00 USD for today is used" in text
    assert house.kinds() == ["budget.warned"]
    assert house.held() == []
    assert "85 %" in house.budgets.alert(HUB.key)
    assert house.budgets.alert(DEV.key) == "", "the hub stands for the team"


def test_what_is_used_up_holds_the_whole_team_until_somebody_extends_it(house: House) -> None:
    house.set(MONEY)
    house.tell(10.0)
    reason = "the team's budget of 10.00 USD for today is used up; tmux-orch budget extend"
    assert house.budgets.held(DEV) == reason == house.budgets.held(HUB)
    assert house.told() == [], "a hub that is held reads nothing"
    house.restart()
    assert house.held() == ["orchestrator", "developer", "developer-2"]
    assert house.kinds() == ["budget.held"]
    body = {"unit": "usd", "amount": "5", "agent": "", "period": ""}
    shown = budget_desk.extend(house.budgets, house.project, body)
    assert house.held() == []
    assert sorted(house.courier.kicked) == sorted(seat.key for seat in (HUB, DEV, SECOND))
    assert (shown["budgets"][0]["limit"], shown["budgets"][0]["extended"]) == (15.0, 5.0)
    assert house.kinds() == ["budget.held", "budget.extended", "budget.freed"]
    house.tell(12.5)
    assert house.kinds()[-1] == "budget.warned", "83 % of what it is now"
    assert len(house.told()) == 1
    house.tell(15.0)
    assert house.held()


def test_the_tighter_of_two_budgets_holds_and_only_its_own_agent(house: House) -> None:
    house.set(MONEY)
    house.set(replace(MONEY, agent=DEV.key, unit=Unit.TOKENS, ceiling=1000.0))
    house.tell(1.0, tokens=1000)
    assert house.held() == ["developer"]
    (text,) = house.told()
    assert "developer's budget of 1k tokens for today is used up" in text
    assert "--agent developer" in text
    house.tell(9.5, SECOND)
    assert house.held() == ["orchestrator", "developer", "developer-2"]


@pytest.mark.parametrize("stage", [Stage.WARNED, Stage.HELD])
def test_a_daemon_killed_between_the_message_and_its_note_tells_it_once(
    house: House, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.set(replace(MONEY, agent=DEV.key))
    with monkeypatch.context() as patched:

        def die(*_: object, **__: object) -> None:
            raise Internal("killed")

        patched.setattr(house.budgets.ceilings, "put", die)
        with pytest.raises(Internal):
            house.tell(8.0 if stage is Stage.WARNED else 10.0)
    assert len(house.told()) == 1
    house.restart()
    house.tell(8.1 if stage is Stage.WARNED else 10.1)
    assert len(house.told()) == 1
    assert house.kinds() == ["budget.warned" if stage is Stage.WARNED else "budget.held"]


def test_a_hub_that_takes_no_message_keeps_nobody_from_being_held(house: House) -> None:
    house.courier.full = True
    house.set(replace(MONEY, agent=DEV.key))
    house.tell(10.0)
    assert house.held() == ["developer"]
    assert house.kinds() == ["budget.held"]


def test_figures_that_go_back_free_nobody(house: House) -> None:
    house.set(MONEY)
    house.tell(10.0)
    house.tell(0.1)
    assert house.held()


def test_nobody_who_tells_nothing_is_held(house: House) -> None:
    house.set(replace(MONEY, ceiling=0.0001))
    house.tell(None, tokens=10**9)
    assert house.held() == []


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_ends_at_its_own_midnight_also_when_it_has_23_or_25_hours(
    house: House, zone: str, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + timedelta(days=1)
        midnight = midnight.astimezone(UTC)
        house.clock.at = midnight - timedelta(hours=1)
        house.set(MONEY)
        house.tell(11.0)
        house.clock.at = midnight - timedelta(seconds=1)
        assert len(house.held()) == 3
        house.clock.at = midnight
        assert house.held() == [], "at once, before anybody looks"
        house.budgets.look()
        assert house.kinds()[-1] == "budget.freed"
        house.tell(20.9)
        assert house.held() == [], "9.90 of the new day"
        house.tell(21.0)
        assert len(house.held()) == 3
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_was_extended_ends_with_the_day(house: House) -> None:
    house.set(MONEY.extend(5.0, day_of(house.clock.now()).isoformat()))
    house.tell(12.0)
    assert house.held() == []
    house.clock.at += timedelta(days=1)
    house.tell(22.0)
    assert len(house.held()) == 3


def test_a_runs_budget_outlives_its_days_and_ends_with_the_run(house: House) -> None:
    house.set(replace(MONEY, period=Period.RUN))
    house.tell(6.0)
    house.clock.at += timedelta(days=1)
    house.tell(10.0)
    assert "for this run is used up" in (house.budgets.held(DEV) or "")
    house.clock.at += timedelta(days=1)
    house.budgets.look()
    assert len(house.held()) == 3
    house.begin_run("abcdef")
    house.budgets.look()
    assert house.held() == []


def test_a_budget_that_is_lowered_or_cleared_counts_at_once(house: House) -> None:
    house.set(MONEY)
    house.tell(3.0)
    body = {"unit": "usd", "amount": "2"}
    budget_desk.put(house.budgets, house.project, body)
    assert len(house.held()) == 3
    shown = budget_desk.clear(house.budgets, house.project, {})
    assert (house.held(), shown["budgets"]) == ([], [])
    assert {"budget.set", "budget.held", "budget.cleared"} <= set(house.kinds())


def test_the_budget_of_an_agent_that_was_removed_can_be_cleared(house: House) -> None:
    house.set(replace(MONEY, agent=DEV.key))
    house.parts.seats.update(DEV.key, desired=Desired.REMOVED)
    budget_desk.clear(house.budgets, house.project, {"agent": DEV.name})
    assert house.budgets.ceilings.all() == []


def test_setting_a_budget_anew_keeps_what_was_extended_today(house: House) -> None:
    body = {"unit": "usd", "amount": "10"}
    budget_desk.put(house.budgets, house.project, body)
    budget_desk.extend(house.budgets, house.project, body)
    shown = budget_desk.put(house.budgets, house.project, body)
    assert shown["budgets"][0]["limit"] == 20.0


def test_a_money_budget_names_the_agents_that_it_does_not_see(house: House) -> None:
    programs = {DEV.key: ("tokens",), SECOND.key: ()}
    house.parts.adapter = lambda seat: SimpleNamespace(
        tells_use=programs.get(seat.key, ("tokens", "usd"))
    )
    assert house.budgets.blind(house.project, TEAM, Unit.USD) == [
        f"developer ({DEV.adapter})", f"developer-2 ({SECOND.adapter})"
    ]  # fmt: skip
    assert house.budgets.blind(house.project, TEAM, Unit.TOKENS) == [
        f"developer-2 ({SECOND.adapter})"
    ]
    assert house.budgets.blind(house.project, HUB.key, Unit.USD) == []
    house.tell(None, HUB, tokens=5)
    assert "orchestrator" in house.budgets.blind(house.project, HUB.key, Unit.USD)[0], (
        "its program could tell, and does not"
    )


BAD: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (budget_desk.put, {}),
    (budget_desk.put, {"unit": "usd"}),
    (budget_desk.put, {"unit": "eur", "amount": "5"}),
    (budget_desk.put, {"unit": "usd", "amount": "-5"}),
    (budget_desk.put, {"unit": "usd", "amount": "5", "agent": "nobody"}),
    (budget_desk.put, {"unit": "usd", "amount": "5", "agent": ["developer"]}),
    (budget_desk.put, {"unit": "usd", "amount": "5", "period": "week"}),
    (budget_desk.put, {"unit": ["usd"], "amount": 5}),
    (budget_desk.extend, {"unit": "tokens", "amount": "5"}),
    (budget_desk.extend, {"unit": "usd", "amount": "1", "agent": "developer"}),
    (budget_desk.extend, {"unit": "usd", "amount": "1000000"}),
    (budget_desk.clear, {"agent": "developer"}),
    (budget_desk.clear, {"period": "run"}),
]


@pytest.mark.parametrize(("act", "body"), BAD)
def test_what_cannot_be_meant_changes_nothing(
    house: House, act: Callable[..., Any], body: dict[str, Any]
) -> None:
    house.set(MONEY)
    before = house.budgets.ceilings.all()
    with pytest.raises(BadInput) as caught:
        act(house.budgets, house.project, body)
    assert "\n" not in caught.value.line()
    assert house.budgets.ceilings.all() == before
    assert house.kinds() == []
