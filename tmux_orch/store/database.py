"""The database: one writer at a time, snapshots for readers, faults as typed one-line errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from tmux_orch import crash
from tmux_orch.domain.errors import BadInput, Internal
from tmux_orch.store.engines import Engines, engines_for, locate
from tmux_orch.store.migrate import bring_up_to_date, prepare_file
from tmux_orch.store.mirror import Mirrors


class Database:
    """An open, checked, up-to-date database. Every method may be called from any thread.

    Attributes:
        mirrors: Where committed events are written as JSON lines; ``None`` for nowhere.
        place: What it is, for error texts; without a password.
        teams_changed: Counts the commits that changed projects or seats.
    """

    def __init__(self, engines: Engines, place: str, mirrors: Mirrors | None) -> None:
        self.mirrors = mirrors
        self.teams_changed = 0
        self.place = place
        self._engines = engines
        self._lock = threading.Lock()
        self._owner = 0
        self._after: list[Callable[[], None]] = []
        self._closed = False

    @property
    def engine(self) -> Engine:
        """The writing engine, for libraries that bring their own tables."""
        return self._engines.writer

    @contextmanager
    def write(self, joined: Connection | None = None) -> Iterator[Connection]:
        """A connection inside a write transaction, committed when the block ends without raising.

        With ``joined``, the connection of a transaction that is already open, the block becomes
        part of that one. Otherwise it waits for the other writers of this process and then, at
        most ``BUSY_S``, for those of others.

        Raises:
            Internal: the database could not be written (full, read-only, damaged, locked);
                nothing of the block was stored.
            RuntimeError: this thread is inside ``write()`` already and did not pass it on.
        """
        if joined is not None:
            yield joined
            return
        me = threading.get_ident()
        if self._owner == me:
            raise RuntimeError("write() inside write(): pass the open connection on")
        with self._lock:
            self._need_open()
            self._owner = me
            try:
                with self._translated(), self._engines.writer.begin() as connection:
                    yield connection
                    crash.point("write")
                self._run_after()
            finally:
                self._owner = 0
                self._after.clear()

    @contextmanager
    def read(self, joined: Connection | None = None) -> Iterator[Connection]:
        """A connection that sees one snapshot of what is committed, and cannot write.

        With ``joined`` the block reads inside that transaction, and sees what it wrote.

        Raises:
            Internal: the database could not be read.
        """
        if joined is not None:
            yield joined
            return
        self._need_open()
        with self._translated(), self._engines.reader.connect() as connection:
            yield connection

    def after_commit(self, act: Callable[[], None]) -> None:
        """Have ``act`` called when the open write transaction is committed; not when it is undone.

        Raises:
            RuntimeError: this thread has no open write transaction.
        """
        if self._owner != threading.get_ident():
            raise RuntimeError("after_commit() outside of write()")
        self._after.append(act)

    def changes_teams(self) -> None:
        """The open write transaction changes projects or seats: what is remembered of them ends."""
        self.after_commit(self._count)

    def _count(self) -> None:
        self.teams_changed += 1  # one thread at a time: the writers' lock is held

    def close(self) -> None:
        """Wait for the open write, put the log into the main file and close; safe to repeat."""
        with self._lock:
            self._closed = True
            self._engines.close()
            if self.mirrors is not None:
                self.mirrors.close()

    def _need_open(self) -> None:
        if self._closed:
            raise Internal(f"the state in {self.place} is closed: the daemon is stopping")

    def _run_after(self) -> None:
        # All of them run, in order: the commit has happened, whatever one of them meets.
        first: Exception | None = None
        for act in self._after:
            try:
                act()
            except Exception as error:  # noqa: BLE001 - raised below, after the others have run
                first = first or error
        if first is not None:
            raise first

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # the repository that wrote knows what it means
        except DBAPIError as error:
            raise fault(self.place, error.orig or error) from error
        except sqlite3.Error as error:
            raise fault(self.place, error) from error


#: Primary SQLite result codes that have a remedy of their own.
_REMEDIES = {
    "FULL": ("the disk is full", "free some space and repeat"),
    "READONLY": ("it is read-only", "make it and its directory writable for you"),
    "IOERR": ("the disk reported an error", "check the disk and its free space"),
    "BUSY": ("another program holds it", "end that program and repeat"),
    "LOCKED": ("another program holds it", "end that program and repeat"),
    "CORRUPT": ("it is damaged", "stop the daemon and restore a backup"),
    "NOTADB": ("it is damaged", "stop the daemon and restore a backup"),
    "CANTOPEN": ("it cannot be opened", "check that it and its directory are yours"),
    "PERM": ("it cannot be opened", "check that it and its directory are yours"),
}


def fault(place: str, error: BaseException) -> Internal:
    """A fault of the database itself as one line with its remedy."""
    name = str(getattr(error, "sqlite_errorname", ""))
    kind = name.removeprefix("SQLITE_").partition("_")[0]
    said = str(error).strip().splitlines()
    why, remedy = _REMEDIES.get(kind, (said[0] if said else type(error).__name__, ""))
    return Internal(f"the state in {place} cannot be used: {why}", remedy)


def open_database(url_or_path: str | Path, backup_dir: Path, logs: Path | None = None) -> Database:
    """Open, check and if need be create or migrate the database.

    Args:
        url_or_path: A path of a SQLite file, or a URL: ``sqlite:////abs/path``, ``postgresql://…``.
        backup_dir: Where a copy is put before a migration; must exist when one is needed.
        logs: Directory of the JSONL mirrors; ``None`` for none.

    Raises:
        BadInput: it is damaged, not ours, made by a newer version, another user's or cannot be
            written. One line with the remedy; not a byte of it was changed.
        Internal: the machine failed us (disk full …).
    """
    target = locate(url_or_path)
    try:
        found = prepare_file(target.path) if target.path is not None else None
        engines = engines_for(target)
        try:
            bring_up_to_date(engines, target, found, backup_dir)
            # The first connection sets the journal mode: what stands in the way is seen now.
            engines.writer.connect().close()
        except BaseException:
            engines.close()
            raise
    except (DBAPIError, sqlite3.Error) as error:
        origin = error.orig if isinstance(error, DBAPIError) else error
        known = fault(target.place, origin or error)
        raise BadInput(known.message, known.next_step) from error
    return Database(engines, target.place, Mirrors(logs) if logs is not None else None)
