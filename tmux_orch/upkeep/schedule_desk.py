"""What ``tmux-orch schedule`` asks for: reminders made, shown and ended, by those who may."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tmux_orch.domain.check_in import Duty
from tmux_orch.domain.errors import BadInput, Refused
from tmux_orch.domain.job import GRACE, CatchUp
from tmux_orch.domain.message import MessageState
from tmux_orch.domain.moment import LEAST_EVERY_S, MOST_S
from tmux_orch.domain.names import MESSAGE_ID, agent_key, split_key
from tmux_orch.domain.reminder import (
    PERSON,
    Reminder,
    ReminderKind,
    ReminderState,
    clean_note,
)
from tmux_orch.domain.roles import HUB_ROLE
from tmux_orch.domain.seat import Desired
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.schedule.check_ins import CheckIns
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.schedule.reminders import Reminders
from tmux_orch.store.projects import Project
from tmux_orch.store.reminders import Reminders as Rows
from tmux_orch.team.parts import Parts

#: A test note is due so soon, and must have been rung after so long.
TEST_S, TEST_RUNG_S = 2.0, 20.0
#: A person's test waits so long for the delivery.
TEST_ARRIVED_S = 30.0
TEST_NOTE = "test of the schedule; this note has reached you, there is nothing to do"


class ScheduleDesk:
    """Answers the verb ``schedule``.

    Args:
        parts: The rooms' objects.
        rows: The table of reminders.
        reminders, check_ins, clockwork: What is scheduled.
        project: The project that a request means.
        target: The key that a word means, in a project, typed in a directory.
    """

    def __init__(
        self,
        parts: Parts,
        rows: Rows,
        reminders: Reminders,
        check_ins: CheckIns,
        clockwork: Clockwork,
        project: Callable[[Request, str | None], Project],
        target: Callable[[str, str | None, str], str],
    ) -> None:
        self._parts = parts
        self._rows = rows
        self._reminders = reminders
        self._check_ins = check_ins
        self._clockwork = clockwork
        self._project = project
        self._target = target

    def handle(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        """Answer one request.

        Raises:
            OrchError: nothing was changed.
        """
        sender = self._parts.board.who(request.peer.pid)
        act = body.get("act")
        if act == "add":
            reply.result(self._shown(self._reminders.add(self._new(request, body, sender))))
        elif act == "list":
            reply.result(self._list(self._project(request, body.get("project")), sender))
        elif act in ("cancel", "pause", "resume"):
            reply.result({"reminders": self._end(request, body, str(act), sender)})
        elif act == "test":
            reply.result(self._test(request, body, sender))
        else:
            raise BadInput(f"schedule has no act {str(act)[:40]!r}", "update this command")

    # -- making --------------------------------------------------------------------------------

    def _new(self, request: Request, body: Mapping[str, Any], sender: str | None) -> Reminder:
        reminder_id, note = body.get("id"), body.get("note")
        if not (isinstance(reminder_id, str) and MESSAGE_ID.fullmatch(reminder_id)):
            raise BadInput("the reminder has no id", "update this command")
        try:
            kind = ReminderKind(str(body.get("kind")))
            catch_up = CatchUp(str(body.get("catch_up", CatchUp.ONCE)))
        except ValueError as error:
            raise BadInput(f"the request is wrong: {error}", "update this command") from None
        now = self._parts.clock.now()
        every_s = _every_s(body.get("every_s")) if kind is ReminderKind.EVERY else None
        at = _at(body.get("at"), now) if kind is ReminderKind.ONCE else None
        if every_s is not None:
            at = now + timedelta(seconds=every_s)
        target = self._whom(request, body, sender)
        seat = self._parts.seats.get(target)
        return Reminder(
            id=reminder_id, project=split_key(target)[0], target=target,
            run=seat.run if seat is not None else "", sender=sender or PERSON,
            note=clean_note(str(note or "")), kind=kind, at=at, every_s=every_s,
            catch_up=catch_up, state=ReminderState.OPEN, made_at=now,
        )  # fmt: skip

    def _whom(self, request: Request, body: Mapping[str, Any], sender: str | None) -> str:
        """Key of the target: named, or the agent that asks."""
        word, named = body.get("to"), body.get("project")
        own = split_key(sender)[0] if sender else None
        if named or not (word or sender):
            own = self._project(request, named).name
        if sender is not None and not word:
            return sender
        if not word:
            names = [s.name for s in self._seats(str(own))]
            raise BadInput("whom to remind is not said", f"add --to {' | '.join(names) or 'AGENT'}")
        target = self._target(str(word), own, request.text("cwd", "/"))
        if sender is not None and split_key(target)[0] != split_key(sender)[0]:
            raise Refused(f"{target} is of another team than {sender}", "ask the person, with scm")
        return target

    def _seats(self, project: str) -> list[Any]:
        seats = self._parts.seats.of_project(project)
        return [seat for seat in seats if seat.desired is not Desired.REMOVED]

    # -- showing -------------------------------------------------------------------------------

    def _list(self, project: Project, sender: str | None) -> dict[str, Any]:
        self._check_ins.plan()
        self._reminders.keep()
        next_at = {entry.id: entry.next_at for entry in self._clockwork.all()}
        rows = self._rows.standing(project.name, sender)
        return {
            "project": project.name,
            "reminders": [self._shown(row, next_at) for row in rows],
            "check_ins": [
                self._check_in(duty, next_at.get(duty.job_id))
                for duty in duties(self._parts)
                if split_key(duty.key)[0] == project.name and sender in (None, duty.key)
            ],
            "check_ins_on": self._parts.check_ins,
        }

    def _shown(
        self, row: Reminder, next_at: Mapping[str, datetime | None] | None = None
    ) -> dict[str, Any]:
        at = row.next_after(self._parts.clock.now())
        if next_at is not None:
            at = next_at.get(row.job_id) or at
        if row.state is not ReminderState.OPEN:
            at = None
        return {
            "id": row.id, "to": row.target, "by": row.sender, "kind": row.kind.value,
            "note": row.note, "every_s": row.every_s, "catch_up": row.catch_up.value,
            "state": row.state.value, "next_at": _iso(at), "made_at": _iso(row.made_at),
            "rang_at": _iso(row.rang_at), "skips": row.skips, "reason": row.reason,
        }  # fmt: skip

    def _check_in(self, duty: Duty, next_at: datetime | None) -> dict[str, Any]:
        past = self._check_ins.past(duty.key)
        return {
            "to": duty.key, "every_s": duty.every_s, "next_at": _iso(next_at),
            "rang_at": _iso(past.rang_at), "skips": past.skips, "reason": past.reason,
        }  # fmt: skip

    # -- ending --------------------------------------------------------------------------------

    def _end(
        self, request: Request, body: Mapping[str, Any], act: str, sender: str | None
    ) -> list[dict[str, Any]]:
        wanted = str(body.get("id") or "")
        if wanted == "all" and act == "cancel":
            project = self._project(request, body.get("project")).name
            ids = [row.id for row in self._rows.standing(project, sender)]
        else:
            row = self._rows.get(wanted) if MESSAGE_ID.fullmatch(wanted) else None
            if row is None or (sender is not None and sender != row.sender):
                # Whether there is one of somebody else's is not an agent's to know.
                whose = "" if sender is None else " of yours"
                raise BadInput(
                    f"there is no reminder {wanted[:40]!r}{whose}", "see tmux-orch schedule list"
                )
            ids = [row.id]
        if act == "cancel":
            return [self._shown(self._reminders.cancel(one)) for one in ids]
        return [self._shown(self._reminders.pause(one, act == "pause")) for one in ids]

    # -- testing -------------------------------------------------------------------------------

    def _test(
        self, request: Request, body: Mapping[str, Any], sender: str | None
    ) -> dict[str, Any]:
        """A note through the real clockwork; an agent's reaches it when its turn has ended."""
        at = self._parts.clock.now() + timedelta(seconds=TEST_S)
        about = {**body, "kind": ReminderKind.ONCE.value, "at": at.isoformat(), "note": TEST_NOTE}
        made = self._reminders.add(self._new(request, about, sender))
        rung = self._reminders.wait_rung(made.id, TEST_RUNG_S, request.gone)
        message = self._message(rung) if rung.state is ReminderState.DONE else None
        own = rung.target == sender
        if message is not None and not own:
            message = self._parts.courier.wait(
                message.id, "delivered", TEST_ARRIVED_S, request.gone
            )
        if message is None:
            state, reason = "", rung.reason or f"it did not ring within {TEST_RUNG_S:g} s"
        else:
            state, reason = message.state.value, message.reason
        passed = state == MessageState.DELIVERED or (own and message is not None)
        return {
            "to": rung.target, "own": own, "message": message.id if message else "",
            "state": state, "reason": reason, "exit_code": 0 if passed else 1,
        }  # fmt: skip

    def _message(self, rung: Reminder) -> Any:
        recent = self._parts.outbox.recent(rung.project, 200, agent=rung.target)
        head = f"{rung.job_id}@"
        return next((m for m in recent if (m.client_key or "").startswith(head)), None)


def duties(parts: Parts) -> Iterator[Duty]:
    """Every agent that has check-ins: those that are wanted up, unless they are switched off."""
    if not parts.check_ins:
        return
    up = [seat for seat in parts.seats.all() if seat.desired is Desired.UP]
    for project in parts.projects.all():
        if not project.live:
            continue
        templates = parts.templates_of(project)
        seats = [seat for seat in up if seat.project == project.name]
        hub = next((s.name for s in seats if s.role == HUB_ROLE), HUB_ROLE)
        for seat in seats:
            role = templates.roles.get(seat.role)
            if role is not None:
                yield Duty(seat.key, seat.role, role.check_in_s, agent_key(project.name, hub))


def _every_s(given: object) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and LEAST_EVERY_S <= given <= MOST_S:
        return given
    raise BadInput("the interval is out of range", f"give {LEAST_EVERY_S} to {MOST_S} seconds")


def _at(given: object, now: datetime) -> datetime:
    """The instant asked for; one that has just passed counts: the command was sent before it."""
    try:
        at = datetime.fromisoformat(str(given))
        if at.tzinfo is None:
            raise ValueError("without a zone")
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput("the time is none", "update this command") from None
    if not now - GRACE <= at <= now + timedelta(seconds=MOST_S) + GRACE:
        raise BadInput("the time is past, or more than a year ahead", "give another")
    return at


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
