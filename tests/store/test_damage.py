"""A database that is not whole and ours is refused in one line, and not a byte of it is changed."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tmux_orch.domain.errors import BadInput, Internal, OrchError
from tmux_orch.domain.message import Message
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.events import Events
from tmux_orch.store.outbox import NewMessage, Outbox
from tmux_orch.store.projects import Projects
from tmux_orch.store.sqlite_file import APPLICATION_ID

from .conftest import FixedClock


@pytest.fixture
def whole(place: Path, clock: FixedClock) -> Path:
    """A closed database with a hundred messages in it."""
    path = place / "orch.db"
    database = open_database(path, place / "backups")
    outbox = Outbox(database, clock)
    with database.write() as connection:
        for number in range(100):
            outbox.accept(NewMessage("shop", "shop/dev", "user", f"text {number}" * 9), connection)
    database.close()
    return path


def refused(path: Path) -> str:
    """The one line with which opening ``path`` is refused; the bytes there stay as they were."""
    before = {p: p.read_bytes() for p in path.parent.iterdir() if p.is_file()}
    with pytest.raises(BadInput) as caught:
        open_database(path, path.parent / "backups")
    line = caught.value.line()
    assert "\n" not in line
    assert str(path) in line
    assert caught.value.next_step
    after = {p: p.read_bytes() for p in before}
    assert after == before
    assert not (path.parent / "backups").exists()
    return line


def test_an_empty_file_is_a_loss_and_not_a_beginning(place: Path) -> None:
    path = place / "orch.db"
    path.touch(0o600)
    assert "empty" in refused(path)


@pytest.mark.parametrize(
    "content", [b"hello", b"\0" * 4096, b"#!/bin/sh\nexit\n" * 400, b"SQLite format 2\0" * 300]
)
def test_another_kind_of_file_is_refused(place: Path, content: bytes) -> None:
    path = place / "orch.db"
    path.write_bytes(content)
    assert "not a database of tmux_orch" in refused(path)


def test_another_programs_database_is_refused(place: Path) -> None:
    path = place / "orch.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE messages (seq INTEGER PRIMARY KEY)")
    connection.commit()
    connection.close()
    assert "another program" in refused(path)


def test_a_database_of_a_newer_version_is_refused(whole: Path) -> None:
    connection = sqlite3.connect(whole)
    connection.execute("UPDATE alembic_version SET version_num = '0999\nx'")
    connection.commit()
    connection.close()
    assert "newer tmux_orch (schema 0999\\nx)" in refused(whole)


@pytest.mark.parametrize("change", ["DELETE FROM alembic_version", "DROP TABLE alembic_version"])
def test_a_database_of_ours_without_its_version_is_damaged(whole: Path, change: str) -> None:
    connection = sqlite3.connect(whole)
    connection.execute(change)
    connection.commit()
    connection.close()
    assert "damaged" in refused(whole)


def test_a_database_cut_off_anywhere_is_refused(whole: Path) -> None:
    data = whole.read_bytes()
    page = 4096
    cuts = {*range(1, 120), 512, 1024, len(data) - 1}
    cuts |= {edge + offset for edge in range(page, len(data), page) for offset in (-1, 0, 1)}
    for cut in sorted(cuts - {len(data)}):
        whole.write_bytes(data[:cut])
        refused(whole)
    whole.write_bytes(data)
    open_database(whole, whole.parent).close()


def test_a_database_with_a_page_of_zeros_is_refused(whole: Path) -> None:
    data = whole.read_bytes()
    for start in range(4096, len(data), 4096):
        whole.write_bytes(data[:start] + bytes(4096) + data[start + 4096 :])
        refused(whole)


def test_flipped_bytes_are_refused_or_read_without_a_traceback(
    whole: Path, clock: FixedClock
) -> None:
    """SQLite keeps no checksums, so a flip inside a value is found when it is read."""
    data = whole.read_bytes()
    chooser = random.Random(5)
    outcomes = {"refused": 0, "read": 0, "one line": 0}
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chooser.choice([1, 1, 20])):
            damaged[chooser.randrange(len(damaged))] ^= 1 << chooser.randrange(8)
        whole.write_bytes(damaged)
        try:
            database = open_database(whole, whole.parent / "backups")
        except BadInput as error:
            assert "\n" not in error.line()
            assert whole.read_bytes() == damaged
            outcomes["refused"] += 1
            continue
        try:
            read_everything(database, clock)
            outcomes["read"] += 1
        except OrchError as error:
            assert "\n" not in error.line()
            outcomes["one line"] += 1
        finally:
            database.close()
    assert all(outcomes.values()), outcomes


def read_everything(database: Database, clock: FixedClock) -> list[Message]:
    Events(database, clock).since(0, 1000)
    Projects(database, clock).all()
    outbox = Outbox(database, clock)
    for target in outbox.targets_with_open():
        outbox.open_for(target)
    return outbox.recent(None, 1000)


def test_a_value_that_is_none_of_ours_is_one_line(
    reopen: Callable[[], Database], clock: FixedClock
) -> None:
    database = reopen()
    outbox = Outbox(database, clock)
    message = outbox.accept(NewMessage("shop", "shop/dev", "user", "x"))
    for column, value in (("state", "'odd'"), ("state_at", "'noon'"), ("text", "X'ff00'")):
        with database.write() as connection:
            connection.exec_driver_sql(f"UPDATE messages SET {column} = {value}")
        with pytest.raises(Internal) as caught:
            outbox.get(message.id)
        assert "\n" not in caught.value.line()


def test_a_log_whose_database_is_gone_is_not_swallowed_by_a_new_one(whole: Path) -> None:
    whole.with_name("orch.db-wal").write_bytes(b"x" * 5000)
    whole.unlink()
    assert "missing" in refused(whole)
    assert not whole.exists()


def test_a_damaged_database_keeps_its_log(place: Path, clock: FixedClock) -> None:
    path, log = place / "orch.db", place / "orch.db-wal"
    database = open_database(path, place)
    for number in range(60):
        Outbox(database, clock).accept(NewMessage("shop", "shop/dev", "user", f"{number}" * 200))
    main, data = bytearray(path.read_bytes()), log.read_bytes()
    database.close()
    main[4096:] = bytes(len(main) - 4096)
    path.write_bytes(main)
    log.write_bytes(data[: len(data) // 3])
    refused(path)


def test_what_is_in_the_log_only_is_read_after_a_crash(place: Path, clock: FixedClock) -> None:
    import os

    path = place / "orch.db"
    pid = os.fork()
    if pid == 0:
        database = open_database(path, place)
        Outbox(database, clock).accept(NewMessage("shop", "shop/dev", "user", "in the log"))
        os._exit(9)  # nothing is closed: as if killed
    os.waitpid(pid, 0)
    assert (place / "orch.db-wal").stat().st_size > 0
    database = open_database(path, place)
    assert [m.text for m in Outbox(database, clock).recent(None)] == ["in the log"]
    database.close()


def test_a_log_cut_off_anywhere_loses_whole_transactions_only(
    place: Path, clock: FixedClock
) -> None:
    path, log = place / "orch.db", place / "orch.db-wal"
    database = open_database(path, place)
    outbox = Outbox(database, clock)
    for number in range(12):
        outbox.accept(NewMessage("shop", "shop/dev", "user", f"text {number}" * 50))
    main, data = path.read_bytes(), log.read_bytes()
    database.close()
    chooser = random.Random(3)
    seen = set()
    for cut in [0, 1, 31, 32, len(data) - 1, *(chooser.randrange(len(data)) for _ in range(40))]:
        for name in ("orch.db-wal", "orch.db-shm"):
            (place / name).unlink(missing_ok=True)
        path.write_bytes(main)
        log.write_bytes(data[:cut])
        again = open_database(path, place)
        texts = [m.text for m in Outbox(again, clock).recent(None)]
        again.close()
        assert texts == [f"text {n}" * 50 for n in range(len(texts))]
        seen.add(len(texts))
    assert len(seen) > 5


def test_a_directory_a_fifo_or_a_relative_path_is_refused(place: Path) -> None:
    import os

    (place / "dir.db").mkdir()
    os.mkfifo(place / "fifo.db")
    for name in ("dir.db", "fifo.db"):
        with pytest.raises(BadInput):
            open_database(place / name, place)
    for text in ("orch.db", "./orch.db", "sqlite://", "sqlite:///orch.db", "sqlite:///:memory:"):
        with pytest.raises(BadInput) as caught:
            open_database(text, place)
        assert "\n" not in caught.value.line()
    with pytest.raises(BadInput):
        open_database(place / "missing" / "orch.db", place)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:hunter22@host/x",
        "nonsense://",
        "redis://:hunter22@host",
        "postgresql://u:hunter22@h:port/x",
        "://",
    ],
)
def test_another_url_is_refused_without_its_password(url: str, place: Path) -> None:
    with pytest.raises(BadInput) as caught:
        open_database(url, place)
    assert "\n" not in caught.value.line()
    assert "hunter22" not in caught.value.line()


def test_a_new_database_bears_our_mark(whole: Path) -> None:
    header = whole.read_bytes()[:100]
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
    assert header[68:72] == b"tmor"
