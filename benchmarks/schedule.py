"""The clockwork: how late it rings beside the library as it ships, and what many jobs cost a start.

A start is the daemon's part that knows of jobs: the database opened, the clockwork started, its
first look done.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks.measure import Figure, ms, quantile, together, until, wall
from tmux_orch.clock import SystemClock
from tmux_orch.domain.job import At, Every
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.store.database import Database, open_database

JOBS, OVER_S, LATE_MS = 1000, 8.0, 50.0
MANY, LATER_S, STARTS = 10_000, 0.5, 5

_rung: list[float] = []


def figures() -> Iterator[Figure]:
    """The rows of the clockwork."""
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as directory:
        root = Path(directory)
        ours, theirs = _lateness(root / "ours"), _library(root / "theirs")
        worst = f"median {ms(ours)}, worst {max(ours) * 1000:.0f} ms"
        library = f"the library as it ships: p95 {quantile(theirs, 0.95) * 1000:.1f} ms"
        yield Figure(f"{JOBS} one-shot jobs over {OVER_S:g} s: lateness, p95",
                     quantile(ours, 0.95) * 1000, LATE_MS, "ms", f"{worst}; {library}")  # fmt: skip
        few, many = root / "few", root / "many"
        _fill(few, 0)
        _fill(many, MANY)
        without, with_many = together([lambda: _start(few), lambda: _start(many)], STARTS)
        later = sorted(b - a for a, b in zip(without, with_many, strict=True))[STARTS // 2]
        yield Figure(f"start with {MANY} jobs, less one with none", later, LATER_S, "s",
                     ms(with_many, without))  # fmt: skip


def _opened(root: Path) -> Database:
    root.mkdir(mode=0o700, exist_ok=True)
    return open_database(root / "orch.db", root)


def _lateness(root: Path) -> list[float]:
    """Seconds between the time at which each job was due and its ring."""
    database = _opened(root)
    clockwork = Clockwork(database, SystemClock())
    late: list[float] = []

    def ring(_: str, due: Sequence[datetime]) -> None:
        late.append((datetime.now(UTC) - due[-1]).total_seconds())

    clockwork.answers["bench"] = ring
    begin = datetime.now(UTC) + timedelta(seconds=3 + JOBS / 300)
    for number in range(JOBS):
        at = begin + timedelta(seconds=OVER_S * number / JOBS)
        clockwork.put(f"bench:{number}", At(at))
    clockwork.start()
    until(lambda: len(late) == JOBS, "the last ring", 0.1)
    clockwork.stop()
    database.close()
    return late


def note(due: float) -> None:
    """What the library runs."""
    _rung.append(time.time() - due)


def _library(root: Path) -> list[float]:
    """The same with APScheduler's own scheduler, executor and store, in its own SQLite file."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    root.mkdir(mode=0o700)
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_jobstore(SQLAlchemyJobStore(url=f"sqlite:///{root / 'jobs.db'}"))
    scheduler.start()
    begin = datetime.now(UTC) + timedelta(seconds=3 + JOBS / 200)
    for number in range(JOBS):
        at = begin + timedelta(seconds=OVER_S * number / JOBS)
        scheduler.add_job(note, "date", run_date=at, args=[at.timestamp()], id=str(number),
                          misfire_grace_time=None)  # fmt: skip
    until(lambda: len(_rung) == JOBS, "the library's last", 0.1)
    scheduler.shutdown()
    return _rung


def _fill(root: Path, jobs: int) -> None:
    database = _opened(root)
    clockwork = Clockwork(database, SystemClock())
    for number in range(jobs):
        after = timedelta(days=1, seconds=number)
        if number % 2:
            clockwork.put(f"bench:{number}", At(datetime.now(UTC) + after))
        else:
            clockwork.put(f"bench:{number}", Every(86400 + number, 60))
    database.close()


def _start(root: Path) -> float:
    looked = threading.Event()

    def act() -> None:
        nonlocal database, clockwork
        database = _opened(root)
        clockwork = Clockwork(database, SystemClock())
        look = clockwork.look

        def first() -> float:
            wait_s = look()
            looked.set()
            return wait_s

        clockwork.look = first  # type: ignore[method-assign]
        clockwork.start()
        looked.wait()

    database: Database
    clockwork: Clockwork
    took = wall(act)
    clockwork.stop()
    database.close()
    return took
