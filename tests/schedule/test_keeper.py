"""Holds of accounts: begun once, moved by better words, ended with one resume for each agent."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tmux_orch.domain import checkpoint
from tmux_orch.domain.errors import Absent, BadInput, Internal, Refused
from tmux_orch.domain.hold import Cause, Confidence, HoldState, WakeState
from tmux_orch.domain.holding import SETTLES_S, STAGGER_S
from tmux_orch.domain.message import SYSTEM
from tmux_orch.domain.states import AgentState
from tmux_orch.schedule.accounts import Accounts
from tmux_orch.store.database import Database, open_database

from .conftest import START, SetClock
from .limited_team import ROUND_S, TURN_S, Team
from .post_house import seat

HUB, DEVELOPER, TESTER = "shop/orchestrator", "shop/developer", "shop/tester"
FIVE = (HUB, DEVELOPER, TESTER, "shop/reviewer", "shop/writer")
HOUR = 3600.0


@pytest.fixture
def team(database: Database, clock: SetClock) -> Team:
    made = Team(database, clock)
    made.add(*FIVE)
    return made


def said(team: Team, key: str) -> list[str]:
    """What we told an agent ourselves, in order."""
    return [m.text for m in team.outbox.recent(None, 999, agent=key) if m.sender == SYSTEM]


def test_five_agents_of_one_account_are_resumed_once_each_and_staggered(team: Team) -> None:
    plan = team.use_up(2 * HOUR)
    team.meet(*FIVE)
    assert len(team.keeper.open()) == 1
    assert team.hold().until_at == plan.used_until
    team.run(2 * HOUR + 10 * 60)
    assert team.keeper.open() == []
    first = plan.used_until
    assert first is not None
    for place, key in enumerate(FIVE):
        (at,) = team.woken(key)
        due = first + timedelta(seconds=SETTLES_S + place * STAGGER_S)
        assert due <= at <= due + timedelta(seconds=2 * ROUND_S)
    assert team.happened("wake.verified") == list(FIVE)
    assert team.happened("hold.begun") == [FIVE[0]]
    assert team.happened("hold.ended") == [FIVE[0]]
    assert team.reset == [FIVE]


def test_who_sends_to_a_held_agent_is_told_until_when_and_why(team: Team) -> None:
    plan = team.use_up(2 * HOUR)
    team.meet(DEVELOPER)
    assert plan.used_until is not None
    clock = plan.used_until.astimezone().strftime("%H:%M")
    for key in FIVE:
        held = team.keeper.held(team.seats[key])
        assert held == f"held until {clock} (usage limit of the account)"
    shown = team.keeper.shown(team.seats[TESTER])
    assert shown is not None
    assert (shown["cause"], shown["confidence"]) == ("five_hour", "structured")


def test_nothing_arrives_during_a_hold_and_all_of_it_in_order_after_the_resume(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    for number in range(4):
        team.accept("user", DEVELOPER, f"note {number}")
        team.accept(HUB, TESTER, f"task {number}")
    team.run(HOUR)
    assert team.told(DEVELOPER) == team.told(TESTER) == []
    team.run(20 * 60)
    assert [text[:6] for text in team.told(DEVELOPER)][1:] == [f"note {n}" for n in range(4)]
    assert team.told(DEVELOPER)[0].startswith("Your plan's limit has reset. Go on with")
    # Its turn was not broken off: one word that it may begin, and then what was held for it.
    assert team.told(TESTER)[0].startswith("Your plan's limit has reset. The messages")
    assert team.told(TESTER)[1:] == [f"task {n}" for n in range(4)]
    assert len(team.woken(DEVELOPER)) == len(team.woken(TESTER)) == 1


def test_an_agent_with_nothing_to_go_on_with_is_not_woken(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    team.run(HOUR + 600)
    assert team.woken("shop/writer") == []
    assert team.programs["shop/writer"].turns == []
    assert "shop/writer" in team.happened("wake.left")
    assert team.keeper.open() == []


def test_the_hub_is_told_once_however_many_agents_meet_the_limit(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    team.restart()
    team.meet(TESTER, "shop/writer")
    notes = [text for text in said(team, HUB) if "has met the 5-hour limit" in text]
    assert len(notes) == 1
    assert notes[0].startswith("developer has met the 5-hour limit of its account. Held until ")
    assert team.happened("hold.begun") == [DEVELOPER]


def test_agents_of_another_account_are_not_held(team: Team) -> None:
    team.add("shop/helper", account="codex:/home/.codex")
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    assert team.keeper.held(team.seats["shop/helper"]) is None
    team.accept(HUB, "shop/helper", "hello")
    team.run(30)
    assert team.told("shop/helper") == ["hello"]


def test_two_accounts_have_two_holds_that_end_by_themselves(team: Team) -> None:
    team.add("shop/helper", account="codex:/home/.codex")
    team.use_up(HOUR)
    team.use_up(3 * HOUR, account="codex:/home/.codex")
    team.meet(DEVELOPER, "shop/helper")
    assert len(team.keeper.open()) == 2
    team.run(HOUR + 600)
    assert [hold.account for hold in team.keeper.open()] == ["codex:/home/.codex"]
    assert team.woken("shop/helper") == []
    team.run(2 * HOUR)
    assert len(team.woken("shop/helper")) == 1
    assert len(team.woken(DEVELOPER)) == 1


def test_two_teams_on_one_account_rest_together_and_each_hub_is_told(team: Team) -> None:
    team.add("site/orchestrator", "site/designer")
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    assert team.keeper.held(team.seats["site/designer"]) is not None
    team.run(HOUR + 600)
    for hub in (HUB, "site/orchestrator"):
        assert sum("has met the" in text for text in said(team, hub)) == 1


def test_a_models_limit_holds_only_those_that_run_it(team: Team) -> None:
    team.add("shop/architect", "shop/thinker", model="claude-opus-4-8")
    plan = team.use_up(HOUR, words="You've hit your Opus limit", model="opus")
    team.meet("shop/architect")
    hold = team.hold()
    assert (hold.cause, hold.scope) == (Cause.MODEL, "opus")
    assert team.keeper.held(team.seats["shop/thinker"]) is not None
    assert team.keeper.held(team.seats[DEVELOPER]) is None
    team.run(HOUR + 600)
    assert plan.used_until is not None
    assert len(team.woken("shop/architect")) == 1
    assert team.keeper.open() == []


def test_a_weekly_limit_is_held_for_days(team: Team) -> None:
    team.use_up(3 * 24 * HOUR, words="You've hit your weekly limit")
    team.meet(DEVELOPER)
    assert team.hold().cause is Cause.WEEKLY
    team.run(3 * 24 * HOUR - 60)
    assert team.woken(DEVELOPER) == []
    team.run(1200)
    assert len(team.woken(DEVELOPER)) == 1


def test_a_reset_that_was_said_too_early_is_probed_by_one_agent_alone(team: Team) -> None:
    plan = team.use_up(2 * HOUR)
    plan.says = team.clock.now() + timedelta(seconds=HOUR)
    team.meet(*FIVE)
    team.run(2 * HOUR + 2 * HOUR)
    assert team.keeper.open() == []
    failed = team.happened("wake.failed")
    assert set(failed) == {HUB}
    assert len(failed) < 8
    assert all(len(team.woken(key)) == 1 for key in FIVE[1:])
    assert sorted(team.happened("wake.verified")) == sorted(FIVE)
    assert len(team.all_holds()) == 1


def test_while_one_agent_tries_a_limit_without_a_time_the_others_wait_for_it(team: Team) -> None:
    plan = team.use_up(HOUR, says=False, words="You've hit your limit")
    team.meet(*FIVE)
    for program in team.programs.values():
        program.turn_s = 100.0  # the program asks its service again and again before it gives up
    team.run(HOUR)
    assert [len(team.woken(key)) for key in FIVE] == [3, 0, 0, 0, 0]
    plan.used_until = None
    team.run(HOUR)
    assert [len(team.woken(key)) for key in FIVE] == [4, 1, 1, 1, 1]
    assert team.keeper.open() == []


def test_a_limit_without_a_time_is_probed_ever_more_rarely_never_beyond_five_hours(
    team: Team,
) -> None:
    plan = team.use_up(4.5 * HOUR, says=False, words="You've hit your limit")
    team.meet(*FIVE)
    met = team.hold().since_at
    assert team.hold().confidence is Confidence.GUESS
    team.run(6 * HOUR)
    tries = team.woken(HUB)
    waits = [(b - a).total_seconds() for a, b in zip([met, *tries], tries, strict=False)]
    for wait, most in zip(waits, (300, 600, 1200, 2400, 3600, 3600, 3600), strict=False):
        assert most <= wait <= most + 60 or wait < most == 3600
    assert plan.used_until is not None
    assert tries[-1] <= met + timedelta(hours=5, seconds=60)
    assert all(len(team.woken(key)) == 1 for key in FIVE[1:])
    assert team.keeper.open() == []


def test_a_time_that_is_said_later_ends_the_guessing(team: Team) -> None:
    plan = team.use_up(3 * HOUR, says=False, words="You've hit your limit")
    team.meet(DEVELOPER)
    assert team.hold().confidence is Confidence.GUESS
    plan.says, plan.words = plan.used_until, "You've hit your 5-hour limit"
    team.run(600)
    hold = team.hold()
    assert (hold.until_at, hold.confidence) == (plan.used_until, Confidence.STRUCTURED)
    assert hold.cause is Cause.FIVE_HOUR
    team.run(3 * HOUR)
    assert team.keeper.open() == []


def test_the_words_of_the_old_limit_hold_nobody_again(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(*FIVE)
    team.run(HOUR + 900)
    for program in team.programs.values():
        assert program.fused().state is AgentState.IDLE
    team.run(6 * HOUR)
    assert len(team.all_holds()) == 1


def test_a_limit_after_the_resume_is_a_hold_of_its_own(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    team.run(2 * HOUR)
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    team.run(2 * HOUR)
    assert len(team.keeper.history()) == 2
    assert len(team.woken(DEVELOPER)) == 2


def test_money_that_is_missing_is_waited_for_until_a_person_says_so(team: Team) -> None:
    team.use_up(30 * HOUR, says=False)
    told = {"source": "hook", "condition": "billing", "rule": "r", "evidence": "billing_error: no"}
    team.keeper.event("condition_seen", DEVELOPER, told)
    assert team.hold().cause is Cause.SPEND
    assert team.hold().until_at is None
    held = team.keeper.held(team.seats[TESTER])
    assert held == "held until a person wakes it (credit or spend limit of the account)"
    team.run(24 * HOUR)
    assert team.woken(DEVELOPER) == []
    team.plans[team.accounts[DEVELOPER]].used_until = None
    assert set(team.keeper.wake(team.accounts[DEVELOPER])) == set(FIVE)
    team.run(300)
    assert len(team.woken(DEVELOPER)) == 1
    assert team.keeper.open() == []


def test_words_about_money_on_a_screen_hold_nobody(team: Team) -> None:
    told = {"source": "screen", "condition": "billing", "rule": "r", "evidence": "credit balance"}
    team.keeper.event("condition_seen", DEVELOPER, told)
    assert team.keeper.open() == []


def test_a_large_old_conversation_is_asked_about_before_it_burns_the_new_window(
    team: Team,
) -> None:
    team.programs[DEVELOPER].context_percent = 72.0
    team.programs[TESTER].context_percent = 20.0
    team.use_up(18 * HOUR, words="You've hit your weekly limit")
    team.meet(DEVELOPER, TESTER)
    team.accept("user", DEVELOPER, "and then this")
    team.run(19 * HOUR)
    assert team.keeper.open() == []
    assert len(team.woken(TESTER)) == 1
    assert team.told(DEVELOPER) == []
    assert team.happened("wake.asked") == [DEVELOPER]
    assert any("tmux-orch credits wake developer" in text for text in said(team, HUB))
    held = team.keeper.held(team.seats[DEVELOPER])
    assert held == "its conversation is large and old: tmux-orch credits wake developer"
    assert team.keeper.asks(DEVELOPER) == held
    assert team.keeper.asks(TESTER) == ""
    team.restart()
    team.run(60)
    assert team.told(DEVELOPER) == []
    assert team.keeper.wake(DEVELOPER) == [DEVELOPER]
    team.run(60)
    assert team.told(DEVELOPER)[1:] == ["and then this"]
    assert len(team.woken(DEVELOPER)) == 1
    assert team.keeper.held(team.seats[DEVELOPER]) is None


def test_one_that_is_asked_about_goes_on_when_somebody_types_in_its_window(team: Team) -> None:
    team.programs[DEVELOPER].context_percent = 90.0
    team.use_up(18 * HOUR)
    team.meet(DEVELOPER)
    team.run(19 * HOUR)
    team.programs[DEVELOPER].turn()
    team.run(60)
    assert team.keeper.held(team.seats[DEVELOPER]) is None
    assert team.woken(DEVELOPER) == []


def test_an_agent_that_its_own_program_resumed_gets_nothing_from_us(team: Team) -> None:
    plan = team.use_up(HOUR)
    team.meet(DEVELOPER)
    team.run(HOUR + 60)
    team.programs[DEVELOPER].turn(300)  # within the two minutes that we wait
    team.run(1200)
    assert plan.used_until is not None
    assert team.woken(DEVELOPER) == []
    assert DEVELOPER in team.happened("wake.left")
    assert team.keeper.open() == []


def test_a_mate_that_has_worked_all_the_time_gets_its_messages_and_no_resume(team: Team) -> None:
    team.use_up(HOUR)
    team.programs[TESTER].turn(2 * HOUR)
    team.meet(DEVELOPER)
    team.accept(HUB, TESTER, "when you have time")
    team.run(3 * HOUR)
    assert team.told(TESTER) == ["when you have time"]
    assert len(team.woken(DEVELOPER)) == 1


def test_an_account_that_a_person_has_filled_up_ends_its_hold_early(team: Team) -> None:
    plan = team.use_up(4 * HOUR)
    team.meet(DEVELOPER)
    team.accept(HUB, TESTER, "go on")
    team.run(HOUR)
    plan.used_until = None
    team.programs[DEVELOPER].turn()
    team.run(120)
    assert team.woken(DEVELOPER) == []
    assert team.told(TESTER)[1:] == ["go on"]
    assert team.keeper.open() == []


def test_an_agent_that_is_gone_when_its_turn_comes_is_dropped_and_nobody_gets_its_message(
    team: Team,
) -> None:
    team.use_up(HOUR)
    team.meet(DEVELOPER, TESTER, "shop/writer")
    del team.seats[DEVELOPER]
    team.programs[TESTER].runs = False
    team.run(HOUR + 600)
    assert len(team.woken("shop/writer")) == 1
    assert [text for text in said(team, DEVELOPER) + said(team, TESTER) if "reset" in text] == []
    assert {DEVELOPER, TESTER} <= set(team.happened("wake.left"))
    assert team.keeper.open() == []


def test_a_daemon_that_was_down_at_the_reset_wakes_them_one_after_the_other(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(*FIVE)
    team.up = False
    team.run(9 * HOUR)
    team.restart()
    began = team.clock.now()
    team.run(600)
    waits = [(team.woken(key)[0] - began).total_seconds() for key in FIVE]
    assert [round(wait / STAGGER_S) for wait in waits] == [0, 1, 2, 3, 4]
    assert all(len(team.woken(key)) == 1 for key in FIVE)


@pytest.mark.parametrize("jump_s", [HOUR, -HOUR, 24 * HOUR, -24 * HOUR])
@pytest.mark.parametrize("when", ["held", "waking", "after"])
def test_a_clock_that_jumps_wakes_nobody_twice(team: Team, jump_s: float, when: str) -> None:
    plan = team.use_up(HOUR)
    team.meet(*FIVE)
    team.run({"held": 1800, "waking": HOUR + 150, "after": HOUR + 600}[when])
    team.clock.jump(jump_s)
    if plan.used_until is not None and when != "held":
        plan.used_until = None  # the plan's own clock does not jump
    team.run(2 * HOUR + max(0.0, -jump_s))
    plan.used_until = None
    team.run(7 * HOUR)
    assert team.keeper.open() == []
    verified = team.happened("wake.verified")
    assert sorted(verified) == sorted(FIVE)
    if when != "held":  # a jump ahead of the reset is tried, and found to be none
        assert all(len(team.woken(key)) == 1 for key in FIVE)


def test_killed_after_any_write_each_agent_is_resumed_once_all_the_same(
    tmp_path: Path, clock: SetClock
) -> None:
    blank = tmp_path / "blank.db"
    open_database(blank, tmp_path).close()
    for number in range(1, 60):
        path = tmp_path / f"{number}.db"
        shutil.copy(blank, path)
        database = open_database(path, tmp_path)
        team = Team(database, SetClock())
        team.add(HUB, DEVELOPER, TESTER)
        team.use_up(HOUR)
        team.accept("user", DEVELOPER, "later") if number % 2 else None
        team.dies_in = number
        team.meet(DEVELOPER, TESTER)
        team.run(HOUR + 600)
        died = not team.up
        team.restart()
        team.run(1200)
        seen = (team.woken(DEVELOPER), team.woken(TESTER), team.happened("hold.ended"))
        assert [len(one) for one in seen] == [1, 1, 1], f"killed after write {number}"
        (hold,) = team.keeper.history()
        states = {key: wake.state for key, wake in team.wakes(hold).items()}
        assert states[DEVELOPER] is states[TESTER] is WakeState.VERIFIED, number
        notes = [text for text in said(team, HUB) if "has met" in text]
        assert len(notes) == 1, number
        database.close()
        if not died:
            break
    assert number > 10


def test_a_limit_of_helpers_holds_nobody_and_is_told_when_it_is_over(team: Team) -> None:
    until = team.clock.now() + timedelta(seconds=HOUR)
    told = {"source": "hook", "rule": "r", "evidence": "You've hit your Opus limit",
            "until_at": until.isoformat()}  # fmt: skip
    team.keeper.event("limit_inside", DEVELOPER, told)
    team.keeper.event("limit_inside", DEVELOPER, told)
    assert len(team.keeper.open()) == 1
    assert team.keeper.held(team.seats[DEVELOPER]) is None
    team.accept(HUB, DEVELOPER, "hello")
    team.run(HOUR + 600)
    assert team.told(DEVELOPER) == [
        "hello",
        "The usage limit that stopped your helpers has reset."
        " Look what they have not done, and start that again.",
    ]
    assert team.keeper.open() == []
    assert team.programs[TESTER].taken == []


def test_a_person_may_hold_an_account_and_it_ends_without_a_resume(team: Team) -> None:
    account = team.accounts[DEVELOPER]
    until = team.clock.now() + timedelta(seconds=HOUR)
    team.keeper.hold(account, until)
    assert "(by a person)" in (team.keeper.held(team.seats[DEVELOPER]) or "")
    team.accept(HUB, DEVELOPER, "hello")
    team.run(HOUR - 60)
    assert team.told(DEVELOPER) == []
    team.run(120)
    assert team.told(DEVELOPER) == ["hello"]
    assert team.keeper.open() == []
    with pytest.raises(BadInput):
        team.keeper.hold(account, until)
    with pytest.raises(Absent):
        team.keeper.wake(account)
    with pytest.raises(Absent):
        team.keeper.wake("shop/nobody")


def test_an_account_that_is_held_again_holds_also_who_was_woken_before(team: Team) -> None:
    account = team.accounts[DEVELOPER]
    team.keeper.hold(account, None)
    team.keeper.wake(DEVELOPER)
    team.run(10)
    assert team.keeper.held(team.seats[DEVELOPER]) is None
    team.keeper.hold(account, None)
    said = {team.keeper.held(team.seats[key]) for key in FIVE}
    assert said == {"held by a person, until a person wakes it"}
    team.accept(HUB, DEVELOPER, "hello")
    team.run(60)
    assert team.told(DEVELOPER) == []
    team.keeper.wake(account)
    team.run(200)
    assert team.told(DEVELOPER) == ["hello"]
    assert team.keeper.open() == []


def test_who_sends_after_the_reset_is_not_told_a_time_that_is_past(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(TESTER)
    team.run(HOUR + 60)
    said = team.keeper.held(team.seats[DEVELOPER]) or ""
    assert said == "held: the limit has reset, its turn to be woken comes"


def test_one_agent_that_a_person_wakes_tries_the_account_for_all(team: Team) -> None:
    plan = team.use_up(4 * HOUR)
    team.meet(*FIVE)
    assert team.keeper.wake(TESTER) == [TESTER]
    team.run(60)
    assert team.happened("wake.failed") == [TESTER]
    assert team.hold().state is HoldState.HELD
    assert team.hold().until_at == plan.used_until
    assert [key for key in FIVE if team.woken(key)] == [TESTER]
    plan.used_until = None
    team.keeper.wake(TESTER)
    team.run(300)
    assert team.keeper.open() == []
    assert [len(team.woken(key)) for key in FIVE] == [1, 1, 2, 1, 1]


def test_mates_that_still_work_are_asked_for_their_checkpoint_before_a_long_hold(
    team: Team,
) -> None:
    asked: list[str] = []
    team.keeper.checkpoint = lambda seat, _why, _within: asked.append(seat.key)
    team.programs[TESTER].turn(900)
    team.use_up(4 * HOUR)
    team.meet(DEVELOPER)
    assert asked == [TESTER]


def test_the_resume_message_names_the_agents_checkpoint(team: Team, tmp_path: Path) -> None:
    name = checkpoint.page_name("developer", START)
    (tmp_path / name).write_text("task\n")
    team.seats[DEVELOPER] = replace(team.seats[DEVELOPER], worktree=str(tmp_path))
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    team.run(HOUR + 300)
    assert f"Your checkpoint is {name}." in team.told(DEVELOPER)[0]


def test_a_hold_is_one_job_and_its_end_leaves_none(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(*FIVE)
    (entry,) = team.clockwork.all()
    assert entry.id == f"resume:{team.hold().id}"
    team.run(HOUR + 900)
    assert team.clockwork.all() == []


def test_wakings_are_counted_when_a_hold_has_ended(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(DEVELOPER, TESTER)
    team.run(HOUR + 900)
    (hold,) = team.keeper.history()
    assert hold.outcome == "3 resumed, 2 left alone"  # the hub, for the note about its team
    states = {wake.state for wake in team.wakes(hold).values()}
    assert states == {WakeState.VERIFIED, WakeState.LEFT}
    assert TURN_S < STAGGER_S


ARCHITECT = "shop/architect"


@pytest.fixture
def twice(team: Team) -> Team:
    """An agent that met the limit of its account and, hours later, that of its model."""
    team.add(ARCHITECT, model="claude-opus-4-8")
    team.use_up(HOUR)
    team.meet(DEVELOPER, ARCHITECT)
    team.use_up(3 * HOUR, words="You've hit your Opus limit", model="opus")
    team.programs[ARCHITECT].let_go()
    team.meet(ARCHITECT)
    assert sorted(hold.scope for hold in team.keeper.open()) == ["", "opus"]
    return team


def test_an_agent_that_two_limits_hold_is_resumed_once_when_the_last_has_ended(twice: Team) -> None:
    twice.run(HOUR + 600)
    # The other agents do not wait for it, and its account's hold has ended.
    assert len(twice.woken(DEVELOPER)) == 1
    assert [hold.scope for hold in twice.keeper.open()] == ["opus"]
    assert twice.keeper.held(twice.seats[ARCHITECT]) is not None
    twice.run(3 * HOUR)
    assert twice.keeper.open() == []
    assert len(twice.woken(ARCHITECT)) == 1
    assert twice.told(ARCHITECT)[0].startswith("Your plan's limit has reset. Go on with")


def test_a_person_who_wakes_an_agent_wakes_it_out_of_every_hold(twice: Team) -> None:
    assert twice.keeper.wake(ARCHITECT) == [ARCHITECT]
    twice.run(60)
    assert len(twice.woken(ARCHITECT)) == 1
    assert twice.keeper.held(twice.seats[DEVELOPER]) is not None


def test_an_agent_whose_files_are_gone_keeps_nobody_else_from_being_woken(team: Team) -> None:
    team.use_up(HOUR)
    team.meet(*FIVE)
    del team.accounts[HUB]  # the first to be looked at
    accept = team.keeper._around.accept

    def refuses(sender: str, key: str, text: str, **more: object) -> object:
        if key == DEVELOPER:
            raise Refused("1000 messages wait for developer already")
        return accept(sender, key, text, **more)

    object.__setattr__(team.keeper._around, "accept", refuses)
    team.run(HOUR + 900)
    assert [len(team.woken(key)) for key in FIVE] == [0, 0, 1, 1, 1]


def test_a_hub_that_could_not_be_told_of_a_hold_is_told_later(team: Team) -> None:
    accept, full = team.keeper._around.accept, [True]

    def fails(*given: object, **more: object) -> object:
        if full[0]:
            raise Internal("the state cannot be used: the disk is full")
        return accept(*given, **more)

    object.__setattr__(team.keeper._around, "accept", fails)
    team.use_up(HOUR)
    team.meet(DEVELOPER)
    assert said(team, HUB) == []
    full[0] = False
    team.run(60)
    assert sum("has met the 5-hour limit" in text for text in said(team, HUB)) == 1


def test_a_spend_limit_that_only_a_removed_agent_met_is_tried(team: Team) -> None:
    team.use_up(HOUR, words="Your credit balance is too low", says=False)
    team.meet(DEVELOPER)
    assert (team.hold().cause, team.hold().until_at) == (Cause.SPEND, None)
    team.run(24 * HOUR)
    assert team.keeper.held(team.seats[TESTER]) is not None
    del team.seats[DEVELOPER]
    team.run(1200)
    assert team.keeper.open() == []
    assert team.keeper.held(team.seats[TESTER]) is None


def test_a_new_team_of_the_same_name_spends_from_its_own_account() -> None:
    place = {"now": "/home/me/.claude"}
    adapter = SimpleNamespace(name="claude", account=lambda _berth: place["now"])
    accounts = Accounts({"claude": adapter}, lambda _seat: None)  # type: ignore[dict-item,arg-type,return-value]
    one = replace(seat(DEVELOPER), adapter="claude", run="aaaaaa", incarnation=1)
    assert accounts.of(one) == "claude:/home/me/.claude"
    place["now"] = "/home/me/second"
    assert accounts.of(one) == "claude:/home/me/.claude"
    assert accounts.of(replace(one, run="bbbbbb")) == "claude:/home/me/second"


def test_the_others_do_not_wait_until_a_person_answers_the_one_that_tries(team: Team) -> None:
    team.use_up(240, says=False, words="You've hit your limit")
    team.meet(*FIVE)
    first = team.programs[HUB]

    def asks(lasts_s: float = 0.0) -> None:
        first.turns.append(team.clock.now())
        first.facts = first.facts.with_level(first._level(AgentState.WAITING_PERMISSION))

    first.turn = asks  # type: ignore[method-assign]
    team.run(900)
    assert first.fused().state is AgentState.WAITING_PERMISSION
    assert [len(team.woken(key)) for key in FIVE] == [1, 1, 1, 1, 1]
    assert team.keeper.open() == []


def test_a_question_about_one_agent_lets_a_new_limit_of_the_others_be_held(team: Team) -> None:
    team.use_up(13 * HOUR, words="You've hit your weekly limit")
    team.programs[TESTER].context_percent = 80.0
    team.meet(DEVELOPER, TESTER)
    team.run(14 * HOUR)
    assert team.keeper.open() == []
    assert team.keeper.asks(team.seats[TESTER]) is not None
    plan = team.use_up(3 * HOUR)
    team.meet(DEVELOPER)
    assert team.hold().until_at == plan.used_until
    assert team.keeper.held(team.seats[HUB]) is not None
    team.run(4 * HOUR)
    assert len(team.woken(DEVELOPER)) == 2
    assert team.woken(TESTER) == []
    assert team.keeper.asks(team.seats[TESTER]) is not None
