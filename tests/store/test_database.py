"""One writer at a time, no update lost, faults as one line."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tmux_orch import crash
from tmux_orch.domain.errors import BadInput, Internal
from tmux_orch.store import sqlite_file
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.events import Events
from tmux_orch.store.journal import Journal
from tmux_orch.store.outbox import NewMessage, Outbox
from tmux_orch.store.plans import Plans
from tmux_orch.store.projects import Project
from tmux_orch.store.seats import Seats

from .conftest import FixedClock
from .test_repositories import SEAT

NEW = NewMessage("shop", "shop/developer", "user", "hello")


def test_eight_threads_lose_no_update(database: Database, seats: Seats, project: Project) -> None:
    """400 of 400; a read and a write without one transaction kept 4 (measured with files)."""
    seats.put(SEAT)

    def count(times: int) -> None:
        for _ in range(times):
            with database.write() as connection:
                seat = seats.get(SEAT.key, connection)
                assert seat is not None
                seats.update(SEAT.key, connection, pid=seat.pid + 1)

    threads = [threading.Thread(target=count, args=(50,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seat = seats.get(SEAT.key)
    assert seat is not None
    assert seat.pid == 400


def test_eight_processes_claim_each_task_once(
    place: Path, reopen: Callable[[], Database], clock: FixedClock
) -> None:
    journal = Journal(reopen(), clock)
    steps = journal.begin_many("shop", "abc123", [(None, "task", {}) for _ in range(120)])
    hold, go = os.pipe()
    children = []
    for number in range(8):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(go)
                os.read(hold, 1)
                claim_all(place, number, clock)
                status = 0
            finally:
                os._exit(status)
        children.append(pid)
    os.close(go)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 8
    os.close(hold)
    claims = [e.payload["step"] for e in Events(reopen(), clock).since(0, 1000)]
    assert sorted(claims) == steps


def claim_all(place: Path, number: int, clock: FixedClock) -> None:
    database = open_database(place / "orch.db", place)
    journal, events = Journal(database, clock), Events(database, clock)
    while True:
        with database.write() as connection:
            row = connection.exec_driver_sql(
                "SELECT id FROM steps WHERE state = 'open' ORDER BY id LIMIT 1"
            ).one_or_none()
            if row is None:
                return
            journal.done(row.id, {"by": number}, connection)
            events.append("claim", payload={"step": row.id}, connection=connection)


def test_of_eight_processes_that_create_it_at_once_all_get_the_same(place: Path) -> None:
    hold, go = os.pipe()
    children = []
    for _ in range(8):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(go)
                os.read(hold, 1)
                Events(open_database(place / "orch.db", place), FixedClock()).append("hello")
                status = 0
            finally:
                os._exit(status)
        children.append(pid)
    os.close(go)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 8
    os.close(hold)
    database = open_database(place / "orch.db", place)
    assert len(Events(database, FixedClock()).since(0)) == 8
    database.close()
    assert [p.name for p in place.iterdir()] == ["orch.db"]


def test_readers_see_one_snapshot(database: Database, outbox: Outbox) -> None:
    outbox.accept(NEW)
    with database.read() as connection:
        first = connection.exec_driver_sql("SELECT count(*) FROM messages").scalar_one()
        outbox.accept(NEW)
        second = connection.exec_driver_sql("SELECT count(*) FROM messages").scalar_one()
    assert (first, second) == (1, 1)
    assert len(outbox.recent("shop")) == 2


def test_a_read_connection_cannot_write(database: Database) -> None:
    with pytest.raises(Internal), database.read() as connection:
        connection.exec_driver_sql("INSERT INTO events (at, kind, payload) VALUES ('', '', '')")


def test_readers_do_not_wait_for_a_writer(database: Database, outbox: Outbox) -> None:
    with database.write() as connection:
        outbox.accept(NEW, connection)
        assert outbox.recent("shop") == []
    assert len(outbox.recent("shop")) == 1


def test_the_settings_that_durability_rests_on_are_on(database: Database) -> None:
    def pragma(connection: Connection, name: str) -> object:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

    with database.write() as connection:
        found = {
            name: pragma(connection, name)
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


def test_a_failure_before_the_commit_leaves_nothing_and_the_next_write_works(
    database: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crash, "_armed", True)
    monkeypatch.setattr(crash, "_fail_at", ("write", 1))
    monkeypatch.setattr(crash, "_counts", {})
    with pytest.raises(crash.InjectedFault):
        outbox.accept(NEW)
    assert outbox.recent("shop") == []
    assert outbox.accept(NEW).seq == 1


def test_a_journal_step_counts_after_its_commit(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crash, "_armed", True)
    monkeypatch.setattr(crash, "_fail_at", ("step", 1))
    monkeypatch.setattr(crash, "_counts", {})
    with pytest.raises(crash.InjectedFault):
        journal.begin("shop", "abc123", None, "server")
    assert [step.name for step in journal.open_steps("shop")] == ["server"]
    journal.begin("shop", "abc123", None, "window")
    assert len(journal.open_steps("shop")) == 2


def test_a_full_disk_is_one_line_and_the_state_recovers_when_there_is_room(
    database: Database, outbox: Outbox, plans: Plans, project: Project
) -> None:
    outbox.accept(NEW)
    with database.write() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={used}")
    with pytest.raises(Internal) as caught:
        plans.put("abc123", "shop", {"fill": "x" * 100_000})
    assert "the disk is full" in caught.value.line()
    assert caught.value.next_step
    assert len(outbox.recent("shop")) == 1
    assert plans.latest("shop") is None
    with database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    plans.put("abc123", "shop", {"fill": "x" * 100_000})
    assert plans.latest("shop") is not None


def test_what_runs_after_the_commit_runs_once_and_only_then(database: Database) -> None:
    ran: list[str] = []
    with database.write():
        database.after_commit(lambda: ran.append("a"))
        assert ran == []
    assert ran == ["a"]
    with database.write():
        pass
    assert ran == ["a"]
    with pytest.raises(RuntimeError):
        database.after_commit(lambda: ran.append("b"))


def test_one_failing_act_after_the_commit_does_not_keep_the_others_from_running(
    database: Database,
) -> None:
    ran: list[str] = []
    with pytest.raises(ZeroDivisionError), database.write():
        database.after_commit(lambda: 1 // 0 and None)
        database.after_commit(lambda: ran.append("second"))
    assert ran == ["second"]
    with database.write():
        pass


def test_another_holder_of_the_database_is_named_after_the_wait(
    database: Database, outbox: Outbox, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    holder = sqlite3.connect(place / "orch.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with database.read():
        pass
    database.engine.dispose()
    with database.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute("PRAGMA busy_timeout=50")  # type: ignore[attr-defined]
    with pytest.raises(Internal) as caught:
        outbox.accept(NEW)
    assert "another program holds it" in caught.value.line()
    holder.execute("ROLLBACK")
    holder.close()
    outbox.accept(NEW)


def test_closing_leaves_one_file_and_can_be_repeated(database: Database, place: Path) -> None:
    Outbox(database, FixedClock()).accept(NEW)
    database.close()
    database.close()
    assert sorted(p.name for p in place.iterdir()) == ["logs", "orch.db"]


def test_a_closed_database_says_so(database: Database, outbox: Outbox) -> None:
    database.close()
    with pytest.raises(Internal):
        outbox.accept(NEW)
    with pytest.raises(Internal):
        outbox.recent("shop")


def test_files_are_private_whatever_the_umask_is(place: Path) -> None:
    old = os.umask(0)
    try:
        database = open_database(place / "orch.db", place)
        Outbox(database, FixedClock()).accept(NEW)
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in place.iterdir()}
        database.close()
    finally:
        os.umask(old)
    assert modes == dict.fromkeys(("orch.db", "orch.db-shm", "orch.db-wal"), 0o600)


def test_a_database_that_others_could_read_is_closed_to_them(place: Path) -> None:
    path = place / "orch.db"
    open_database(path, place).close()
    path.chmod(0o644)
    open_database(path, place).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_place_with_strange_characters_works(tmp_path: Path) -> None:
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/#(touch PWNED)%20?a=b&c;\xff 'x'"))
    place.mkdir()
    database = open_database(place / "orch.db", place)
    Outbox(database, FixedClock()).accept(NEW)
    database.close()
    assert [p.name for p in place.iterdir()] == ["orch.db"]


@pytest.mark.parametrize("writable", ["file", "directory"])
def test_a_database_that_may_not_be_written_is_refused_at_once(
    tmp_path: Path, as_ordinary_user: Callable[[Callable[[], None]], None], writable: str
) -> None:
    place = shared(tmp_path)

    def as_user() -> None:
        path = place / "orch.db"
        open_database(path, place).close()
        if writable == "file":
            path.chmod(0o400)
        else:
            place.chmod(0o500)
        with pytest.raises(BadInput) as caught:
            open_database(path, place)
        assert caught.value.next_step
        place.chmod(0o700)
        path.chmod(0o600)
        open_database(path, place).close()

    as_ordinary_user(as_user)


def test_another_users_database_is_refused(
    tmp_path: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    if os.geteuid() == 0:
        place = shared(tmp_path)
        as_ordinary_user(lambda: open_database(place / "orch.db", place).close())
        with pytest.raises(BadInput, match="another user"):
            open_database(place / "orch.db", place)
        return
    # Nobody else's database can be made here, but the root user's files are everywhere.
    with pytest.raises(BadInput, match="another user"):
        sqlite_file.admit(Path("/etc/passwd"))


def shared(tmp_path: Path) -> Path:
    """A directory that an ordinary user reaches and owns, also when the suite runs as root."""
    place = tmp_path / "theirs"
    place.mkdir()
    if os.geteuid() == 0:
        os.chown(place, 65534, 65534)
        for parent in tmp_path.parents:
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
        tmp_path.chmod(0o711)
    return place
