from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tmux_orch.store.database import Database, open_database
from tmux_orch.store.events import Events
from tmux_orch.store.journal import Journal
from tmux_orch.store.outbox import Outbox
from tmux_orch.store.plans import Plans
from tmux_orch.store.projects import Project, Projects
from tmux_orch.store.seats import Seats


@dataclass
class FixedClock:
    """A clock that goes on by one second per look."""

    at: datetime = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    step: timedelta = field(default=timedelta(seconds=1))

    def now(self) -> datetime:
        self.at += self.step
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "registry"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def reopen(place: Path) -> Iterator[Callable[[], Database]]:
    opened: list[Database] = []

    def again() -> Database:
        for database in opened:
            database.close()
        opened.append(open_database(place / "orch.db", place / "backups", place / "logs"))
        return opened[-1]

    yield again
    for database in opened:
        database.close()


@pytest.fixture
def database(reopen: Callable[[], Database]) -> Database:
    return reopen()


@pytest.fixture
def projects(database: Database, clock: FixedClock) -> Projects:
    return Projects(database, clock)


@pytest.fixture
def project(projects: Projects, clock: FixedClock) -> Project:
    made = Project(
        name="shop",
        path="/src/shop",
        common_dir="/src/shop/.git",
        label="Shop",
        starting_branch="main",
        starting_commit="1" * 40,
        created_at=clock.now(),
    )
    projects.add(made)
    return made


@pytest.fixture
def seats(database: Database, clock: FixedClock) -> Seats:
    return Seats(database, clock)


@pytest.fixture
def plans(database: Database, clock: FixedClock) -> Plans:
    return Plans(database, clock)


@pytest.fixture
def journal(database: Database, clock: FixedClock) -> Journal:
    return Journal(database, clock)


@pytest.fixture
def outbox(database: Database, clock: FixedClock) -> Outbox:
    return Outbox(database, clock)


@pytest.fixture
def events(database: Database, clock: FixedClock) -> Events:
    return Events(database, clock)
