"""Instants as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


def ago(instant: object, now: datetime | None = None) -> str:
    """How long ago an ISO instant was: ``12s``, ``5m``, ``3h``, ``2d``; ``-`` when unreadable."""
    at = _read(instant)
    if at is None:
        return "-"
    seconds = max(0, int(((now or datetime.now(UTC)) - at).total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def clock(instant: object) -> str:
    """An ISO instant as local date and time, to the second."""
    at = _read(instant)
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else "-"


def ahead(instant: object, now: datetime | None = None) -> str:
    """When an ISO instant comes: ``20:45 (in 12m)``, with its date when that is not today's."""
    at = _read(instant)
    if at is None:
        return "-"
    now = now or datetime.now(UTC)
    local = at.astimezone()
    today = local.date() == now.astimezone().date()
    return f"{local.strftime('%H:%M' if today else '%m-%d %H:%M')} ({_left(at - now)})"


def held(hold: Mapping[str, object], now: datetime | None = None) -> str:
    """Until when an agent is held, as the status tells its ``hold``: ``held until 14:32``."""
    if hold.get("wake") == "asked":
        return "held: shall it go on?"
    if not hold.get("until_at"):
        return "held until you say go"
    return f"held until {ahead(hold['until_at'], now).partition(' (')[0]}"


def _left(left: timedelta) -> str:
    seconds = round(left.total_seconds())
    if seconds < 60:
        return f"in {seconds}s" if seconds > 0 else "now"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"in {minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"in {hours}h{minutes:02}m" if minutes else f"in {hours}h"
    return f"in {round(hours / 24)}d"


def _read(instant: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(instant))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
