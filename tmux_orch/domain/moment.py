"""When something shall happen, as people type it: ``90m``, ``tomorrow 9:00``, ``9pm Asia/Tokyo``.

Strict where ``clock_text`` (what programs print) is lenient: what has no form listed here is
refused, never guessed. Rules of a zone's clock changes: a missing hour is moved forward, of a
doubled hour the first one counts that is still ahead, "tomorrow" is the next calendar day.
"""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.job import At, Every
from tmux_orch.domain.sanitise import printable
from tmux_orch.domain.zone_names import zone_named

#: Sooner is no reminder: the agent's turn of now will hardly be over.
LEAST_S = 60
#: More often would be patrolling: every ring costs the agent a turn over its whole conversation.
LEAST_EVERY_S = 300
#: Whatever is further away is a typing error, or belongs into a calendar.
MOST_S = 366 * 86400

DELAYS = "30 (minutes), 90m, 2h, 1h30m or 1d"
MOMENTS = "14:30, 9pm, 'tomorrow 9:00', '2026-11-22 14:30' or '14:30 Europe/Berlin'"

_DELAY = re.compile(
    r"(?:(?P<d>[0-9]{1,4}) ?d(?:ays?)?)? ?(?:(?P<h>[0-9]{1,5}) ?h(?:(?:ou)?rs?)?)?"
    r" ?(?:(?P<m>[0-9]{1,6}) ?m(?:in(?:ute)?s?)?)? ?(?:(?P<s>[0-9]{1,8}) ?s(?:ec(?:ond)?s?)?)?"
)
_MINUTES = re.compile(r"[0-9]{1,6}")
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_MOMENT = re.compile(
    r"(?:(?P<day>today|tomorrow) +|(?P<date>20[0-9]{2}-[0-9]{2}-[0-9]{2})(?: +|t))?"
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?)?"
    r"(?: ?(?P<half>am|pm))?"
    r"(?P<zone>z|[+-][0-9]{2}:?[0-9]{2}| +[a-z+-][a-z0-9_+:/-]{0,60})?",
    re.IGNORECASE,
)


def delay(text: str, now: datetime) -> At:
    """``in TEXT``: from ``now`` on, in real time also over a clock change.

    Raises:
        BadInput: it has none of :data:`DELAYS`, or is shorter than a minute or longer than a year.
    """
    return At(now.astimezone(UTC) + timedelta(seconds=_seconds(text, LEAST_S)))


def interval(text: str) -> Every:
    """``every TEXT``.

    Raises:
        BadInput: as for :func:`delay`, with five minutes as the least.
    """
    return Every(_seconds(text, LEAST_EVERY_S))


def moment(text: str, now: datetime, zone: tzinfo) -> At:
    """``at TEXT``: the instant that is meant, always later than ``now``.

    Args:
        text: One of :data:`MOMENTS`; also ISO 8601 with an offset.
        now: The instant at which it is asked for (aware).
        zone: The zone of the asker, for a text that names none.

    Raises:
        BadInput: it has none of the forms, is past, or more than a year ahead.
    """
    match = _MOMENT.fullmatch(_plain(text, MOMENTS))
    clock = _clock(match) if match else None
    if match is None or clock is None:
        raise _refused(text, "a time", MOMENTS)
    place = _zone_behind(match["zone"], zone)
    try:
        found = _first_ahead(match, clock, now.astimezone(UTC), place)
    except (ValueError, OverflowError):
        raise _refused(text, "a time", "that day is not in the calendar") from None
    if found is None:
        raise BadInput(f"{printable(text)} is past", "give a time ahead, or a date with it")
    if found - now > timedelta(seconds=MOST_S):
        raise BadInput(f"{printable(text)} is more than a year ahead", "give an earlier time")
    return At(found)


def zone(name: str, machine: tzinfo) -> tzinfo:
    """The zone that ``--zone NAME`` means.

    Raises:
        BadInput: there is none of that name.
    """
    text = _plain(name, "one like Europe/Berlin or UTC")
    found = zone_named(text, machine)
    if found is None:
        raise BadInput(f"no time zone {printable(name)!r}", "give one like Europe/Berlin or UTC")
    return found


def _plain(text: str, forms: str) -> str:
    """``text`` without blanks around it; only what can be typed on every keyboard."""
    if not (text.isascii() and text.isprintable()):
        raise _refused(text, "a time", f"give {forms}")
    return text.strip(" ")


def _refused(text: str, what: str, forms: str) -> BadInput:
    step = forms if forms.startswith(("give ", "that ")) else f"give {forms}"
    return BadInput(f"'{printable(text)}' is not {what}", step)


def _seconds(text: str, least_s: int) -> int:
    plain = _plain(text, DELAYS).lower()
    match = _DELAY.fullmatch(plain)
    if _MINUTES.fullmatch(plain):
        total = int(plain) * 60
    elif match and any(match.groups()):
        total = sum(int(match[unit] or 0) * size for unit, size in _UNITS.items())
    else:
        raise _refused(text, "a length of time", DELAYS)
    if total < least_s:
        minutes = least_s // 60
        least = "1 minute" if minutes == 1 else f"{minutes} minutes"
        raise BadInput(f"'{printable(text)}' is too short", f"give at least {least}")
    if total > MOST_S:
        raise BadInput(f"'{printable(text)}' is more than a year", "give less")
    return total


def _clock(match: re.Match[str]) -> tuple[int, int, int] | None:
    hour = int(match["hour"])
    minute, second = int(match["minute"] or 0), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    elif match["minute"] is None:
        return None  # a bare number: minutes or an hour, nobody can tell
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def _zone_behind(written: str | None, own: tzinfo) -> tzinfo:
    if not written:
        return own
    return zone(written.strip(" "), own)


def _first_ahead(
    match: re.Match[str], clock: tuple[int, int, int], now: datetime, place: tzinfo
) -> datetime | None:
    today = now.astimezone(place).date()
    if match["date"]:
        days = [date.fromisoformat(match["date"])]
    elif match["day"]:
        days = [today + timedelta(days=int(match["day"].lower() == "tomorrow"))]
    else:
        days = [today + timedelta(days=ahead) for ahead in (0, 1, 2)]
    for day, fold in itertools.product(days, (0, 1)):
        # Of a doubled hour fold 1 is the second; of a missing one it is earlier, so past already.
        local = datetime(day.year, day.month, day.day, *clock, tzinfo=place, fold=fold)
        found = local.astimezone(UTC)
        if found > now:
            return found
    return None
