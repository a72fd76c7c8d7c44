"""What was told of the plans' windows, one row per account and window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, insert, select

from tmux_orch.domain.forecast import Sample, Window
from tmux_orch.store.database import Database
from tmux_orch.store.rows import from_json, instant, row_reader, stamp, to_json
from tmux_orch.store.schema import QUOTAS

_ALL = select(QUOTAS)
_DROP = delete(QUOTAS).where(
    and_(QUOTAS.c.account == bindparam("of_account"), QUOTAS.c.name == bindparam("of_name"))
)
_PUT = insert(QUOTAS)


class Quotas:
    """The table ``quotas``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, windows: Iterable[tuple[str, Window]]) -> None:
        """Keep each account's window in place of what was known of it."""
        with self._database.write() as c:
            for account, window in windows:
                c.execute(_DROP, {"of_account": account, "of_name": window.name})
                c.execute(_PUT, _row(account, window))

    def all(self) -> list[tuple[str, Window]]:
        """Every account's windows."""
        with self._database.read() as c:
            return [_window(row) for row in c.execute(_ALL)]

    def forget(self, before: datetime) -> None:
        """Drop the windows of which nothing was told since ``before``."""
        old = [(a, w) for a, w in self.all() if not w.samples or w.samples[-1].at < before]
        if not old:
            return
        with self._database.write() as c:
            for account, window in old:
                c.execute(_DROP, {"of_account": account, "of_name": window.name})


def _row(account: str, window: Window) -> dict[str, Any]:
    told = [[stamp(one.at), one.used_percent] for one in window.samples]
    return {
        "account": account,
        "name": window.name,
        "resets_at": stamp(window.resets_at) if window.resets_at else None,
        "samples": to_json({"told": told}),
    }


@row_reader
def _window(row: Row[Any]) -> tuple[str, Window]:
    told = from_json(row.samples).get("told")
    if not isinstance(told, list):
        raise ValueError("samples without a list")
    samples = tuple(Sample(instant(at), float(used)) for at, used in told)
    resets_at = instant(row.resets_at) if row.resets_at else None
    return row.account, Window(row.name, resets_at, samples)
