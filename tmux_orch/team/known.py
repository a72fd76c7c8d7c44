"""What the event log says still stands: told before the daemon's start, and not taken back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tmux_orch.domain.attention import Alert, AlertKind
from tmux_orch.domain.dialog import OpenDialog
from tmux_orch.domain.seat import Seat
from tmux_orch.store.events import Event, Events
from tmux_orch.store.seats import Seats
from tmux_orch.watch import process
from tmux_orch.watch.restored import Known

_log = logging.getLogger(__name__)

KINDS = frozenset(
    {
        "limit_seen",
        "condition_seen",
        "dialog.opened",
        "dialog.closed",
        "attention.raised",
        "attention.cleared",
    }
)
_NOTHING: Mapping[str, Any] = {}
#: A state may begin so long before its process by our clock; start ticks are hundredths.
_SLACK_S = 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that was told, when, and how often people were reminded of it."""

    alert: Alert
    told_at: datetime
    reminders: int


@dataclass(slots=True)
class Record:
    """What the log says of every agent.

    Attributes:
        alerts: Those that stand.
        dialogs: Those that stood, by agent.
        dialog_id: The highest id that a dialog had.
    """

    alerts: dict[tuple[str, AlertKind], Standing] = field(default_factory=dict)
    dialog_id: int = 0
    dialogs: dict[str, OpenDialog] = field(default_factory=dict)
    _last: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, events: Events) -> Record:
        """From the log; what is not understood in it is left out."""
        record = cls()
        for event in events.of_kinds(KINDS):
            if event.agent is None:
                continue
            try:
                record._take(event, event.agent)
            except (KeyError, ValueError, TypeError) as error:
                # Another version of ours wrote it: the daemon must start all the same.
                _log.warning("event %d (%s) is not understood: %r", event.seq, event.kind, error)
        return record

    def known(self, seat: Seat, seats: Seats, now: datetime) -> Known | None:
        """What was known of this seat's program, unless that is of another life of it."""
        fused = seats.state(seat.key)
        if fused is None or not seat.pid_start:
            return None
        since_s = (now - fused.since_at).total_seconds()
        if since_s > process.age_s(seat.pid_start) + _SLACK_S:
            return None
        return Known(
            fused,
            limit=self._last.get((seat.key, "limit_seen"), _NOTHING),
            condition=self._last.get((seat.key, "condition_seen"), _NOTHING),
        )

    def _take(self, event: Event, key: str) -> None:
        payload = event.payload
        match event.kind:
            case "dialog.opened":
                self.dialogs.pop(key, None)
                self.dialog_id = max(self.dialog_id, int(payload["id"]))
                self.dialogs[key] = OpenDialog.of(key, payload)
            case "dialog.closed":
                self.dialogs.pop(key, None)
            case "attention.raised":
                kind = AlertKind(payload["kind"])
                since_at = datetime.fromisoformat(payload["since_at"])
                alert = Alert(kind, key, since_at, str(payload["detail"]))
                reminders = int(payload.get("reminder", 0))
                self.alerts[key, kind] = Standing(alert, event.at, reminders)
            case "attention.cleared":
                self.alerts.pop((key, AlertKind(payload["kind"])), None)
            case kind:
                if payload.get("until_at"):
                    datetime.fromisoformat(payload["until_at"])
                self._last[key, kind] = payload
