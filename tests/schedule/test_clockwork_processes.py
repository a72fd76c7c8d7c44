"""Real processes: killed between a ring and its note, several daemons at once, many writers."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tmux_orch.clock import SystemClock
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import Busy
from tmux_orch.domain.job import At, CatchUp, Every
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.events import Events
from tmux_orch.store.outbox import Outbox

ROOT = Path(__file__).parents[2]


def ringer(root: Path, how: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.schedule.ringer", str(root), how],
        cwd=ROOT,
        env={**os.environ, "TMUX_ORCH_REGISTRY": str(root), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> int:
    out, _ = process.communicate(timeout=60)
    assert process.returncode in (0, 75, -signal.SIGKILL, -signal.SIGTERM), out
    return process.returncode


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, what
        threading.Event().wait(0.02)


@contextmanager
def stored(root: Path) -> Iterator[Database]:
    database = open_database(root / "orch.db", root)
    yield database
    database.close()


def rung(root: Path) -> list[str]:
    """The key of each ring, in order."""
    path = root / "rung"
    return [line.split()[1] for line in path.read_text().splitlines()] if path.exists() else []


def keys(root: Path) -> list[str]:
    """The keys of the messages that were accepted."""
    with stored(root) as database:
        return sorted(str(m.client_key) for m in Outbox(database, SystemClock()).recent(None, 1000))


@pytest.mark.parametrize("point", ["rung:1", "rung:2", "write:2", "write:4"])
def test_killed_around_a_ring_the_same_time_rings_again_and_one_message_comes(
    place: Path, point: str
):
    due = SystemClock().now() - timedelta(seconds=30)
    jobs = [f"test:{name}" for name in "ab"]
    with stored(place) as database:
        clockwork = Clockwork(database, SystemClock())
        for job in jobs:
            clockwork.put(job, At(due))
    assert ended(ringer(place, "alone", ORCH_CRASH_AT=point)) == -signal.SIGKILL
    assert ended(ringer(place, "alone")) == 0
    wanted = [f"{job}@{due.isoformat()}" for job in jobs]
    assert keys(place) == wanted
    again = Counter(rung(place))
    assert sorted(again) == wanted
    assert sum(again.values()) <= 3, "of all, at most the one that was cut off rings again"
    if point.startswith("rung"):
        assert sum(again.values()) == 3


def test_an_interval_killed_before_its_note_rings_the_same_times_again(place: Path):
    """Its jitter is the same at the second look: a new roll would make another time of it."""
    first = SystemClock().now() - timedelta(hours=7)
    with stored(place) as database:
        clockwork = Clockwork(database, _Earlier(first - timedelta(seconds=1)))
        clockwork.put("test:a", Every(7200, 600, first), CatchUp.ALL)
    assert ended(ringer(place, "alone", ORCH_CRASH_AT="rung:1")) == -signal.SIGKILL
    before = rung(place)
    process = ringer(place, "alone")
    until(lambda: len(rung(place)) >= 2 * len(before), "it rings again")
    process.kill()
    ended(process)
    after = rung(place)[len(before) :]
    assert after[: len(before)] == before and len(before) == 4
    assert keys(place) == sorted(before)


class _Earlier(SystemClock):
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def test_of_daemons_started_at_once_one_rings_and_a_job_never_twice(short_path: Path):
    registry = Registry(short_path / "r")
    registry.prepare()
    now = SystemClock().now()
    with open_at(registry) as database:
        clockwork = Clockwork(database, SystemClock())
        for number in range(60):
            clockwork.put(f"test:once-{number}", At(now + timedelta(seconds=number / 20)))
        for number in range(5):
            clockwork.put(f"test:every-{number}", Every(1))
    daemons = [ringer(registry.root, "daemon") for _ in range(3)]
    try:
        until(lambda: sum(d.poll() is None for d in daemons) == 1, "all but one end")
        assert sorted(ended(d) for d in daemons if d.poll() is not None) == [Busy.exit_code] * 2
        until(lambda: len(ones(registry.root)) > 30, "it rings")
        (alive,) = [d for d in daemons if d.poll() is None]
        alive.kill()
        ended(alive)
        daemons += [ringer(registry.root, "daemon") for _ in range(2)]
        until(lambda: len(set(ones(registry.root))) == 60, "the next one goes on")
        until(lambda: sum(d.poll() is None for d in daemons) == 1, "and is alone")
    finally:
        for process in daemons:
            if process.poll() is None:
                process.terminate()
            ended(process)
    rings = Counter(rung(registry.root))
    assert sum(rings.values()) - len(rings) <= 1, "at most the one that the kill cut off"
    with open_at(registry) as database:
        found = Outbox(database, SystemClock()).recent(None, 1000)
        accepted = Counter(str(m.client_key) for m in found)
    assert set(accepted.values()) == {1} and set(accepted) == set(rings)
    by_process = [line.split()[0] for line in (registry.root / "rung").read_text().splitlines()]
    assert by_process == sorted(by_process, key=by_process.index), "never two by turns"


@contextmanager
def open_at(registry: Registry) -> Iterator[Database]:
    database = open_database(registry.database, registry.backups)
    yield database
    database.close()


def ones(root: Path) -> list[str]:
    return [key for key in rung(root) if ":once-" in key]


def test_the_clockwork_and_other_writers_do_not_wait_for_each_other_for_ever(place: Path):
    """Both have the one writing connection; every ring, put and drop is between their writes."""
    with stored(place) as database:
        events = Events(database, SystemClock())
        clockwork = Clockwork(database, SystemClock())
        clockwork.answers["test"] = lambda job, _: events.append("rang", payload={"job": job})
        stop, faults = threading.Event(), []
        done: Counter[str] = Counter()

        def keep(name: str, act: Callable[[random.Random], object]) -> Callable[[], None]:
            def loop() -> None:
                dice = random.Random(name)
                while not stop.is_set():
                    try:
                        act(dice)
                    except Exception as error:
                        faults.append(error)
                        return
                    done[name] += 1

            return loop

        def put(dice: random.Random) -> None:
            after = timedelta(milliseconds=dice.randrange(-5, 50))
            job = f"test:{dice.randrange(50)}"
            if dice.random() < 0.5:
                clockwork.put(job, At(SystemClock().now() + after))
            else:
                clockwork.put(job, Every(1, 0, SystemClock().now() + after))

        def write(dice: random.Random) -> None:
            with database.write() as connection:
                events.append("a", connection=connection)
                events.append("b", payload={"n": dice.random()}, connection=connection)

        acts: list[tuple[str, Callable[[random.Random], object]]] = [
            ("put", put),
            ("drop", lambda dice: clockwork.drop(f"test:{dice.randrange(50)}")),
            ("pause", lambda d: clockwork.pause(f"test:{d.randrange(50)}", d.random() < 0.5)),
            ("all", lambda _: clockwork.all()),
            ("write", write),
            ("write too", write),
        ]
        threads = [threading.Thread(target=keep(*one), daemon=True) for one in acts]
        clockwork.start()
        for thread in threads:
            thread.start()
        until(lambda: faults or min(done[name] for name, _ in acts) >= 100, f"all go on: {done}")
        stop.set()
        for thread in threads:
            thread.join(20)
        clockwork.stop()
        assert faults == []
        assert not any(thread.is_alive() for thread in threads)
        rings = [event for event in events.since(0, 100_000) if event.kind == "rang"]
        assert len(rings) > 20
