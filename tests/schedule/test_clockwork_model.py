"""Random lives of a clockwork against a small model that knows nothing of databases."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tmux_orch.domain.job import At, CatchUp, Every
from tmux_orch.schedule.timetable import OFF_GRID
from tmux_orch.store.database import open_database

from .conftest import Bell, SetClock, wound

NAMES = st.sampled_from(["test:a", "test:b", "test:c"])
POLICIES = st.sampled_from(list(CatchUp))
LOOK_S = 15


@dataclass
class Planned:
    """What the model knows of a job."""

    next_at: datetime
    every_s: int | None
    catch_up: CatchUp
    named: bool  # its next time was asked for, and is waited for
    paused: bool = False


class Lives(RuleBasedStateMachine):
    """Jobs are put, dropped and paused; time passes, jumps; rings fail; the daemon is killed."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        place = Path(self.directory.name)
        self.database = open_database(place / "orch.db", place)
        self.clock, self.bell = SetClock(), Bell()
        self.model: dict[str, Planned] = {}
        self.expected: list[tuple[str, tuple[datetime, ...]]] = []
        self.missed: list[tuple[str, int]] = []
        self.start()

    def start(self) -> None:
        self.clockwork = wound(self.database, self.clock, self.bell)
        self.settle()

    def teardown(self) -> None:
        self.database.close()
        self.directory.cleanup()

    @rule(name=NAMES, seconds=st.integers(-200, 7200), policy=POLICIES)
    def put_an_instant(self, name: str, seconds: int, policy: CatchUp) -> None:
        at = self.clock.now() + timedelta(seconds=seconds)
        self.clockwork.put(name, At(at), policy)
        self.model[name] = Planned(at, None, policy, True)

    @rule(
        name=NAMES, every_s=st.integers(1, 5000), policy=POLICIES,
        first=st.none() | st.integers(0, 9000),
    )  # fmt: skip
    def put_an_interval(self, name: str, every_s: int, policy: CatchUp, first: int | None) -> None:
        now = self.clock.now()
        first_at = None if first is None else now + timedelta(seconds=first)
        self.clockwork.put(name, Every(every_s, 0, first_at), policy)
        at = first_at or now + timedelta(seconds=every_s)
        self.model[name] = Planned(at, every_s, policy, first is not None)

    @rule(name=NAMES)
    def drop(self, name: str) -> None:
        self.clockwork.drop(name)
        self.model.pop(name, None)

    @rule(name=NAMES, paused=st.booleans())
    def pause(self, name: str, paused: bool) -> None:
        self.clockwork.pause(name, paused)
        job = self.model.get(name)
        if job and job.paused and not paused and job.every_s:
            while job.next_at < self.clock.now():
                job.next_at += timedelta(seconds=job.every_s)
                job.named = False
        if job:
            job.paused = paused

    @rule(seconds=st.integers(0, 9000))
    def time_passes(self, seconds: int) -> None:
        self.clock.go(seconds)
        self.look()

    @rule(seconds=st.sampled_from([-86400, -3600, -60, 60, 3600, 86400]))
    def the_clock_jumps(self, seconds: int) -> None:
        self.look()
        self.clock.jump(seconds)
        self.clock.go(LOOK_S)
        if seconds < 0:
            self.settle(timedelta(seconds=-seconds))
        self.look()

    @rule(seconds=st.integers(0, 4000), killed=st.booleans())
    def rings_fail(self, seconds: int, killed: bool) -> None:
        self.clock.go(seconds)
        self.rings(failing=True)
        self.bell.faults = 1000
        self.clockwork.look()
        self.bell.faults = 0
        if killed:
            self.start()
        self.clock.go(2)
        self.look()

    @rule(seconds=st.integers(0, 40000), jump=st.sampled_from([-86400, 0, 0, 0]))
    def killed(self, seconds: int, jump: int) -> None:
        self.clock.go(seconds)
        self.clock.jump(jump)
        self.clock.count = 5.0
        self.start()
        self.look()

    def look(self) -> None:
        self.rings()
        self.clockwork.look()

    def settle(self, by: timedelta | None = None) -> None:
        """The clock was set back: intervals wait for what was left; what was asked for waits."""
        now = self.clock.now()
        for job in self.model.values():
            every = timedelta(seconds=job.every_s or 0)
            if job.every_s and job.next_at > now + every and not job.named and not job.paused:
                job.next_at = now + every if by is None else max(now, job.next_at - by) + OFF_GRID

    def rings(self, failing: bool = False) -> None:
        """What the model says of now; when rings fail, their jobs stay as they are."""
        now = self.clock.now()
        for name, job in sorted(self.model.items(), key=lambda item: item[1].next_at):
            if job.paused or job.next_at > now:
                continue
            times = [job.next_at]
            while job.every_s and times[-1] + timedelta(seconds=job.every_s) <= now:
                times.append(times[-1] + timedelta(seconds=job.every_s))
            chosen = times[-1000:] if job.catch_up is CatchUp.ALL else times[-1:]
            if job.catch_up is CatchUp.SKIP and now - times[-1] > timedelta(seconds=60):
                chosen = []
            if chosen and failing:
                continue
            if chosen:
                self.expected.append((name, tuple(chosen)))
            if len(times) > len(chosen):
                self.missed.append((name, len(times) - len(chosen)))
            job.named = False
            if job.every_s:
                job.next_at = times[-1] + timedelta(seconds=job.every_s)
            else:
                del self.model[name]

    @invariant()
    def what_rang_is_what_should(self) -> None:
        assert sorted(self.bell.rung) == sorted(self.expected)
        assert sorted(m[:2] for m in self.bell.missed) == sorted(self.missed)

    @invariant()
    def what_is_planned_is_what_should(self) -> None:
        planned = {entry.id: entry.next_at for entry in self.clockwork.all()}
        assert planned == {n: None if j.paused else j.next_at for n, j in self.model.items()}


Lives.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
test_random_lives = Lives.TestCase
