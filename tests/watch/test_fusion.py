"""Recorded histories replayed: what each source said at which second, and what we then believe."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watch.histories import replay
from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState, Fused, Reading, Source
from tmux_orch.domain.work import Quota
from tmux_orch.watch.fusion import (
    AFTER_RESET_S,
    ERROR_STANDS_S,
    EVENT_LEADS_S,
    LIMIT_MOST_S,
    LIMIT_QUIET_S,
    SCREEN_FRESH_S,
    STARTING_S,
    fuse,
    limit_met,
)
from tmux_orch.watch.readings import Readings

T0 = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
S = AgentState
SLOTS = {
    "process": Source.PROCESS,
    "tmux": Source.TMUX,
    "asking": Source.HOOK,
    "level": Source.SESSION_FILE,
    "hook": Source.HOOK,
    "screen": Source.SCREEN,
}


def at(second: float) -> datetime:
    return T0 + timedelta(seconds=second)


def say(slot: str, state: AgentState | None, second: float, detail: str = "") -> Reading:
    return Reading(SLOTS[slot], state, at(second), f"{slot}.rule", detail)


# A history is a list of steps: (second, what changed {slot: state or None for "gone"}, expected).
# ``True`` for a slot means a reading that is there and says nothing about the state.
HISTORIES: dict[str, list[tuple[float, dict[str, AgentState | bool | None], AgentState]]] = {
    "a start, a turn and a clean end": [
        (0.0, {"process": True}, S.INITIALIZING),
        (0.5, {"level": S.IDLE}, S.IDLE),
        (1.0, {"hook": S.WORKING}, S.WORKING),
        (1.1, {"level": S.WORKING}, S.WORKING),
        (9.0, {"hook": S.IDLE}, S.WORKING),  # the level must confirm that the turn is over
        (9.1, {"level": S.IDLE}, S.IDLE),
        (20.0, {"hook": S.EXITED}, S.IDLE),  # a session's end is also the sign of /clear
        (20.1, {"process": S.EXITED, "level": None}, S.EXITED),
    ],
    "killed: the file stays with its last status": [
        (0.0, {"process": True, "level": S.WORKING}, S.WORKING),
        (5.0, {"process": S.EXITED}, S.EXITED),
        (6.0, {"level": S.IDLE}, S.EXITED),
        (7.0, {"hook": S.WORKING}, S.EXITED),
        (8.0, {"screen": S.INITIALIZING}, S.EXITED),
    ],
    "a dialog answered at the terminal": [
        (0.0, {"process": True, "level": S.WORKING}, S.WORKING),
        (2.0, {"hook": S.WAITING_PERMISSION, "asking": S.WAITING_PERMISSION}, S.WAITING_PERMISSION),
        (2.1, {"level": S.WAITING_PERMISSION}, S.WAITING_PERMISSION),
        (60.0, {}, S.WAITING_PERMISSION),
        (61.0, {"level": S.WORKING}, S.WORKING),
        (61.2, {"asking": None}, S.WORKING),
    ],
    "another tool ends while a permission waits": [
        (0.0, {"process": True, "level": S.WORKING}, S.WORKING),
        (2.0, {"hook": S.WAITING_PERMISSION, "asking": S.WAITING_PERMISSION}, S.WAITING_PERMISSION),
        (2.5, {"hook": S.WORKING}, S.WAITING_PERMISSION),
    ],
    "a turn cancelled with Esc makes no hook": [
        (0.0, {"process": True, "level": S.IDLE}, S.IDLE),
        (1.0, {"hook": S.WORKING}, S.WORKING),
        (1.1, {"level": S.WORKING}, S.WORKING),
        (4.0, {"level": S.IDLE}, S.WORKING),  # the hook of its end may be on the way
        (4.4, {}, S.IDLE),
        (5.0, {}, S.IDLE),
    ],
    "a hook that the file never confirms is believed for a moment only": [
        (0.0, {"process": True, "level": S.IDLE}, S.IDLE),
        (10.0, {"hook": S.WORKING}, S.WORKING),
        (10.0 + EVENT_LEADS_S + 0.1, {}, S.IDLE),
    ],
    "a start-up dialog": [
        (0.0, {"process": True}, S.INITIALIZING),
        (2.0, {"screen": True}, S.INITIALIZING),
        (3.0, {"screen": S.NEEDS_TRUST}, S.NEEDS_TRUST),
        (9.0, {"screen": None, "level": S.IDLE}, S.IDLE),
    ],
    "a dialog's words on the screen of a running agent are only words": [
        (0.0, {"process": True, "level": S.WORKING}, S.WORKING),
        (3.0, {"screen": S.NEEDS_TRUST}, S.WORKING),
        (4.0, {"level": S.IDLE}, S.IDLE),
    ],
    "a screen alone says idle and working only where nothing else speaks": [
        (0.0, {"process": True}, S.INITIALIZING),
        (STARTING_S + 1, {}, S.UNKNOWN),
        (STARTING_S + 2, {"screen": S.IDLE}, S.IDLE),
        (STARTING_S + 3, {"screen": S.WORKING}, S.WORKING),
        (STARTING_S + 4, {"screen": S.EXITED}, S.UNKNOWN),
        (STARTING_S + 5, {"screen": S.USAGE_LIMITED}, S.UNKNOWN),
        (STARTING_S + 6, {"screen": S.IDLE, "level": S.WORKING}, S.WORKING),
    ],
    "without a session file the last hook is the level": [
        (0.0, {"process": True}, S.INITIALIZING),
        (1.0, {"hook": S.IDLE}, S.IDLE),
        (100.0, {"hook": S.WORKING}, S.WORKING),
        (500.0, {}, S.WORKING),
        (501.0, {"hook": S.IDLE}, S.IDLE),
    ],
    "an old program without a word": [
        (0.0, {"process": True}, S.INITIALIZING),
        (STARTING_S + 1, {}, S.UNKNOWN),
    ],
    "the window is gone, the process lives": [
        (0.0, {"process": True, "level": S.IDLE, "tmux": True}, S.IDLE),
        (2.0, {"tmux": S.UNKNOWN}, S.UNKNOWN),
        (2.5, {"process": S.EXITED}, S.EXITED),
    ],
    "a turn ends in an error": [
        (0.0, {"process": True, "level": S.WORKING}, S.WORKING),
        (5.0, {"hook": S.ERROR}, S.WORKING),
        (5.1, {"level": S.IDLE}, S.ERROR),
        (50.0, {}, S.ERROR),
        (5.1 + ERROR_STANDS_S, {}, S.IDLE),
    ],
    "an error is over when the next turn begins": [
        (0.0, {"process": True, "level": S.IDLE}, S.IDLE),
        (5.0, {"hook": S.ERROR}, S.ERROR),
        (9.0, {"hook": S.WORKING}, S.WORKING),
        (9.1, {"level": S.WORKING}, S.WORKING),
        (12.0, {"level": S.IDLE, "hook": S.IDLE}, S.IDLE),
    ],
    "a missing sign-in stands until something else happens": [
        (0.0, {"process": True, "level": S.WORKING}, S.WORKING),
        (5.0, {"hook": S.NEEDS_LOGIN, "level": S.IDLE}, S.NEEDS_LOGIN),
        (3600.0, {}, S.NEEDS_LOGIN),
        (3700.0, {"level": S.IDLE}, S.IDLE),
    ],
    "the file goes a moment before the process": [
        (0.0, {"process": True, "level": S.IDLE, "published": True}, S.IDLE),
        (5.0, {"hook": S.EXITED}, S.IDLE),
        (5.1, {"level": None}, S.UNKNOWN),
        (5.2, {"process": S.EXITED}, S.EXITED),
    ],
    "nothing at all": [(0.0, {}, S.UNKNOWN), (100.0, {}, S.UNKNOWN)],
}


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_is_read_as_recorded(name: str) -> None:
    facts, before = Readings(), None
    for second, news, expected in HISTORIES[name]:
        for slot, state in news.items():
            if slot == "published":
                facts = replace(facts, published=True)
                continue
            reading = None
            if state is not None:
                reading = say(slot, None if state is True else AgentState(state), second)
            if slot == "level":
                facts = facts.with_level(reading)
            elif slot == "hook" and reading is not None:
                facts = facts.with_hook(reading)
            else:
                facts = replace(facts, **{slot: reading})
        before = fuse(replace(facts, age_s=second), before, at(second))
        assert before.state is expected, f"second {second}: {before}"


def test_since_is_kept_while_the_state_stays() -> None:
    idle = Readings(process=say("process", None, 0), level=say("level", S.IDLE, 1))
    first = fuse(idle, None, at(2))
    later = fuse(replace(idle, level=say("level", S.IDLE, 50)), first, at(60))
    assert first.since_at == later.since_at == at(1)


def test_a_state_never_begins_before_the_one_it_follows() -> None:
    before = Fused(S.WORKING, at(10), "")
    after = fuse(Readings(level=say("level", S.IDLE, 5)), before, at(11))
    assert after.since_at == at(10)


def test_a_clock_that_ran_ahead_in_the_session_file_does_not_put_since_in_the_future() -> None:
    assert fuse(Readings(level=say("level", S.IDLE, 500)), None, at(1)).since_at == at(1)


def test_the_exit_status_is_the_evidence_of_an_end() -> None:
    facts = Readings(
        process=say("process", S.EXITED, 1, "pid 7 has ended"),
        tmux=say("tmux", S.EXITED, 2, "exit status 3"),
    )
    assert fuse(facts, None, at(3)).evidence == "tmux: tmux.rule (exit status 3)"


_states = st.one_of(st.none(), st.sampled_from(list(AgentState)))
_seconds = st.floats(min_value=0, max_value=200)


def _readings(slot: str) -> st.SearchStrategy[Reading | None]:
    made = st.builds(lambda state, second: say(slot, state, second), _states, _seconds)
    return st.one_of(st.none(), made)


_facts = st.builds(
    Readings,
    process=_readings("process"),
    tmux=_readings("tmux"),
    asking=_readings("asking"),
    level=_readings("level"),
    hook=_readings("hook"),
    screen=_readings("screen"),
    age_s=_seconds,
)


@given(facts=_facts, second=_seconds)
def test_a_dead_process_is_exited_whatever_else_is_said(facts: Readings, second: float) -> None:
    dead = replace(facts, process=say("process", S.EXITED, second))
    assert fuse(dead, None, at(second)).state is S.EXITED


@given(facts=_facts, second=_seconds)
def test_only_the_process_and_tmux_can_say_exited(facts: Readings, second: float) -> None:
    if fuse(facts, None, at(second)).state is S.EXITED:
        assert any(r and r.state is S.EXITED for r in (facts.process, facts.tmux))


@given(facts=_facts, second=_seconds)
def test_a_screen_decides_only_where_the_program_is_silent(facts: Readings, second: float) -> None:
    fused = fuse(facts, None, at(second))
    if fused.evidence.startswith("screen") and facts.level and facts.level.state:
        busy, waiting = facts.level.state in BUSY, facts.level.state in WAITING
        assert (busy and fused.state in (S.RETRYING, S.COMPACTING)) or (
            waiting and fused.state in (S.NEEDS_TRUST, S.NEEDS_LOGIN)
        )


@given(facts=_facts, second=_seconds)
def test_idle_is_never_said_against_a_session_file(facts: Readings, second: float) -> None:
    if fuse(facts, None, at(second)).state is S.IDLE and facts.level and facts.level.state:
        assert facts.level.state in (S.IDLE, S.EXITED)


# -- recorded histories of the real program, and what must hold for any --------------------------

RECORDED = sorted((Path(__file__).parents[1] / "data" / "histories").glob("*.json"))
#: The files of a program with hooks and a session file.
WITH_HOOKS = [path for path in RECORDED if "hooks" in path.name]


def test_there_are_histories_of_both_versions_with_and_without_hooks() -> None:
    names = [path.stem for path in RECORDED]
    assert len(names) >= 4, names
    assert {name.rpartition("-")[2] for name in names} == {"hooks", "screen"}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_history_gives_every_state_and_does_not_flap(path: Path) -> None:
    told: list[tuple[float, S, S | None]] = []
    for second, facts, fused in replay(path):
        if not told or told[-1][1] is not fused.state:
            told.append((second, fused.state, facts.level.state if facts.level else None))
    states = [state for _, state, _ in told]
    assert states[-1] is S.EXITED
    assert {S.IDLE, S.THINKING, S.COMPACTING, S.RETRYING, S.WAITING_PERMISSION} <= set(states)
    assert {S.WAITING_ANSWER, S.USAGE_LIMITED, S.ERROR} <= set(states)
    for (_, first, _), (at_s, between, level), (back_s, again, _) in zip(
        told, told[1:], told[2:], strict=False
    ):
        # Rest between two moments of work, or work between two of rest, that was gone in half a
        # second: only if the program itself said so.
        if first is again and back_s - at_s < 0.5:
            for kind in (READY, BUSY):
                flashed = between in kind and first not in kind
                assert not flashed or level in kind, (at_s, first, between)


@pytest.mark.parametrize("path", WITH_HOOKS, ids=lambda path: path.stem)
def test_a_history_never_says_idle_while_the_session_file_says_busy(path: Path) -> None:
    for second, facts, fused in replay(path):
        if facts.level is not None and facts.level.state in BUSY and fused.state is not S.EXITED:
            assert fused.state not in READY | {S.ERROR, S.USAGE_LIMITED}, second


@pytest.mark.parametrize("gone", ["with_hook", "with_screen"])
@pytest.mark.parametrize("path", WITH_HOOKS, ids=lambda path: path.stem)
def test_a_history_that_lost_a_source_tells_less_and_nothing_wrong(path: Path, gone: str) -> None:
    for second, facts, fused in replay(path, frozenset({gone})):
        if facts.level is None or facts.level.state is None or fused.state is S.EXITED:
            continue
        by_hook = fused.evidence.startswith("hook")
        if facts.level.state in BUSY:
            assert fused.state in BUSY or (by_hook and fused.state in WAITING), second
        elif facts.level.state in READY and fused.state in BUSY:
            assert by_hook, second


LIMIT = replace(say("screen", S.USAGE_LIMITED, 10), until_at=at(3600), rule="screen.limit")
_slots = st.sampled_from(["with_fact", "with_hook", "with_level", "with_screen"])


@st.composite
def _told(draw: st.DrawFn) -> tuple[Readings, float]:
    """Any readings in any order, as a seat would take them."""
    facts, second = Readings(), 0.0
    for _ in range(draw(st.integers(0, 12))):
        second += draw(st.floats(0, 30))
        how, state = draw(_slots), draw(_states)
        if how == "with_fact":
            process = draw(st.booleans())
            slot, state = ("process" if process else "tmux"), draw(st.sampled_from([None, state]))
            facts = facts.with_fact(say(slot, state, second))
        elif how == "with_level":
            level = draw(st.booleans())
            facts = facts.with_level(say("level", state, second) if level else None)
        elif how == "with_hook":
            if state is not None:
                facts = facts.with_hook(say("hook", state, second))
        else:
            limit = replace(LIMIT, at=at(second)) if draw(st.booleans()) else None
            facts = facts.with_screen(say("screen", state, second), limit, draw(st.booleans()))
    age_s = draw(st.floats(0, 40))
    second += draw(st.floats(0, 20))
    return replace(facts, age_s=second, screen_age_s=age_s, still_s=draw(st.floats(0, 40))), second


@given(told=_told())
def test_no_order_of_readings_says_idle_while_the_level_says_busy(
    told: tuple[Readings, float],
) -> None:
    facts, second = told
    fused = fuse(facts, None, at(second))
    if facts.level is not None and facts.level.state in BUSY:
        assert fused.state not in READY | {S.USAGE_LIMITED, S.ERROR}


@given(told=_told())
def test_one_text_alone_holds_nobody(told: tuple[Readings, float]) -> None:
    facts, second = told
    fused = fuse(facts, None, at(second))
    if fused.state is not S.USAGE_LIMITED:
        return
    if facts.hook is not None and facts.hook.state is S.USAGE_LIMITED:
        return  # the failed turn's own hook: an event and its text
    if facts.level is not None and facts.level.state is S.USAGE_LIMITED:
        return  # the program's own word
    at_rest = facts.level is not None and facts.level.state in READY | WAITING
    silent = facts.level is None and facts.still_s >= LIMIT_QUIET_S
    assert at_rest or silent


@given(told=_told())
def test_a_conflict_is_never_the_reading_that_decided(told: tuple[Readings, float]) -> None:
    fused = fuse(told[0], None, at(told[1]))
    assert not fused.conflict or fused.conflict != fused.evidence


@given(told=_told(), state=st.sampled_from(list(S)))
def test_a_mark_from_outside_only_covers_the_state_it_fits(
    told: tuple[Readings, float], state: S
) -> None:
    facts, second = told
    plain = fuse(facts, None, at(second)).state
    marked = fuse(replace(facts, mark=say("screen", state, second)), None, at(second)).state
    fits = (state is S.STUCK and plain in BUSY) or (state is S.COMPLETE and plain in READY)
    assert marked is (state if fits else plain)


# -- usage limits --------------------------------------------------------------------------------


def limited_by_screen(**other: Any) -> Readings:
    """Words of a limit on the screen of a program that has rested since second 10."""
    facts = Readings(process=say("process", None, 0)).with_level(say("level", S.IDLE, 10))
    facts = facts.with_screen(say("screen", S.IDLE, 10), LIMIT, False)
    return replace(facts, still_s=60, **other)


def test_a_limit_on_the_screen_counts_once_the_program_has_rested() -> None:
    facts = limited_by_screen()
    assert fuse(facts, None, at(11)).state is S.IDLE
    assert fuse(facts, None, at(10 + LIMIT_QUIET_S)).state is S.USAGE_LIMITED


def test_an_agent_that_talks_about_limits_is_never_held() -> None:
    # Its turn ended well, by its own hook, with the words of a limit as the last thing said.
    facts = limited_by_screen(hook=say("hook", S.IDLE, 10))
    assert fuse(facts, None, at(60)).state is S.IDLE
    # It works, whatever stands on its screen.
    busy = facts.with_level(say("level", S.WORKING, 61)).with_screen(
        say("screen", S.THINKING, 62), LIMIT, False
    )
    assert fuse(replace(busy, still_s=60), None, at(120)).state in BUSY


def test_a_limit_ends_two_minutes_after_its_reset() -> None:
    facts = limited_by_screen()
    held = fuse(facts, None, at(3600 + AFTER_RESET_S - 1))
    assert held.state is S.USAGE_LIMITED
    assert fuse(facts, held, at(3600 + AFTER_RESET_S)).state is S.IDLE


def test_a_limit_that_is_met_after_the_end_that_was_told_is_one_all_the_same() -> None:
    told = replace(say("hook", S.USAGE_LIMITED, 4000), until_at=at(3600))
    facts = Readings(level=say("level", S.IDLE, 3999), hook=told)
    assert fuse(facts, None, at(4100)).state is S.USAGE_LIMITED
    # Words on a screen may be old: when they were written nobody knows.
    seen = replace(LIMIT, at=at(4000))
    facts = limited_by_screen(limit=seen)
    assert fuse(facts, None, at(4100)).state is S.IDLE
    assert limit_met(facts, at(4100)) is seen


def test_a_limit_that_was_let_go_is_over_while_its_words_stand_and_another_one_counts() -> None:
    facts = limited_by_screen()
    assert fuse(facts, None, at(30)).state is S.USAGE_LIMITED
    let_go = facts.without_limit()
    assert fuse(let_go, None, at(30)).state is S.IDLE
    assert limit_met(let_go, at(30)) is None
    again = replace(let_go, limit=replace(LIMIT, at=at(25)))
    assert fuse(again, None, at(40)).state is S.USAGE_LIMITED


def test_a_limit_that_the_session_file_tells_is_one_and_ends_without_the_file() -> None:
    said = replace(say("level", S.USAGE_LIMITED, 10), until_at=at(3600))
    facts = Readings(process=say("process", None, 0)).with_level(said)
    facts = facts.with_screen(say("screen", S.IDLE, 11), replace(LIMIT, until_at=None), False)
    assert facts.limit_said() is said
    held = fuse(facts, None, at(12))
    assert held.state is S.USAGE_LIMITED
    assert fuse(facts, held, at(3600 + AFTER_RESET_S)).state is S.IDLE


def test_no_limit_is_believed_for_more_than_five_hours_without_being_seen_again() -> None:
    unread = replace(say("hook", S.USAGE_LIMITED, 10), until_at=None)
    facts = Readings().with_level(say("level", S.IDLE, 10)).with_hook(unread)
    assert fuse(facts, None, at(10 + LIMIT_MOST_S - 1)).state is S.USAGE_LIMITED
    assert fuse(facts, None, at(10 + LIMIT_MOST_S + 1)).state is S.IDLE
    week = replace(unread, until_at=at(7 * 86400))
    facts = Readings().with_level(say("level", S.IDLE, 10)).with_hook(week)
    assert fuse(facts, None, at(10 + LIMIT_MOST_S + 1)).state is S.IDLE
    shown = facts.with_screen(say("screen", S.IDLE, 20), replace(LIMIT, until_at=None), True)
    assert fuse(shown, None, at(10 + LIMIT_MOST_S + 1)).state is S.USAGE_LIMITED


def test_a_limit_is_over_when_the_program_works_again_and_does_not_come_back() -> None:
    facts = limited_by_screen()
    facts = facts.with_level(say("level", S.WORKING, 100)).with_level(say("level", S.IDLE, 110))
    assert facts.limit is None
    facts = facts.with_screen(say("screen", S.IDLE, 111), None, False)
    assert fuse(facts, None, at(200)).state is S.IDLE


def test_the_words_of_a_limit_may_go_from_the_screen_of_a_held_agent() -> None:
    facts = limited_by_screen()
    held = fuse(facts, None, at(20))
    facts = facts.with_screen(say("screen", S.IDLE, 30), None, parked=True)
    assert fuse(replace(facts, still_s=0), held, at(31)).state is S.USAGE_LIMITED


def test_the_exact_reset_of_a_quota_replaces_the_clock_time_of_the_text() -> None:
    facts = limited_by_screen().with_quotas(
        [Quota("five_hour", 100.0, at(1234)), Quota("seven_day", 20.0, at(99999))]
    )
    assert facts.limit is not None and facts.limit.until_at == at(1234)


# -- stale sources and conflicts -----------------------------------------------------------------


def test_a_screen_that_was_not_looked_at_for_long_says_nothing() -> None:
    facts = Readings(process=say("process", None, 0)).with_screen(
        say("screen", S.IDLE, 1), None, False
    )
    assert fuse(replace(facts, screen_age_s=1.0), None, at(90)).state is S.IDLE
    stale = replace(facts, screen_age_s=SCREEN_FRESH_S + 1, age_s=90)
    assert fuse(stale, None, at(90)).state is S.UNKNOWN


def test_a_retry_is_believed_of_a_busy_program_until_its_next_hook() -> None:
    facts = Readings().with_level(say("level", S.WORKING, 1)).with_hook(say("hook", S.THINKING, 1))
    facts = facts.with_screen(say("screen", S.RETRYING, 5), None, False)
    assert fuse(replace(facts, screen_age_s=0.5), None, at(6)).state is S.RETRYING
    facts = facts.with_hook(say("hook", S.WORKING, 6))
    assert fuse(replace(facts, screen_age_s=1.0), None, at(6.5)).state is S.WORKING
    assert fuse(replace(facts, screen_age_s=4.5), None, at(10)).state is S.WORKING
    rest = Readings().with_level(say("level", S.IDLE, 1))
    rest = rest.with_screen(say("screen", S.RETRYING, 5), None, False)
    assert fuse(rest, None, at(6)).state is S.IDLE, "words of a retry of a program at rest"


def test_what_is_said_against_the_state_is_shown() -> None:
    facts = Readings().with_level(say("level", S.WORKING, 1))
    facts = facts.with_screen(say("screen", S.WAITING_PERMISSION, 5), None, False)
    fused = fuse(replace(facts, screen_age_s=0.1), None, at(9))
    assert fused.state is S.WORKING
    assert fused.conflict == "screen: screen.rule"
    old = fuse(replace(facts, screen_age_s=SCREEN_FRESH_S + 1), None, at(60))
    assert old.conflict == "", "a look that is long past contradicts nothing"
    agreed = facts.with_screen(say("screen", S.THINKING, 9), None, False)
    assert fuse(agreed, None, at(9.5)).conflict == ""


def test_without_a_session_file_the_screen_ends_what_a_hook_began() -> None:
    facts = Readings().with_hook(say("hook", S.WORKING, 10))
    facts = facts.with_screen(say("screen", S.IDLE, 11), None, False)
    assert fuse(facts, None, at(11)).state is S.WORKING, "a hook leads the screen too"
    assert fuse(facts, None, at(10 + EVENT_LEADS_S)).state is S.IDLE


def test_a_failed_turns_limit_waits_for_the_level_to_say_that_the_turn_is_over() -> None:
    facts = Readings().with_level(say("level", S.WORKING, 1))
    facts = facts.with_hook(say("hook", S.USAGE_LIMITED, 5))
    assert fuse(facts, None, at(5)).state in BUSY
    facts = facts.with_level(say("level", S.IDLE, 5.1))
    assert fuse(facts, None, at(6)).state is S.USAGE_LIMITED


def test_what_was_done_in_a_turn_that_was_cancelled_is_not_said_of_the_next() -> None:
    facts = Readings().with_level(say("level", S.WORKING, 1)).with_hook(say("hook", S.TESTING, 2))
    facts = facts.with_level(say("level", S.IDLE, 8)).with_level(say("level", S.WORKING, 20))
    assert fuse(facts, None, at(21)).state is S.WORKING


def test_a_turn_whose_end_only_the_level_tells_goes_on_until_its_hook_can_have_come() -> None:
    # Claude Code 2.1.197 says idle up to 0.1 s before the hook of a limit: a message sent in that
    # moment would go to an agent that cannot answer.
    facts = Readings(hook=say("hook", S.THINKING, 0), level=say("level", S.IDLE, 10))
    just = fuse(facts, None, at(10.1))
    assert just.state is S.THINKING
    assert fuse(facts, just, at(10.5)).state is S.IDLE
    ended = replace(facts, hook=say("hook", S.IDLE, 9))
    assert fuse(ended, None, at(10)).state is S.IDLE
