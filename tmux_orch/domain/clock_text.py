"""Reading a moment or a delay that a program wrote for a person; no clock, no time zone rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from tmux_orch.domain.zone_names import ZONE

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?(?![a-z])"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\d:apAP%]|\s*[ap]\.?m)"
_YEAR = r"(?:,?\s*(?P<year>20\d\d)(?!\d))?"
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:(?:[:.h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\b\.?)|[:h](?P<minute24>\d{2})(?::(?P<second24>\d{2})(?:\.\d+)?)?"
    r"|(?:\.(?P<minute_uhr>\d{2}))?\s*(?:uhr\b|時|点))"
)
_PARTS = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("iso", r"(?P<year>20\d\d)[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?!\d)(?:T(?=\d))?"),
        ("date", rf"{_MONTH}\s*{_DAY}{_YEAR}"),
        ("date", rf"{_DAY}\s*(?:of\s+)?{_MONTH}{_YEAR}"),
        ("german", r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?:(?P<year>20\d\d))?(?!\d)"),
        ("american", r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>20\d\d)(?!\d)"),
        ("weekday", r"(?:next\s+)?(?P<weekday>mon|tue|wed|thu|fri|sat|sun)"
                    r"(?:day|sday|s|nesday|rsday|rs|r|urday)?(?![a-z])\.?"),
        ("tomorrow", r"(?:tomorrow|morgen|demain|mañana)(?![a-z])"),
        ("today", r"(?:today|tonight|heute)(?![a-z])"),
        ("noon", r"noon(?![a-z])"),
        ("midnight", r"midnight(?![a-z])"),
        ("clock", _CLOCK + r"(?!(?!Z\b)[\w:%])"),
        ("zone", rf"[(\[]\s*(?P<zone>{ZONE}|[A-Za-z_]+(?:/[A-Za-z0-9_+\-]+)*)\s*[)\]]"),
        ("zone", rf"(?P<zone>{ZONE})(?![A-Za-z])"),
    )
)  # fmt: skip
_FILLER = re.compile(r"(?:[\s,·]|at\b|on\b|um\b|a las\b|the\b|around\b|about\b|by\b|@|~)*", re.I)
_UNITS = {
    "w": 604800, "d": 86400, "t": 86400, "j": 86400, "h": 3600, "s": 1, "m": 60,
    "天": 86400, "日": 86400, "小": 3600, "時": 3600, "分": 60, "秒": 1,
}  # fmt: skip
_AMOUNT = re.compile(
    r"(?P<number>\d{1,6}(?:\.\d{1,9})?|(?:an?|one|half an)(?=\s))\s*"
    r"(?P<unit>weeks?|wks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|sec|s|tage?n?|stunden?|minuten?|sekunden?|jours?|heures?"
    r"|horas?|minutos?|segundos?|secondes?|ore|天|日|小时|小時|時間|分钟|分鐘|分|秒)"
    r"(?![a-z/])", re.IGNORECASE,
)  # fmt: skip
_JOIN = re.compile(r"\s*(?:,|and|und|et|y)?\s*", re.IGNORECASE)
_MOMENT = re.compile(r"(?:less than|under)\s+(?:a|one|1)\s+minute", re.IGNORECASE)
_LEAST_S = 60  # "less than a minute": when it has surely passed


@dataclass(frozen=True, slots=True)
class When:
    """A moment as far as it was written; ``None`` where it was not.

    Attributes:
        clock: Hour, minute, second.
        date: Year, month, day; the year may be missing.
        weekday: 0 is Monday.
        days_ahead: 0 for today, 1 for tomorrow.
        zone: The zone's name.
    """

    clock: tuple[int, int, int] | None = None
    date: tuple[int | None, int, int] | None = None
    weekday: int | None = None
    days_ahead: int | None = None
    zone: str | None = None


def read_delay(text: str, at: int = 0) -> tuple[timedelta, int] | None:
    """The delay that stands at ``at`` (``2h 14m``, ``8 hours 30 minutes``) and where it ends."""
    least = _MOMENT.match(text, at)
    if least:
        return timedelta(seconds=_LEAST_S), least.end()
    total, end = 0.0, None
    while amount := _AMOUNT.match(text, at):
        total += _number(amount["number"]) * _unit_s(amount["unit"])
        end = amount.end()
        joined = _JOIN.match(text, end)
        at = joined.end() if joined else end
    if end is None or total > 400 * 86400:
        return None
    return timedelta(seconds=total), end


def read_moment(text: str, at: int = 0) -> tuple[When, int] | None:
    """The date, weekday and clock time that stand at ``at``, in any order, and where they end.

    ``None`` when there is neither a date nor a clock time, or one that does not exist (``24:30``).
    """
    facts: dict[str, re.Match[str]] = {}
    end = at
    while True:
        filler = _FILLER.match(text, at)
        at = filler.end() if filler else at
        found = _part(text, at, facts)
        if found is None:
            break
        name, match = found
        facts[name] = match
        at = end = match.end()
    when = _when(facts)
    return (when, end) if when is not None else None


def _part(text: str, at: int, facts: dict[str, re.Match[str]]) -> tuple[str, re.Match[str]] | None:
    kinds = {"iso": "date", "german": "date", "american": "date", "noon": "clock",
             "midnight": "clock", "tomorrow": "day", "today": "day"}  # fmt: skip
    for name, pattern in _PARTS:
        kind = kinds.get(name, name)
        if kind in facts or (kind == "zone" and not facts):
            continue
        match = pattern.match(text, at)
        if match:
            return kind, match
    return None


def _when(facts: dict[str, re.Match[str]]) -> When | None:
    clock = _clock(facts["clock"]) if "clock" in facts else None
    date = _date(facts["date"]) if "date" in facts else None
    if ("clock" in facts and clock is None) or ("date" in facts and date is None):
        return None
    weekday = _DAYS.index(facts["weekday"]["weekday"].lower()) if "weekday" in facts else None
    ahead = None
    if "day" in facts:
        ahead = 0 if facts["day"][0].lower() in ("today", "tonight", "heute") else 1
    if clock is None and date is None and weekday is None and ahead is None:
        return None
    zone = facts["zone"]["zone"] if "zone" in facts else None
    return When(clock, date, weekday, ahead, zone)


def _clock(match: re.Match[str]) -> tuple[int, int, int] | None:
    word = match[0].lower()
    if word in ("noon", "midnight"):
        return (12 if word == "noon" else 0), 0, 0
    part = match.groupdict()
    hour = int(part["hour"])
    minute = int(part["minute"] or part["minute24"] or part["minute_uhr"] or 0)
    second = int(part["second"] or part["second24"] or 0)
    if part["half"]:
        if hour > 12:
            return None
        hour = hour % 12 + (12 if part["half"][0] in "pP" else 0)
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def _date(match: re.Match[str]) -> tuple[int | None, int, int] | None:
    name = match["month"].lower()
    month = int(name) if name.isdigit() else _MONTHS.index(name[:3]) + 1
    day, year = int(match["day"]), match["year"]
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return (int(year) if year else None), month, day


def _number(text: str) -> float:
    if text[0].isdigit():
        return float(text)
    return 0.5 if text.lower().startswith("half") else 1.0


def _unit_s(unit: str) -> int:
    unit = unit.lower()
    if unit.startswith("ore"):
        return 3600
    if unit.startswith("st"):
        return 3600
    return _UNITS[unit[0]]
