"""Bring a database to the schema of this version: made new, left alone, or migrated."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from tmux_orch.domain.errors import BadInput, Internal
from tmux_orch.store import schema
from tmux_orch.store.engines import Engines, Target
from tmux_orch.store.mounts import network_kind
from tmux_orch.store.sqlite_file import admit, create


def prepare_file(path: Path) -> str:
    """Check or make the SQLite file at ``path``; returns the schema revision it has.

    Raises:
        BadInput: see :func:`~tmux_orch.store.sqlite_file.admit`; nothing was changed.
    """
    kind = network_kind(path.parent)
    if kind:
        raise BadInput(
            f"the database {path} would lie on a network file system ({kind})",
            "set TMUX_ORCH_REGISTRY to a local directory; several hosts need postgresql://",
        )
    try:
        return admit(path)
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise BadInput(f"the database's directory {path.parent} is missing") from None
    create(path, creation_statements())
    return admit(path)


def creation_statements() -> tuple[str, ...]:
    """Everything a new SQLite database is made with, at the newest revision.

    Written out from the tables, so that making one does not load Alembic (a test holds that the
    migrations lead to the very same schema).
    """
    dialect = sqlite.dialect()
    statements = [
        f"CREATE TABLE {schema.VERSION_TABLE} (version_num VARCHAR(32) NOT NULL, "
        f"CONSTRAINT {schema.VERSION_TABLE}_pkc PRIMARY KEY (version_num))",
        f"INSERT INTO {schema.VERSION_TABLE} VALUES ('{schema.HEAD}')",  # noqa: S608 - a constant
    ]
    for table in schema.METADATA.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            statements.append(str(CreateIndex(index).compile(dialect=dialect)))
    return tuple(statements)


def bring_up_to_date(engines: Engines, target: Target, found: str | None, backups: Path) -> None:
    """Migrate from the revision ``found``; a copy of a SQLite file is put into ``backups`` first.

    All of a migration happens or nothing: both databases have transactional schema changes.

    Raises:
        BadInput: the database (not SQLite) was made by a newer version.
        Internal: the copy could not be made; nothing was changed.
    """
    if target.path is None:
        found = _found_on_server(engines.writer, target.place)
    if found == schema.HEAD:
        return
    if target.path is not None:
        back_up(target.path, backups, str(found))
    # 60 ms to import: only for the one start after an update.
    from tmux_orch.store.alembic_run import upgrade

    upgrade(engines.writer)


def back_up(path: Path, backups: Path, revision: str) -> Path:
    """A complete copy of the database, log included, beside others of its kind; 0600, on disk.

    Raises:
        Internal: it could not be made; nothing half-made is left.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    copy = backups / f"{path.stem}-{revision}-{moment}.db"
    try:
        backups.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            _copy(path, copy)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    except (OSError, sqlite3.Error) as error:
        raise Internal(
            f"the database was not migrated: no copy could be made in {backups}: {error}",
            "free some space and repeat",
        ) from error
    return copy


def _copy(path: Path, copy: Path) -> None:
    source, sink = sqlite3.connect(path), sqlite3.connect(copy)
    try:
        sink.execute("PRAGMA synchronous=FULL")
        source.backup(sink)
    finally:
        source.close()
        sink.close()


def _found_on_server(engine: Engine, place: str) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table(schema.VERSION_TABLE):
            return None
        found = connection.execute(text(f"SELECT version_num FROM {schema.VERSION_TABLE}")).scalar()  # noqa: S608
    if found not in schema.REVISIONS:
        raise BadInput(
            f"the database {place} was made by a newer tmux_orch (schema {found})",
            "update tmux_orch, or name another database",
        )
    return str(found)
