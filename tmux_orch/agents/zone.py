"""The time zone in which an agent's program tells clock times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo


def of(environment: Mapping[str, str]) -> tzinfo:
    """The zone that ``TZ`` names, else the machine's; never raises.

    A form of ``TZ`` that only the C library knows (``EST5EDT,M3.2.0``) counts as none.
    """
    name = environment.get("TZ", "").removeprefix(":")
    try:
        return ZoneInfo(name) if name else machine()
    except (KeyError, ValueError, OSError):  # no such zone (a KeyError), no name of one, no data
        return machine()


def machine() -> tzinfo:
    """The machine's zone with its clock changes, where the system says it; asked anew each time."""
    try:
        with open("/etc/localtime", "rb") as file:  # noqa: PTH123
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return datetime.now().astimezone().tzinfo or UTC
