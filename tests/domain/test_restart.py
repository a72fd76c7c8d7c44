"""Ends of programs and the one decision about restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.restart import (
    LONGEST_S,
    MOVES,
    STARTS,
    WINDOW_S,
    Cause,
    IllegalMove,
    Move,
    RestartState,
    Signs,
    after_end,
    backoff_s,
    how,
    moved,
    recent,
    wait_s,
    within_budget,
)

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
S, M = RestartState, Move


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("signs", "cause", "words"),
    [
        (Signs(status=3), Cause.EXIT, "ended with status 3"),
        (Signs(status=0), Cause.EXIT, "ended with status 0"),
        (Signs(signal=9), Cause.SIGNAL, "was ended by SIGKILL"),
        (Signs(signal=9, oom_grew=True), Cause.OOM, "was killed because memory ran out"),
        (Signs(status=137, oom_grew=True), Cause.OOM, "was killed because memory ran out"),
        (Signs(signal=15, oom_grew=True), Cause.SIGNAL, "was ended by SIGTERM"),
        (Signs(status=143), Cause.SIGNAL, "was ended by SIGTERM"),
        (Signs(status=143, reason="other"), Cause.SIGNAL, "was ended by SIGTERM"),
        (Signs(status=129), Cause.SIGNAL, "was ended by SIGHUP"),
        (Signs(status=255), Cause.EXIT, "ended with status 255"),
        (Signs(signal=40), Cause.SIGNAL, "was ended by signal 40"),
        (Signs(), Cause.UNKNOWN, "ended, nobody knows how"),
        (Signs(oom_grew=True), Cause.UNKNOWN, "ended, nobody knows how"),
        (Signs(status=0, reason="prompt_input_exit"), Cause.BY_PERSON, "at its own terminal"),
        (Signs(reason="prompt_input_exit"), Cause.BY_PERSON, "at its own terminal"),
        (Signs(status=0, reason="logout"), Cause.BY_PERSON, "at its own terminal"),
        (Signs(status=3, reason="prompt_input_exit"), Cause.EXIT, "ended with status 3"),
        (Signs(signal=9, reason="prompt_input_exit"), Cause.SIGNAL, "SIGKILL"),
        (Signs(status=0, reason="other"), Cause.EXIT, "ended with status 0"),
        (Signs(status=1, asked=True), Cause.BY_PERSON, "at its own terminal"),
        (Signs(signal=9, asked=True), Cause.SIGNAL, "SIGKILL"),
        (Signs(server_lost=True, status=0, reason="logout"), Cause.SERVER_LOST, "tmux server"),
    ],
)
def test_how_a_program_ended_is_told_from_what_was_seen(
    signs: Signs, cause: Cause, words: str
) -> None:
    end = how(signs)
    assert end.cause is cause
    assert words in end.words()


@given(st.sampled_from(list(Cause)), st.integers(0, 20))
def test_a_person_s_own_end_is_left_alone_and_any_other_has_its_budget(
    cause: Cause, starts: int
) -> None:
    move = after_end(cause, starts)
    if cause is Cause.BY_PERSON:
        assert move is M.LEAVE
    else:
        assert move is (M.RETRY if starts < STARTS else M.GIVE_UP)


def test_the_waits_are_those_that_were_promised() -> None:
    assert [backoff_s(n) for n in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert backoff_s(10**6) == LONGEST_S


@given(st.integers(0, 10_000))
def test_the_waits_never_get_shorter_nor_longer_than_five_minutes(attempts: int) -> None:
    assert 1 <= backoff_s(attempts) <= backoff_s(attempts + 1) <= LONGEST_S


def test_the_budget_allows_five_starts_in_a_minute_and_no_sixth() -> None:
    assert within_budget(STARTS - 1)
    assert not within_budget(STARTS)


def test_starts_of_more_than_a_minute_ago_or_before_a_reset_do_not_count() -> None:
    starts = [ago(61), ago(59), ago(30), ago(10)]
    assert recent(starts, NOW) == 3
    assert recent(starts, NOW, reset_at=ago(20)) == 1


def test_starts_that_a_clock_set_back_has_put_into_the_future_do_not_count_for_ever() -> None:
    assert recent([NOW + timedelta(hours=1)] * 5, NOW) == 0


@given(st.integers(0, 40), st.floats(-1e6, 1e6))
def test_a_stored_wait_is_never_longer_than_the_backoff(attempts: int, left: float) -> None:
    wait = wait_s(attempts, NOW, NOW + timedelta(seconds=left))
    assert 0 <= wait <= backoff_s(attempts)


@given(st.sampled_from(list(RestartState)), st.sampled_from(list(Move)))
def test_a_move_that_the_table_does_not_know_raises(state: RestartState, move: Move) -> None:
    if (state, move) in MOVES:
        assert moved(state, move) is MOVES[state, move]
    else:
        with pytest.raises(IllegalMove):
            moved(state, move)


def test_nothing_but_a_person_or_life_itself_ends_what_was_given_up() -> None:
    for state in (S.GIVEN_UP, S.LEFT):
        assert {move for (of, move) in MOVES if of is state} == {M.LIVES, M.RESET}


@given(
    st.lists(st.floats(0, 700), min_size=1, max_size=60),
    st.lists(st.sampled_from([c for c in Cause if c is not Cause.BY_PERSON]), min_size=60),
)
def test_there_are_never_six_starts_in_a_minute_and_none_after_giving_up(
    lifetimes: list[float], causes: list[Cause]
) -> None:
    now, attempts, state = NOW, 0, S.UP
    starts = [now]
    for lifetime, cause in zip(lifetimes, causes, strict=False):
        now += timedelta(seconds=lifetime)
        if lifetime >= 600:
            attempts = 0
        move = after_end(cause, recent(starts, now))
        state = moved(state, move)
        if state is S.GIVEN_UP:
            with pytest.raises(IllegalMove):
                moved(state, M.BEGIN)
            break
        now += timedelta(seconds=backoff_s(attempts))
        state, attempts = moved(state, M.BEGIN), attempts + 1
        starts.append(now)
        state = moved(state, M.LIVES)
    for first, sixth in zip(starts, starts[STARTS:], strict=False):
        assert (sixth - first).total_seconds() >= WINDOW_S
    waits = [(b - a).total_seconds() for a, b in pairwise(starts)]
    assert all(wait >= 1 for wait in waits)


def test_a_program_that_ends_at_once_is_started_five_times_in_all() -> None:
    now, starts, attempts = NOW, [NOW], 0
    while after_end(Cause.EXIT, recent(starts, now)) is M.RETRY:
        now += timedelta(seconds=backoff_s(attempts))
        attempts += 1
        starts.append(now)
    assert [(at - NOW).total_seconds() for at in starts] == [0, 1, 3, 7, 15]
