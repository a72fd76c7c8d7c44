"""After the daemon's own start: take up again every agent that lives, by tags and identity."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tmux_orch.domain.attention import AlertKind
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.team.known import Record
from tmux_orch.team.parts import Parts
from tmux_orch.tmux.panes import PaneFacts, observe
from tmux_orch.watch import process

_log = logging.getLogger(__name__)


def adopt_living(parts: Parts) -> int:
    """Adopt every pane that carries the tags of a seat; returns how many.

    A seat whose incarnation differs from its pane's tag was being restarted when we died; the tag
    is what the pane was started with, so it is followed. Nothing is started or ended here.
    """
    seats = {s.key: s for s in parts.seats.all() if s.desired is not Desired.REMOVED}
    if not seats:
        return 0
    try:
        seen = observe(parts.server)
    except CouldNotTell as error:
        # The board's own looks report a hung server; agents are taken up when it answers again.
        _log.warning("tmux could not be asked at the start: %s", error.line())
        return 0
    found: dict[str, Seat] = {}
    for pane in seen.panes:
        seat = seats.get(pane.agent)
        run, _, number = pane.incarnation.rpartition(".")
        if seat is None or run != seat.run or not number.isdigit():
            continue
        if pane.dead and not _is_current(seat.pane_id, pane):
            continue
        found[seat.key] = replace(
            seat,
            incarnation=int(number),
            pane_id=pane.pane_id,
            window_id=pane.window_id,
            server=str(seen.server_id),
            pid=pane.pid,
            pid_start=process.start_tick(pane.pid) or seat.pid_start,
        )
    # All in one commit, and none where nothing is new: agents wait for us meanwhile.
    changed = [seat for seat in found.values() if seat != seats[seat.key]]
    if changed:
        with parts.database.write() as connection:
            for seat in changed:
                parts.seats.put(seat, connection)
    record, now = Record.read(parts.events), parts.clock.now()
    parts.board.permissions.go_on_after(record.dialog_id)
    for seat in found.values():
        # Of a program that was started since, what was kept is of another life.
        known = record.known(seat, parts.seats, now) if seat not in changed else None
        if known is not None and (dialog := record.dialogs.get(seat.key)) is not None:
            parts.board.dialogs.restore(dialog)
        parts.board.adopt(seat, parts.berth(seat), known)
    _restore_alerts(parts, record, found, now)
    return len(found)


def _restore_alerts(parts: Parts, record: Record, found: Mapping[str, Seat], now: datetime) -> None:
    for (key, kind), one in record.alerts.items():
        if key not in found:
            continue
        parts.work.alerts.restore(one.alert, one.told_at, one.reminders, now)
        if kind is AlertKind.STUCK:
            # A process that is stopped by a signal does not say since when.
            parts.work.of(key).stopped_since_at = one.alert.since_at


def _is_current(pane_id: str, pane: PaneFacts) -> bool:
    return pane_id == pane.pane_id
