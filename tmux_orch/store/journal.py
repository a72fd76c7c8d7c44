"""The journal: every step is written before it is done, so that a crash leaves no secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from tmux_orch import crash
from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Absent
from tmux_orch.store.database import Database
from tmux_orch.store.redact import redact
from tmux_orch.store.rows import from_json, instant, new_number, row_reader, stamp, to_json
from tmux_orch.store.schema import STEPS


class StepState(StrEnum):
    """How far a step is; a crash leaves it ``open``."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one run.

    Attributes:
        id: Its number; later steps have higher ones.
        project, run: What it belongs to.
        agent: Key of the seat it is about, or ``None``.
        name: What is done, e.g. ``worktree``.
        state: How far it is.
        detail: What was known when it began.
        result: What was known when it was done.
        reason: Why it failed.
        begun_at, ended_at: When (aware UTC).
    """

    id: int
    project: str
    run: str
    agent: str | None
    name: str
    state: StepState
    detail: dict[str, Any]
    result: dict[str, Any]
    reason: str
    begun_at: datetime
    ended_at: datetime | None


_BEGIN = insert(STEPS)
_END = (
    update(STEPS)
    .where(STEPS.c.id == bindparam("sought"))
    .values(
        state=bindparam("new_state"),
        result=bindparam("new_result"),
        reason=bindparam("new_reason"),
        ended_at=bindparam("new_end"),
    )
)
_OPEN = (
    select(STEPS)
    .where(STEPS.c.project == bindparam("in_project"), STEPS.c.state == StepState.OPEN.value)
    .order_by(STEPS.c.id)
)
_NEWEST = (
    select(STEPS)
    .where(STEPS.c.project == bindparam("in_project"), STEPS.c.name == bindparam("called"))
    .order_by(STEPS.c.id.desc())
    .limit(1)
)
_BEGUN = (
    select(STEPS.c.begun_at)
    .where(
        STEPS.c.project == bindparam("in_project"),
        STEPS.c.agent == bindparam("of_agent"),
        STEPS.c.name == bindparam("called"),
        STEPS.c.begun_at > bindparam("after"),
    )
    .order_by(STEPS.c.id)
)
_LAST = _NEWEST.where(STEPS.c.agent == bindparam("of_agent"))
_LAST_OF_PROJECT = _NEWEST.where(STEPS.c.agent.is_(None))


class Journal:
    """The table of steps. Beginning one is durable when the call returns."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(
        self,
        project: str,
        run: str,
        agent: str | None,
        name: str,
        detail: Mapping[str, Any] | None = None,
        connection: Connection | None = None,
    ) -> int:
        """Write down that step ``name`` begins now; its number."""
        return self.begin_many(project, run, [(agent, name, detail or {})], connection)[0]

    def begin_many(
        self,
        project: str,
        run: str,
        steps: Sequence[tuple[str | None, str, Mapping[str, Any]]],
        connection: Connection | None = None,
    ) -> list[int]:
        """Write down several steps (agent, name, detail) in one commit; their numbers, in order."""
        now = stamp(self._clock.now())
        with self._database.write(connection) as c:
            numbers = [
                new_number(c.execute(_BEGIN, _row(project, run, step, now))) for step in steps
            ]
            self._database.after_commit(lambda: crash.point("step"))
        return numbers

    def done(
        self,
        step: int,
        result: Mapping[str, Any] | None = None,
        connection: Connection | None = None,
    ) -> None:
        """Write down that a step was done.

        Raises:
            Absent: there is no such step.
        """
        self.done_many([(step, result or {})], connection)

    def done_many(
        self,
        steps: Sequence[tuple[int, Mapping[str, Any]]],
        connection: Connection | None = None,
    ) -> None:
        """Write down that several steps (number, result) were done, in one commit.

        Raises:
            Absent: one of them is not there; none was changed.
        """
        with self._database.write(connection) as c:
            for step, result in steps:
                self._end(c, step, StepState.DONE, result, "")

    def failed(self, step: int, reason: str, connection: Connection | None = None) -> None:
        """Write down that a step failed and why.

        Raises:
            Absent: there is no such step.
        """
        with self._database.write(connection) as c:
            self._end(c, step, StepState.FAILED, {}, redact(reason))

    def open_steps(self, project: str) -> list[Step]:
        """Steps that were begun and not ended: what a crash interrupted, oldest first."""
        with self._database.read() as c:
            return [_step(row) for row in c.execute(_OPEN, {"in_project": project})]

    def last(self, project: str, agent: str | None, name: str) -> Step | None:
        """The newest step of this name of a seat (or, with ``None``, of the project itself)."""
        found = {"in_project": project, "called": name}
        with self._database.read() as c:
            if agent is None:
                row = c.execute(_LAST_OF_PROJECT, found).one_or_none()
            else:
                row = c.execute(_LAST, {**found, "of_agent": agent}).one_or_none()
        return None if row is None else _step(row)

    def note(
        self,
        project: str,
        run: str,
        agent: str | None,
        name: str,
        result: Mapping[str, Any] | None = None,
        connection: Connection | None = None,
    ) -> None:
        """Write down a step that the transaction itself does: begun and done at once."""
        with self._database.write(connection) as c:
            self.done(self.begin(project, run, agent, name, connection=c), result, c)

    def begun(self, project: str, agent: str, name: str, after_at: datetime) -> list[datetime]:
        """When the steps of this name of a seat were begun, of those after an instant."""
        found = {
            "in_project": project,
            "of_agent": agent,
            "called": name,
            "after": stamp(after_at),
        }
        with self._database.read() as c:
            return [instant(row.begun_at) for row in c.execute(_BEGUN, found)]

    def _end(
        self, c: Connection, step: int, state: StepState, result: Mapping[str, Any], reason: str
    ) -> None:
        row = {
            "sought": step,
            "new_state": state.value,
            "new_result": to_json(result),
            "new_reason": reason,
            "new_end": stamp(self._clock.now()),
        }
        if not c.execute(_END, row).rowcount:
            raise Absent(f"there is no step {step}")


def _row(
    project: str, run: str, step: tuple[str | None, str, Mapping[str, Any]], now: str
) -> dict[str, Any]:
    agent, name, detail = step
    return {
        "project": project,
        "run": run,
        "agent": agent,
        "name": name,
        "state": StepState.OPEN.value,
        "detail": to_json(detail),
        "result": "{}",
        "reason": "",
        "begun_at": now,
    }


@row_reader
def _step(row: Row[Any]) -> Step:
    return Step(
        id=row.id,
        project=row.project,
        run=row.run,
        agent=row.agent,
        name=row.name,
        state=StepState(row.state),
        detail=from_json(row.detail),
        result=from_json(row.result),
        reason=row.reason,
        begun_at=instant(row.begun_at),
        ended_at=None if row.ended_at is None else instant(row.ended_at),
    )
