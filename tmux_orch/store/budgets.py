"""The budgets, one row per agent or team, period and unit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, select, update

from tmux_orch.domain.budget import Budget, Period, Unit
from tmux_orch.store.database import Database
from tmux_orch.store.rows import row_reader
from tmux_orch.store.schema import BUDGETS

_KEY = and_(
    BUDGETS.c.project == bindparam("of_project"),
    BUDGETS.c.agent == bindparam("of_agent"),
    BUDGETS.c.period == bindparam("of_period"),
    BUDGETS.c.unit == bindparam("of_unit"),
)
_ALL = select(BUDGETS).order_by(
    BUDGETS.c.project, BUDGETS.c.agent, BUDGETS.c.period, BUDGETS.c.unit
)
_PUT = insert(BUDGETS)
_CHANGE = update(BUDGETS).where(_KEY)
_DROP = delete(BUDGETS).where(_KEY)


class Ceilings:
    """The table ``budgets``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, connection: Connection | None = None) -> list[Budget]:
        """Every budget; of each project the team's first."""
        with self._database.read(connection) as c:
            return [_budget(row) for row in c.execute(_ALL)]

    def put(self, budget: Budget, connection: Connection | None = None) -> None:
        """Store a budget, new or in place of the one of the same scope, period and unit."""
        values = {
            "ceiling": budget.ceiling,
            "extended": budget.extended,
            "extended_on": budget.extended_on,
            "told": budget.told,
        }
        with self._database.write(connection) as c:
            if not c.execute(_CHANGE.values(**values), _key(budget)).rowcount:
                key = {name.removeprefix("of_"): value for name, value in _key(budget).items()}
                c.execute(_PUT, {**key, **values})

    def drop(self, budget: Budget, connection: Connection | None = None) -> None:
        """Forget a budget; one that is not there is no error."""
        with self._database.write(connection) as c:
            c.execute(_DROP, _key(budget))


def _key(budget: Budget) -> dict[str, str]:
    return {
        "of_project": budget.project,
        "of_agent": budget.agent,
        "of_period": str(budget.period),
        "of_unit": str(budget.unit),
    }


@row_reader
def _budget(row: Row[Any]) -> Budget:
    return Budget(
        project=row.project,
        agent=row.agent,
        period=Period(row.period),
        unit=Unit(row.unit),
        ceiling=row.ceiling,
        extended=row.extended,
        extended_on=row.extended_on,
        told=row.told,
    )
