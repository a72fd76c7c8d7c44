"""After the daemon's start what was known holds until something newer is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.watch.conftest import Scene, make_berth, make_seat
from tmux_orch.domain.states import AgentState, Fused, Reading, Source
from tmux_orch.watch.fusion import fuse
from tmux_orch.watch.readings import Readings
from tmux_orch.watch.restored import BLIND_S, Known, before, holds, seeds, shown

S = AgentState
NOW = datetime(2025, 1, 2, tzinfo=UTC)
LIMIT = {
    "source": "hook", "rule": "x.hook.StopFailure", "evidence": "limit reached",
    "until_at": (NOW + timedelta(hours=2)).isoformat(),
}  # fmt: skip


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def known(state: AgentState, evidence: str = "", since_s: float = 600, **more: Any) -> Known:
    return Known(Fused(state, ago(since_s), evidence or "session_file: x.session"), **more)


def level(state: AgentState, since_s: float) -> Readings:
    return Readings(
        process=Reading(Source.PROCESS, None, NOW, "process.alive"),
        level=Reading(Source.SESSION_FILE, state, ago(since_s), "x.session"),
        published=True,
        ran=True,
        age_s=3600,
    )


@pytest.mark.parametrize(
    ("was", "is_now", "since_s", "stands"),
    [
        (S.IDLE, S.IDLE, 600, True),
        (S.IDLE, S.IDLE, 20, False),  # it worked meanwhile
        (S.TESTING, S.WORKING, 600, True),  # a hook told of the tests
        (S.TESTING, S.IDLE, 30, False),
        (S.WAITING_ANSWER, S.WAITING_PERMISSION, 599.9, True),  # a hook knew what it waits for
        (S.WAITING_PERMISSION, S.WAITING_PERMISSION, 30, False),  # another dialog
        (S.WAITING_PERMISSION, S.WORKING, 30, False),
        (S.UNKNOWN, S.IDLE, 900, False),
    ],
)
def test_the_session_file_ends_what_was_known_only_when_it_says_something_newer(
    was: AgentState, is_now: AgentState, since_s: float, stands: bool
) -> None:
    assert holds(known(was), level(is_now, since_s), NOW, watched_s=60) is stands


def test_while_nothing_is_known_it_is_believed_for_a_moment_only() -> None:
    nothing = Readings(process=Reading(Source.PROCESS, None, NOW, "process.alive"), age_s=3600)
    assert holds(known(S.IDLE), nothing, NOW, watched_s=BLIND_S - 0.1)
    assert not holds(known(S.IDLE), nothing, NOW, watched_s=BLIND_S)
    young = replace(nothing, age_s=1)
    assert holds(known(S.IDLE), young, NOW, watched_s=1)


def test_a_dead_program_is_dead_at_once_and_keeps_its_exit_status() -> None:
    gone = Readings(process=Reading(Source.PROCESS, S.EXITED, NOW, "process.gone"))
    assert not holds(known(S.IDLE), gone, NOW, watched_s=0)
    ended = known(S.EXITED, "tmux: tmux.pane_dead (exit status 3)")
    assert holds(ended, gone, NOW, watched_s=1)
    assert shown(ended, gone, NOW) == ended.fused
    told = replace(gone, tmux=Reading(Source.TMUX, S.EXITED, NOW, "tmux.pane_dead"))
    assert fuse(told, before(ended, told, NOW), NOW).since_at == ended.fused.since_at


@pytest.mark.parametrize("source", ["hook", "screen"])
def test_one_that_is_held_for_its_limit_stays_held_until_the_limits_end(source: str) -> None:
    was = known(S.USAGE_LIMITED, limit={**LIMIT, "source": source})
    kept = seeds(was)
    rests = replace(level(S.IDLE, 599.9), hook=kept.hook, limit=kept.limit, parked=kept.parked)
    assert holds(was, rests, NOW, watched_s=60)
    assert not holds(was, rests, NOW + timedelta(hours=3), watched_s=60)
    works = replace(level(S.WORKING, 5), hook=kept.hook, limit=kept.limit, parked=kept.parked)
    assert not holds(was, works, NOW, watched_s=60)


def test_a_mark_stands_until_it_is_taken_back() -> None:
    was = known(S.STUCK, "process: attention.stuck (busy, without output)")
    marked = replace(level(S.WORKING, 900), mark=seeds(was).mark)
    assert holds(was, marked, NOW, watched_s=60)
    assert not holds(was, replace(marked, mark=None), NOW, watched_s=60)


def adopt(scene: Scene, start: Callable[..., Any], was: Known, status: str) -> Any:
    """A daemon that starts takes up a program that ran before."""
    program = start()
    seat = make_seat(f"developer-{program.pid}", program.pid)
    if status:
        scene.adapter.publish(program.pid, status, ago(0))
    scene.eyes.show(seat)
    return scene.board.adopt(seat, make_berth(seat), was)


def test_an_agent_that_did_not_change_is_no_news(scene: Scene, programs: Any) -> None:
    since_at = ago(0)
    was = Known(Fused(S.WAITING_ANSWER, since_at, "hook: fake.hook.ask (which one?)"))
    live = adopt(scene, programs, was, "waiting_permission")
    scene.board.tick()
    assert scene.board.settle()
    assert (live.fused(), scene.changes) == (was.fused, [])


def test_explain_names_the_reading_of_now_where_it_says_the_same(
    scene: Scene, programs: Any
) -> None:
    since_at = ago(0)
    was = Known(Fused(S.WAITING_ANSWER, since_at, "hook: fake.hook.ask"))
    live = adopt(scene, programs, was, "waiting_answer")
    told = (S.WAITING_ANSWER, since_at, "session_file: fake.session.waiting_answer")
    assert (live.fused().state, live.fused().since_at, live.fused().evidence) == told


def test_nothing_is_typed_on_the_word_of_before_alone(scene: Scene, programs: Any) -> None:
    was = Known(Fused(S.IDLE, ago(0), "screen: fake.screen"))
    live = adopt(scene, programs, was, "")
    assert live.fused().state is S.IDLE
    assert live.hold() == "what it does is being looked at again"
    scene.adapter.publish(live.seat().pid, "idle", ago(0))
    live.refresh()
    assert live.hold() == "the agent has just started"
