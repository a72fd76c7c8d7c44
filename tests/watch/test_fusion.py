"""Recorded histories replayed: what each source said at which second, and what we then believe."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.states import BUSY, WAITING, AgentState, Fused, Reading, Source
from tmux_orch.watch.fusion import (
    ERROR_STANDS_S,
    EVENT_LEADS_S,
    STARTING_S,
    fuse,
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
        (4.0, {"level": S.IDLE}, S.IDLE),
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
