"""Reminders: each is told once, at its time, to whom it was meant for, and to nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tmux_orch.domain import reminder as facts
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.job import At, CatchUp
from tmux_orch.domain.reminder import MOVES, IllegalMove, ReminderKind, ReminderState
from tmux_orch.domain.seat import Desired
from tmux_orch.store.database import Database
from tmux_orch.store.reminders import row_of
from tmux_orch.store.schema import REMINDERS

from .conftest import START, SetClock, run
from .post_house import DEVELOPER, HUB, House, seat

S = ReminderState
EVERY, AFTER_RESET = ReminderKind.EVERY, ReminderKind.AFTER_RESET
SOON = START + timedelta(minutes=30)


class Killed(BaseException):
    """The daemon dies here."""


@pytest.fixture
def house(database: Database, clock: SetClock) -> House:
    made = House(database, clock)
    made.start()
    return made


def every(house: House, minutes: int = 5, **more: object) -> facts.Reminder:
    at = house.clock.now() + timedelta(minutes=minutes)
    return house.add(EVERY, every_s=minutes * 60, at=at, **more)


def test_a_note_is_told_once_and_never_again(house: House) -> None:
    made = house.add(at=SOON)
    run(house.clockwork, house.clock, 29 * 60)
    assert house.told() == []
    run(house.clockwork, house.clock, 3600)
    assert house.told() == [
        "Reminder (due 2026-03-04 05:36 UTC; you asked for it 2026-03-04 05:06 UTC): look again"
    ]
    assert house.state(made) is S.DONE
    assert house.clockwork.all() == []
    assert [e["message"] for e in house.happened("rang")] == [house.outbox.recent(None)[0].id]


def test_the_words_say_who_asked_and_how_it_ends(house: House) -> None:
    mine = every(house)
    theirs = house.add(at=SOON, sender=HUB)
    persons = every(house, 40, sender="user")
    assert facts.text_for(mine, SOON).endswith(
        f"; end it with `tmux-orch schedule cancel {mine.id}`): look again"
    )
    assert "; orchestrator asked for it 2026-03-04" in facts.text_for(theirs, SOON)
    assert "; user asked for it" in facts.text_for(persons, SOON)
    assert "cancel" not in facts.text_for(persons, SOON)
    reset = house.add(AFTER_RESET)
    assert facts.text_for(reset, SOON).startswith("Reminder (your usage limit has ended; you ")


@pytest.mark.parametrize("kind", ["once", "every"])
def test_a_kill_between_the_message_and_its_note_tells_nothing_twice(
    house: House, kind: str
) -> None:
    made = house.add(at=SOON) if kind == "once" else every(house, 30)

    def die() -> None:
        raise Killed

    house.accepted = die
    house.clock.go(30 * 60)
    for _ in range(2):
        with pytest.raises(Killed):
            house.clockwork.look()
        house.wind()
        house.start()
    house.accepted = lambda: None
    run(house.clockwork, house.clock, 60)
    assert len(house.told()) == 1
    assert house.state(made) is (S.DONE if kind == "once" else S.OPEN)
    assert list(house.happened("skipped")) == []


def test_a_row_without_its_job_gets_it_and_a_job_without_its_row_goes(house: House) -> None:
    once, often = house.add(at=SOON), every(house, 20)
    paused = house.add(at=SOON)
    house.reminders.pause(paused.id)
    for job in house.clockwork.all():
        house.clockwork.drop(job.id)
    house.clockwork.put("reminder:ffffffff", At(SOON))
    house.clockwork.put(paused.job_id, At(SOON))
    house.clockwork.put("other:1", At(SOON))
    house.clock.go(50 * 60)
    house.wind()
    house.start()
    assert {entry.id for entry in house.clockwork.all()} == {
        once.job_id, often.job_id, "other:1",
    }  # fmt: skip
    assert house.due(often) == START + timedelta(minutes=60)  # its rhythm is kept
    house.clockwork.drop("other:1")
    run(house.clockwork, house.clock, 60)
    assert len(house.told()) == 1  # the one that was missed


@pytest.mark.parametrize(
    ("policy", "kind", "told", "skips"),
    [
        (CatchUp.ONCE, "once", 1, 0),
        (CatchUp.SKIP, "once", 0, 1),
        (CatchUp.ALL, "once", 1, 0),
        (CatchUp.ONCE, "every", 1, 95),
        (CatchUp.SKIP, "every", 0, 96),
        (CatchUp.ALL, "every", facts.ALL_MOST, 84),
    ],
)
def test_what_was_missed_in_eight_hours_follows_the_policy(
    house: House, policy: CatchUp, kind: str, told: int, skips: int
) -> None:
    at = SOON if kind == "once" else START + timedelta(minutes=5)
    every_s = None if kind == "once" else 300
    made = house.add(ReminderKind(kind), at=at, every_s=every_s, catch_up=policy)
    house.clock.go(8 * 3600 + 90)
    house.wind()
    house.start()
    house.clockwork.look()
    row = house.rows.get(made.id)
    assert row is not None
    assert (len(house.told()), row.skips) == (told, skips)
    if kind == "once":
        assert row.state is (S.DONE if told else S.MISSED)
    house.deliver()
    run(house.clockwork, house.clock, 300)
    assert len(house.told()) == told + (kind == "every")


def test_a_note_that_has_not_arrived_keeps_the_next_from_coming(house: House) -> None:
    made = every(house)
    run(house.clockwork, house.clock, 3600)
    assert len(house.told()) == 1
    row = house.rows.get(made.id)
    assert row is not None
    assert (row.skips, row.reason) == (11, "the one before has not reached it yet")
    assert len(list(house.happened("skipped"))) == 11
    house.deliver()
    run(house.clockwork, house.clock, 300)
    assert len(house.told()) == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (None, "it was removed"),
        ({"desired": Desired.REMOVED}, "it was removed"),
        ({"desired": Desired.STOPPED}, "it was stopped"),
        ({"run": "ffffff"}, "it was removed, and the one of that name is another team's"),
    ],
)
def test_a_target_that_is_gone_is_dropped_and_nobody_else_is_told(
    house: House, change: dict[str, object] | None, why: str
) -> None:
    once, often, later = house.add(at=SOON), every(house, 30), house.add(AFTER_RESET)
    if change is None:
        del house.seats[DEVELOPER]
    else:
        house.seats[DEVELOPER] = seat(DEVELOPER, **change)
    house.reminders.after_reset([DEVELOPER])
    run(house.clockwork, house.clock, 7200)
    assert house.told() == house.told(HUB) == []
    assert {house.state(r) for r in (once, often, later)} == {S.DROPPED}
    assert [e["reason"] for e in house.happened("dropped")] == [why] * 3
    house.reminders.keep()
    assert house.clockwork.all() == []
    with pytest.raises(BadInput, match=f"cannot be reminded: {why}"):
        house.add(at=house.clock.now() + timedelta(hours=1))


def test_an_agent_whose_program_ended_still_gets_its_note_later(house: House) -> None:
    house.seats[DEVELOPER] = seat(DEVELOPER, pid=0)
    house.add(at=SOON)
    run(house.clockwork, house.clock, 3600)
    assert len(house.told()) == 1


def test_after_a_limit_only_those_of_the_account_are_told_once(house: House) -> None:
    mine, other = house.add(AFTER_RESET), house.add(AFTER_RESET, target=HUB)
    paused = house.add(AFTER_RESET)
    house.reminders.pause(paused.id)
    assert house.clockwork.all() == []
    house.refuses = 1
    for _ in range(2):
        house.reminders.after_reset(iter([DEVELOPER, "shop/tester"]))
        house.wind()
        house.start()  # a kill in that moment
        run(house.clockwork, house.clock, 60)
    assert (house.state(mine), house.state(other)) == (S.DONE, S.OPEN)
    assert house.state(paused) is S.PAUSED
    assert len(house.told()) == 1
    assert house.told(HUB) == []


def test_a_cancelled_reminder_is_silent_and_cancelling_again_is_no_mistake(house: House) -> None:
    made = every(house)
    assert house.reminders.cancel(made.id).state is S.CANCELLED
    assert house.reminders.cancel(made.id).state is S.CANCELLED
    assert house.clockwork.all() == []
    run(house.clockwork, house.clock, 3600)
    assert house.told() == []
    for act in (house.reminders.pause, lambda one: house.reminders.pause(one, False)):
        with pytest.raises(BadInput, match="is cancelled already"):
            act(made.id)
    with pytest.raises(BadInput, match="no reminder"):
        house.reminders.cancel("ffffffff")


def test_a_paused_reminder_rests_and_goes_on(house: House) -> None:
    often, once = every(house), house.add(at=SOON)
    for made in (often, once):
        house.reminders.pause(made.id)
    run(house.clockwork, house.clock, 3600)
    house.reminders.ring(once.job_id, [SOON])  # it was ringing when it was paused
    assert house.told() == []
    for made in (often, once):
        house.reminders.pause(made.id, False)
    assert house.due(often) == house.clock.now() + timedelta(minutes=5)
    run(house.clockwork, house.clock, 301)
    assert sorted("due 2026-03-04 05:36" in text for text in house.told()) == [False, True]


def test_a_refusal_keeps_a_note_and_skips_a_repeated_one(house: House) -> None:
    once = house.add(at=SOON)
    house.refuses = 2
    run(house.clockwork, house.clock, 3600)
    assert house.state(once) is S.DONE
    assert len(house.told()) == 1
    house.deliver()
    often = every(house)
    house.refuses = 1
    run(house.clockwork, house.clock, 301)
    row = house.rows.get(often.id)
    assert row is not None
    assert (row.skips, row.reason) == (1, "1000 messages wait already")


def test_the_same_reminder_asked_for_again_is_there_once(house: House) -> None:
    made = house.add(at=SOON)
    assert house.reminders.add(made) == made
    assert len(house.rows.standing()) == 1
    assert len(list(house.happened("made"))) == 1
    run(house.clockwork, house.clock, 3600)
    assert house.reminders.add(made).state is S.DONE
    run(house.clockwork, house.clock, 3600)
    assert len(house.told()) == 1
    with pytest.raises(BadInput, match="already"):
        house.reminders.add(replace(made, target=HUB))


def test_an_agent_and_a_project_have_a_most_and_a_person_only_the_latter(house: House) -> None:
    first = house.add(AFTER_RESET)
    copies(house, first, facts.AGENT_MOST - 1)
    with pytest.raises(BadInput, match="has 50 open reminders"):
        house.add(AFTER_RESET)
    house.reminders.cancel(first.id)
    persons = house.add(AFTER_RESET, sender="user")
    copies(house, persons, facts.PROJECT_MOST - facts.AGENT_MOST - 1)
    house.add(AFTER_RESET, sender="user")
    with pytest.raises(BadInput, match="shop has 500 open reminders"):
        house.add(AFTER_RESET, sender="user")


def copies(house: House, of: facts.Reminder, number: int) -> None:
    """So many more of the same kind, without the wait for the disk of each."""
    with house.database.write() as c:
        for one in range(number):
            c.execute(insert(REMINDERS), row_of(replace(of, id=f"{of.id[-4:]}{one:04x}")))


def test_an_ended_note_keeps_no_secret(house: House) -> None:
    made = house.add(at=SOON, note="use sk-ant-api03-" + "a" * 80)
    run(house.clockwork, house.clock, 3600)
    row = house.rows.get(made.id)
    assert row is not None
    assert "a" * 80 not in row.note


def test_a_clock_that_jumps_tells_nothing_twice_and_loses_nothing(house: House) -> None:
    once, often = house.add(at=SOON), every(house, 60)
    for jump in (3600, -3600, 86400, -86400):
        house.clock.jump(jump)
        run(house.clockwork, house.clock, 30)
        house.deliver()
    assert house.state(once) is S.DONE
    assert sum("look again" in text for text in house.told()) == 3  # often: after +1 h and +1 day
    assert house.state(often) is S.OPEN
    due = house.due(often)
    assert due is not None
    assert due - house.clock.now() <= timedelta(hours=1)


def test_only_the_moves_of_the_table_happen(house: House) -> None:
    made = house.add(at=SOON)
    for old, new in product(S, S):
        with house.database.write() as c:
            c.exec_driver_sql(f"UPDATE reminders SET state = '{old}'")
        if new in MOVES[old]:
            assert house.rows.move(made.id, new).state is new
        else:
            with pytest.raises(IllegalMove):
                house.rows.move(made.id, new)
            assert house.state(made) is old


@given(st.text(max_size=40) | st.text(min_size=1900, max_size=2100))
@settings(max_examples=60)
def test_a_note_is_cleaned_or_refused(note: str) -> None:
    try:
        clean = facts.clean_note(note)
    except BadInput as error:
        assert error.line().isprintable()
    else:
        assert clean.strip() == clean != ""
        assert len(clean) <= facts.NOTE_MOST
        assert "\x1b" not in clean


@given(st.integers(300, 10_000), st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_the_next_time_keeps_the_rhythm(every_s: int, first: int, now: int) -> None:
    base = datetime(2026, 1, 1, tzinfo=UTC)
    at, when = base + timedelta(seconds=first), base + timedelta(seconds=now)
    reminder = facts.Reminder(
        "0", "p", "p/a", "", "user", "n", EVERY, at, every_s, CatchUp.ONCE, S.OPEN, base
    )
    found = reminder.next_after(when)
    assert found is not None
    assert found >= at
    assert (found - at).total_seconds() % every_s == 0
    if at > when:
        assert found == at
    else:
        assert when < found <= when + timedelta(seconds=every_s)
