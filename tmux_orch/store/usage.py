"""The counters of tokens and cost, one row per day, agent and meter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, bindparam, insert, select, update

from tmux_orch.domain.usage import Counter, higher
from tmux_orch.store.database import Database
from tmux_orch.store.rows import row_reader
from tmux_orch.store.schema import USAGE

_KEY = and_(
    USAGE.c.day == bindparam("of_day"),
    USAGE.c.agent == bindparam("of_agent"),
    USAGE.c.meter == bindparam("of_meter"),
)
_GET = select(USAGE).where(_KEY)
_PUT = insert(USAGE)
_CHANGE = update(USAGE).where(_KEY)
_METERS = select(USAGE.c.meter).where(
    USAGE.c.project == bindparam("of_project"), USAGE.c.day >= bindparam("first_day")
)
# With what the same meters showed on earlier days: a day's use is the difference.
_SINCE = select(USAGE).where(USAGE.c.project == bindparam("of_project"), USAGE.c.meter.in_(_METERS))
_CHANGEABLE = ("input_tokens", "output_tokens", "cost_usd")


class Usage:
    """The table ``usage``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, counters: Iterable[Counter]) -> None:
        """Keep the highest of what is stored and these; again, it changes nothing."""
        with self._database.write() as c:
            for counter in counters:
                key = {
                    "of_day": counter.day.isoformat(),
                    "of_agent": counter.agent,
                    "of_meter": counter.meter,
                }
                row = c.execute(_GET, key).one_or_none()
                if row is not None:
                    c.execute(_CHANGE.values(**_values(higher(counter, _counter(row)))), key)
                    continue
                c.execute(
                    _PUT,
                    {
                        "day": counter.day.isoformat(),
                        "agent": counter.agent,
                        "meter": counter.meter,
                        "project": counter.project,
                        **_values(counter),
                    },
                )

    def since(self, project: str, first: date) -> list[Counter]:
        """Every counter of the meters of ``project`` that counted on ``first`` or later."""
        sought = {"of_project": project, "first_day": first.isoformat()}
        with self._database.read() as c:
            return [_counter(row) for row in c.execute(_SINCE, sought)]


def _values(counter: Counter) -> dict[str, Any]:
    return {name: getattr(counter, name) for name in _CHANGEABLE}


@row_reader
def _counter(row: Row[Any]) -> Counter:
    return Counter(
        day=date.fromisoformat(row.day),
        project=row.project,
        agent=row.agent,
        meter=row.meter,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost_usd=row.cost_usd,
    )
