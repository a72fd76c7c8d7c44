"""All upkeep put together: who is told of what, and in which order it begins and ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from tmux_orch.config.settings import RESTARTS, Settings
from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import Fused
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.store.projects import Project
from tmux_orch.team import mirrors
from tmux_orch.team.rounds import Rounds
from tmux_orch.team.up import Up
from tmux_orch.upkeep.boot import AfterBoot
from tmux_orch.upkeep.budgets import Budgets
from tmux_orch.upkeep.checkpoints import Checkpoints
from tmux_orch.upkeep.credits_desk import CreditsDesk
from tmux_orch.upkeep.limit_menu import LimitMenu
from tmux_orch.upkeep.scheduled import Scheduled
from tmux_orch.upkeep.spending import Spending
from tmux_orch.upkeep.supervise import Supervise

_log = logging.getLogger(__name__)

Verb = Callable[[Request, Mapping[str, Any], Reply], None]


class Upkeep:
    """One daemon's upkeep of all teams.

    Args:
        up: The main job, through which agents are brought back.
        rounds: Not started yet; carries most of this.
        clockwork: Not started yet; begins and ends with this.
        settings: The person's.

    Attributes:
        after_boot, budgets, scheduled, spending, supervise: Its parts that are asked from outside.
    """

    def __init__(self, up: Up, rounds: Rounds, clockwork: Clockwork, settings: Settings) -> None:
        parts = up.parts
        self._keeper = parts.keeper
        self._clockwork = clockwork
        self._parts = parts
        self.supervise = Supervise(up, always=settings.restarts == RESTARTS[0])
        self.after_boot = AfterBoot(up)
        self.after_boot.leave = self.supervise.leave
        checkpoints = Checkpoints(parts)
        self.budgets = Budgets(parts, rounds.read_usage, checkpoints.ask)
        self.spending = Spending(parts, checkpoints.ask, mirror=settings.credit_mirror)
        self.scheduled = Scheduled(parts, clockwork)
        self.scheduled.stretch = self.spending.forecast.stretch
        self._keeper.checkpoint = checkpoints.ask
        self._keeper.reminders_after_reset = self.scheduled.reminders.after_reset
        rounds.asked = self._keeper.asks
        rounds.used, rounds.budget = self.budgets.look, self.budgets.alert
        rounds.also += [
            self._keeper.round, self.scheduled.keep, LimitMenu(parts).look, checkpoints.expire,
            self.spending.look, mirrors.Sessions(parts).keep,
        ]  # fmt: skip

    def held(self, seat: Seat) -> str | None:
        """Why nothing may be sent to this agent for a reason that is not its own; in words."""
        return self._keeper.held(seat) or self.budgets.held(seat)

    def state(self, key: str, fused: Fused) -> None:
        """An agent has a new state."""
        self._keeper.state(key, fused)
        self.supervise.state(key, fused)

    def event(self, kind: str, key: str | None, payload: Mapping[str, Any]) -> None:
        """Something happened that is no state."""
        self._keeper.event(kind, key, payload)
        self.spending.approaching.event(kind, key, payload)

    def verbs(
        self,
        project: Callable[[Request, str | None], Project],
        target: Callable[[str, str | None, str], str],
    ) -> dict[str, Verb]:
        """What answers to which verb.

        Args:
            project: The project that a request means by a name.
            target: The agent that a request means by a name.
        """
        desk = CreditsDesk(self._parts, self.spending, project)
        return {"schedule": self.scheduled.desk(project, target), **desk.verbs()}

    def prepare(self) -> None:
        """Know who is held by a budget; before anything is sent."""
        try:
            self.budgets.look()
        except OrchError as error:
            _log.warning("%s", error.line())  # what cannot be written cannot be sent either

    def start(self) -> None:
        """Bring back and ring from now on."""
        self.after_boot.start()
        self.supervise.start()
        self._clockwork.start()
        self.scheduled.start()

    def stop(self) -> None:
        """Begin nothing more; returns when nothing is being begun."""
        self.after_boot.stop()
        self._clockwork.stop()
        self.supervise.stop()

    def close(self) -> None:
        """Write down what was seen; after the rounds."""
        self.spending.close()
