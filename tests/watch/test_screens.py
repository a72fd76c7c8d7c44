"""Whose screen is looked at when, and when what it shows is believed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.watch.conftest import Scene, eventually, pane
from tmux_orch.agents.adapter import HookReading
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Condition, Reading, Source
from tmux_orch.domain.work import Figures, Quota
from tmux_orch.watch import screens
from tmux_orch.watch.board import BY_SCREEN_EVERY_S, TICK_S

S = AgentState


@pytest.fixture
def mute(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Seat:
    """An agent that publishes nothing and calls no hook, and is past its first second."""
    monkeypatch.setattr("tmux_orch.watch.process.age_s", lambda start: 5.0)
    return scene.seat(status="")


def show(scene: Scene, seat: Seat, screen: str) -> None:
    """Put this on the seat's screen, with output that tmux sees."""
    scene.eyes.screens[seat.pane_id] = screen
    scene.eyes.panes[seat.pane_id] = pane(seat, activity_at=datetime.now(UTC))


def until(scene: Scene, seat: Seat, state: S) -> None:
    def ticked() -> bool:
        scene.board.look_at_panes()
        scene.board.tick()
        return scene.state(seat) is state

    eventually(ticked)


def live(scene: Scene, seat: Seat) -> Any:
    found = scene.board.seat(seat.key)
    assert found is not None
    return found


# -- an agent that has only a screen -------------------------------------------------------------


def test_a_silent_agent_is_read_from_its_screen(scene: Scene, mute: Seat) -> None:
    show(scene, mute, "STATE idle")
    until(scene, mute, S.IDLE)
    show(scene, mute, "STATE working\n1")
    until(scene, mute, S.WORKING)
    assert live(scene, mute).fused().evidence.startswith("screen: fake.screen")


def test_a_state_is_believed_after_two_looks_and_told_within_the_second(
    scene: Scene, mute: Seat
) -> None:
    show(scene, mute, "STATE idle")
    scene.board.tick()
    assert scene.state(mute) is not S.IDLE, "one look is not believed"
    confirm_at = scene.board._screens.confirm_at()
    assert confirm_at is not None and confirm_at - time.monotonic() <= screens.CONFIRM_S, (
        "looked at again at once, not at the next tick"
    )
    until(scene, mute, S.IDLE)
    assert BY_SCREEN_EVERY_S + 2 * screens.CONFIRM_S <= 1.2 < 1.2 + TICK_S


@pytest.mark.parametrize("end", ["dead", "gone", "dropped"])
def test_a_screen_whose_agent_ends_before_the_second_look_is_not_looked_at_for_ever(
    scene: Scene, mute: Seat, end: str
) -> None:
    show(scene, mute, "STATE idle")
    scene.board.tick()
    assert scene.board._screens.confirm_at() is not None
    if end == "dead":
        scene.eyes.panes[mute.pane_id] = pane(mute, dead=True, exit_status=1)
    elif end == "gone":
        del scene.eyes.panes[mute.pane_id]
    else:
        scene.board.drop(mute.key)
    scene.board.look_at_panes()
    scene.board._screens.confirm(scene.board.seats(), scene.eyes.panes)
    assert scene.board._screens.confirm_at() is None, "the watch would not sleep any more"


def test_a_half_drawn_screen_does_not_take_a_state_away(scene: Scene, mute: Seat) -> None:
    show(scene, mute, "STATE working")
    until(scene, mute, S.WORKING)
    show(scene, mute, "nothing that a rule knows")
    scene.board.look_at_panes()
    scene.board._screens.look(scene.board.seats(), scene.eyes.panes)
    assert scene.state(mute) is S.WORKING
    until(scene, mute, S.UNKNOWN)


def test_a_busy_screen_may_change_all_the_time(scene: Scene, mute: Seat) -> None:
    count = 0

    def spinning() -> bool:
        nonlocal count
        count += 1
        show(scene, mute, f"STATE working\n{count} s")
        scene.board.look_at_panes()
        scene.board.tick()
        return scene.state(mute) is S.WORKING

    eventually(spinning)


def test_a_screen_that_says_idle_and_never_stands_still_is_not_believed(
    scene: Scene, mute: Seat
) -> None:
    for count in range(30):
        show(scene, mute, f"STATE idle\nstreaming {count}")
        scene.board.look_at_panes()
        scene.board._screens.look(scene.board.seats(), scene.eyes.panes, asked=True)
        assert scene.state(mute) is not S.IDLE


def test_the_title_counts_as_much_as_the_screen(scene: Scene, mute: Seat) -> None:
    scene.eyes.titles[mute.pane_id] = "STATE working"
    show(scene, mute, "nothing")
    until(scene, mute, S.WORKING)


def test_a_pane_that_did_not_change_is_not_captured_and_still_counts(
    scene: Scene, mute: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(scene, mute, "STATE idle")
    until(scene, mute, S.IDLE)
    scene.eyes.panes[mute.pane_id] = pane(mute, activity_at=datetime(2020, 1, 1, tzinfo=UTC))
    monkeypatch.setattr(screens, "SHOWN_S", 0.0)
    scene.board.look_at_panes()
    scene.board.tick()
    captures = len(scene.eyes.captures)
    for _ in range(5):
        scene.board.look_at_panes()
        scene.board.tick()
    assert len(scene.eyes.captures) == captures
    assert live(scene, mute)._aged(5.0).screen_age_s < 1.0
    moved = replace(scene.eyes.panes[mute.pane_id], cursor=(3, 4))
    scene.eyes.panes[mute.pane_id] = moved
    scene.board.look_at_panes()
    scene.board.tick()
    assert len(scene.eyes.captures) == captures + 1


def test_a_server_that_hangs_gives_no_screens_and_ends_nothing(scene: Scene, mute: Seat) -> None:
    show(scene, mute, "STATE idle")
    until(scene, mute, S.IDLE)
    scene.eyes.silent = True
    scene.board.look_at_panes()
    scene.board.tick()
    assert scene.state(mute) is S.IDLE
    assert scene.told("server_hung")
    assert live(scene, mute).hold() == "the tmux server does not answer"


# -- agents that publish -------------------------------------------------------------------------


def captured(scene: Scene, seat: Seat) -> int:
    return sum(seat.pane_id in ids for ids in scene.eyes.captures)


def test_an_agent_at_rest_is_looked_at_after_it_changed_only(scene: Scene) -> None:
    seat = scene.seat(status="idle")
    scene.eyes.panes[seat.pane_id] = pane(seat, activity_at=datetime(2020, 1, 1, tzinfo=UTC))
    for _ in range(4):
        scene.board.look_at_panes()
        scene.board.tick()
    assert captured(scene, seat) == 1


def test_a_busy_agent_is_looked_at_only_now_and_then_and_more_often_when_watched(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = scene.seat(status="working")
    show(scene, seat, "STATE working")
    eventually(lambda: scene.board.tick() or captured(scene, seat) == 2)  # the look that confirms
    offset = 0.0
    monkeypatch.setattr(scene.board._screens, "clock", Ahead(lambda: offset))

    def looks_after(seconds: float) -> int:
        nonlocal offset
        before = captured(scene, seat)
        offset += seconds
        show(scene, seat, f"STATE working\n{offset}")
        scene.board.look_at_panes()
        scene.board._screens.look(scene.board.seats(), scene.eyes.panes)
        return captured(scene, seat) - before

    assert looks_after(screens.BUSY_S + 0.1) == 0, "nobody looks"
    assert looks_after(screens.BUSY_UNWATCHED_S) == 1
    scene.board.watched()
    assert looks_after(screens.BUSY_S + 0.1) == 1


class Ahead:
    """A clock that is ahead by as much as a test says."""

    def __init__(self, by: Callable[[], float]) -> None:
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._by())

    def monotonic(self) -> float:
        return time.monotonic() + self._by()


def test_a_retry_is_seen_on_the_screen_of_a_busy_agent(scene: Scene) -> None:
    seat = scene.seat(status="working")
    show(scene, seat, "STATE retrying")
    until(scene, seat, S.RETRYING)
    scene.adapter.publish(seat.pid, "idle")
    scene.board.tick()
    assert scene.state(seat) is S.IDLE


def test_the_dialog_of_a_waiting_agent_is_there_with_its_options_and_its_age(scene: Scene) -> None:
    seat = scene.seat(status="working")
    show(scene, seat, "Do you trust this?")
    scene.board.tick()
    assert live(scene, seat).dialog() is None, "a dialog's words on a busy agent's screen"
    before = datetime.now(UTC)
    scene.adapter.publish(seat.pid, "waiting_answer")

    def seen() -> bool:
        show(scene, seat, "Do you trust this?\n")
        scene.board.look_at_panes()
        scene.board.tick()
        return live(scene, seat).dialog() is not None

    eventually(seen)
    dialog = live(scene, seat).dialog()
    assert dialog.options == ("No", "Yes")
    assert before <= live(scene, seat).dialog_at() <= datetime.now(UTC)
    assert scene.state(seat) is S.NEEDS_TRUST, "the screen says what kind of answer is waited for"


def test_asking_about_an_agent_looks_at_a_screen_that_changed(scene: Scene) -> None:
    seat = scene.seat(status="idle")
    show(scene, seat, "STATE idle\nfirst")
    scene.board.tick()
    show(scene, seat, "STATE idle\nsecond")
    scene.board.look_at_screen(seat.key)
    eventually(lambda: scene.board.look_at_screen(seat.key) or "second" in shown(scene, seat))


def shown(scene: Scene, seat: Seat) -> str:
    seen = live(scene, seat).seen()
    return seen.capture if seen is not None else ""


# -- limits and conditions -----------------------------------------------------------------------


def test_a_limit_is_told_once_with_its_end_and_again_when_the_end_is_another(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmux_orch.watch.fusion.LIMIT_QUIET_S", 0.0)
    seat = scene.seat(status="idle")
    show(scene, seat, "STATE idle\nLIMIT 900")
    until(scene, seat, S.USAGE_LIMITED)
    for _ in range(3):
        scene.board.tick()
    told = scene.told("limit_seen")
    assert len(told) == 1
    ends_at = datetime.fromisoformat(told[0]["until_at"])
    assert timedelta(seconds=800) < ends_at - datetime.now(UTC) <= timedelta(seconds=900)
    assert [event["condition"] for event in scene.told("condition_seen")] == ["usage_limit"]
    scene.adapter.publish(seat.pid, "working", datetime.now(UTC) + timedelta(seconds=1))
    scene.board.tick()
    assert scene.state(seat) is S.WORKING


def test_the_status_line_gives_a_standing_limit_its_exact_end(scene: Scene) -> None:
    """Words say the minute; the plan's windows, which come a moment later, the second."""
    seat = scene.seat(status="idle")
    agent, now = live(scene, seat), datetime.now(UTC)
    said = Reading(
        Source.HOOK, S.USAGE_LIMITED, now, "fake.hook", "limit", now + timedelta(hours=1)
    )
    agent.take_hook(HookReading(said))
    ends_at = now + timedelta(hours=1, seconds=42)
    line = Reading(Source.STATUS_LINE, None, now, "fake.status_line")
    windows = (Quota("seven_day", 20, now + timedelta(days=2)), Quota("five_hour", 100, ends_at))
    for _ in range(2):
        agent.take_hook(HookReading(line, figures=Figures(now, quotas=windows)))
    told = [datetime.fromisoformat(event["until_at"]) for event in scene.told("limit_seen")]
    assert told == [said.until_at, ends_at]


def test_a_limit_of_helpers_is_told_once_and_holds_no_agent(scene: Scene) -> None:
    seat = scene.seat(status="working")
    now = datetime.now(UTC)
    for helper in range(3):
        at = now + timedelta(seconds=helper)
        said = Reading(Source.HOOK, None, at, "fake.hook", "limit", now + timedelta(hours=1))
        told = HookReading(said, subagent=True, condition=Condition.USAGE_LIMIT)
        live(scene, seat).take_hook(told)
    assert [event["evidence"] for event in scene.told("limit_inside")] == ["limit"]
    assert scene.state(seat) is S.WORKING
    assert scene.told("limit_seen") == scene.told("condition_seen") == []


def test_a_quoted_limit_parks_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmux_orch.watch.fusion.LIMIT_QUIET_S", 0.0)
    seat = scene.seat(status="working")
    show(scene, seat, "STATE working\nLIMIT 900")
    for _ in range(3):
        scene.board.look_at_panes()
        scene.board.tick()
    assert scene.state(seat) is S.WORKING
    assert scene.told("limit_seen") == []


# -- marks, figures, explanations ----------------------------------------------------------------


def test_stuck_is_shown_over_busy_and_falls_with_the_next_output(scene: Scene) -> None:
    seat = scene.seat(status="working")
    reading = Reading(Source.TMUX, None, datetime.now(UTC), "attention.silent", "5 min")
    live(scene, seat).mark(S.STUCK, reading)
    assert scene.state(seat) is S.STUCK
    live(scene, seat).take_output(reading.at + timedelta(seconds=1), seat)
    assert scene.state(seat) is S.WORKING


def test_complete_is_shown_over_idle_only_and_falls_when_it_works_again(scene: Scene) -> None:
    seat = scene.seat(status="idle")
    reading = Reading(Source.GIT, None, datetime.now(UTC), "attention.all_done", "7 of 7")
    live(scene, seat).mark(S.COMPLETE, reading)
    assert scene.state(seat) is S.COMPLETE
    scene.adapter.publish(seat.pid, "working")
    scene.board.tick()
    assert scene.state(seat) is S.WORKING
    scene.adapter.publish(seat.pid, "idle")
    scene.board.tick()
    assert scene.state(seat) is S.IDLE
    with pytest.raises(ValueError, match="not marked from outside"):
        live(scene, seat).mark(S.IDLE, reading)


def test_figures_are_read_from_the_programs_files_when_asked_and_not_too_often(
    scene: Scene,
) -> None:
    seat = scene.seat(status="idle")
    scene.board.tick()
    assert scene.adapter.figure_reads == 0
    assert live(scene, seat).figures().input_tokens == 7
    live(scene, seat).figures()
    assert scene.adapter.figure_reads == 1
