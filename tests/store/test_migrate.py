"""Migrations: the schema of a new database, a copy before, all or nothing, Alembic only then."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from tmux_orch.domain.errors import BadInput, Internal
from tmux_orch.store import alembic_run, engines, migrate, schema, sqlite_file
from tmux_orch.store.database import open_database
from tmux_orch.store.outbox import NewMessage, Outbox

from .conftest import FixedClock

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("seats", sa.Column("colour", sa.Text, nullable=False, server_default="red"))
    op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))
    {then}
"""


def shape(path: Path) -> dict[str, object]:
    """Everything that makes up a schema, independent of how its text is laid out."""
    connection = sqlite3.connect(path)
    tables = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]
    found: dict[str, object] = {}
    for table in tables:
        indexes = [
            (name, unique, origin, connection.execute(f"PRAGMA index_info('{name}')").fetchall())
            for _, name, unique, origin, _ in connection.execute(f"PRAGMA index_list('{table}')")
        ]
        sql = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()[0]
        found[table] = (
            connection.execute(f"PRAGMA table_info('{table}')").fetchall(),
            sorted(indexes, key=str),
            connection.execute(f"PRAGMA foreign_key_list('{table}')").fetchall(),
            sorted(re.findall(r"CONSTRAINT (\w+)", sql)),
            "AUTOINCREMENT" in sql,
        )
    connection.close()
    return found


def column(path: Path, query: str) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute(query)]
    finally:
        connection.close()


def test_the_migrations_lead_to_the_schema_of_a_new_database(place: Path) -> None:
    fresh, grown = place / "fresh.db", place / "grown.db"
    open_database(fresh, place).close()
    sqlite3.connect(grown).close()
    target = engines.locate(grown)
    engine = engines.sqlite_engine(target.url, writes=True)
    alembic_run.upgrade(engine)
    engine.dispose()
    assert shape(grown) == shape(fresh)
    assert column(grown, "SELECT version_num FROM alembic_version") == [schema.HEAD]


def test_the_revisions_named_are_the_migrations_there_are() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(alembic_run.MIGRATIONS))
    there = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(there)) == schema.REVISIONS


def test_neither_making_nor_opening_a_database_loads_alembic(place: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from tmux_orch.store.database import open_database; p = Path(sys.argv[1]);"
        "open_database(p / 'orch.db', p).close(); open_database(p / 'orch.db', p).close();"
        "print([m for m in sys.modules if m.split('.')[0] in ('alembic', 'mako')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(place)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.fixture
def old(place: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A database of today that the program of tomorrow, with one more migration, opens."""
    path = place / "orch.db"
    database = open_database(path, place / "backups")
    Outbox(database, FixedClock()).accept(NewMessage("shop", "shop/dev", "user", "kept"))
    database.close()
    migrations = place / "migrations 100%"
    shutil.copytree(alembic_run.MIGRATIONS, migrations)
    then = getattr(request, "param", "pass")
    head = schema.HEAD
    (migrations / "versions/9999_next.py").write_text(NEXT.format(then=then, head=head))
    monkeypatch.setattr(alembic_run.upgrade, "__defaults__", (migrations,))
    for module in (schema, sqlite_file):
        monkeypatch.setattr(module, "REVISIONS", (*module.REVISIONS, "9999"))
        monkeypatch.setattr(module, "HEAD", "9999")
    monkeypatch.setattr(sqlite_file, "_check_tables", lambda *_: None)
    return path


def test_an_older_database_is_copied_and_migrated(old: Path, place: Path) -> None:
    before = shape(old)
    database = open_database(old, place / "backups")
    assert [m.text for m in Outbox(database, FixedClock()).recent(None)] == ["kept"]
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM extra").scalar() == 0
    database.close()
    (copy,) = (place / "backups").iterdir()
    assert copy.name.startswith(f"orch-{schema.REVISIONS[-2]}-")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert shape(copy) == before
    assert column(copy, "SELECT text FROM messages") == ["kept"]
    open_database(old, place / "backups").close()
    assert len(list((place / "backups").iterdir())) == 1


@pytest.mark.parametrize("old", ["op.execute('INSERT INTO nowhere VALUES (1)')"], indirect=True)
def test_a_migration_that_fails_changes_nothing(old: Path, place: Path) -> None:
    before = shape(old)
    with pytest.raises(BadInput) as caught:
        open_database(old, place / "backups")
    assert "\n" not in caught.value.line()
    assert shape(old) == before
    assert len(list((place / "backups").iterdir())) == 1


@pytest.mark.parametrize(
    "old", ["import os, signal; os.kill(os.getpid(), signal.SIGKILL)"], indirect=True
)
def test_a_kill_in_the_middle_of_a_migration_changes_nothing(old: Path, place: Path) -> None:
    import os

    before = shape(old)
    pid = os.fork()
    if pid == 0:
        open_database(old, place / "backups")
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 9
    assert shape(old) == before


def test_without_a_copy_nothing_is_migrated(old: Path, place: Path) -> None:
    before = shape(old)
    (place / "backups").write_text("in the way")
    with pytest.raises(Internal) as caught:
        open_database(old, place / "backups")
    assert "not migrated" in caught.value.line()
    assert shape(old) == before


def test_a_copy_contains_what_is_in_the_log_only(place: Path) -> None:
    path = place / "orch.db"
    database = open_database(path, place)
    Outbox(database, FixedClock()).accept(NewMessage("shop", "shop/dev", "user", "in the log"))
    assert b"in the log" not in path.read_bytes()
    copy = migrate.back_up(path, place / "backups", "0001")
    database.close()
    assert column(copy, "SELECT text FROM messages") == ["in the log"]


def test_every_table_and_statement_can_be_said_to_postgresql() -> None:
    """Not run on a server in this version; what cannot be compiled could never be."""
    dialect = postgresql.dialect()
    for table in schema.METADATA.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "AUTOINCREMENT" not in text
        for index in table.indexes:
            CreateIndex(index).compile(dialect=dialect)
    from sqlalchemy.sql import ClauseElement

    from tmux_orch.store import events, journal, message_rows, plans, projects, seats

    compiled = 0
    for module in (events, journal, message_rows, plans, projects, seats):
        for name, value in vars(module).items():
            if isinstance(value, ClauseElement) and name.lstrip("_").isupper():
                value.compile(dialect=dialect)
                compiled += 1
    assert compiled > 25


def test_a_postgresql_url_without_its_driver_says_what_to_install(place: Path) -> None:
    with pytest.raises(BadInput) as caught:
        open_database("postgresql://user:hunter22@127.0.0.1:1/none", place)
    assert "hunter22" not in caught.value.line()
    assert "\n" not in caught.value.line()
