"""The clockwork: what rings when, what is made up for, and that a ring that fails is not lost."""

from __future__ import annotations

import base64
import logging
import pickle
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tmux_orch.domain.errors import Internal
from tmux_orch.domain.job import At, CatchUp, Entry, Every
from tmux_orch.schedule import clockwork as clockwork_module
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.schedule.jobs import Regularly
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.schema import JOBS

from .conftest import START, Bell, SetClock, run

MINUTE = timedelta(minutes=1)
DOWN_S = 8 * 3600
#: Jobs as the first version that had any stored them: every later one must read them.
STORED_JOBS = {
    "test:at": (
        "fCZIl0RR910001elqie`c4cyNX>V?nO96}mX=Id)2Xtj~bUI;ll#B#sb#7ynj2v`rb$DNIa${&Nb7N>_"
        "WOZz1E^2RLb2?^ea%Gf^2Xu02XJ=({l#Cf+aC2j5Wn^`1WpXZba%pF0WpZ;aWMOn=l#B~RVRU6wa%pF0"
        "Wpb30lqrFfeUvC@0ZRdl2y%69Uu0o)Wt5BvWMOn=bZKp6l#B>uVRU75X>DbclaxaW2kHX^1qKHI005L|"
        "4U7nMX>DbCZ*FCjlay!;j0tpUZDnL-Y;<9ilaxyUO8`p%hm=y3g_Kg1hLlp2bz+PNWq4&{b#!lXl#B;t"
        "WoBV@Y;=^21YvS#bChTUg_Mj2Yj<ICXLFQ&l#B#!VQpoUj0A6PV`Y?#5^ZU7W@&O|UuSY*V`X1-X>Dbc"
        "O96}sV{c(>WpiU?l!%NCZDDv{X>N0LVQyn(bCgQ~j16vOcywQKb#7mDX>DbcXc~1c"
    ),
    "test:every": (
        "fCZJX0RR910001elqie`c4cyNX>V?nO96}mX=Id)3Up<2bUI~rWpa6xj09$NZex^;9CU4UcwcXFV`wgO"
        "V`yb$b!=rWYHwn5I%a8dWt5BubaH8DXJvAfj2Comb$DNIa${&Nb7N>_WOZz1E^2RLbCiq;Qe|g#Y+-V2"
        "d6bisDS?!IlqhHcO96}rWp-t9d0%ssO$Y~!1!Z_)V|0{=j0k3Fa&vTFVRV#?2xMV&Wprt6Wt5BvWMOn="
        "bZKp6l#`T03J2-~1O)~M0001#Xb+4CbZKp6dT(xJl#`Tb4~z+PX>Da>Wo&d|l#`T8080Q%0Ed)Pl!cU1"
        "l!la2l#B>!X>@dDa$j?lO8|@oZeeX@WR!@E1ao0*bd+cVbz+PNWq4&{b#!lXl#B;tWoBV@Y;=^21YvS#"
        "bChTUg_Mj2Yj<ICXLFQ&l#B#!VQpoUj0A6PV`Y?#5^ZU7W@&O|UuSY*V`X1-X>DbcO96}sV{c(>WpiU?"
        "l!%NCZDDv{X>N0LVQyn(bCgQ~j16vOcywQKb#7mDX>DbcXc0pS2kHX^1qKHI005L|8itfolyxo"
    ),
}


def test_an_instant_rings_once_at_its_time(clockwork: Clockwork, clock: SetClock, bell: Bell):
    clockwork.put("test:a", At(START + MINUTE))
    run(clockwork, clock, 59)
    assert bell.rung == []
    run(clockwork, clock, 3600)
    assert bell.rung == [("test:a", (START + MINUTE,))]
    assert clockwork.all() == []


def test_an_interval_rings_at_each_of_its_times(clockwork: Clockwork, clock: SetClock, bell: Bell):
    clockwork.put("test:a", Every(60))
    run(clockwork, clock, 200)
    assert bell.times == [START + MINUTE, START + 2 * MINUTE, START + 3 * MINUTE]


def test_a_first_time_is_waited_for(clockwork: Clockwork, clock: SetClock, bell: Bell):
    first = START + timedelta(hours=9)
    clockwork.put("test:a", Every(60, 20, first))
    run(clockwork, clock, 9 * 3600)
    assert bell.times == [first]


def test_a_look_says_when_the_next_is_worth_it(clockwork: Clockwork, clock: SetClock):
    assert clockwork.look() == float("inf")
    clockwork.put("test:a", At(START + MINUTE))
    assert clockwork.look() == pytest.approx(60, abs=1e-3)
    clock.go(60)
    assert clockwork.look() == float("inf")


def test_putting_a_job_again_is_putting_it_once(clockwork: Clockwork, clock: SetClock, bell: Bell):
    for minutes in (5, 1, 3):
        clockwork.put("test:a", At(START + minutes * MINUTE))
    run(clockwork, clock, 600)
    assert bell.times == [START + 3 * MINUTE]


def test_a_job_that_is_dropped_or_paused_is_silent(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    for name in "abc":
        clockwork.put(f"test:{name}", Every(60))
    clockwork.drop("test:a")
    clockwork.drop("test:nobody")
    clockwork.pause("test:b")
    clockwork.pause("test:nobody")
    run(clockwork, clock, 90)
    assert bell.rung == [("test:c", (START + MINUTE,))]
    assert [(entry.id, entry.next_at) for entry in clockwork.all()] == [
        ("test:c", START + 2 * MINUTE), ("test:b", None),
    ]  # fmt: skip
    clockwork.pause("test:b", False)
    run(clockwork, clock, 40)
    assert ("test:b", (START + 2 * MINUTE,)) in bell.rung


def test_going_on_with_a_job_that_does_not_rest_takes_nothing_from_it(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    clockwork.put("test:a", Every(60))
    clock.go(90)
    clockwork.pause("test:a", False)
    clockwork.look()
    assert bell.times == [START + MINUTE]


def test_an_instant_that_passed_while_its_job_rested_rings_when_it_goes_on(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    clockwork.put("test:a", At(START + MINUTE))
    clockwork.pause("test:a")
    run(clockwork, clock, 300)
    assert bell.rung == []
    clockwork.pause("test:a", False)
    clockwork.look()
    assert bell.times == [START + MINUTE]


def test_entries_say_what_was_put(clockwork: Clockwork):
    key = "checkin:" + "p" * 63 + "/" + "a" * 64
    instant, interval = At(START + MINUTE), Every(3600, 60, START + 2 * MINUTE)
    clockwork.put("test:é ':%", instant, CatchUp.SKIP)
    clockwork.put(key, interval, CatchUp.ALL)
    assert clockwork.all() == [
        Entry("test:é ':%", instant, CatchUp.SKIP, instant.at),
        Entry(key, interval, CatchUp.ALL, interval.first_at),
    ]


@pytest.mark.parametrize(
    ("catch_up", "rings", "missed"),
    [(CatchUp.ONCE, 1, 15), (CatchUp.ALL, 16, 0), (CatchUp.SKIP, 0, 16)],
)
def test_eight_hours_down_are_made_up_for_as_the_job_says(
    anew: Callable[[], Clockwork], clock: SetClock, bell: Bell, catch_up, rings, missed
):
    clockwork = anew()
    for name in "abc":
        clockwork.put(f"test:{name}", Every(1800), catch_up)
    # Down from half a minute later until half past the sixteenth time.
    clock.go(DOWN_S + 90)
    again = anew()
    again.look()
    for name in "abc":
        mine = [due for job, due in bell.rung if job == f"test:{name}"]
        assert [len(due) for due in mine] == ([rings] if rings else [])
        if rings:
            assert mine[0][-1] == START + 16 * timedelta(seconds=1800)
            assert list(mine[0]) == sorted(mine[0])
        told = [(count, since) for job, count, since in bell.missed if job == f"test:{name}"]
        assert told == ([(missed, START + timedelta(seconds=1800))] if missed else [])
    again.look()
    assert len(bell.rung) == (3 if rings else 0)
    run(again, clock, 1800)
    assert len(bell.rung) == (6 if rings else 3), "and from then on as always"


def test_a_job_that_skips_rings_when_it_is_only_a_little_late(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    clockwork.put("test:a", At(START + MINUTE), CatchUp.SKIP)
    clockwork.put("test:b", At(START + timedelta(seconds=59)), CatchUp.SKIP)
    clock.go(120)
    clockwork.look()
    assert bell.rung == [("test:a", (START + MINUTE,))]
    assert bell.missed == [("test:b", 1, START + timedelta(seconds=59))]
    assert clockwork.all() == []


def test_of_very_many_missed_times_the_newest_thousand_ring(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    clockwork.put("test:a", Every(1), CatchUp.ALL)
    clock.jump(30 * 365 * 86400)
    clockwork.look()
    ((_, due),) = bell.rung
    assert len(due) == 1000
    assert due[-1] == clock.now()
    assert bell.missed == [("test:a", 30 * 365 * 86400 - 1000, START + timedelta(seconds=1))]


def test_a_ring_that_fails_is_tried_again_until_it_succeeds(
    clockwork: Clockwork, clock: SetClock, bell: Bell, caplog: pytest.LogCaptureFixture
):
    clockwork.put("test:a", At(START + MINUTE))
    clockwork.put("test:b", Every(60))
    bell.faults = 12
    run(clockwork, clock, 58)
    with caplog.at_level(logging.ERROR):
        run(clockwork, clock, 3600 - 58 - 60)
    assert [due for job, due in bell.rung if job == "test:a"] == [(START + MINUTE,)]
    times = [at for job, due in bell.rung for at in due if job == "test:b"]
    assert times == sorted(set(times)), "no time rings twice"
    assert times[-1] == START + 59 * MINUTE
    assert len(caplog.records) <= 2 * 4, "the 1st, 2nd, 4th … time is in the log"


def test_a_fault_of_one_job_does_not_keep_another_from_ringing(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    def broken(job_id: str, due: object) -> None:
        raise KeyError(job_id)

    clockwork.answers["bad"] = broken
    clockwork.put("bad:a", At(START))
    clockwork.put("nobody:a", At(START))
    clockwork.put("test:a", At(START))
    clockwork.look()
    assert bell.rung == [("test:a", (START,))]
    assert {entry.id for entry in clockwork.all()} == {"bad:a", "nobody:a"}
    clockwork.answers |= {"bad": bell.ring, "nobody": bell.ring}
    run(clockwork, clock, 10)
    assert sorted(job for job, _ in bell.rung) == ["bad:a", "nobody:a", "test:a"]


def test_what_failed_rings_after_a_restart(
    anew: Callable[[], Clockwork], clock: SetClock, bell: Bell
):
    first = anew()
    first.put("test:a", At(START + MINUTE), CatchUp.ONCE)
    bell.faults = 1
    clock.go(61)
    first.look()
    assert bell.rung == []
    anew().look()
    assert bell.rung == [("test:a", (START + MINUTE,))]


def test_a_note_that_cannot_be_written_rings_the_same_time_again(
    clockwork: Clockwork, clock: SetClock, bell: Bell, monkeypatch: pytest.MonkeyPatch
):
    clockwork.put("test:a", Every(60, 10))

    def full(*job: object) -> None:
        raise Internal("the state cannot be used: the disk is full")

    clock.go(75)
    with monkeypatch.context() as patched:
        patched.setattr(clockwork._timetable, "rung", full)
        clockwork.look()
    clock.go(5)
    clockwork.look()
    first, second = bell.rung
    assert first == second


def test_a_job_put_again_by_its_own_ring_keeps_its_new_time(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    def again(job_id: str, due: list[datetime]) -> None:
        bell.ring(job_id, due)
        if len(bell.rung) < 3:
            clockwork.put(job_id, At(due[-1] + timedelta(seconds=5)))

    clockwork.answers["test"] = again
    clockwork.put("test:a", At(START))
    run(clockwork, clock, 60)
    assert bell.times == [START + timedelta(seconds=5 * n) for n in range(3)]


@pytest.mark.parametrize("act", ["drop", "pause"])
def test_a_job_dropped_or_paused_by_its_own_ring_stays_so(
    clockwork: Clockwork, clock: SetClock, bell: Bell, act: str
):
    def ring(job_id: str, due: list[datetime]) -> None:
        bell.ring(job_id, due)
        getattr(clockwork, act)(job_id)

    clockwork.answers["test"] = ring
    clockwork.put("test:a", Every(60))
    run(clockwork, clock, 600)
    assert bell.times == [START + MINUTE]


def test_a_thousand_jobs_have_a_jitter_that_spreads_and_stays(clock: SetClock):
    triggers = [Regularly(START, 1800, 120, f"test:{n}") for n in range(1000)]
    moved = [
        (trigger.get_next_fire_time(START + 10 * MINUTE, START) - START).total_seconds() - 1800
        for trigger in triggers
    ]
    assert min(moved) < -110 and max(moved) > 110
    assert all(abs(by) <= 120 for by in moved)
    assert abs(sum(moved)) / 1000 < 10
    again = pickle.loads(pickle.dumps(triggers[7]))
    assert again.get_next_fire_time(START + 10 * MINUTE, START) == triggers[7].get_next_fire_time(
        START + 10 * MINUTE, START
    )


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05cos\nabort\n."])
def test_a_row_that_cannot_be_read_is_dropped_with_a_line_and_can_be_put_again(
    database: Database,
    place: Path,
    clock: SetClock,
    bell: Bell,
    anew: Callable[[], Clockwork],
    caplog: pytest.LogCaptureFixture,
    content: bytes,
):
    clockwork = anew()
    for name in "abcd":
        clockwork.put(f"test:{name}", At(START + MINUTE))
    damage(database, "test:b", content)
    with caplog.at_level(logging.ERROR):
        assert len(clockwork.all()) == 3
    assert [r.message for r in caplog.records if "'test:b' cannot be read" in r.message]
    damage(database, "test:c", content)
    clockwork.pause("test:c")
    damage(database, "test:d", content)
    clockwork.put("test:d", At(START + 2 * MINUTE))
    clock.go(60)
    clockwork.look()
    assert bell.rung == [("test:a", (START + MINUTE,))]
    assert [entry.id for entry in clockwork.all()] == ["test:d"]


def test_a_job_whose_function_was_renamed_is_dropped_at_the_start(
    database: Database, clock: SetClock, bell: Bell, anew: Callable[[], Clockwork]
):
    clockwork = anew()
    clockwork.put("test:a", At(START + MINUTE))
    clockwork.put("test:b", At(START + MINUTE))
    with database.read() as connection:
        state = connection.execute(JOBS.select().where(JOBS.c.id == "test:a")).one().job_state
    damage(database, "test:a", state.replace(b"jobs:fire", b"jobs:fury"))
    restarted = anew()
    restarted.start()
    restarted.stop()
    assert [entry.id for entry in restarted.all()] == ["test:b"]


def damage(database: Database, job_id: str, state: bytes) -> None:
    with database.write() as connection:
        connection.execute(JOBS.update().where(JOBS.c.id == job_id).values(job_state=state))


def test_the_thread_rings_and_stops(
    database: Database, bell: Bell, monkeypatch: pytest.MonkeyPatch, clock: SetClock
):
    clockwork = Clockwork(database, clock)
    clockwork.answers["test"] = bell.ring
    clockwork.start()
    clockwork.put("test:a", At(START))
    until(lambda: bell.rung == [("test:a", (START,))])
    clockwork.stop()
    clockwork.put("test:b", At(START))
    assert [entry.id for entry in clockwork.all()] == ["test:b"], "kept for the next daemon"


def until(condition: Callable[[], bool]) -> None:
    import threading
    import time

    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def test_the_thread_survives_a_database_that_cannot_be_read(
    database: Database, bell: Bell, monkeypatch: pytest.MonkeyPatch, clock: SetClock
):
    monkeypatch.setattr(clockwork_module, "WAKE_S", 0.02)
    clockwork = Clockwork(database, clock)
    clockwork.answers["test"] = bell.ring
    tried: list[datetime] = []

    def broken(now: datetime) -> list[object]:
        tried.append(now)
        raise Internal("the state cannot be used: the disk reported an error")

    with monkeypatch.context() as patched:
        patched.setattr(clockwork._timetable, "due", broken)
        clockwork.start()
        clockwork.put("test:a", At(START))
        until(lambda: len(tried) > 2)
    until(lambda: bool(bell.rung))
    clockwork.stop()


def test_no_line_is_logged_for_a_job_that_is_put_or_rings(
    clockwork: Clockwork, clock: SetClock, bell: Bell, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO):
        for number in range(20):
            clockwork.put(f"test:{number}", Every(60))
        run(clockwork, clock, 300)
    assert len(bell.rung) == 100
    assert caplog.records == []


def test_jobs_are_refused_inside_a_write_transaction(clockwork: Clockwork, database: Database):
    with database.write(), pytest.raises(RuntimeError, match="inside write"):
        clockwork.put("test:a", At(START))
    assert clockwork.all() == []


def test_a_new_database_has_the_table_as_the_library_describes_it(database: Database, place: Path):
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore

    theirs = SQLAlchemyJobStore(url="sqlite://").jobs_t
    assert theirs.name == JOBS.name
    assert [(c.name, repr(c.type), c.nullable, c.primary_key) for c in theirs.columns] == [
        (c.name, repr(c.type), c.nullable, c.primary_key) for c in JOBS.columns
    ]
    with sqlite3.connect(place / "orch.db") as connection:
        (index,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type='index' AND tbl_name='apscheduler_jobs'"
            " AND name NOT LIKE 'sqlite_%'"
        ).fetchone()
    assert [index] == [one.name for one in theirs.indexes]


def test_a_database_without_the_jobs_is_not_whole(place: Path):
    open_database(place / "orch.db", place / "backups").close()
    with sqlite3.connect(place / "orch.db") as connection:
        connection.execute("DROP TABLE apscheduler_jobs")
    connection.close()
    with pytest.raises(Exception, match="damaged"):
        open_database(place / "orch.db", place / "backups")


@pytest.mark.parametrize(("every_s", "jitter_s"), [(0, 0), (-5, 0), (60, -1)])
def test_an_interval_that_is_none_is_refused(clockwork: Clockwork, every_s: int, jitter_s: int):
    with pytest.raises(ValueError, match="every"):
        clockwork.put("test:a", Every(every_s, jitter_s))
    assert clockwork.all() == []


def test_a_job_that_an_earlier_version_stored_rings(
    database: Database, clock: SetClock, bell: Bell, clockwork: Clockwork
):
    with database.write() as connection:
        for job_id, state in STORED_JOBS.items():
            connection.execute(
                JOBS.insert().values(
                    id=job_id, next_run_time=START.timestamp(), job_state=base64.b85decode(state)
                )
            )
    clockwork.look()
    assert sorted(bell.rung) == [("test:at", (START,)), ("test:every", (START,))]
    (entry,) = clockwork.all()
    assert entry.next_at == START.astimezone(UTC) + timedelta(seconds=1800)
