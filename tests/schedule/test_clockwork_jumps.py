"""B11: the clock jumps, the machine sleeps: nothing rings twice, nothing waits a tick too long."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tmux_orch.domain.job import At, CatchUp, Every
from tmux_orch.schedule import clockwork as clockwork_module
from tmux_orch.schedule.clockwork import WAKE_S, Clockwork
from tmux_orch.store.database import Database

from .conftest import START, Bell, SetClock, run, wound

HOUR, DAY = 3600, 86400
EVERY_S, JITTER_S = 1800, 120
WORK = [f"test:{name}" for name in ("orchestrator", "developer", "tester", "reviewer", "writer")]


def of(bell: Bell, job_id: str) -> list[datetime]:
    return [at for job, due in bell.rung for at in due if job == job_id]


@pytest.mark.parametrize("jump", [HOUR, DAY, 400 * DAY])
@pytest.mark.parametrize("jitter_s", [0, JITTER_S])
def test_a_forward_jump_or_a_suspend_rings_once_and_within_a_tick(
    clockwork: Clockwork, clock: SetClock, bell: Bell, jump: int, jitter_s: int
):
    for job in WORK:
        clockwork.put(job, Every(EVERY_S, jitter_s))
    clockwork.put("test:at", At(START + timedelta(seconds=jump / 2)))
    run(clockwork, clock, 2000)
    before = {job: of(bell, job) for job in WORK}
    clock.jump(jump)
    run(clockwork, clock, WAKE_S)
    for job in WORK:
        (caught_up,) = of(bell, job)[len(before[job]) :]
        assert 0 <= (clock.now() - caught_up).total_seconds() <= EVERY_S + 2 * jitter_s + WAKE_S
    assert len(of(bell, "test:at")) == 1
    begun = clock.now()
    run(clockwork, clock, 10 * EVERY_S)
    for job in WORK:
        times = of(bell, job)
        assert len(times) == len(set(times)), "a time rang twice"
        later = [at for at in times if at > begun]
        assert 9 <= len(later) <= 11
        assert gaps(later) <= EVERY_S + 2 * jitter_s


@pytest.mark.parametrize("jump", [HOUR, DAY])
@pytest.mark.parametrize("jitter_s", [0, JITTER_S])
def test_a_clock_that_is_set_back_rings_nothing_twice_and_holds_nothing_up(
    clockwork: Clockwork, clock: SetClock, bell: Bell, jump: int, jitter_s: int
):
    for job in WORK:
        clockwork.put(job, Every(EVERY_S, jitter_s))
    clockwork.put("test:rung", At(START + timedelta(seconds=60)))
    clockwork.put("test:ahead", At(START + timedelta(seconds=2 * HOUR)))
    clockwork.put("test:first", Every(EVERY_S, jitter_s, START + timedelta(seconds=3 * HOUR)))
    run(clockwork, clock, 2 * EVERY_S + 300)
    marked = {job: len(of(bell, job)) for job in WORK}
    clock.jump(-jump)
    passed, step = 0, 15
    heard: dict[str, list[int]] = {job: [] for job in WORK}
    while passed < 2 * HOUR:
        run(clockwork, clock, step)
        passed += step
        for job in WORK:
            heard[job] += [passed] * (len(of(bell, job)) - marked[job] - len(heard[job]))
    for job in WORK:
        waits = [b - a for a, b in itertools.pairwise([0, *heard[job]])]
        assert max(waits) <= EVERY_S + 2 * jitter_s + WAKE_S, "a time was held up"
        assert min(waits[1:]) >= EVERY_S - 2 * jitter_s - WAKE_S, "a time rang twice"
        assert len(of(bell, job)) == len(set(of(bell, job)))
    assert len(of(bell, "test:rung")) == 1
    # An instant, and a first time that somebody named, wait for the wall clock.
    for job, at_s in (("test:ahead", 2 * HOUR), ("test:first", 3 * HOUR)):
        reached = clock.now() >= START + timedelta(seconds=at_s)
        assert bool(of(bell, job)) is reached
    clock.jump(max(0.0, (START + timedelta(seconds=4 * HOUR) - clock.now()).total_seconds()))
    run(clockwork, clock, WAKE_S)
    assert len(of(bell, "test:ahead")) == 1 and of(bell, "test:first")


def test_a_clock_set_back_while_nobody_was_there_is_noticed_at_the_start(
    anew: Callable[[], Clockwork], clock: SetClock, bell: Bell
):
    anew().put("test:a", Every(EVERY_S))
    clock.jump(-DAY)
    clock.count = 3.0  # a new boot counts anew
    again = anew()
    run(again, clock, EVERY_S + WAKE_S)
    assert len(bell.times) == 1


def test_back_and_forth_in_one_go_changes_nothing(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    clockwork.put("test:a", Every(EVERY_S))
    run(clockwork, clock, 600)
    for jump in (HOUR, -HOUR, -DAY, DAY, 3, -3):
        clock.jump(jump)
    run(clockwork, clock, 2000)
    assert bell.times == [START + timedelta(seconds=EVERY_S)]


def test_a_time_server_that_corrects_by_seconds_moves_no_job(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    clockwork.put("test:a", Every(60))
    for _ in range(50):
        run(clockwork, clock, 61)
        clock.jump(-1)
    assert bell.times == [START + timedelta(seconds=60 * n) for n in range(1, 51)]


def test_a_job_that_skips_is_silent_after_a_suspend_and_says_so(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    clockwork.put("test:a", Every(EVERY_S), CatchUp.SKIP)
    clock.jump(8 * HOUR + 100)
    run(clockwork, clock, WAKE_S)
    assert bell.rung == []
    assert bell.missed == [("test:a", 16, START + timedelta(seconds=EVERY_S))]
    run(clockwork, clock, EVERY_S)
    assert len(bell.times) == 1


def test_a_failed_ring_waits_for_real_seconds_whatever_the_clock_does(
    clockwork: Clockwork, clock: SetClock, bell: Bell
):
    clockwork.put("test:a", At(START))
    bell.faults = 1
    clockwork.look()
    clock.jump(DAY)
    clockwork.look()
    assert bell.rung == []
    clock.go(1)
    clockwork.look()
    assert bell.times == [START]


def test_the_clockworks_thread_notices_a_jump_by_itself(
    database: Database, bell: Bell, monkeypatch: pytest.MonkeyPatch
):
    """Its wait is counted in real seconds, which a jump does not shorten: it wakes by itself."""
    monkeypatch.setattr(clockwork_module, "WAKE_S", 0.05)
    clock = SetClock()
    clockwork = wound(database, clock, bell)
    waits: list[float] = []
    look = clockwork.look

    def looked() -> float:
        waits.append(look())
        return waits[-1]

    monkeypatch.setattr(clockwork, "look", looked)
    clockwork.start()
    clockwork.put("test:a", Every(EVERY_S))
    until(lambda: waits and waits[-1] == EVERY_S)
    clock.jump(HOUR + 5)
    until(lambda: bell.rung)
    clockwork.stop()
    assert bell.times == [START + timedelta(seconds=HOUR)]


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def gaps(times: list[datetime]) -> float:
    return max((b - a).total_seconds() for a, b in itertools.pairwise(times))
