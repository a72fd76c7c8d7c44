from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.store.database import Database, open_database

START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that goes only when it is told to."""

    at: datetime = START
    count: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.count

    def go(self, seconds: float) -> None:
        """Time passes."""
        self.at += timedelta(seconds=seconds)
        self.count += seconds

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock, or the machine was suspended: only the wall clock moves."""
        self.at += timedelta(seconds=seconds)


@dataclass
class Bell:
    """Answers rings and keeps them; raises as often as it is told to."""

    rung: list[tuple[str, tuple[datetime, ...]]] = field(default_factory=list)
    missed: list[tuple[str, int, datetime]] = field(default_factory=list)
    faults: int = 0

    def ring(self, job_id: str, due: Sequence[datetime]) -> None:
        if self.faults:
            self.faults -= 1
            raise OSError("no space left on device")
        self.rung.append((job_id, tuple(due)))

    def miss(self, job_id: str, count: int, since: datetime) -> None:
        self.missed.append((job_id, count, since))

    @property
    def times(self) -> list[datetime]:
        return [at for _, due in self.rung for at in due]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "registry"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def database(place: Path) -> Iterator[Database]:
    opened = open_database(place / "orch.db", place / "backups")
    yield opened
    opened.close()


@pytest.fixture
def anew(database: Database, clock: SetClock, bell: Bell) -> Callable[[], Clockwork]:
    """A clockwork on the same database, as after a restart of the daemon."""
    return lambda: wound(database, clock, bell)


@pytest.fixture
def clockwork(anew: Callable[[], Clockwork]) -> Clockwork:
    return anew()


def wound(database: Database, clock: SetClock, bell: Bell) -> Clockwork:
    made = Clockwork(database, clock)
    made.answers["test"] = bell.ring
    made.missed = bell.miss
    return made


def run(clockwork: Clockwork, clock: SetClock, seconds: float) -> None:
    """Let time pass, looking as the clockwork's thread would: when told to, at most 15 s later."""
    left = seconds
    while True:
        wait = min(clockwork.look(), 15.0)
        if wait <= 0:
            continue
        if wait > left:
            clock.go(left)
            while clockwork.look() <= 0:
                pass
            return
        clock.go(wait)
        left -= wait
