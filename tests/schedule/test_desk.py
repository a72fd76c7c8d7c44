"""Who may schedule what for whom, and that a bad request changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from tmux_orch.domain.errors import BadInput, OrchError, Refused
from tmux_orch.domain.message import MessageState
from tmux_orch.domain.roles import Role, Templates
from tmux_orch.domain.seat import Desired
from tmux_orch.store.database import Database
from tmux_orch.upkeep.schedule_desk import ScheduleDesk, duties

from .conftest import START, SetClock, run
from .post_house import DEVELOPER, HUB, House, seat

SOON = (START + timedelta(minutes=30)).isoformat()
ADD = {"act": "add", "id": "0badcafe", "kind": "once", "at": SOON, "note": "look again"}


@dataclass
class Office:
    """The desk, asked by the person or by agents."""

    house: House
    sender: str | None = None
    check_ins: bool = True

    def __post_init__(self) -> None:
        house = self.house
        projects = [
            SimpleNamespace(name="shop", live=True), SimpleNamespace(name="other", live=True),
            SimpleNamespace(name="stopped", live=False),
        ]  # fmt: skip
        self.parts: Any = SimpleNamespace(
            board=SimpleNamespace(who=lambda _pid: self.sender),
            clock=house.clock,
            seats=SimpleNamespace(
                get=house.seats.get,
                all=lambda: list(house.seats.values()),
                of_project=lambda name: [s for s in house.seats.values() if s.project == name],
            ),
            projects=SimpleNamespace(all=lambda: projects),
            templates_of=lambda _project: Templates({r: role(r) for r in ROLES}, {}),
            outbox=house.outbox,
            check_ins=self.check_ins,
            courier=SimpleNamespace(wait=self.wait),
        )
        self.desk = ScheduleDesk(
            self.parts, house.rows, house.reminders, house.check_ins, house.clockwork,
            self.project, self.target,
        )  # fmt: skip

    def project(self, _request: Any, name: str | None) -> Any:
        if name not in (None, "shop", "other"):
            raise BadInput(f"no project {name}")
        return SimpleNamespace(name=name or "shop")

    def target(self, word: str, own: str | None, _cwd: str) -> str:
        key = word if "/" in word else f"{own or 'shop'}/{word}"
        if key not in self.house.seats:
            raise BadInput(f"there is no agent {word}")
        return key

    def wait(self, message_id: str, _until: str, _s: float, _gone: Any) -> Any:
        self.house.deliver()
        return self.house.outbox.get(message_id)

    def ask(self, sender: str | None = None, **body: Any) -> Any:
        self.sender = sender
        request: Any = SimpleNamespace(
            peer=SimpleNamespace(pid=1), gone=lambda: False, text=lambda _name, default="": default
        )
        answers: list[Any] = []
        self.desk.handle(request, body, SimpleNamespace(result=answers.append))  # type: ignore[arg-type]
        return answers[0]


ROLES = ("developer", "orchestrator", "project_manager")


def role(name: str) -> Role:
    return Role(name, name, name, "", (), (), "", 2700 if name == "orchestrator" else 3600, ())


@pytest.fixture
def office(database: Database, clock: SetClock) -> Office:
    made = Office(House(database, clock))
    made.house.seats["other/tester"] = seat("other/tester")
    return made


def test_an_agent_reminds_itself_when_it_names_nobody(office: Office) -> None:
    made = office.ask(DEVELOPER, **ADD)
    assert (made["to"], made["by"], made["next_at"]) == (
        DEVELOPER, DEVELOPER, "2026-03-04T05:36:07+00:00",
    )  # fmt: skip
    run(office.house.clockwork, office.house.clock, 3600)
    assert len(office.house.told()) == 1


def test_a_person_must_name_somebody_and_is_told_who_there_is(office: Office) -> None:
    with pytest.raises(BadInput) as caught:
        office.ask(None, **ADD)
    assert caught.value.next_step == "add --to developer | orchestrator"
    assert office.ask(None, **ADD, to="developer")["by"] == "user"
    assert office.ask(None, **ADD | {"id": "0badcaff"}, to="tester", project="other")["to"] == (
        "other/tester"
    )


def test_an_agent_may_remind_its_team_mates_and_nobody_else(office: Office) -> None:
    assert office.ask(DEVELOPER, **ADD, to="orchestrator")["to"] == HUB
    with pytest.raises(Refused, match="other/tester is of another team than shop/developer"):
        office.ask(DEVELOPER, **ADD | {"id": "0badcaff"}, to="other/tester")
    assert len(office.house.rows.standing()) == 1


def test_an_agent_sees_and_ends_only_what_it_asked_for_and_a_person_all(office: Office) -> None:
    office.ask(DEVELOPER, **ADD)
    office.ask(HUB, **ADD | {"id": "0badcaff"}, to="developer")
    assert [r["id"] for r in office.ask(DEVELOPER, act="list")["reminders"]] == ["0badcafe"]
    assert [r["id"] for r in office.ask(None, act="list")["reminders"]] == ["0badcafe", "0badcaff"]
    for act in ("cancel", "pause", "resume"):
        with pytest.raises(BadInput, match="no reminder '0badcaff' of yours"):
            office.ask(DEVELOPER, act=act, id="0badcaff")
    done = office.ask(DEVELOPER, act="cancel", id="all")["reminders"]
    assert [(r["id"], r["state"]) for r in done] == [("0badcafe", "cancelled")]
    assert office.ask(None, act="pause", id="0badcaff")["reminders"][0]["state"] == "paused"
    assert office.ask(None, act="resume", id="0badcaff")["reminders"][0]["next_at"]
    assert office.ask(None, act="cancel", id="all")["reminders"][0]["id"] == "0badcaff"
    assert office.ask(None, act="cancel", id="all")["reminders"] == []


BAD = [
    {"act": None}, {"act": "bogus"}, {"act": 1}, {"act": "ADD"},
    {**ADD, "id": None}, {**ADD, "id": ""}, {**ADD, "id": "x"}, {**ADD, "id": "0BADCAFE"},
    {**ADD, "id": ["0badcafe"]}, {**ADD, "id": "0badcafe'; --"}, {**ADD, "kind": None},
    {**ADD, "kind": "twice"}, {**ADD, "catch_up": "never"}, {**ADD, "at": None}, {**ADD, "at": 750},
    {**ADD, "at": "14:30"}, {**ADD, "at": "2026-03-04T05:36:07"}, {**ADD, "at": "nan"},
    {**ADD, "at": "2026-03-04T04:36:07+00:00"}, {**ADD, "at": "2028-03-04T05:36:07+00:00"},
    {**ADD, "at": "9999-12-31T23:59:59-23:00"}, {**ADD, "at": "0001-01-01T00:00:00+23:00"},
    {**ADD, "note": None}, {**ADD, "note": ""}, {**ADD, "note": "\u202e"}, {**ADD, "note": "\x00"},
    {**ADD, "note": "n" * 2001}, {**ADD, "kind": "every", "every_s": None},
    {**ADD, "kind": "every", "every_s": True}, {**ADD, "kind": "every", "every_s": "2700"},
    {**ADD, "kind": "every", "every_s": 299}, {**ADD, "kind": "every", "every_s": -2700},
    {**ADD, "kind": "every", "every_s": 2700.5}, {**ADD, "kind": "every", "every_s": 10**12},
    {**ADD, "to": "nobody"}, {**ADD, "to": "other/nobody"}, {**ADD, "to": "stopped"},
    {**ADD, "to": "removed"}, {**ADD, "project": "nowhere"}, {"act": "list", "project": "nowhere"},
    {"act": "cancel"}, {"act": "cancel", "id": ""}, {"act": "cancel", "id": "ffffffff"},
    {"act": "cancel", "id": "ALL"}, {"act": "cancel", "id": "all", "project": "nowhere"},
    {"act": "cancel", "id": "%"}, {"act": "pause", "id": "all"}, {"act": "pause", "id": "ffffffff"},
    {"act": "resume", "id": "all"}, {"act": "resume", "id": None}, {"act": "test", "id": None},
    {"act": "test", "id": "0badcafe", "to": "nobody"},
]  # fmt: skip


def test_a_bad_request_is_one_line_and_changes_nothing(office: Office) -> None:
    seats = office.house.seats
    seats["shop/stopped"] = seat("shop/stopped", desired=Desired.STOPPED)
    seats["shop/removed"] = seat("shop/removed", desired=Desired.REMOVED)
    for body, sender in product(BAD, (None, DEVELOPER)):
        asked = body if sender or "to" in body else {**body, "to": "developer"}
        try:
            office.ask(sender, **asked)
        except OrchError as error:
            assert (error.exit_code, error.line().isprintable()) == (2, True), asked
        else:
            pytest.fail(f"was taken: {asked}")
    assert office.house.rows.standing() == []
    assert office.house.clockwork.all() == []
    assert office.house.events.last() == 0


def test_a_time_that_passed_on_its_way_still_counts(office: Office) -> None:
    office.house.clock.go(30 * 60 + 30)
    office.ask(DEVELOPER, **ADD)
    office.house.clockwork.look()
    assert len(office.house.told()) == 1


def test_the_list_has_check_ins_with_their_next_time(office: Office) -> None:
    house = office.house
    house.duties = list(duties(office.parts))
    listed = office.ask(None, act="list")["check_ins"]
    assert [(c["to"], c["every_s"]) for c in listed] == [(DEVELOPER, 3600), (HUB, 2700)]
    assert all(c["next_at"] for c in listed)
    assert [c["to"] for c in office.ask(HUB, act="list")["check_ins"]] == [HUB]


def test_only_agents_of_live_teams_that_are_wanted_up_have_check_ins(office: Office) -> None:
    seats = office.house.seats
    seats["stopped/developer"] = seat("stopped/developer")
    seats["shop/ghost"] = seat("shop/ghost")  # of a role that is defined no more
    seats[DEVELOPER] = replace(seats[DEVELOPER], desired=Desired.STOPPED)
    assert [(d.key, d.hub) for d in duties(office.parts)] == [(HUB, HUB)]
    office.parts.check_ins = False
    assert list(duties(office.parts)) == []
    assert office.ask(None, act="list")["check_ins_on"] is False


def rings(office: Office, after_s: float) -> Callable[..., Any]:
    """Lets the clockwork ring while somebody waits for it."""

    def wait(reminder_id: str, wait_s: float, _gone: Any) -> Any:
        assert after_s <= wait_s
        run(office.house.clockwork, office.house.clock, after_s)
        return office.house.rows.get(reminder_id)

    return wait


def test_the_test_of_an_agent_says_that_its_note_is_on_its_way(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.house.reminders, "wait_rung", rings(office, 5))
    found = office.ask(HUB, act="test", id="0badcafe")
    assert (found["own"], found["state"], found["exit_code"]) == (True, "accepted", 0)
    assert office.house.told(HUB)[0].endswith("there is nothing to do")


def test_the_test_of_a_person_waits_for_the_delivery(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.house.reminders, "wait_rung", rings(office, 5))
    found = office.ask(None, act="test", id="0badcafe", to="developer")
    assert (found["state"], found["exit_code"]) == (MessageState.DELIVERED, 0)
    monkeypatch.setattr(
        office.parts.courier, "wait", lambda message_id, *_: office.house.outbox.get(message_id)
    )
    found = office.ask(None, act="test", id="0badcaff", to="developer")
    assert (found["state"], found["exit_code"]) == (MessageState.ACCEPTED, 1)


def test_the_test_finds_a_clockwork_that_does_not_ring(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.house.reminders, "wait_rung", rings(office, 0))
    found = office.ask(HUB, act="test", id="0badcafe")
    assert (found["message"], found["exit_code"]) == ("", 1)
    assert found["reason"] == "it did not ring within 20 s"
