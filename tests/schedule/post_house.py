"""Reminders and check-ins on a real clockwork, database and outbox; agents are rows and states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

from tmux_orch.domain.check_in import Duty
from tmux_orch.domain.errors import Refused
from tmux_orch.domain.job import CatchUp
from tmux_orch.domain.message import Message, MessageState
from tmux_orch.domain.reminder import Reminder, ReminderKind, ReminderState
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.schedule.check_ins import CheckIns
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.schedule.reminders import Reminders
from tmux_orch.store.database import Database
from tmux_orch.store.events import Events
from tmux_orch.store.outbox import NewMessage, Outbox
from tmux_orch.store.reminders import Reminders as Rows

from .conftest import SetClock

DEVELOPER, HUB = "shop/developer", "shop/orchestrator"
_NUMBERS = count(1)


def seat(key: str, **more: Any) -> Seat:
    project, _, name = key.partition("/")
    blank = Seat(
        project=project, name=name, role=name, run="0a1b2c", slot=0, adapter="rehearsal",
        worktree="/w", branch="b", base="c", incarnation=1, conversation_id="u", brief_id="i",
    )  # fmt: skip
    return replace(blank, **more)


@dataclass
class House:
    """What the daemon puts together, without a daemon."""

    database: Database
    clock: SetClock
    seats: dict[str, Seat] = field(default_factory=dict)
    states: dict[str, tuple[AgentState | None, str | None]] = field(default_factory=dict)
    duties: list[Duty] = field(default_factory=list)
    stretch: float = 1.0
    refuses: int = 0
    #: Called after a message was made durable, before anything else is: to die there.
    accepted: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        for key in (DEVELOPER, HUB):
            self.seats[key] = seat(key)
            self.states[key] = (AgentState.IDLE, None)
        self.outbox = Outbox(self.database, self.clock)
        self.events = Events(self.database, self.clock)
        self.rows = Rows(self.database)
        self.wind()

    def wind(self) -> None:
        """The objects of a new daemon; it does not ring before :meth:`start`."""
        self.clockwork = Clockwork(self.database, self.clock)
        self.reminders = Reminders(
            self.rows, self.clockwork, self.accept, self.seats.get, self.outbox.open_for,
            self.events.append, self.clock,
        )  # fmt: skip
        self.check_ins = CheckIns(
            self.clockwork, self.accept, lambda: self.duties, self.states.__getitem__,
            self.outbox.open_for, self.events.append, lambda _key: self.stretch,
        )  # fmt: skip
        self.clockwork.answers |= {
            "reminder": self.reminders.ring, "checkin": self.check_ins.ring,
        }  # fmt: skip
        self.clockwork.missed = self.reminders.missed

    def start(self) -> None:
        """What the daemon does once its clockwork may ring."""
        self.reminders.start()
        self.check_ins.plan()

    def accept(self, target: str, text: str, *, client_key: str) -> Message:
        if self.refuses:
            self.refuses -= 1
            raise Refused("1000 messages wait already")
        new = NewMessage(target.partition("/")[0], target, "orch", text, client_key=client_key)
        message = self.outbox.accept(new)
        self.accepted()
        return message

    def add(self, kind: ReminderKind = ReminderKind.ONCE, **more: Any) -> Reminder:
        """A reminder of the developer to itself."""
        made = Reminder(
            id=f"{next(_NUMBERS):08x}", project="shop", target=DEVELOPER, run="0a1b2c",
            sender=DEVELOPER, note="look again", kind=kind, at=None, every_s=None,
            catch_up=CatchUp.ONCE, state=ReminderState.OPEN, made_at=self.clock.now(),
        )  # fmt: skip
        return self.reminders.add(replace(made, **more))

    def state(self, reminder: Reminder) -> ReminderState:
        found = self.rows.get(reminder.id)
        assert found is not None
        return found.state

    def told(self, key: str = DEVELOPER) -> list[str]:
        return [m.text for m in self.outbox.recent(None, 10_000, agent=key)]

    def deliver(self) -> None:
        """Every open message arrives."""
        for target in self.outbox.targets_with_open():
            for message in self.outbox.open_for(target):
                for state in (MessageState.GATE, MessageState.COMPOSING, MessageState.DELIVERED):
                    self.outbox.move(message.id, state)

    def happened(self, kind: str) -> Iterator[dict[str, Any]]:
        """Payloads of the events of one kind."""
        return (event.payload for event in self.events.of_kinds({f"schedule.{kind}"}))

    def due(self, reminder: Reminder) -> datetime | None:
        """When its job rings next."""
        return {e.id: e.next_at for e in self.clockwork.all()}.get(reminder.job_id)
