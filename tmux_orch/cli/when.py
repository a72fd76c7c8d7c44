"""Instants as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

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


def _read(instant: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(instant))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
