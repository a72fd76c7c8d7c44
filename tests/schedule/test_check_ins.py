"""Check-ins: each agent in its rhythm; whoever cannot answer is spared, with the reason told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tmux_orch.domain import check_in
from tmux_orch.domain.check_in import Duty
from tmux_orch.domain.job import Every
from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState
from tmux_orch.store.database import Database

from .conftest import START, SetClock, run
from .post_house import DEVELOPER, HUB, House

DUTY = Duty(DEVELOPER, "developer", 3600, HUB)
OF_HUB = Duty(HUB, "orchestrator", 2700, HUB)
HOUR = 3600 + DUTY.jitter_s
NOT_THERE = {AgentState.EXITED, AgentState.ERROR, AgentState.INITIALIZING, AgentState.USAGE_LIMITED}


@pytest.fixture
def house(database: Database, clock: SetClock) -> House:
    made = House(database, clock, duties=[DUTY, OF_HUB])
    made.start()
    return made


def test_each_agent_is_asked_in_its_rhythm_with_the_words_of_its_role(house: House) -> None:
    for _ in range(13):
        run(house.clockwork, house.clock, 1800)
        house.deliver()
    assert 5 <= len(house.told(DEVELOPER)) <= 7
    assert 7 <= len(house.told(HUB)) <= 9
    assert house.told(DEVELOPER)[0] == (
        "Check-in: one message to orchestrator with what is done, what you are at, and what is in "
        "the way. One line if nothing has changed since your last; then go on."
    )
    assert house.told(HUB)[0].startswith("Check-in: look at `tmux-orch status`, answer whoever ")
    manager = check_in.text_for(Duty("shop/pm", "project_manager", 2700, HUB))
    assert "which branch holds what" in manager
    assert len({*house.told(DEVELOPER)}) == 1


@pytest.mark.parametrize("state", [*AgentState, None])
@pytest.mark.parametrize("held", [None, "held until 14:00"])
def test_who_is_asked_and_who_is_spared(state: AgentState | None, held: str | None) -> None:
    why = check_in.why_not(state, held, waiting=False)
    if state is None or state in NOT_THERE | WAITING or held:
        assert why
    else:
        assert state in BUSY | READY | {AgentState.UNKNOWN}
        assert why is None
        assert check_in.why_not(state, held, waiting=True) == (
            "the check-in before has not reached it yet"
        )


@pytest.mark.parametrize(
    ("state", "held", "reason"),
    [
        (AgentState.USAGE_LIMITED, None, "its usage limit is reached"),
        (AgentState.IDLE, "held until 14:00", "held until 14:00"),
        (AgentState.EXITED, None, "it does not run"),
        (
            AgentState.WAITING_PERMISSION, None,
            "a dialog waits for an answer (waiting_permission)",
        ),
        (None, None, "it does not run"),
    ],
)  # fmt: skip
def test_a_spared_check_in_is_told_with_its_reason_and_the_next_one_comes(
    house: House, state: AgentState | None, held: str | None, reason: str
) -> None:
    house.states[DEVELOPER] = (state, held)
    run(house.clockwork, house.clock, HOUR)
    assert house.told() == []
    assert [e["reason"] for e in house.happened("skipped")] == [reason]
    assert house.check_ins.past(DEVELOPER).reason == reason
    house.states[DEVELOPER] = (AgentState.WORKING, None)
    run(house.clockwork, house.clock, HOUR)
    assert len(house.told()) == 1
    assert house.check_ins.past(DEVELOPER).skips == 0


def test_no_second_check_in_while_the_first_has_not_arrived(house: House) -> None:
    run(house.clockwork, house.clock, 5 * HOUR)
    assert len(house.told()) == 1
    reasons = {e["reason"] for e in house.happened("skipped")}
    assert reasons == {"the check-in before has not reached it yet"}
    house.deliver()
    run(house.clockwork, house.clock, HOUR)
    assert len(house.told()) == 2


def test_every_time_is_rung_or_told_as_spared(house: House) -> None:
    """8 hours, agents that come and go, restarts: nothing is silently lost or doubled."""
    states = [AgentState.IDLE, AgentState.USAGE_LIMITED, AgentState.WORKING, AgentState.EXITED]
    for round_ in range(8):
        house.states[DEVELOPER] = (states[round_ % 4], None)
        run(house.clockwork, house.clock, 3600)
        if round_ % 3 == 0:
            house.deliver()
        if round_ % 7 == 0:
            house.wind()
            house.start()
    rung, spared = list(house.happened("rang")), list(house.happened("skipped"))
    due = [e["due_at"] for e in (*rung, *spared)]
    assert len(set(due)) == len(due)
    assert 7 + 9 <= len(due) <= 9 + 11
    assert len(rung) == len(house.told()) + len(house.told(HUB))


def test_the_jobs_are_those_of_who_is_wanted_now(house: House) -> None:
    assert {e.id for e in house.clockwork.all()} == {DUTY.job_id, OF_HUB.job_id}
    before = {e.id: e.next_at for e in house.clockwork.all()}
    house.clock.go(600)
    house.check_ins.plan()
    house.wind()
    house.start()
    assert {e.id: e.next_at for e in house.clockwork.all()} == before  # the rhythm goes on
    house.duties = [Duty(DEVELOPER, "developer", 5400, HUB)]
    house.check_ins.plan()
    (entry,) = house.clockwork.all()
    assert isinstance(entry.when, Every)
    assert (entry.id, entry.when.every_s, entry.when.jitter_s) == (DUTY.job_id, 5400, 300)
    house.duties = []
    house.check_ins.plan()
    assert house.clockwork.all() == []


def test_a_ring_for_one_who_is_wanted_no_more_asks_nobody(house: House) -> None:
    house.duties = []
    run(house.clockwork, house.clock, HOUR)
    assert house.told() == house.told(HUB) == []
    assert {e["reason"] for e in house.happened("skipped")} == {"it is wanted up no more"}


def test_after_eight_hours_down_each_agent_is_asked_once(house: House) -> None:
    house.clock.go(8 * 3600)
    house.wind()
    house.start()
    house.clockwork.look()
    assert (len(house.told()), len(house.told(HUB))) == (1, 1)


def test_the_same_ring_again_asks_once(house: House) -> None:
    at = START + timedelta(hours=1)
    for _ in range(2):
        house.check_ins.ring(DUTY.job_id, [at])
    assert len(house.told()) == 1
    assert list(house.happened("skipped")) == []


def test_a_plan_that_will_not_last_stretches_the_interval(house: House) -> None:
    house.duties, house.stretch = [DUTY], 2.0
    house.check_ins.plan()
    for _ in range(12):
        run(house.clockwork, house.clock, 3600)
        house.deliver()
    assert 5 <= len(house.told()) <= 7
    reasons = {e["reason"] for e in house.happened("skipped")}
    assert reasons == {"stretched to every 120 min, because its plan will not last"}
    house.stretch = 1.0
    run(house.clockwork, house.clock, HOUR)
    assert 6 <= len(house.told()) <= 8


def test_a_backlog_of_others_spares_it_too(house: House) -> None:
    house.duties, house.refuses = [DUTY], 1
    house.check_ins.plan()
    run(house.clockwork, house.clock, HOUR)
    assert [e["reason"] for e in house.happened("skipped")] == ["1000 messages wait already"]


def test_what_was_before_a_restart_is_remembered(house: House) -> None:
    at = START - timedelta(hours=2)
    house.check_ins.remember(
        [(DEVELOPER, at, ""), (DEVELOPER, START, "it slept"), (HUB, START, "")]
    )
    past = house.check_ins.past(DEVELOPER)
    assert (past.rang_at, past.skips, past.reason) == (at, 1, "it slept")
    assert house.check_ins.past(HUB).rang_at == START


def test_a_team_started_at_once_is_not_asked_at_once(house: House) -> None:
    house.duties = [Duty(f"shop/a{n}", "developer", 3600, HUB) for n in range(20)]
    house.check_ins.plan()
    times = sorted(e.next_at for e in house.clockwork.all() if e.next_at)
    assert times[-1] - times[0] > timedelta(minutes=2)
