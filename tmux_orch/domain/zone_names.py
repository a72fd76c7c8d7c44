"""Names of time zones as programs print them."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

# Fixed offsets: who prints PST means UTC-8 also in summer. Where two regions share a name, the one
# that more users of agent programs live in; a machine that uses the name itself comes first.
_HOURS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2,
    "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "IST": 5.5, "PKT": 5, "NPT": 5.75, "ICT": 7,
    "WIB": 7, "SGT": 8, "HKT": 8, "PHT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5,
    "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3,
    "NST": -3.5, "NDT": -2.5, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5,
    "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
_REGIONS = {
    "PT": "America/Los_Angeles", "MT": "America/Denver", "CT": "America/Chicago",
    "ET": "America/New_York", "PACIFIC": "America/Los_Angeles", "MOUNTAIN": "America/Denver",
    "CENTRAL": "America/Chicago", "EASTERN": "America/New_York",
}  # fmt: skip
#: Names of two regions, and the machines that mean the other one by it.
_SHARED = {
    "IST": ("Europe/Dublin", "Asia/Jerusalem"),
    "CST": ("Asia/Shanghai", "Asia/Taipei", "Asia/Macau"),
}
_OFFSET = re.compile(r"(?:(?:UTC|GMT)\s*)?([+\-−])(\d{1,2})(?::?(\d{2}))?$", re.IGNORECASE)
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){1,2}$")
#: A zone beside a clock time: an offset, ``Area/City``, an abbreviation, ``Pacific Time``.
ZONE = (
    r"(?:(?:UTC|GMT)\s*[+\-−]\s*\d{1,2}(?::?\d{2})?|[+\-−]\d{2}:?\d{2}"
    r"|[A-Za-z][A-Za-z_]+/[A-Za-z0-9_+\-]+(?:/[A-Za-z0-9_+\-]+)?"
    rf"|(?:{'|'.join(sorted([*_HOURS, *_REGIONS], key=len, reverse=True))})\b"
    r"(?:\s+(?:(?:standard|daylight)\s+)?time)?)"
)


def zone_named(name: str, machine: tzinfo) -> tzinfo | None:
    """The zone that ``name`` means, or ``None`` when there is none of that name.

    Args:
        name: An abbreviation, ``UTC+5:45``, ``Area/City`` (``Etc/GMT+5`` is UTC-5).
        machine: The machine's zone; it answers for its own abbreviations.
    """
    name = name.strip()
    offset = _OFFSET.match(name.replace(" ", ""))
    if offset:
        return _fixed(offset[1], int(offset[2]), int(offset[3] or 0))
    short = re.split(r"\s", name.upper())[0]
    if short in _REGIONS:
        return _zone(_REGIONS[short])
    if short in _HOURS:
        if str(machine) in _SHARED.get(short, ()):
            return machine
        return timezone(timedelta(hours=_HOURS[short]), short)
    return _zone(name) if _PATH.match(name) else None


def _fixed(sign: str, hours: int, minutes: int) -> tzinfo | None:
    if hours > 14 or minutes > 59:
        return None
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(delta if sign == "+" else -delta)


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
