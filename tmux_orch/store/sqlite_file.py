"""Whether a SQLite file may be opened: ours, whole, of a known version; or made new."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
from pathlib import Path
from urllib.parse import quote

from tmux_orch.domain.errors import BadInput, Internal
from tmux_orch.store.schema import HEAD, METADATA, REVISIONS, VERSION_TABLE

#: "tmor" in the file header's application id: what tells our databases from everybody else's.
APPLICATION_ID = int.from_bytes(b"tmor", "big")

_MAGIC = b"SQLite format 3\x00"
_HEADER = 100
_VERSION = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 - a constant
_CLOSED_TO_US = ("SQLITE_CANTOPEN", "SQLITE_READONLY")
_APPLICATION_ID_AT = 68
_REMEDY = "restore a backup to that place, or move it away to start anew"


def admit(path: Path) -> str:
    """Check the file at ``path`` without changing a byte of it; returns its schema revision.

    Raises:
        BadInput: it is not a whole database of ours with a schema that we know.
        FileNotFoundError: there is none, and nothing says that there was one.
    """
    wal = path.with_name(path.name + "-wal")
    try:
        facts = path.stat()
    except FileNotFoundError:
        if wal.exists():
            # A new file would swallow this log, which holds the last changes of a lost one.
            raise BadInput(f"{path} is missing but its log {wal.name} is there", _REMEDY) from None
        raise
    except OSError as error:
        raise BadInput(f"cannot open the database {path}: {error.strerror}") from error
    if not stat.S_ISREG(facts.st_mode):
        raise BadInput(f"the database {path} is not a regular file", "move it away")
    if facts.st_uid != os.geteuid():
        raise BadInput(f"the database {path} belongs to another user", "name another registry")
    _check_header(path, facts.st_size, logged=wal.exists() and wal.stat().st_size > 0)
    revision = _check_content(path)
    if revision not in REVISIONS:
        raise BadInput(
            f"the database {path} was made by a newer tmux_orch (schema {revision})",
            "update tmux_orch, or name another registry with TMUX_ORCH_REGISTRY",
        )
    if facts.st_mode & 0o077:
        path.chmod(0o600)
    return revision


def create(path: Path, statements: tuple[str, ...]) -> None:
    """Make a new database with ``statements``, whole or not at all.

    It is built beside its place and linked there, so an empty file at ``path`` is never a
    beginning of ours but always a loss; and of several that create it at once one wins.

    Raises:
        Internal: it could not be written.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        os.close(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(beside, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute("COMMIT")
        finally:
            connection.close()
        try:
            path.hardlink_to(beside)
        except FileExistsError:
            pass  # another process made it in the meantime: that one counts
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Internal(
            f"cannot make the database {path}: {why}", "free some space, or name another registry"
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def _check_header(path: Path, size: int, *, logged: bool) -> None:
    try:
        # For writing too: a read-only file opens without a word and fails at the first write.
        with path.open("r+b") as file:
            header = file.read(_HEADER)
    except OSError as error:
        raise BadInput(
            f"cannot open the database {path}: {error.strerror}",
            "make it readable and writable for you",
        ) from error
    if not header:
        raise BadInput(f"the database {path} is empty: its content was lost", _REMEDY)
    if not header.startswith(_MAGIC[: len(header)]):
        raise BadInput(f"{path} is not a database of tmux_orch", _REMEDY)
    if len(header) < _HEADER:
        raise BadInput(f"the database {path} is cut off", _REMEDY)
    found = int.from_bytes(header[_APPLICATION_ID_AT : _APPLICATION_ID_AT + 4], "big")
    if found != APPLICATION_ID:
        raise BadInput(f"{path} is the database of another program", _REMEDY)
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    # Pages that are only in the log do not stand in the file yet.
    if not logged and size < (65536 if page == 1 else page) * pages:
        raise BadInput(f"the database {path} is cut off", _REMEDY)


def _check_content(path: Path) -> str:
    uri = f"file:{quote(os.fsencode(path))}?mode=ro"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            connection.text_factory = bytes
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict is None or verdict[0] != b"ok":
                raise BadInput(f"the database {path} is damaged", _REMEDY)
            rows = connection.execute(_VERSION).fetchall()
            if rows == [(HEAD.encode(),)]:
                _check_tables(connection, path)
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a complaint that quotes damaged bytes
        if str(getattr(error, "sqlite_errorname", "")).startswith(_CLOSED_TO_US):
            raise BadInput(
                f"the database {path} cannot be opened",
                "make it and its directory readable and writable for you",
            ) from error
        raise BadInput(f"the database {path} is damaged", _REMEDY) from error
    if len(rows) != 1 or not isinstance(rows[0][0], bytes):
        raise BadInput(f"the database {path} is damaged", _REMEDY)
    return ascii(rows[0][0].decode("utf-8", "replace")[:40]).strip("'")


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    # A flipped byte in a table's definition may still be SQL, with another column in it.
    for name, table in METADATA.tables.items():
        rows = connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
        if {row[0].decode("utf-8", "replace") for row in rows} != set(table.columns.keys()):
            raise BadInput(f"the database {path} is damaged", _REMEDY)
