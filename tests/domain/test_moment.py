"""What people type as a time means one instant ahead, or is refused in one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tmux_orch.domain import moment
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.job import At, Every

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Pacific/Apia", "UTC"]  # fmt: skip
NOW = datetime(2026, 7, 3, 10, 0, tzinfo=UTC)  # 12:00 in Berlin, 06:00 in New York


def at(text: str, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> str:
    return f"{moment.moment(text, now, zone).at:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("14:30", "2026-07-03 12:30:00"),
        ("12:00", "2026-07-04 10:00:00"),  # this very minute is tomorrow's
        ("12:00:01", "2026-07-03 10:00:01"),
        ("9:00", "2026-07-04 07:00:00"),
        ("09:00", "2026-07-04 07:00:00"),
        (" 14:30 ", "2026-07-03 12:30:00"),
        ("9pm", "2026-07-03 19:00:00"),
        ("9 PM", "2026-07-03 19:00:00"),
        ("9:15am", "2026-07-04 07:15:00"),
        ("12am", "2026-07-03 22:00:00"),
        ("12pm", "2026-07-04 10:00:00"),
        ("today 23:59", "2026-07-03 21:59:00"),
        ("tomorrow 9:00", "2026-07-04 07:00:00"),
        ("Tomorrow 14:30", "2026-07-04 12:30:00"),
        ("2026-11-22 14:30", "2026-11-22 13:30:00"),
        ("2026-11-22 2pm", "2026-11-22 13:00:00"),
        ("2026-11-22T14:30", "2026-11-22 13:30:00"),
        ("2026-11-22T14:30:05Z", "2026-11-22 14:30:05"),
        ("2026-11-22T14:30+05:30", "2026-11-22 09:00:00"),
        ("2026-11-22T14:30-0500", "2026-11-22 19:30:00"),
        ("14:30 Europe/Berlin", "2026-07-03 12:30:00"),
        ("9pm America/New_York", "2026-07-04 01:00:00"),
        ("tomorrow 9:00 Asia/Tokyo", "2026-07-04 00:00:00"),
        ("14:30 UTC", "2026-07-03 14:30:00"),
        ("14:30 UTC+5", "2026-07-04 09:30:00"),
        ("14:30 +0545", "2026-07-04 08:45:00"),
        ("14:30 PST", "2026-07-03 22:30:00"),
    ],
)
def test_a_time_means_its_next_occurrence_in_the_zone_of_the_asker(text: str, meant: str):
    assert at(text) == meant


@pytest.mark.parametrize(
    ("text", "now", "zone", "meant"),
    [
        # The night of 29 March in Berlin: 2:00 to 3:00 is missing.
        ("2:30", "2026-03-28 22:00", BERLIN, "2026-03-29 01:30:00"),
        ("2026-03-29 02:30", "2026-03-01 00:00", BERLIN, "2026-03-29 01:30:00"),
        ("tomorrow 9:00", "2026-03-28 08:00", BERLIN, "2026-03-29 07:00:00"),  # 23 h later
        # The night of 25 October: 2:00 to 3:00 comes twice, at 0:00 and 1:00 UTC.
        ("2:30", "2026-10-24 22:00", BERLIN, "2026-10-25 00:30:00"),
        ("2:30", "2026-10-25 00:45", BERLIN, "2026-10-25 01:30:00"),
        ("2026-10-25 02:30", "2026-10-25 00:45", BERLIN, "2026-10-25 01:30:00"),
        ("2:30", "2026-10-25 01:45", BERLIN, "2026-10-26 01:30:00"),
        ("tomorrow 9:00", "2026-10-24 07:00", BERLIN, "2026-10-25 08:00:00"),  # 25 h later
        # "tomorrow" is the next day of the zone that is named, not of the asker's.
        ("tomorrow 9:00 America/New_York", "2026-07-03 02:00", BERLIN, "2026-07-03 13:00:00"),
    ],
)
def test_clock_changes_follow_the_rules_for_times(text: str, now: str, zone: ZoneInfo, meant: str):
    assert at(text, datetime.fromisoformat(now).replace(tzinfo=UTC), zone) == meant


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "abc", "14", "1430", "750", "25:00", "24:00", "12:60", "12:30:60", "1:5", "13pm",
        "0am", "14:30pm", "-14:30", "14:30:", "14.30", "14h30", "noon", "now", "soon", "tomorrow",
        "yesterday 9:00", "monday 9:00", "tomorrow tomorrow 9:00", "today 11:59",
        "2026-07-03 11:59",
        "2026-02-30 9:00", "2026-13-01 9:00", "2026-07-00 9:00", "2025-07-04 9:00", "2026-11-22",
        "2027-07-05 9:00", "2099-01-01 9:00", "9999-12-31 23:59", "26-11-22 9:00", "1e9",
        "1700000000", "nan", "inf", "14:30 Mars/Base", "14:30 Europe", "14:30 America/Argentina",
        "14:30 ../etc/passwd", "14:30 +99:00", "14:30 UTC+25", "14:30 x", "9pm 9pm", "14:30\n",
        "14:30\x1b[2J", "14:30\x00", "１４:３０", "٢:٣٠", "14：30", "9pm Europe/Berl\u0131n",
        "14:30 " + "A" * 5000, "1" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_time_ahead_is_refused_in_one_line(text: str):
    with pytest.raises(BadInput) as caught:
        at(text)
    line = caught.value.line()
    assert "\n" not in line
    assert line.isprintable()
    assert len(line) < 260


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 1800), ("1", 60), ("525600", 31536000), ("90m", 5400), ("2h", 7200),
        ("1h30m", 5400), ("1h 30m", 5400), ("1 h 30 min", 5400), ("2 hours", 7200), ("1d", 86400),
        ("1d12h", 129600), ("90s", 90), ("60s", 60), ("1H30M", 5400), (" 30 ", 1800),
        ("45 minutes", 2700), ("1hr", 3600), ("0h30m", 1800),
    ],
)  # fmt: skip
def test_a_delay_is_minutes_or_says_its_units(text: str, seconds: int):
    assert moment.delay(text, NOW) == At(NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "0", "0m", "00", "-5", "+5", "0.5", "1.5h", "1,5h", "abc", "m", "h", "5x", "12:30",
        "1h30", "30m1h", "1h1h", "5 5", "1e3", "0x10", "1_000", "nan", "inf", "1/2", "½", "٣٠",
        "59s", "0s", "9999999", "527041", "367d", "999999999999999999999m", "9" * 5000, "30\n",
        "30\x00", "30\x1b[2J", "in 30", "30 minutes ago", "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_delay_is_refused_in_one_line(text: str):
    for read in (lambda: moment.delay(text, NOW), lambda: moment.interval(text)):
        with pytest.raises(BadInput) as caught:
            read()
        assert "\n" not in caught.value.line()
        assert caught.value.line().isprintable()


def test_an_interval_is_at_least_five_minutes():
    assert moment.interval("5m") == Every(300)
    assert moment.interval("45") == Every(2700)
    for text in ("4m", "299s", "1"):
        with pytest.raises(BadInput) as caught:
            moment.interval(text)
        assert caught.value.next_step == "give at least 5 minutes"


def test_a_delay_is_real_time_also_over_a_clock_change():
    now = datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN)
    assert moment.delay("2h", now).at == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


def test_a_zone_is_one_that_exists():
    assert moment.zone("Asia/Tokyo", BERLIN) == ZoneInfo("Asia/Tokyo")
    for name in ("", "Nowhere/City", "../../etc/passwd", "Europe", "Eur\u00f6pe/Berlin", "x\n"):
        with pytest.raises(BadInput):
            moment.zone(name, BERLIN)


INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(st.text() | st.from_regex(r"[0-9tomrwapdhsZ:+ /-]{1,24}", fullmatch=True), INSTANTS,
       st.sampled_from(ZONES))  # fmt: skip
@example("2000-02-29 0:00", datetime(2000, 1, 1, tzinfo=UTC), "UTC")
def test_any_text_is_an_instant_ahead_or_bad_input(text: str, now: datetime, zone: str):
    for read in (
        lambda: moment.moment(text, now, ZoneInfo(zone)),
        lambda: moment.delay(text, now),
    ):
        try:
            found = read().at
        except BadInput as error:
            assert error.line().isprintable()
        else:
            assert now < found <= now + timedelta(seconds=moment.MOST_S)
            assert found.tzinfo is UTC


@given(st.integers(0, 23), st.integers(0, 59), INSTANTS, st.sampled_from(ZONES))
def test_a_clock_time_is_shown_by_the_clock_of_its_zone(
    hour: int, minute: int, now: datetime, zone: str
):
    found = moment.moment(f"{hour}:{minute:02}", now, ZoneInfo(zone)).at
    local = found.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) != (hour, minute):
        # Only a missing hour is moved, and forward: the same reading in the offset before it.
        before = (found - timedelta(hours=3)).astimezone(ZoneInfo(zone))
        assert before.utcoffset() != local.utcoffset()
    assert found - now <= timedelta(hours=50)


@given(st.integers(1, 500_000))
def test_minutes_are_minutes(minutes: int):
    assert moment.delay(str(minutes), NOW).at == NOW + timedelta(minutes=minutes)
    assert moment.delay(f"{minutes}m", NOW).at == NOW + timedelta(minutes=minutes)
