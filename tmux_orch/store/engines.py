"""What a database URL means here, and the two engines every database has."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tmux_orch.domain.errors import BadInput

#: How long a writer waits for one of another process. The daemon is the only writer, so this is
#: met only by tools; SQLite's own wait starves (tails of 1 to 3 s with 20 writers were measured).
BUSY_S = 10.0
#: Bytes the write-ahead log is cut back to after a checkpoint.
LOG_SIZE_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """Which database is meant.

    Attributes:
        url: For SQLAlchemy.
        path: The file of a SQLite database, else ``None``.
        place: What to call it in an error text; without a password.
    """

    url: URL
    path: Path | None
    place: str


@dataclass(frozen=True, slots=True)
class Engines:
    """Connections that write and connections that cannot."""

    writer: Engine
    reader: Engine

    def close(self) -> None:
        """Close every connection that is not in use."""
        if self.reader is not self.writer:
            self.reader.dispose()
        self.writer.dispose()


def locate(url_or_path: str | Path) -> Target:
    """Which database ``url_or_path`` means.

    Raises:
        BadInput: it is neither an absolute path nor a URL of a database that we can use.
    """
    text = str(url_or_path)
    if isinstance(url_or_path, Path) or "://" not in text:
        return _file(Path(text))
    try:
        url = make_url(text)
        kind = url.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise BadInput("the database URL cannot be read", _ACCEPTED) from error
    if kind == "sqlite":
        if not url.database or url.query:
            raise BadInput("the database URL names no file", _ACCEPTED)
        return _file(Path(url.database))
    if kind != "postgresql":
        raise BadInput(f"no database of the kind {kind} can be used", _ACCEPTED)
    if "+" not in url.drivername:
        url = url.set(drivername="postgresql+psycopg")
    return Target(url, None, url.render_as_string(hide_password=True))


def engines_for(target: Target) -> Engines:
    """The engines of ``target``; nothing is opened yet.

    Raises:
        BadInput: the driver of this database is not installed.
    """
    if target.path is None:
        try:
            engine = create_engine(target.url, pool_pre_ping=True)
        except (ImportError, NoSuchModuleError) as error:
            raise BadInput(
                f"the driver for {target.place} is not installed", "pip install 'psycopg[binary]'"
            ) from error
        return Engines(engine, engine)
    return Engines(sqlite_engine(target.url, writes=True), sqlite_engine(target.url, writes=False))


def sqlite_engine(url: URL, *, writes: bool) -> Engine:
    """An engine for a SQLite file whose transactions are what we say, not what the driver guesses.

    The driver's own mode lets a read become a write half-way (308 claims for 300 tasks were
    measured); ``BEGIN IMMEDIATE`` gives 300, and no "database is locked".
    """
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1 if writes else 4,
        max_overflow=0 if writes else 60,
        connect_args={"timeout": BUSY_S, "isolation_level": None, "check_same_thread": False},
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        for pragma in _WRITER if writes else _READER:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


_ACCEPTED = "give an absolute path, sqlite:////absolute/path or postgresql://user@host/name"

_WRITER = (
    "journal_mode=WAL",
    "synchronous=FULL",  # what was acknowledged survives a power cut; one fsync, 0.1 ms and up
    "foreign_keys=ON",
    "secure_delete=ON",  # a secret that was removed from a row is gone from the file
    f"journal_size_limit={LOG_SIZE_LIMIT}",
    "trusted_schema=OFF",
    "cell_size_check=ON",
)
_READER = ("query_only=ON", "trusted_schema=OFF", "cell_size_check=ON")


def _file(path: Path) -> Target:
    if not path.is_absolute():
        raise BadInput(f"the database path is not absolute: {path}", _ACCEPTED)
    url = URL.create("sqlite", database=str(path))
    return Target(url, path, str(path))
