"""Reminders: notes that reach an agent later, each as a message of the outbox, once.

A row says what was asked for, a job of the clockwork when it is due. Both are written apart (the
job store has a connection of its own), so a kill may leave one without the other: a row without
its job gets it at the next start, a job without its row rings for nothing and is dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from tmux_orch.clock import Clock
from tmux_orch.domain import reminder as facts
from tmux_orch.domain.errors import BadInput, Refused
from tmux_orch.domain.job import At, CatchUp, Entry, Every, When
from tmux_orch.domain.message import Message
from tmux_orch.domain.reminder import STANDING, Reminder, ReminderKind, ReminderState
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.store import reminders as store

#: ``accept(target, text, client_key=...)``: makes a message of ours durable, the same key once.
Accept = Callable[..., Message]
#: ``tell(kind, project, agent, payload)``: writes an event.
Tell = Callable[..., object]
_S = ReminderState
#: What is written when somebody moves a reminder.
TOLD = {
    _S.CANCELLED: "schedule.cancelled",
    _S.PAUSED: "schedule.paused",
    _S.OPEN: "schedule.resumed",
}


class Jobs(Protocol):
    """What is needed of the clockwork."""

    def put(self, job_id: str, when: When, catch_up: CatchUp = ...) -> None:
        """Have ``job_id`` ring."""

    def drop(self, job_id: str) -> None:
        """Forget a job."""

    def all(self) -> list[Entry]:
        """Every job."""


class Reminders:
    """Takes reminders in and brings them when they are due. From any thread.

    Args:
        rows: The table.
        jobs: The clockwork.
        accept: How a message is sent.
        seat: The stored seat of a key, or ``None``.
        waiting: The messages that are open for a key.
        tell: How an event is written.
        clock: Time.
    """

    def __init__(
        self,
        rows: store.Reminders,
        jobs: Jobs,
        accept: Accept,
        seat: Callable[[str], Seat | None],
        waiting: Callable[[str], Sequence[Message]],
        tell: Tell,
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._jobs = jobs
        self._accept = accept
        self._seat = seat
        self._waiting = waiting
        self._tell = tell
        self._clock = clock
        # Acts of people and agents come one at a time. A ring waits for no act: it may be called
        # with the clockwork's own lock held, which the acts take.
        self._acts = threading.Lock()
        self._moved = threading.Condition()
        self._over: set[str] = set()

    def start(self) -> None:
        """Make jobs and rows agree again; when the clockwork runs, once per daemon."""
        jobs = {entry.id for entry in self._jobs.all() if entry.id.startswith("reminder:")}
        wanted = {row.job_id: row for row in self._rows.standing() if row.state is _S.OPEN}
        for job_id in jobs - wanted.keys():
            self._jobs.drop(job_id)
        for job_id in wanted.keys() - jobs:
            self._put(wanted[job_id])

    def keep(self) -> None:
        """Drop jobs of reminders that have ended; call it now and then."""
        with self._moved:
            over, self._over = self._over, set()
        for job_id in over:
            self._jobs.drop(job_id)

    # -- acts ----------------------------------------------------------------------------------

    def add(self, new: Reminder) -> Reminder:
        """Store a reminder and have it ring; the same id again gives the first one.

        Raises:
            BadInput: its target is not there, there are too many, or the id is another's.
        """
        gone = self._gone(new)
        if gone:
            raise BadInput(f"{new.target} cannot be reminded: {gone}", "see tmux-orch status")
        with self._acts:
            known = self._rows.get(new.id) is not None
            stored = self._rows.add(new)
            if not known:
                at = None if stored.at is None else stored.at.isoformat(timespec="seconds")
                self._tell(
                    "schedule.made",
                    *_about(stored, at=at, every_s=stored.every_s, by=stored.sender),
                )
            if stored.state is _S.OPEN:
                self._put(stored)
        return stored

    def cancel(self, reminder_id: str) -> Reminder:
        """End a reminder before its time; one that was cancelled stays so.

        Raises:
            Absent: there is none.
            BadInput: it has ended otherwise.
        """
        return self._act(reminder_id, _S.CANCELLED)

    def pause(self, reminder_id: str, paused: bool = True) -> Reminder:
        """Let a reminder rest, or go on; what was missed meanwhile follows its catch-up policy.

        Raises:
            Absent: there is none.
            BadInput: it has ended.
        """
        return self._act(reminder_id, _S.PAUSED if paused else _S.OPEN)

    def after_reset(self, keys: Iterable[str]) -> None:
        """A usage limit of these agents' account has ended: ring at once what waits for that."""
        woken = frozenset(keys)
        for reminder in self._rows.standing():
            waits = (reminder.kind, reminder.state) == (ReminderKind.AFTER_RESET, _S.OPEN)
            if waits and reminder.target in woken:
                # By a job: what cannot be sent now, or is killed before, rings again.
                self._jobs.put(reminder.job_id, At(self._clock.now()), CatchUp.ONCE)

    # -- ringing -------------------------------------------------------------------------------

    def ring(self, job_id: str, due: Sequence[datetime]) -> None:
        """Called by the clockwork; the same times again bring nothing twice."""
        with self._moved:
            reminder = self._rows.get(job_id.partition(":")[2])
            if reminder is None or reminder.state not in STANDING:
                self._over.add(job_id)
            elif reminder.state is _S.OPEN and not self._drop_if_gone(reminder):
                self._ring(reminder, due)
            self._moved.notify_all()

    def wait_rung(self, reminder_id: str, wait_s: float, gone: Callable[[], bool]) -> Reminder:
        """Block until the reminder has ended, ``wait_s`` passed or ``gone()``; as it is then.

        Raises:
            BadInput: there is none.
        """
        end = self._clock.monotonic() + wait_s
        with self._moved:
            while True:
                reminder = self._need(reminder_id)
                left = end - self._clock.monotonic()
                if reminder.state not in STANDING or left <= 0 or gone():
                    return reminder
                self._moved.wait(min(left, 0.25))

    def missed(self, job_id: str, count: int, since: datetime) -> str | None:
        """Called by the clockwork: so many times passed without a ring, the first at ``since``.

        Returns:
            The agent that would have been reminded; ``None`` when there is no such reminder.
        """
        with self._moved:
            reminder = self._rows.get(job_id.partition(":")[2])
            if reminder is None or reminder.state is not _S.OPEN:
                return reminder.target if reminder is not None else None
            new = _S.MISSED if reminder.kind is ReminderKind.ONCE else None
            self._rows.move(reminder.id, new, skips=count, reason=f"missed since {_iso(since)}")
            self._moved.notify_all()
            return reminder.target

    def _ring(self, reminder: Reminder, due: Sequence[datetime]) -> None:
        now, once = self._clock.now(), reminder.kind is not ReminderKind.EVERY
        wanted, left_out = due[-facts.ALL_MOST :], len(due[: -facts.ALL_MOST])
        if not once and (why := self._backlog(reminder, wanted)):
            self._skip(reminder, why)
            return
        for at in wanted:
            try:
                self._bring(reminder, at)
            except Refused as error:
                if once:
                    raise  # rung again later: a note is not lost
                self._skip(reminder, error.line())
                return
        if left_out:
            why = f"only the last {facts.ALL_MOST} missed times are brought"
            self._tell("schedule.skipped", *_about(reminder, reason=f"{left_out} left out: {why}"))
        self._rows.move(reminder.id, _S.DONE if once else None, rang_at=now, skips=left_out)

    def _bring(self, reminder: Reminder, due: datetime) -> None:
        key, text = _key(reminder, due), facts.text_for(reminder, due)
        message = self._accept(reminder.target, text, client_key=key)
        self._tell("schedule.rang", *_about(reminder, due_at=_iso(due), message=message.id))

    def _backlog(self, reminder: Reminder, due: Sequence[datetime]) -> str:
        """Why an ``every`` must not ring again; empty when it may."""
        now = {_key(reminder, at) for at in due}
        for message in self._waiting(reminder.target):
            key = message.client_key or ""
            if key.startswith(f"{reminder.job_id}@") and key not in now:
                return "the one before has not reached it yet"
        return ""

    def _skip(self, reminder: Reminder, why: str) -> None:
        self._tell("schedule.skipped", *_about(reminder, reason=why))
        self._rows.move(reminder.id, skips=1, reason=why)

    def _drop_if_gone(self, reminder: Reminder) -> bool:
        gone = self._gone(reminder)
        if gone:
            self._rows.move(reminder.id, _S.DROPPED, reason=gone)
            self._tell("schedule.dropped", *_about(reminder, reason=gone))
        return bool(gone)

    def _gone(self, reminder: Reminder) -> str:
        """Why there is nobody to bring it to; empty when there is. Nobody else ever gets it."""
        seat = self._seat(reminder.target)
        if seat is None or seat.desired is Desired.REMOVED:
            return "it was removed"
        if seat.run != reminder.run:
            return "it was removed, and the one of that name is another team's"
        return "it was stopped" if seat.desired is Desired.STOPPED else ""

    # -- rows and jobs -------------------------------------------------------------------------

    def _act(self, reminder_id: str, new: ReminderState) -> Reminder:
        with self._acts:
            with self._moved:
                reminder = self._need(reminder_id)
                if reminder.state is new:
                    return reminder
                if new not in facts.MOVES[reminder.state]:
                    raise BadInput(
                        f"reminder {reminder_id} is {reminder.state} already",
                        "see tmux-orch schedule list",
                    )
                reminder = self._rows.move(reminder_id, new)
                self._moved.notify_all()
            self._tell(TOLD[new], *_about(reminder))
            if new is _S.OPEN:
                self._put(reminder)
            else:
                self._jobs.drop(reminder.job_id)
        return reminder

    def _need(self, reminder_id: str) -> Reminder:
        reminder = self._rows.get(reminder_id)
        if reminder is None:
            raise BadInput(f"there is no reminder {reminder_id}", "see tmux-orch schedule list")
        return reminder

    def _put(self, reminder: Reminder) -> None:
        at = reminder.next_after(self._clock.now())
        if at is None:
            return  # no clock rings it
        when: When = At(at)
        if reminder.every_s is not None:
            when = Every(reminder.every_s, 0, at)
        self._jobs.put(reminder.job_id, when, reminder.catch_up)


def _about(reminder: Reminder, **payload: object) -> tuple[str, str, dict[str, object]]:
    """Whom an event is about, and what it says."""
    told = {"what": f"reminder {reminder.id}", **payload}
    return reminder.project, reminder.target, told


def _key(reminder: Reminder, due: datetime) -> str:
    at = "reset" if reminder.kind is ReminderKind.AFTER_RESET else _iso(due)
    return f"{reminder.job_id}@{at}"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
