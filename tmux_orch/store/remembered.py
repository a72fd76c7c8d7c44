"""A table that is read for every message and hardly ever written, kept in memory between writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from tmux_orch.store.database import Database

_Row = TypeVar("_Row")


class Remembered(Generic[_Row]):
    """What ``load`` read last, until a write that ``Database.changes_teams`` was told of.

    The daemon is the only writer, so nothing else can make it stale. Another
    thread may get the old rows until the writing call has returned to whoever made it, no longer.

    Args:
        database: Whose commits end what is remembered.
        load: Reads the rows.
    """

    def __init__(self, database: Database, load: Callable[[], tuple[_Row, ...]]) -> None:
        self._database = database
        self._load = load
        self._kept: tuple[int, tuple[_Row, ...]] = (-1, ())

    def get(self) -> list[_Row]:
        """The rows as committed."""
        # Asked before the rows are read: a commit in between makes these right for this caller
        # and for no later one.
        now = self._database.teams_changed
        kept, rows = self._kept
        if kept != now:
            rows = self._load()
            self._kept = (now, rows)
        return list(rows)
