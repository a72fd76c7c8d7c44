"""A plan's pace: from readings that come late, twice, wrong or from another window."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain import forecast
from tmux_orch.domain.forecast import Outlook, Sample, Sureness, Window
from tmux_orch.domain.work import Quota

AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
RESET = AT + timedelta(hours=4)
MINUTE = timedelta(minutes=1)


def window(*told: tuple[float, float], resets_at: datetime | None = RESET) -> Window:
    """A window of which (minute, used percent) was told."""
    found = Window("five_hour")
    for minute, used in told:
        found = found.told(Quota("five_hour", used, resets_at), AT + minute * MINUTE)
    return found


def seen(found: Window, minute: float) -> Outlook:
    outlook = found.outlook(AT + minute * MINUTE)
    assert outlook is not None
    return outlook


def test_the_pace_of_the_last_hour_says_when_it_runs_out() -> None:
    outlook = seen(window((0, 10), (30, 25), (60, 40)), 60)
    assert outlook.rate_percent_per_h == pytest.approx(30)
    assert outlook.runs_out_at == AT + timedelta(hours=3)
    assert (outlook.lasts, outlook.sureness) == (False, Sureness.GOOD)
    assert forecast.stretch([outlook], AT + 60 * MINUTE) == 1.5


def test_what_was_used_before_the_last_hour_does_not_count() -> None:
    outlook = seen(window((0, 0), (5, 50), (100, 52)), 120)
    assert outlook.rate_percent_per_h == pytest.approx(2)
    assert outlook.lasts is True
    assert forecast.stretch([outlook], AT + 120 * MINUTE) == 1


def test_a_team_that_rests_slows_the_forecast_down_though_nobody_reports() -> None:
    found = window((0, 0), (30, 50))
    paces = [seen(found, minute).rate_percent_per_h for minute in (30, 45, 60, 80, 95)]
    assert paces == sorted(paces, reverse=True)  # type: ignore[type-var]
    assert paces[-1] == 0


def test_too_little_is_said_to_be_too_little() -> None:
    assert window().outlook(AT) is None
    first = seen(window((0, 50)), 2)
    assert (first.rate_percent_per_h, first.lasts) == (None, None)
    assert first.sureness is Sureness.NONE
    early = seen(window((0, 50), (6, 60)), 6)
    assert early.sureness is Sureness.LOW
    assert early.runs_out_at is not None
    # A first guess stretches nothing, but a limit ten minutes off is worth a word.
    assert forecast.stretch([early], AT + 6 * MINUTE) == 1
    assert forecast.approaching([seen(window((0, 50), (6, 80)), 6)], AT + 6 * MINUTE) is not None
    # One point in an hour may be half of one.
    assert seen(window((0, 50), (60, 51)), 60).sureness is Sureness.LOW


def test_another_reset_is_another_window() -> None:
    later = RESET + timedelta(hours=5)
    found = window((0, 10), (60, 90)).told(Quota("five_hour", 3, later), RESET + MINUTE)
    assert found.samples == (Sample(RESET + MINUTE, 3),)
    assert found.resets_at == later
    # A little off is the same one: programs round.
    near = window((0, 10)).told(Quota("five_hour", 12, RESET + timedelta(seconds=59)), AT + MINUTE)
    assert len(near.samples) == 2


def test_a_window_that_is_over_says_nothing() -> None:
    found = window((0, 10), (60, 90))
    assert found.outlook(RESET) is None
    assert found.outlook(RESET - MINUTE) is not None
    # An agent that has not asked since its reset tells the old one again.
    assert found.told(Quota("five_hour", 95, RESET), RESET + MINUTE) is found


@pytest.mark.parametrize("resets_at", [RESET, None])
def test_an_older_report_of_another_agent_changes_nothing(resets_at: datetime | None) -> None:
    found = window((0, 40), (10, 60), resets_at=resets_at)
    assert found.told(Quota("five_hour", 55, resets_at), AT + 11 * MINUTE) is found
    assert found.told(Quota("five_hour", 70, resets_at), AT + 9 * MINUTE) is found


def test_without_a_reset_a_fall_to_less_than_half_is_another_window() -> None:
    found = window((0, 80), (10, 90), resets_at=None)
    fallen = found.told(Quota("five_hour", 5, None), AT + 11 * MINUTE)
    assert fallen.samples == (Sample(AT + 11 * MINUTE, 5),)
    outlook = seen(window((0, 40), (60, 60), resets_at=None), 60)
    assert (outlook.lasts, outlook.runs_out_at) == (None, AT + timedelta(hours=3))
    assert forecast.stretch([outlook], AT + 60 * MINUTE) == 1


@pytest.mark.parametrize("used", [math.nan, -1.0, -math.inf])
def test_a_use_that_is_none_is_not_taken(used: float) -> None:
    found = window((0, 40))
    assert found.told(Quota("five_hour", used, RESET), AT + MINUTE) is found


def test_a_reset_in_a_wrong_unit_is_not_believed() -> None:
    far = datetime(9000, 1, 1, tzinfo=UTC)
    assert window((0, 40), resets_at=far).resets_at is None
    assert window((0, math.inf)).samples[0].used_percent == 1000


def test_a_week_is_judged_by_half_a_day() -> None:
    week = AT + timedelta(days=6)
    hourly = [(60 * hour, float(10 + hour)) for hour in range(24)]
    outlook = seen(window(*hourly, resets_at=week), 60 * 23)
    assert outlook.rate_percent_per_h == pytest.approx(1, rel=0.1)
    assert outlook.sureness is Sureness.GOOD
    assert outlook.lasts is False
    assert forecast.stretch([outlook], AT + 60 * 23 * MINUTE) == 2


def test_check_ins_are_stretched_four_times_at_most() -> None:
    outlook = seen(window((0, 10), (40, 96)), 40)
    assert forecast.stretch([outlook], AT + 40 * MINUTE) == 4
    assert forecast.stretch([], AT) == 1


def test_a_limit_approaches_within_ten_minutes_and_before_its_reset() -> None:
    now = AT + 40 * MINUTE
    fast, slow = seen(window((0, 10), (40, 96)), 40), seen(window((0, 10), (40, 30)), 40)
    assert forecast.approaching([slow, fast], now) is fast
    assert forecast.approaching([slow], now) is None
    spent = seen(window((0, 10), (40, 100)), 40)
    assert (spent.lasts, spent.runs_out_at) == (False, now)
    assert forecast.approaching([spent], now) is None  # it is there: that is the hold's
    soon = window((0, 10), (40, 96), resets_at=now + MINUTE)
    assert forecast.approaching([seen(soon, 40)], now) is None


@pytest.mark.parametrize(
    ("name", "model", "concerned"),
    [
        ("five_hour", "claude-opus-4-8", True),
        ("seven_day_opus", "claude-opus-4-8", True),
        ("seven_day_opus", "claude-sonnet-5", False),
        ("seven_day_opus", "", True),
        ("primary", "gpt-5.5", True),
    ],
)
def test_a_models_own_window_concerns_its_users(name: str, model: str, concerned: bool) -> None:
    assert Outlook(name, 1, RESET, AT).concerns(model) is concerned


REPORTS = st.lists(
    st.tuples(
        st.floats(allow_nan=True, allow_infinity=True),
        st.none() | st.datetimes(timezones=st.just(UTC)),
        st.integers(-3600, 40 * 86400),
    ),
    max_size=30,
)


@given(REPORTS, st.integers(-86400, 50 * 86400))
def test_whatever_is_told_a_forecast_is_a_number_and_not_of_the_past(
    reports: list[tuple[float, datetime | None, int]], ahead_s: int
) -> None:
    found = Window("w")
    for used, resets_at, at_s in reports:
        before = found
        found = found.told(Quota("w", used, resets_at), AT + timedelta(seconds=at_s))
        assert [*found.samples] == sorted(found.samples, key=lambda s: (s.at, s.used_percent))
        assert len(found.samples) <= len(before.samples) + 1
    now = AT + timedelta(seconds=ahead_s)
    outlook = found.outlook(now)
    if outlook is None:
        return
    assert outlook.resets_at is None or outlook.resets_at > now
    assert 0 <= outlook.used_percent <= 1000
    assert outlook.runs_out_at is None or outlook.runs_out_at >= now
    assert outlook.rate_percent_per_h is None or 0 <= outlook.rate_percent_per_h < math.inf
    assert 1 <= forecast.stretch([outlook], now) <= forecast.MOST_STRETCH
    forecast.approaching([outlook], now)


@given(
    st.integers(5, 200),
    st.floats(0, 90),
    st.floats(0, 100),
    st.floats(0, 100),
    st.integers(201, 20000),
)
def test_more_used_in_the_same_time_never_lasts_longer(
    minutes: int, begin: float, less: float, more: float, reset_minutes: int
) -> None:
    less, more = sorted((begin + less, begin + more))
    resets_at = AT + reset_minutes * MINUTE
    slow = seen(window((0, begin), (minutes, less), resets_at=resets_at), minutes)
    fast = seen(window((0, begin), (minutes, more), resets_at=resets_at), minutes)
    assert slow.rate_percent_per_h is not None and fast.rate_percent_per_h is not None
    assert slow.rate_percent_per_h <= fast.rate_percent_per_h
    if slow.runs_out_at is not None:
        assert fast.runs_out_at is not None
        assert fast.runs_out_at <= slow.runs_out_at
    now = AT + minutes * MINUTE
    if slow.sureness is fast.sureness:
        assert forecast.stretch([slow], now) <= forecast.stretch([fast], now)


@pytest.mark.parametrize("resets_at", [AT + timedelta(days=3), RESET, None])
def test_a_long_record_stays_short_and_says_the_same(resets_at: datetime | None) -> None:
    told = [(0.2 * number, number / 15) for number in range(1200)]
    found = window(*told, resets_at=resets_at)
    assert 20 <= len(found.samples) <= 122
    assert found.samples[-1].used_percent == told[-1][1]
    rate = seen(found, told[-1][0]).rate_percent_per_h
    assert rate == pytest.approx(20, rel=0.02)
    still = window(*((minute, 40.0) for minute in range(200)), resets_at=resets_at)
    assert len(still.samples) == 2
