"""How instants and JSON stand in a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from sqlalchemy import CursorResult

from tmux_orch.domain.errors import Internal


def stamp(at: datetime) -> str:
    """An aware instant as stored: UTC, microseconds, one length, so text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str) -> datetime:
    """The instant that :func:`stamp` wrote."""
    return datetime.fromisoformat(text)


def to_json(value: Mapping[str, Any]) -> str:
    """``value`` as one line of ASCII JSON (lone surrogates survive as escapes)."""
    return json.dumps(value, separators=(",", ":"))


def from_json(text: str) -> dict[str, Any]:
    """The object that :func:`to_json` wrote.

    Raises:
        ValueError: it is none.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


_Row = TypeVar("_Row")
_Made = TypeVar("_Made")


def row_reader(make: Callable[[_Row], _Made]) -> Callable[[_Row], _Made]:
    """``make`` with damage that SQLite cannot see (a flipped byte in a value) as one line.

    The result raises :class:`Internal` when a value is none that we ever write.
    """

    @wraps(make)
    def read(row: _Row) -> _Made:
        try:
            return make(row)
        except (ValueError, TypeError) as error:
            raise Internal(
                f"a row of the database is damaged: {error}", "stop the daemon, restore a backup"
            ) from error

    return read


def new_number(result: CursorResult[Any]) -> int:
    """The number that the database gave the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise RuntimeError("the statement was not an insert of one row")
    return int(key[0])
