"""Calling somebody: windows and the status line of tmux, and one message for the hub."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from tmux_orch.domain.attention import TOLD_TO_HUB, Alert
from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.names import split_key
from tmux_orch.domain.roles import HUB_ROLE
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.store.projects import Project
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM
from tmux_orch.tmux import attention
from tmux_orch.watch.alerts import News, What
from tmux_orch.watch.attention import words
from tmux_orch.watch.server_loss import ServerState

_log = logging.getLogger(__name__)

#: The hub is told at most so often; what came up meanwhile is told together.
HUB_EVERY_S = 120.0


class Call:
    """Remembers what was shown and told, so that each thing is once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # By project: the server and window of each mark, and the server and count.
        self._windows: dict[str, dict[tuple[str, str], str]] = {}
        self._sessions: dict[str, tuple[str, int]] = {}
        self._waiting: dict[str, list[Alert]] = {}
        self._told_at: dict[str, datetime] = {}

    def team(
        self, project: Project, seats: Sequence[Seat], news: Sequence[News], now: datetime
    ) -> None:
        """Show what stands for this team, and tell its hub what is new."""
        self._show(project, seats)
        hub = next((seat for seat in seats if seat.role == HUB_ROLE), None)
        waiting = self._waiting.setdefault(project.name, [])
        for one in news:
            if one.what is What.RAISED and one.alert.kind in TOLD_TO_HUB:
                # Nobody is told of himself: what is the hub's is the person's to see.
                waiting += [one.alert] if hub is None or one.alert.agent != hub.key else []
        # What has passed, or was ended on purpose, while the hub could not be told.
        waiting[:] = [alert for alert in waiting if self._stands(alert)]
        if hub is not None:
            self._tell_hub(hub, waiting, now)

    def _stands(self, alert: Alert) -> bool:
        standing = self._parts.work.alerts.of(alert.agent)
        return any(one.kind is alert.kind for one in standing)

    def _tell_hub(self, hub: Seat, waiting: list[Alert], now: datetime) -> None:
        told_at = self._told_at.get(hub.project)
        early = told_at is not None and 0 <= (now - told_at).total_seconds() < HUB_EVERY_S
        live = self._parts.board.seat(hub.key)
        if not waiting or early or live is None or live.fused().state is AgentState.EXITED:
            return
        try:
            self._parts.courier.accept(SYSTEM, hub.key, message(waiting, now))
        except OrchError as error:
            _log.warning("%s was not told: %s", hub.key, error.line())
            return
        waiting.clear()
        self._told_at[hub.project] = now

    def _show(self, project: Project, seats: Sequence[Seat]) -> None:
        if self._parts.board.server_state() is not ServerState.PRESENT:
            return
        windows: dict[tuple[str, str], str] = {}
        count = 0
        server = ""
        for seat in seats:
            alerts = self._parts.work.alerts.of(seat.key)
            count += bool(alerts)
            if seat.window_id:
                server = seat.server
                windows[seat.server, seat.window_id] = str(alerts[0].kind) if alerts else ""
        shown = self._windows.get(project.name, {})
        news = {place: word for place, word in windows.items() if shown.get(place) != word}
        session = (server, count)
        counts = {project.name: count} if self._sessions.get(project.name) != session else {}
        if not server or not (news or counts):
            return
        try:
            attention.show(self._parts.server, {w: word for (_, w), word in news.items()}, counts)
        except OrchError as error:
            _log.warning("tmux does not show what needs attention: %s", error.line())
            return
        self._windows[project.name] = windows
        self._sessions[project.name] = session


def message(waiting: Sequence[Alert], now: datetime) -> str:
    """What the hub is told: who, what, since when, and how to look. Words of ours only."""
    told = [
        f"{split_key(alert.agent)[1]} is {_is(alert)} (for {_for(alert, now)})" for alert in waiting
    ]
    name = split_key(waiting[0].agent)[1]
    return (
        f"Needs a look: {'; '.join(told)}. "
        f"See its screen with `tmux-orch peek {name}`, then ask it, give it work, or tell the user."
    )


def _is(alert: Alert) -> str:
    return f"{alert.kind}: {alert.detail}"


def _for(alert: Alert, now: datetime) -> str:
    return words(max(0, round((now - alert.since_at).total_seconds())))
