"""When a limit ends, from the words of the program that met it. Pure: the caller says what now is.

Rules: a zone in the text wins over the machine's, one that does not exist is passed over; a clock
time without a date is its next occurrence, except that a 5-hour limit's time of the last hour is
that moment (a retry is due); a date without a year is the nearest ahead; a delay is real time, also
over a clock change; of a doubled hour the first counts, a missing hour is moved forward.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from tmux_orch.domain.clock_text import When, read_delay, read_moment
from tmux_orch.domain.zone_names import zone_named

# Words after which a moment or a delay says when it goes on.
_ANCHOR = re.compile(
    r"""retry[-_\s]?(?:after|delay)|reset(?:s|ting)?(?:[_\s-]*(?:at|time|in|after|date))?(?:_?seconds)?
    |(?:try(?:ing)?|retry(?:ing)?|check|come)(?:\s+(?:it|this|back))?(?:\s+again)?
    |regain\s+access|renew(?:s|al)?|refresh(?:es)?|replenish(?:es)?
    |(?:available|back|lifted|restored|resum\w+|continu\w+)(?:\s+(?:again|automatically))?
    |until|wait(?!\s+time)|cycle\s+ends|(?:limit|window|quota|block|period)\s+ends
    |zurückgesetzt|verfügbar|wieder|à\s+nouveau|disponible|réinitialis\w+|restablec\w+|reinici\w+
    |reset\s+am|nochmal|erneut|重置|恢复|リセット""",
    re.IGNORECASE | re.VERBOSE,
)
_FILLER = re.compile(
    r"""(?:[\s:="'~·|]|\(|(?:is|will|be|automatically|again|for|to|the|your|limit|about|around
    |approximately|roughly|another|at|am|um|a\s+las|à|on|by|ab|le|el|time)\b)*""",
    re.IGNORECASE | re.VERBOSE,
)
# Words before a moment in sentences that say "reset" after it.
_BEFORE = re.compile(r"(?:\bum|\bà|\ba las|\bàs|\balle|\bat|\bon|\bam|于|於|在)\s*", re.IGNORECASE)
_IN = re.compile(r"(?:in|after|within|dans|en|nach|for)\b\s*(?:about|approximately|~)?\s*", re.I)
_EPOCH = re.compile(r"(?P<number>1\d{9}|2\d{9})(?P<millis>\d{3})?(?!\d)")
_BAR_EPOCH = re.compile(r"limit reached\s*\|\s*", re.IGNORECASE)
_BARE_SECONDS = re.compile(r"seconds[\s:=\"']+(?P<number>\d{1,7})(?![\d:])", re.IGNORECASE)
#: How long after its moment a 5-hour limit's clock time still means that moment.
_JUST_PASSED = timedelta(minutes=60)
#: As long a date without a year means the one just gone, not the one in a year.
_DATE_PASSED = timedelta(hours=24)


def resolve(text: str, now: datetime, zone: tzinfo, *, five_hour: bool = False) -> datetime | None:
    """The instant (aware UTC) at which ``text`` says the limit ends; ``None`` when it does not.

    Any text may be given; nothing is raised. A text is read after words such as "resets" or "try
    again"; without one, only when it is a moment or a delay and nothing else.

    Args:
        text: One message of a program.
        now: The instant at which it was seen (aware).
        zone: The zone of the clock times that name none.
        five_hour: The limit's window is short: a clock time just passed is not tomorrow's.
    """
    try:
        return _resolve(text, now.astimezone(UTC), zone, five_hour)
    except (OverflowError, ValueError):
        return None  # a date beyond the calendar


def _resolve(text: str, now: datetime, zone: tzinfo, five_hour: bool) -> datetime | None:
    bar = _BAR_EPOCH.search(text)
    if bar and (epoch := _EPOCH.match(text, bar.end())):
        return _from_epoch(epoch)
    for anchor in _ANCHOR.finditer(text):
        seconds = _BARE_SECONDS.match(text, max(anchor.start(), anchor.end() - len("seconds")))
        if seconds:
            return now + timedelta(seconds=int(seconds["number"]))
        found = _after(text, anchor.end(), now, zone, five_hour)
        if found is not None:
            return found[0]
    if _ANCHOR.search(text):
        for word in _BEFORE.finditer(text):
            moment = read_moment(text, word.end())
            if moment and moment[0].clock and (at := _moment(moment[0], now, zone, five_hour)):
                return at
    start = len(text) - len(text.lstrip())
    found = _after(text, start, now, zone, five_hour)
    whole = found is not None and not text[found[1] :].strip(" .!)]")
    return found[0] if found is not None and whole else None


def _after(
    text: str, at: int, now: datetime, zone: tzinfo, five_hour: bool
) -> tuple[datetime, int] | None:
    """The instant that stands at ``at``, and where its text ends."""
    filler = _FILLER.match(text, at)
    at = filler.end() if filler else at
    epoch = _EPOCH.match(text, at)
    if epoch:
        return _from_epoch(epoch), epoch.end()
    relative = _IN.match(text, at)
    delay = read_delay(text, relative.end() if relative else at)
    if delay is not None:
        return now + delay[0], delay[1]
    moment = read_moment(text, relative.end() if relative else at)
    if moment is None:
        return None
    found = _moment(moment[0], now, zone, five_hour)
    return (found, moment[1]) if found is not None else None


def _from_epoch(match: re.Match[str]) -> datetime:
    return datetime.fromtimestamp(int(match["number"]), UTC)


def _moment(when: When, now: datetime, zone: tzinfo, five_hour: bool) -> datetime | None:
    place = (zone_named(when.zone, zone) if when.zone else None) or zone
    today = now.astimezone(place).date()
    if when.date is not None:
        return _dated(when.date, when.clock, now, place)
    if when.days_ahead is not None:
        return _at(today + timedelta(days=when.days_ahead), when.clock, place)
    grace = _JUST_PASSED if five_hour else timedelta(0)
    if when.weekday is not None:
        first = today - timedelta(days=(today.weekday() - when.weekday) % 7)
        if when.clock is None:
            return _at(first if first == today else first + timedelta(days=7), None, place)
        days = [first, first + timedelta(days=7)]
    else:
        days = [today + timedelta(days=n) for n in (-1, 0, 1, 2)]
    for day in days:
        for fold in (0, 1):
            found = _at(day, when.clock, place, fold)
            if found is not None and found >= now - grace:
                return found
    return None


def _dated(
    written: tuple[int | None, int, int],
    clock: tuple[int, int, int] | None,
    now: datetime,
    place: tzinfo,
) -> datetime | None:
    year, month, day = written
    if year is not None:
        return _at(date(year, month, day), clock, place)
    this_year = now.astimezone(place).year
    for candidate in range(this_year - 1, this_year + 9):  # 29 February may be eight years away
        try:
            found = _at(date(candidate, month, day), clock, place)
        except ValueError:
            continue
        if found is not None and found >= now - _DATE_PASSED:
            return found
    return None


def _at(
    day: date, clock: tuple[int, int, int] | None, place: tzinfo, fold: int = 0
) -> datetime | None:
    """That wall-clock time as an instant; ``None`` for a second occurrence that there is not."""
    hour, minute, second = clock or (0, 0, 0)
    local = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=place)
    first = local.astimezone(UTC)
    if not fold:
        return first
    second_one = local.replace(fold=1).astimezone(UTC)
    # A missing hour has two readings too, and there the later one stands first.
    return second_one if second_one > first else None
