"""Check-ins and reminders of the teams, put together: who they are for and how they are sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.names import split_key
from tmux_orch.domain.states import AgentState
from tmux_orch.rpc.request import Request
from tmux_orch.schedule.check_ins import WHAT, CheckIns
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.schedule.reminders import Reminders
from tmux_orch.store.projects import Project
from tmux_orch.store.reminders import Reminders as Rows
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM
from tmux_orch.upkeep.schedule_desk import ScheduleDesk, duties

_log = logging.getLogger(__name__)


class Scheduled:
    """What the clockwork rings for agents.

    Args:
        parts: The rooms' objects.
        clockwork: Not started yet.
    """

    def __init__(self, parts: Parts, clockwork: Clockwork) -> None:
        self._parts = parts
        self._clockwork = clockwork
        self._rows = Rows(parts.database)
        self._began = self._agreed = False
        accept = partial(parts.courier.accept, SYSTEM)
        waiting, tell = parts.outbox.open_for, parts.events.append
        self.reminders = Reminders(
            self._rows, clockwork, accept, parts.seats.get, waiting, tell, parts.clock
        )
        #: By how much an agent's interval is longer now; 1.0 is not.
        self.stretch: Callable[[str], float] = lambda _key: 1.0
        self.check_ins = CheckIns(
            clockwork, accept, partial(duties, parts), self._look, waiting, tell,
            lambda key: self.stretch(key),
        )  # fmt: skip
        # Before anything rings: what is remembered later would be taken for newer.
        events = parts.events.of_kinds({"schedule.rang", "schedule.skipped"})
        self.check_ins.remember(
            (event.agent, event.at, str(event.payload.get("reason") or ""))
            for event in events
            if event.agent and event.payload.get("what") == WHAT
        )
        clockwork.missed = self._missed
        clockwork.answers |= {"reminder": self.reminders.ring, "checkin": self.check_ins.ring}

    def start(self) -> None:
        """Let jobs, rows and teams agree, now or when they can be written; the clockwork runs."""
        self._began = True
        try:
            self.keep()
        except OrchError as error:
            _log.warning("%s", error.line())  # the next round tries again

    def keep(self) -> None:
        """Follow what has changed in the teams; cheap, called every few seconds."""
        if not self._began:
            return
        if not self._agreed:
            self.reminders.start()
            self._agreed = True
        self.check_ins.plan()
        self.reminders.keep()

    def desk(
        self,
        project: Callable[[Request, str | None], Project],
        target: Callable[[str, str | None, str], str],
    ) -> Callable[..., None]:
        """What answers the verb ``schedule``."""
        desk = ScheduleDesk(
            self._parts, self._rows, self.reminders, self.check_ins, self._clockwork,
            project, target,
        )  # fmt: skip
        return desk.handle

    def _missed(self, job_id: str, count: int, since: datetime) -> None:
        kind, _, about = job_id.partition(":")
        key = None
        if kind == "reminder":
            key = self.reminders.missed(job_id, count, since)
        elif kind == "checkin":
            key = about
        payload = {"job": job_id, "count": count, "since_at": since.isoformat()}
        project = split_key(key)[0] if key else None
        self._parts.events.append("schedule.missed", project, key, payload)

    def _look(self, key: str) -> tuple[AgentState | None, str | None]:
        live = self._parts.board.seat(key)
        if live is None:
            return None, None
        return live.fused().state, self._parts.board.held(live.seat())
