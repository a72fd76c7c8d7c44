"""When somebody is called: each rule at its threshold, each alert once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.attention import DEFAULTS, RANGES, Alert, AlertKind, Thresholds
from tmux_orch.domain.said import Said
from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState
from tmux_orch.domain.work import Progress
from tmux_orch.watch.alerts import COOLDOWN_S, REMIND_MOST_S, REMIND_S, Alerts, What
from tmux_orch.watch.attention import RULES, Facts, alerts

S, K = AgentState, AlertKind
NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
OVER = Thresholds()


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def facts(state: AgentState = S.IDLE, since_s: float = 0, **more: Any) -> Facts:
    return Facts("shop/dev", state, ago(since_s), **more)


def kinds(given: Facts, over: Thresholds = OVER) -> list[AlertKind]:
    return [alert.kind for alert in alerts(given, over, NOW)]


OPEN, DONE = Progress(1, 3, "f"), Progress(3, 3, "f")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (facts(), []),
        # stuck: busy and nothing moved; whichever came last counts
        (facts(S.WORKING, 300), [K.STUCK]),
        (facts(S.WORKING, 299), []),
        (facts(S.THINKING, 4000, moved_at=ago(299)), []),
        (facts(S.THINKING, 4000, moved_at=ago(301)), [K.STUCK]),
        (facts(S.WORKING, 10, moved_at=ago(4000)), []),
        (facts(S.STUCK, 10, moved_at=ago(400)), [K.STUCK]),
        (facts(S.STUCK, 10, moved_at=ago(4)), []),
        (facts(S.IDLE, 4000, moved_at=ago(4000)), []),
        (facts(S.IDLE, 4000, stopped_since_at=ago(301)), [K.STUCK]),
        (facts(S.IDLE, 4000, stopped_since_at=ago(299)), []),
        # unanswered
        (facts(S.WAITING_ANSWER, 300), [K.UNANSWERED]),
        (facts(S.WAITING_PERMISSION, 299), []),
        (facts(S.NEEDS_TRUST, 301), [K.UNANSWERED]),
        # blocked: it said so, and has not gone on
        (facts(said=Said("question", "which?"), said_at=ago(600)), [K.BLOCKED]),
        (facts(said=Said("question", "which?"), said_at=ago(599)), []),
        (facts(said=Said("complete", "all"), said_at=ago(6000)), []),
        (facts(said=Said("error", "x"), said_at=ago(700), worked_at=ago(697)), [K.BLOCKED]),
        (facts(said=Said("error", "x"), said_at=ago(700), worked_at=ago(60)), []),
        (facts(S.WORKING, 60, said=Said("error", "x"), said_at=ago(700)), []),
        (facts(S.EXITED, 60, said=Said("error", "x"), said_at=ago(700)), []),
        # silent: idle with open tasks
        (facts(S.IDLE, 900, progress=OPEN), [K.SILENT]),
        (facts(S.IDLE, 899, progress=OPEN), []),
        (facts(S.IDLE, 9000, progress=DONE), []),
        (facts(S.IDLE, 9000, progress=Progress(0, 0)), []),
        (facts(S.IDLE, 9000), []),
        (facts(S.WORKING, 9000, progress=OPEN, moved_at=NOW), []),
        # done without commit
        (facts(S.IDLE, 900, dirty_files=1), [K.UNCOMMITTED]),
        (facts(S.COMPLETE, 900, dirty_files=2), [K.UNCOMMITTED]),
        (facts(S.IDLE, 9000, dirty_files=0), []),
        (facts(S.IDLE, 9000, dirty_files=None), []),
        (facts(S.IDLE, 899, dirty_files=4), []),
        # restart loop
        (facts(starts=tuple(ago(s) for s in (500, 400, 300, 200, 100))), [K.RESTART_LOOP]),
        (facts(starts=tuple(ago(s) for s in (601, 400, 300, 200, 100))), []),
        # figures
        (facts(context_percent=85.0), [K.CONTEXT_LOW]),
        (facts(context_percent=84.9), []),
        (facts(memory_bytes=8192 * 2**20), [K.MEMORY]),
        (facts(memory_bytes=8192 * 2**20 - 1), []),
        (facts(S.USAGE_LIMITED, 1), [K.LIMIT]),
        (facts(S.IDLE, 1, asked="a person says whether it goes on"), [K.LIMIT]),
        (facts(S.UNKNOWN, 1, server_lost=True), [K.SERVER_LOST]),
    ],
)  # fmt: skip
def test_each_rule_at_its_threshold(given: Facts, expected: list[AlertKind]) -> None:
    assert kinds(given) == expected


def test_a_threshold_of_zero_is_never() -> None:
    off = Thresholds(0, 0, 0, 0, 0, 0, 0, 0, 0)
    loud = [
        facts(S.WORKING, 9e5), facts(S.WAITING_ANSWER, 9e5), facts(S.IDLE, 9e5, progress=OPEN),
        facts(S.IDLE, 9e5, dirty_files=9, stopped_since_at=ago(9e5)),
        facts(said=Said("error", "x"), said_at=ago(9e5), context_percent=100.0,
              memory_bytes=2**60, starts=(NOW,) * 99),
    ]  # fmt: skip
    for one in loud:
        assert kinds(one)
        assert kinds(one, off) == []
    assert kinds(facts(S.USAGE_LIMITED, 1, server_lost=True), off) == [K.SERVER_LOST, K.LIMIT]


def test_a_role_has_its_own_thresholds() -> None:
    own = OVER.over({"stuck_s": 60})
    assert kinds(facts(S.WORKING, 61), own) == [K.STUCK]
    assert own.silent_s == OVER.silent_s
    assert set(RANGES) == set(Thresholds.__dataclass_fields__)
    assert all(low <= getattr(DEFAULTS, name) <= high for name, (low, high) in RANGES.items())


instants = st.integers(0, 100_000).map(ago) | st.none()
any_facts = st.builds(
    Facts,
    key=st.just("shop/dev"),
    state=st.sampled_from(AgentState),
    state_since_at=st.integers(0, 100_000).map(ago),
    moved_at=instants,
    stopped_since_at=instants,
    said=st.none() | st.builds(Said, st.sampled_from(["error", "complete", "blocked"]), st.text()),
    said_at=instants,
    worked_at=instants,
    progress=st.none() | st.builds(Progress, st.integers(0, 9), st.integers(0, 9)),
    dirty_files=st.none() | st.integers(0, 9),
    starts=st.lists(st.integers(0, 1000).map(ago), max_size=9).map(tuple),
    server_lost=st.booleans(),
    context_percent=st.none() | st.floats(0, 150),
    memory_bytes=st.none() | st.integers(0, 2**36),
)


@given(any_facts)
def test_whatever_is_known_each_kind_is_said_at_most_once_and_began_before_now(given: Facts):
    found = alerts(given, OVER, NOW)
    assert len({alert.kind for alert in found}) == len(found)
    assert [alert.kind for alert in found] == [kind for kind in RULES if kind in kinds(given)]
    assert all(alert.since_at <= NOW and "\n" not in alert.detail[:0] for alert in found)
    by_kind = {alert.kind for alert in found}
    if given.state not in BUSY and given.stopped_since_at is None:
        assert K.STUCK not in by_kind
    if given.state not in READY:
        assert not by_kind & {K.SILENT, K.UNCOMMITTED}
    if given.state not in WAITING:
        assert K.UNANSWERED not in by_kind


@given(any_facts, st.integers(1, 100_000))
def test_an_alert_does_not_go_by_waiting(given: Facts, later_s: int) -> None:
    """Restarts alone are forgotten by time; all else needs a change of the facts."""
    first = {alert.kind for alert in alerts(given, OVER, NOW)} - {K.RESTART_LOOP}
    later = alerts(given, OVER, NOW + timedelta(seconds=later_s))
    assert first <= {alert.kind for alert in later}


# -- news ---------------------------------------------------------------------------------------


def alert(kind: AlertKind = K.STUCK, at: datetime = NOW) -> Alert:
    return Alert(kind, "shop/dev", at, "detail")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(desk: Alerts, found: list[Alert], seconds: float) -> list[tuple[What, int]]:
    return [(one.what, one.reminder) for one in desk.look("shop/dev", found, at(seconds))]


def test_an_alert_is_raised_once_and_cleared_once() -> None:
    desk = Alerts()
    assert told(desk, [alert()], 0) == [(What.RAISED, 0)]
    assert told(desk, [alert()], 1) == []
    assert desk.of("shop/dev") == (alert(),)
    assert desk.of("shop/other") == ()
    assert told(desk, [], 2) == [(What.CLEARED, 0)]
    assert told(desk, [], 3) == []
    assert desk.of("shop/dev") == ()


def test_what_comes_back_within_the_cool_down_is_shown_and_told_only_after_it() -> None:
    desk = Alerts()
    told(desk, [alert()], 0)
    told(desk, [], 1)
    assert told(desk, [alert()], 10) == []
    assert desk.of("shop/dev") == (alert(),)
    assert told(desk, [], 11) == []
    assert told(desk, [alert()], 20) == []
    assert told(desk, [alert()], 1 + COOLDOWN_S) == [(What.RAISED, 0)]


def test_reminders_come_ever_more_rarely() -> None:
    desk = Alerts()
    seen = [s for s in range(0, 60 * 3600, 60) for one in told(desk, [alert()], s)]
    gaps = [b - a for a, b in pairwise(seen)]
    assert gaps[:3] == [REMIND_S, 2 * REMIND_S, 4 * REMIND_S]
    assert set(gaps[4:]) == {REMIND_MOST_S}


def test_the_gravest_is_first_and_a_figures_beginning_is_its_first_sight() -> None:
    desk = Alerts()
    found = [alert(K.CONTEXT_LOW), alert(K.SERVER_LOST), alert(K.STUCK)]
    told(desk, found, 0)
    assert [one.kind for one in desk.of("shop/dev")] == [K.SERVER_LOST, K.STUCK, K.CONTEXT_LOW]
    told(desk, [alert(K.CONTEXT_LOW, at(60))], 60)
    assert desk.of("shop/dev")[0].since_at == NOW
    desk.forget("shop/dev")
    assert desk.of("shop/dev") == ()
    assert told(desk, [], 61) == []


@given(st.lists(st.booleans(), min_size=1, max_size=300), st.integers(1, 100))
def test_flapping_never_storms(pattern: list[bool], step_s: int) -> None:
    desk, raised, open_now = Alerts(), [], False
    for i, stands in enumerate(pattern):
        for what, _ in told(desk, [alert()] if stands else [], i * step_s):
            assert what is not What.CLEARED or open_now, "cleared without having been raised"
            assert what is not What.RAISED or not open_now, "raised twice"
            open_now = what is not What.CLEARED
            raised += [i * step_s] * (what is What.RAISED)
        assert bool(desk.of("shop/dev")) is stands
    assert all(b - a >= COOLDOWN_S for a, b in pairwise(raised))


def test_facts_that_could_not_be_told_raise_nothing() -> None:
    for state in set(AgentState) - WAITING - {S.USAGE_LIMITED}:
        assert kinds(facts(state, 100)) == []
    assert kinds(replace(facts(S.WORKING, 100), moved_at=None)) == []
