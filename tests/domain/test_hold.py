"""What a limit is, when its hold ends, and which moves there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain import holding, limit
from tmux_orch.domain.hold import (
    ACCOUNT,
    HOLD_MOVES,
    INSIDE,
    WAKE_MOVES,
    Cause,
    Confidence,
    Hold,
    HoldState,
    IllegalMove,
    WakeState,
    hold_move,
    wake_move,
)
from tmux_orch.domain.limit import Limit
from tmux_orch.domain.work import Quota

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOLD = st.sampled_from(
    [Confidence.STRUCTURED, Confidence.SCREEN, Confidence.PATTERN, Confidence.GUESS]
)


def met(
    after: timedelta | None = HOUR,
    cause: Cause = Cause.FIVE_HOUR,
    how: Confidence = Confidence.STRUCTURED,
    at: datetime = NOW,
) -> Limit:
    until_at = None if after is None else at + after
    how = Confidence.GUESS if after is None else how
    return Limit("shop/developer", at, cause, ACCOUNT, until_at, "hook", how)


def ended(until_at: datetime, cause: Cause = Cause.FIVE_HOUR, **more: object) -> Hold:
    hold = holding.begin("a", met(until_at - NOW, cause), [])
    end = {"state": HoldState.ENDED, "ended_at": until_at + 3 * MINUTE, "outcome": "1 resumed"}
    return replace(hold, **(end | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "cause", "scope"),
    [
        ("You've hit your 5-hour limit · resets 1:23pm (UTC)", Cause.FIVE_HOUR, ""),
        ("You've hit your session limit · resets 12:50am", Cause.FIVE_HOUR, ""),
        ("5-hour limit reached · resets 5:30am", Cause.FIVE_HOUR, ""),
        ("five_hour", Cause.FIVE_HOUR, ""),
        ("You've hit your weekly limit · resets Nov 22, 7pm", Cause.WEEKLY, ""),
        ("seven_day", Cause.WEEKLY, ""),
        ("7-day limit reached", Cause.WEEKLY, ""),
        ("You've hit your Opus limit · resets 7pm", Cause.MODEL, "opus"),
        ("seven_day_opus", Cause.MODEL, "opus"),
        ("You've hit your Sonnet weekly limit", Cause.MODEL, "sonnet"),
        ("weekly limit reached for Opus 4", Cause.MODEL, "opus"),
        ("Usage limit reached for gemini-3-pro.", Cause.MODEL, "gemini-3-pro"),
        ("billing_error: Credit balance is too low", Cause.SPEND, ""),
        ("You've reached your spend limit", Cause.SPEND, ""),
        ("Claude AI usage limit reached|1760000400", Cause.UNKNOWN, ""),
        ("You’ve hit your usage limit. try again at 1:55 PM.", Cause.UNKNOWN, ""),
    ],
)
def test_what_is_used_up_is_read_from_the_words(words: str, cause: Cause, scope: str) -> None:
    found = limit.read("a/b", NOW, source="hook", evidence=words, until_at=None)
    assert (found.cause, found.scope) == (cause, scope)
    inside = limit.read("a/b", NOW, source="hook", evidence=words, until_at=None, inside=True)
    assert (inside.cause, inside.scope) == (cause, INSIDE)


def test_a_full_window_of_the_plan_says_what_and_until_when_if_the_words_do_not() -> None:
    quotas = (Quota("five_hour", 40, NOW + HOUR), Quota("seven_day", 100, NOW + 30 * HOUR))
    found = limit.read(
        "a/b", NOW, source="screen", evidence="limit reached", until_at=None, quotas=quotas
    )
    assert (found.cause, found.until_at) == (Cause.WEEKLY, NOW + 30 * HOUR)
    assert found.confidence is Confidence.STRUCTURED


@pytest.mark.parametrize(
    ("source", "words", "how"),
    [
        ("hook", "resets 1pm", Confidence.STRUCTURED),
        ("session_file", "resets 1pm", Confidence.STRUCTURED),
        ("screen", "resets 1pm", Confidence.SCREEN),
        ("screen", "usage limit reached|1760000400", Confidence.STRUCTURED),
    ],
)
def test_how_well_an_end_is_known_follows_from_who_said_it(
    source: str, words: str, how: Confidence
) -> None:
    found = limit.read("a/b", NOW, source=source, evidence=words, until_at=NOW + HOUR)
    assert found.confidence is how


def test_a_five_hour_limit_never_ends_tomorrow() -> None:
    words = "You've hit your 5-hour limit · resets 11am"  # read again after eleven
    found = limit.read("a/b", NOW, source="screen", evidence=words, until_at=NOW + 23 * HOUR)
    assert found.until_at == NOW - HOUR


@given(before=TOLD, after=TOLD, later=st.integers(2, 600))
def test_a_better_source_moves_the_end_and_a_worse_one_never(
    before: Confidence, after: Confidence, later: int
) -> None:
    order = [Confidence.GUESS, Confidence.PATTERN, Confidence.SCREEN, Confidence.STRUCTURED]
    for sign in (1, -1):
        hold = holding.begin("a", met(20 * HOUR, how=before), [])
        word = met(20 * HOUR + sign * later * MINUTE, how=after)
        moved = holding.extend(hold, word, NOW)
        if order.index(after) >= order.index(before):
            assert (moved.until_at, moved.confidence) == (word.until_at, after)
        else:
            assert moved is hold


def test_the_rounding_of_words_moves_nothing_and_of_two_windows_the_later_counts() -> None:
    hold = holding.begin("a", met(HOUR), [])
    assert holding.extend(hold, met(HOUR + timedelta(seconds=40)), NOW) is hold
    weekly = holding.extend(hold, met(50 * HOUR, Cause.WEEKLY), NOW)
    assert (weekly.cause, weekly.until_at) == (Cause.WEEKLY, NOW + 50 * HOUR)
    assert holding.extend(weekly, met(2 * HOUR), NOW) is weekly
    assert holding.extend(hold, met(-HOUR), NOW) is hold


def test_a_told_end_has_two_minutes_and_a_guess_none() -> None:
    assert holding.due(holding.begin("a", met(HOUR), [])) == NOW + HOUR + 2 * MINUTE
    guess = holding.begin("a", met(None, Cause.UNKNOWN), [])
    assert holding.due(guess) == guess.until_at == NOW + 5 * MINUTE
    assert holding.due(holding.begin("a", met(None, Cause.SPEND), [])) is None


@given(cause=st.sampled_from([Cause.FIVE_HOUR, Cause.UNKNOWN]), slow=st.integers(0, 120))
def test_probes_grow_and_none_of_the_first_five_hours_is_beyond_them(
    cause: Cause, slow: int
) -> None:
    hold, now, waits = holding.begin("a", met(None, cause), []), NOW, []
    for _ in range(12):
        assert hold.until_at is not None
        waits.append(hold.until_at - now)
        if now < NOW + 5 * HOUR:
            assert hold.until_at <= NOW + 5 * HOUR
        now = hold.until_at + timedelta(seconds=slow)
        hold = holding.failed(hold, met(None, cause, at=now), now)
    assert waits[:5] == [n * MINUTE for n in (5, 10, 20, 40, 60)]
    assert max(waits) == HOUR


def test_a_limit_of_days_is_probed_ever_more_rarely() -> None:
    delays = [holding.probe_delay(n, Cause.WEEKLY) for n in range(9)]
    assert delays == sorted(delays)
    assert delays[-1] == 5 * HOUR


def test_a_failed_waking_takes_a_new_end_that_was_said_keeps_one_ahead_and_else_probes() -> None:
    hold = replace(holding.begin("a", met(HOUR), []), state=HoldState.WAKING)
    now = NOW + HOUR + 2 * MINUTE
    assert holding.failed(hold, met(3 * HOUR, at=now), now).until_at == now + 3 * HOUR
    probe = holding.failed(hold, met(-2 * MINUTE, at=now), now)
    assert (probe.until_at, probe.confidence) == (now + 10 * MINUTE, Confidence.GUESS)
    assert holding.is_probe(probe)
    early = holding.failed(hold, None, NOW + MINUTE)
    assert (early.until_at, early.probes) == (hold.until_at, 1)


def test_earlier_resets_tell_the_end_only_when_nothing_else_does() -> None:
    past = [ended(NOW - 2 * HOUR)]
    known = holding.begin("a", met(HOUR), past)
    assert known.confidence is Confidence.STRUCTURED
    found = holding.begin("a", met(None), past)
    assert (found.until_at, found.confidence) == (NOW + 3 * HOUR, Confidence.PATTERN)
    assert holding.begin("a", met(None), [ended(NOW - 6 * HOUR)]).confidence is Confidence.GUESS
    weekly = [ended(NOW - timedelta(days=15), Cause.WEEKLY)]
    found = holding.begin("a", met(None, Cause.WEEKLY), weekly)
    assert found.until_at == NOW + timedelta(days=6)
    guessed = [ended(NOW - 2 * HOUR, confidence=Confidence.GUESS)]
    assert holding.begin("a", met(None), guessed).confidence is Confidence.GUESS


def test_a_limit_met_right_after_a_hold_goes_on_with_its_probes() -> None:
    last = ended(NOW - 10 * MINUTE, probes=2)
    assert holding.begin("a", met(None), [last]).probes == 3
    assert holding.begin("a", met(HOUR), [last]).probes == 0
    assert holding.begin("a", met(None), [replace(last, ended_at=NOW - 2 * HOUR)]).probes == 0


@given(st.sampled_from(HoldState), st.sampled_from(HoldState))
def test_a_hold_moves_along_its_table_only(old: HoldState, new: HoldState) -> None:
    if new in HOLD_MOVES[old]:
        assert hold_move(old, new) is new
    else:
        with pytest.raises(IllegalMove):
            hold_move(old, new)


@given(st.sampled_from(WakeState), st.sampled_from(WakeState))
def test_a_waking_moves_along_its_table_only(old: WakeState, new: WakeState) -> None:
    if new in WAKE_MOVES[old]:
        assert wake_move(old, new) is new
    else:
        with pytest.raises(IllegalMove):
            wake_move(old, new)
