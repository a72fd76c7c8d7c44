"""Clock texts to instants: the rules, the strings that were seen, and round trips over zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tmux_orch.domain.reset_time import resolve

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
#: Six zones: two with daylight saving in the north, one in the south, a quarter hour, +13, UTC.
ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu", "Pacific/Tongatapu",
    "UTC",
]  # fmt: skip


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


NOW = at("2026-04-10 12:00")  # a Friday
SEEN = [
    ("resets 3pm (Europe/Dublin)", "2026-04-10 14:00"),
    ("resets 11:20am (Europe/Budapest)", "2026-04-11 09:20"),
    ("Your limit will reset at 12am.", "2026-04-11 00:00"),
    ("Your limit will reset at 12pm (UTC).", "2026-04-10 12:00"),
    ("limit reached|1760000400", "2025-10-09 09:00"),
    ("usage limit reached|1760000400123", "2025-10-09 09:00"),
    ("resets Aug 21 at 3pm (Australia/Brisbane)", "2026-08-21 05:00"),
    ("Apr 17, 4:00 AM", "2026-04-17 04:00"),
    ("please try again after 2026-05-02 00:00 (UTC+8)", "2026-05-01 16:00"),
    ("Resets Fri 4:00 PM", "2026-04-10 16:00"),
    ("Resets Fri 4:00 AM", "2026-04-17 04:00"),
    ("resets 3:30 pm on Saturday", "2026-04-11 15:30"),
    ("resets in 2h", "2026-04-10 14:00"),
    ("1h 20m", "2026-04-10 13:20"),
    ("try again in 5 minutes", "2026-04-10 12:05"),
    ("try again in 4 days 20 hours 9 minutes", "2026-04-15 08:09"),
    ("try again in less than a minute", "2026-04-10 12:01"),
    ("quota will reset after 3h12m4s.", "2026-04-10 15:12:04"),
    ('"retryDelay": "12s"', "2026-04-10 12:00:12"),
    ("resets_in_seconds: 90", "2026-04-10 12:01:30"),
    ("retry-after: 3600 seconds", "2026-04-10 13:00"),
    ("try again at 12:04 AM PDT", "2026-04-11 07:04"),
    ("resets 3:00 AM PST", "2026-04-11 11:00"),
    ("resets 8am CET", "2026-04-11 07:00"),
    ("resets 8 p.m. AEST", "2026-04-11 10:00"),
    ("resets 3pm Eastern Time", "2026-04-10 19:00"),
    ("resets at 15:30 UTC+13", "2026-04-11 02:30"),
    ("resets 9am (UTC+5:45)", "2026-04-11 03:15"),
    ("resets 1pm (Etc/GMT+5)", "2026-04-10 18:00"),
    ("resets 3:30am (Asia/Calcutta)", "2026-04-10 22:00"),
    ("resets 3pm (Nowhere/City)", "2026-04-10 15:00"),
    ("resets 3pm (local time)", "2026-04-10 15:00"),
    ("try again at May 11th, 2026 1:36 PM.", "2026-05-11 13:36"),
    ("(resets 03:13 on 26 Feb)", "2027-02-26 03:13"),
    ("resets on July 1.", "2026-07-01 00:00"),
    ("resets Feb 29, 6am", "2028-02-29 06:00"),
    ("resets tomorrow at 9am", "2026-04-11 09:00"),
    ("resets at midnight", "2026-04-11 00:00"),
    ("available again Thursday at noon", "2026-04-16 12:00"),
    ("You will regain access on 2026-08-01 at 00:00 UTC.", "2026-08-01 00:00"),
    ("resets 2026-04-11T03:00:00.000Z", "2026-04-11 03:00"),
    ("resets 2026-04-11T03:00:00+02:00", "2026-04-11 01:00"),
    ("will reset when your monthly cycle ends on 9/15/2026", "2026-09-15 00:00"),
    ("wird um 15:00 Uhr zurückgesetzt", "2026-04-10 15:00"),
    ("resets 0:30am", "2026-04-11 00:30"),
]
NOT_ONES = [
    "", "resets", "resets 24:30", "resets 13pm", "resets 13:61", "resets 25:10 (UTC)",
    "resets Feb 30, 6am", "try again later", "try again in a moment", "3 tests passed",
    "5-hour limit reached", "used 75% of your limit", "Please wait and try again later",
    "resets on 2026-13-40", "resets in 99999999 days", "limit reached|17", "reset the 3 counters",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SEEN)
def test_a_text_that_was_seen_gives_its_instant(text, expected):
    assert resolve(text, NOW, UTC) == at(expected)


@pytest.mark.parametrize("text", NOT_ONES)
def test_a_text_without_a_moment_gives_none(text):
    assert resolve(text, NOW, UTC) is None


def test_a_time_just_passed_is_due_for_a_five_hour_limit_and_tomorrow_for_others():
    now = at("2026-04-10 15:59", "Europe/Berlin")
    passed = at("2026-04-10 15:00", "Europe/Berlin")
    assert resolve("resets 3pm", now, BERLIN, five_hour=True) == passed
    assert resolve("resets 3pm", now, BERLIN) == at("2026-04-11 15:00", "Europe/Berlin")
    later = now + timedelta(minutes=2)
    assert resolve("resets 3pm", later, BERLIN, five_hour=True) > later


def test_a_time_just_passed_before_midnight_is_yesterdays():
    now = at("2026-04-11 00:20", "Europe/Berlin")
    expected = at("2026-04-10 23:50", "Europe/Berlin")
    assert resolve("resets 11:50pm", now, BERLIN, five_hour=True) == expected


def test_a_delay_is_real_time_over_a_clock_change():
    now = at("2026-03-29 00:15", "Europe/Berlin")
    assert resolve("try again in 5 hours", now, BERLIN) == at("2026-03-29 06:15", "Europe/Berlin")


def test_tomorrow_is_a_calendar_day_of_25_hours():
    now = at("2026-10-24 12:00", "Europe/Berlin")
    found = resolve("resets tomorrow at 12:00", now, BERLIN)
    assert found - now.astimezone(UTC) == timedelta(hours=25)


def test_a_missing_hour_is_moved_forward():
    now = at("2026-03-07 23:00", "America/New_York")
    assert resolve("resets 2:30am", now, NEW_YORK) == at("2026-03-08 07:30")


def test_of_a_doubled_hour_the_first_counts():
    now = at("2026-10-31 22:00", "America/New_York")
    assert resolve("resets 1:30am", now, NEW_YORK) == at("2026-11-01 05:30")


def test_within_the_doubled_hour_the_second_one_may_be_the_next():
    now = at("2026-11-01 06:10")  # 1:10 for the second time
    assert resolve("resets 1:30am", now, NEW_YORK) == at("2026-11-01 06:30")


def test_a_date_just_gone_is_not_in_a_year():
    now = at("2026-10-09 17:30")
    assert resolve("resets Oct 9, 5pm", now, UTC) == at("2026-10-09 17:00")
    assert resolve("resets Oct 7, 5pm", now, UTC) == at("2027-10-07 17:00")


def test_january_is_ahead_in_december():
    assert resolve("resets Jan 2 at 9am", at("2026-12-30 12:00"), UTC) == at("2027-01-02 09:00")


def test_a_shared_abbreviation_is_the_machines_own():
    shanghai = ZoneInfo("Asia/Shanghai")
    assert resolve("resets 8pm CST", NOW, shanghai) == at("2026-04-10 12:00")
    assert resolve("resets 8pm CST", NOW, UTC) == at("2026-04-11 02:00")


WORDS = """
resets at on in try again until 24:30 12am Feb 30 29 2026 (Europe/ Berlin) PDT UTC+99 | 5 hours
1760000400 99999999999 a d Fri 31st , . : T Z -00:00 9999-12-31 America Etc/
"""
texts = st.text(max_size=80) | st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(text=texts, five_hour=st.booleans(), zone=st.sampled_from(ZONES))
@example(text="resets 9999-12-31 23:59", five_hour=False, zone="America/New_York")
@example(text="resets 3pm (Europe)", five_hour=False, zone="UTC")
@example(text="resets 3pm (../../etc/passwd)", five_hour=False, zone="UTC")
@example(text="resets ٣pm", five_hour=False, zone="UTC")
@example(text="resets 1²:30", five_hour=False, zone="UTC")
def test_any_text_gives_an_aware_instant_or_none(text, five_hour, zone):
    found = resolve(text, NOW, ZoneInfo(zone), five_hour=five_hour)
    assert found is None or found.utcoffset() == timedelta(0)


#: How programs write a moment, most exact first: form and what it leaves out.
FORMS = {
    "resets {:%Y-%m-%d %H:%M}": 400, "try again at {:%b %d, %Y %I:%M %p}": 400,
    "regain access on {:%Y-%m-%d at %H:%M}": 400, "resets {:%b %d at %I:%M%p}": 300,
    "resets {:%d %b %H:%M}": 300, "resets {:%H:%M on %d %b}": 300, "resets {:%a %I:%M %p}": 6,
    "resets {:%A at %H:%M}": 6, "resets {:%I:%M%p}": 0.9, "will reset at {:%H:%M}": 0.9,
    "resets {:%I:%M %p}": 0.9,
}  # fmt: skip
NIGHTS = ["2026-03-28 22:00", "2026-10-24 22:00", "2026-04-04 12:00", "2026-10-03 12:00"]


@settings(max_examples=300, deadline=None)
@given(
    form=st.sampled_from(sorted(FORMS)),
    zone=st.sampled_from(ZONES),
    named=st.booleans(),
    start=st.sampled_from([at(one) for one in NIGHTS])
    | st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    share=st.floats(0.002, 1),
)
def test_a_moment_written_in_any_form_comes_back(form, zone, named, start, share):
    place = ZoneInfo(zone)
    start = start.replace(second=0, microsecond=0)
    moment = start + timedelta(minutes=int(FORMS[form] * share * 1440))
    local = moment.astimezone(place)
    if moment == start or local.fold:
        return  # of a doubled hour only the first can be written
    text = form.format(local) + (f" ({zone})" if named else "")
    machine = timezone(timedelta(hours=3)) if named else place
    assert resolve(text, start, machine) == moment, (text, start, moment)


@settings(max_examples=100, deadline=None)
@given(
    days=st.integers(0, 9), hours=st.integers(0, 23), minutes=st.integers(1, 59),
    form=st.sampled_from(
        ["in {}d {}h {}m", "try again in {} days {} hours {} minutes", "resets in {}d{}h{}m",
         "retry after {} days, {} hours and {} minutes", "{} days {} hours {} minutes"]
    ),
)  # fmt: skip
def test_a_delay_in_any_form_comes_back(days, hours, minutes, form):
    delay = timedelta(days=days, hours=hours, minutes=minutes)
    assert resolve(form.format(days, hours, minutes), NOW, BERLIN) == NOW + delay
