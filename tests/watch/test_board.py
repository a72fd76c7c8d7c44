"""The board with made-up tmux, real processes and real files."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.watch.conftest import (
    Scene,
    eventually,
    make_berth,
    make_seat,
    pane,
)
from tmux_orch.clock import SystemClock
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Fused, Source
from tmux_orch.messages.port import SeatPort, Sighting
from tmux_orch.tmux.server import ServerId
from tmux_orch.watch import process
from tmux_orch.watch.deaths import Deaths, Watched
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.panes import Looks
from tmux_orch.watch.server_desk import ServerDesk
from tmux_orch.watch.server_loss import ServerState

S = AgentState


def live_of(scene: Scene, key: str) -> LiveSeat:
    live = scene.board.seat(key)
    assert live is not None
    return live


def test_a_live_seat_is_what_delivery_asks_for(scene: Scene) -> None:
    port: SeatPort = live_of(scene, scene.seat().key)
    assert port.key == "shop/developer"


def test_an_adopted_idle_agent_is_idle_at_once(scene: Scene) -> None:
    seat = scene.seat()
    assert scene.state(seat) is S.IDLE
    assert scene.board.settle()
    assert scene.changes[-1] == (seat.key, S.IDLE)


def test_a_missing_start_tick_is_looked_up(scene: Scene) -> None:
    assert scene.seat().pid_start > 0


def test_a_seat_whose_process_is_gone_is_exited(scene: Scene) -> None:
    program = scene.start("/bin/true")
    program.wait()
    scene.adapter.publish(program.pid, "idle")
    seat = make_seat(pid=program.pid, pid_start=12345)
    scene.board.adopt(seat, make_berth(seat))
    assert scene.state(seat) is S.EXITED


def test_the_stale_file_of_a_dead_process_never_counts(scene: Scene) -> None:
    seat = scene.seat(status="idle")
    os.kill(seat.pid, signal.SIGKILL)
    eventually(lambda: scene.state(seat) is S.EXITED)
    scene.adapter.publish(seat.pid, "idle")
    scene.board.tick()
    live_of(scene, seat.key).refresh()
    assert scene.state(seat) is S.EXITED


def test_a_death_is_noticed_without_a_tick(scene: Scene) -> None:
    seat = scene.seat()
    os.kill(seat.pid, signal.SIGKILL)
    assert scene.board.wait_for(seat.key, lambda fused: fused.state is S.EXITED, 5)
    assert scene.eyes.looks == 0


def test_wait_for_sees_a_state_come(scene: Scene) -> None:
    seat = scene.seat(status="")
    scene.board.start()
    threading.Timer(0.1, scene.adapter.publish, (seat.pid, "idle")).start()
    fused = scene.board.wait_for(seat.key, lambda fused: fused.state is S.IDLE, 5)
    assert fused is not None


def test_wait_for_gives_up_at_its_deadline(scene: Scene) -> None:
    seat = scene.seat(status="working")
    assert scene.board.wait_for(seat.key, lambda fused: fused.state is S.IDLE, 0.05) is None


def test_wait_for_ends_when_the_seat_is_dropped(scene: Scene) -> None:
    seat = scene.seat(status="working")
    threading.Timer(0.05, scene.board.drop, (seat.key,)).start()
    began = time.monotonic()
    assert scene.board.wait_for(seat.key, lambda fused: fused.state is S.IDLE, 30) is None
    assert time.monotonic() - began < 10


def test_an_unchanged_session_file_is_not_read_again(scene: Scene) -> None:
    seat = scene.seat()
    reads = scene.adapter.level_reads
    for _ in range(5):
        scene.board.tick()
    assert scene.adapter.level_reads == reads
    scene.adapter.publish(seat.pid, "working")
    scene.board.tick()
    assert scene.adapter.level_reads == reads + 1
    assert scene.state(seat) is S.WORKING


def test_many_ticks_within_two_seconds_make_one_look_at_tmux(scene: Scene) -> None:
    scene.seat()
    for _ in range(10):
        scene.board.tick()
    assert scene.eyes.looks == 1


def test_refresh_tells_what_the_file_says_now(scene: Scene) -> None:
    seat = scene.seat()
    scene.adapter.publish(seat.pid, "waiting_permission")
    assert live_of(scene, seat.key).refresh().state is S.WAITING_PERMISSION


def test_refresh_never_waits_for_tmux(scene: Scene) -> None:
    live_of(scene, scene.seat().key).refresh()
    assert scene.eyes.looks == 0


def test_those_who_ask_together_share_a_look(scene: Scene) -> None:
    inside, go = threading.Event(), threading.Event()
    plain = scene.eyes.observe

    def slow():  # type: ignore[no-untyped-def]
        inside.set()
        assert go.wait(5)
        return plain()

    scene.eyes.observe = slow  # type: ignore[method-assign]
    first = threading.Thread(target=scene.board.look_at_panes)
    first.start()
    assert inside.wait(5)
    others = [threading.Thread(target=scene.board.look_at_panes) for _ in range(3)]
    for other in others:
        other.start()
    go.set()
    for thread in (first, *others):
        thread.join()
    # One that had begun before they asked, and at most a few that began after.
    assert 2 <= scene.eyes.looks <= 4


def test_the_exit_status_follows_from_tmux(scene: Scene) -> None:
    seat = scene.seat()
    os.kill(seat.pid, signal.SIGKILL)
    eventually(lambda: scene.state(seat) is S.EXITED)
    scene.eyes.panes[seat.pane_id] = pane(seat, dead=True, exit_signal=9)
    scene.board.tick()
    assert "signal 9" in live_of(scene, seat.key).fused().evidence


def test_a_window_that_is_gone_while_its_process_lives_is_unknown(scene: Scene) -> None:
    seat = scene.seat()
    scene.eyes.panes.clear()
    scene.board.look_at_panes()
    assert live_of(scene, seat.key).fused().state is S.UNKNOWN


def test_a_look_that_began_before_the_window_was_made_says_nothing_of_it(scene: Scene) -> None:
    looks = Looks(scene.eyes, SystemClock())
    before = looks.look()
    seat = scene.seat()
    scene.eyes.panes.clear()
    bound_at = live_of(scene, seat.key).bound_at()
    assert before.reading(seat, bound_at) is None
    after = looks.look().reading(seat, bound_at)
    assert after is not None
    assert after.rule == "tmux.pane_missing"


def test_a_restart_forgets_the_former_process(scene: Scene) -> None:
    seat = scene.seat(status="idle")
    os.kill(seat.pid, signal.SIGKILL)
    eventually(lambda: scene.state(seat) is S.EXITED)
    program = scene.start()
    again = replace(seat, pid=program.pid, pid_start=0, incarnation=2, pane_id=f"%{program.pid}")
    scene.eyes.show(again)
    scene.board.adopt(again, make_berth(again))
    assert scene.state(again) is S.INITIALIZING
    scene.adapter.publish(program.pid, "idle")
    scene.board.tick()
    assert scene.state(again) is S.IDLE
    assert {r.source for r in scene.readings(seat)} == {
        Source.PROCESS,
        Source.SESSION_FILE,
        Source.TMUX,
        Source.SCREEN,
    }


def test_news_of_a_former_process_do_not_touch_the_new_one(scene: Scene) -> None:
    former = scene.seat(status="idle")
    program = scene.start()
    scene.adapter.publish(program.pid, "idle")
    again = replace(former, pid=program.pid, pid_start=0, incarnation=2)
    live = scene.board.adopt(again, make_berth(again))
    live.take_death(former)
    scene.board._died(Watched(former.key, former.pid, former.pid_start))
    live.look(force=True)
    assert live.fused().state is S.IDLE


def test_a_slow_look_does_not_overwrite_what_a_later_one_saw(scene: Scene) -> None:
    seat = scene.seat(status="working")
    live, plain = live_of(scene, seat.key), scene.adapter.level
    inside, go = threading.Event(), threading.Event()

    def slow(berth, now):  # type: ignore[no-untyped-def]
        reading = plain(berth, now)
        inside.set()
        assert go.wait(5)
        return reading

    scene.adapter.level = slow  # type: ignore[method-assign]
    first = threading.Thread(target=live.look, args=(True,))
    first.start()
    assert inside.wait(5)
    scene.adapter.level = plain  # type: ignore[method-assign]
    scene.adapter.publish(seat.pid, "idle")
    assert live.refresh().state is S.IDLE
    go.set()
    first.join()
    assert live.fused().state is S.IDLE


def test_a_new_row_of_the_same_process_keeps_its_state(scene: Scene) -> None:
    seat = scene.seat()
    before = live_of(scene, seat.key)
    after = scene.board.adopt(replace(seat, briefed=True), make_berth(seat))
    assert after is before
    assert after.seat().briefed
    assert after.fused().state is S.IDLE


def test_explain_names_the_readings_behind_the_state(scene: Scene) -> None:
    seat = scene.seat()
    scene.board.look_at_panes()
    rules = [reading.rule for reading in scene.readings(seat)]
    assert rules == ["process.alive", "tmux.pane_alive", "fake.session.idle"]


def test_news_are_told_in_order(scene: Scene) -> None:
    seat = scene.seat(status="idle")
    expected = []
    for number in range(20):
        status = "working" if number % 2 == 0 else "idle"
        scene.adapter.publish(seat.pid, status)
        live_of(scene, seat.key).look(force=True)
        expected.append((seat.key, AgentState(status)))
    assert scene.board.settle()
    assert scene.changes[-20:] == expected


def test_a_listener_that_fails_does_not_silence_the_next_news(scene: Scene) -> None:
    seen: list[AgentState] = []

    def listen(key: str, fused: Fused) -> None:
        seen.append(fused.state)
        raise RuntimeError("a fault of the listener")

    scene.board.on_change = listen
    seat = scene.seat()
    scene.adapter.publish(seat.pid, "working")
    scene.board.tick()
    assert scene.board.settle()
    assert seen[-2:] == [S.IDLE, S.WORKING]


def test_nothing_is_typed_into_a_program_that_is_idle_for_the_first_time(scene: Scene) -> None:
    seat = scene.seat(status="idle")
    assert live_of(scene, seat.key).hold() == "the agent has just started"
    eventually(lambda: live_of(scene, seat.key).hold() is None)


def test_a_program_that_begins_with_its_prompt_is_not_held(scene: Scene) -> None:
    assert live_of(scene, scene.seat(status="working").key).hold() is None


def test_an_old_program_that_is_taken_up_again_is_not_held(scene: Scene, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("tmux_orch.watch.process.age_s", lambda start: 3600.0)
    assert live_of(scene, scene.seat(status="idle").key).hold() is None


# -- the start-up screen ------------------------------------------------------------------------


def old_enough(scene: Scene, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("tmux_orch.watch.process.age_s", lambda start: 5.0)


def ticked_until(scene: Scene, seat: Seat, state: S) -> None:
    """Tick until the seat is in ``state``: a screen is looked at twice, a moment apart."""

    def ticked() -> bool:
        scene.board.tick()
        return scene.state(seat) is state

    eventually(ticked)


def test_a_start_up_dialog_seen_twice_is_a_state_with_its_text(scene: Scene, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    seat = scene.seat(status="")
    old_enough(scene, monkeypatch)
    scene.eyes.screens[seat.pane_id] = "\x1b[1mDo you trust\x1b[0m this?\n> No\n  Yes"
    scene.board.tick()
    assert scene.state(seat) is S.INITIALIZING
    ticked_until(scene, seat, S.NEEDS_TRUST)
    fused = live_of(scene, seat.key).fused()
    assert "Do you trust this? No / Yes" in fused.evidence


def test_an_unknown_start_up_screen_is_shown_and_not_guessed(scene: Scene, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    seat = scene.seat(status="")
    old_enough(scene, monkeypatch)
    scene.eyes.screens[seat.pane_id] = "Loading\n\x1b[32mPick a colour\x1b[0m\n\n"
    for _ in range(3):
        scene.board.tick()
    fused = live_of(scene, seat.key).fused()
    assert fused.state is S.INITIALIZING
    assert "Pick a colour" in fused.evidence


def test_the_dialog_is_over_when_the_program_publishes(scene: Scene, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    seat = scene.seat(status="")
    old_enough(scene, monkeypatch)
    scene.eyes.screens[seat.pane_id] = "Do you trust this?"
    scene.board.tick()
    scene.board.tick()
    scene.adapter.publish(seat.pid, "idle")
    scene.board.tick()
    assert scene.state(seat) is S.IDLE
    captures = len(scene.eyes.captures)
    scene.board.tick()
    assert len(scene.eyes.captures) == captures


def test_agents_that_publish_and_rest_are_captured_once(scene: Scene, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    scene.seat(status="idle")
    old_enough(scene, monkeypatch)
    for _ in range(3):
        scene.board.tick()
    assert len(scene.eyes.captures) == 1


def test_all_silent_seats_are_captured_in_one_call(scene: Scene, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    for number in range(5):
        scene.seat(f"agent-{number}", status="")
    old_enough(scene, monkeypatch)
    scene.board.tick()
    assert [len(ids) for ids in scene.eyes.captures] == [5]


# -- the tmux server ----------------------------------------------------------------------------


def test_the_loss_of_the_server_is_one_event_that_names_its_agents(scene: Scene) -> None:
    server = scene.start()
    scene.eyes.server = ServerId(server.pid, 7)
    seats = [scene.seat(f"agent-{n}", server=f"{server.pid}:7") for n in range(5)]
    scene.board.look_at_panes()
    assert scene.board.server_state() is ServerState.PRESENT
    scene.eyes.server = None
    server.kill()
    for seat in seats:
        os.kill(seat.pid, signal.SIGKILL)
    for seat in seats:
        eventually(lambda seat=seat: scene.state(seat) is S.EXITED)
    scene.board.tick()
    scene.board.tick()
    lost = scene.told("server_lost")
    assert len(lost) == 1
    assert lost[0]["agents"] == sorted(seat.key for seat in seats)
    assert scene.board.server_state() is ServerState.LOST
    assert live_of(scene, seats[0].key).hold() == "the tmux server is gone"


def test_the_end_of_the_server_is_told_before_the_ends_of_its_agents(scene: Scene) -> None:
    server = scene.start()
    scene.eyes.server = ServerId(server.pid, 7)
    seat = scene.seat(server=f"{server.pid}:7")
    scene.board.look_at_panes()
    told: list[str] = []
    scene.board.on_event = lambda kind, key, payload: told.append(kind)
    scene.board.on_change = lambda key, fused: told.append(fused.state)
    # As if the agent's death came first out of the selector.
    start = process.start_tick(server.pid) or 0
    scene.board._deaths.forget(Watched("", server.pid, start))
    server.kill()
    eventually(lambda: process.start_tick(server.pid) is None)
    os.kill(seat.pid, signal.SIGKILL)
    eventually(lambda: scene.state(seat) is S.EXITED)
    assert scene.board.settle()
    assert told[-2:] == ["server_lost", "exited"]


def test_a_server_is_known_by_the_first_program_opened_in_it_before_any_look(scene: Scene) -> None:
    scene.seat("old", server="1:7")  # not the parent of its program: a row of another time
    assert scene.board.server_state() is ServerState.ABSENT
    scene.seat("new", server=f"{os.getpid()}:7")
    assert scene.board.server_state() is ServerState.PRESENT
    assert scene.told("server_lost") == []


def test_another_server_in_its_place_is_a_loss_too(scene: Scene) -> None:
    seat = scene.seat()
    scene.board.look_at_panes()
    scene.eyes.server = ServerId(1, 2)
    scene.board.look_at_panes()
    assert len(scene.told("server_lost")) == 1
    assert scene.state(seat) is S.UNKNOWN
    scene.board.look_at_panes()
    assert len(scene.told("server_lost")) == 1


def test_the_late_death_of_an_old_server_says_nothing_of_the_new_one(scene: Scene) -> None:
    old, new = scene.start(), scene.start()
    told: list[str] = []
    desk = ServerDesk(list, lambda kind, payload: told.append(kind))
    deaths = Deaths(lambda watched: None)
    try:
        desk.seen(ServerId(old.pid, 1), deaths)
        before = Watched("", old.pid, process.start_tick(old.pid) or 0)
        desk.seen(ServerId(new.pid, 2), deaths)
        assert not desk.died(before)
        assert desk.state() is ServerState.PRESENT
        assert told == ["server_lost"]
    finally:
        deaths.close()


def test_a_silent_server_is_degraded_and_nothing_is_concluded(scene: Scene) -> None:
    seat = scene.seat()
    scene.board.look_at_panes()
    scene.eyes.silent = True
    scene.board.look_at_panes()
    scene.board.look_at_panes()
    assert scene.board.server_state() is ServerState.HUNG
    assert scene.state(seat) is S.IDLE
    assert live_of(scene, seat.key).hold() == "the tmux server does not answer"
    assert len(scene.told("server_hung")) == 1
    scene.eyes.silent = False
    eventually(lambda: scene.board.look_at_panes() or not live_of(scene, seat.key).hold())
    assert len(scene.told("server_back")) == 1
    assert scene.told("server_lost") == []


def test_a_stopped_server_is_not_even_asked(scene: Scene) -> None:
    server = scene.start()
    scene.eyes.server = ServerId(server.pid, 7)
    scene.seat(server=f"{server.pid}:7")
    scene.board.look_at_panes()
    server.send_signal(signal.SIGSTOP)
    eventually(lambda: (found := process.stat(server.pid)) and found.stopped)
    looks = scene.eyes.looks
    scene.board.look_at_panes()
    assert "is stopped" in scene.told("server_hung")[0]["why"]
    assert scene.eyes.looks == looks
    server.send_signal(signal.SIGCONT)
    eventually(lambda: scene.board.look_at_panes() or scene.told("server_back"))


# -- sightings ----------------------------------------------------------------------------------


def transcript(scene: Scene, seat_key: str) -> Path:
    return scene.adapter.home / f"conversation-{seat_key.rpartition('/')[2]}.jsonl"


def test_a_waiter_wakes_when_the_transcript_tells(scene: Scene) -> None:
    seat = scene.seat()
    live = live_of(scene, seat.key)
    assert not live.transcript_readable()
    said = b'{"kind": "taken", "text": "[from pm \xc2\xb7 msg 00000001] x"}\n'
    path = transcript(scene, seat.key)
    threading.Timer(0.05, path.write_bytes, (said,)).start()
    assert live.await_sighting("00000001", Sighting.TAKEN, 5) is Sighting.TAKEN
    assert live.transcript_readable()


def test_a_waiter_is_told_the_truth_at_its_deadline(scene: Scene) -> None:
    live = live_of(scene, scene.seat().key)
    assert live.await_sighting("00000001", Sighting.TAKEN, 0.05) is Sighting.NONE


def test_a_waiter_leaves_when_the_program_dies(scene: Scene) -> None:
    seat = scene.seat()
    threading.Timer(0.05, os.kill, (seat.pid, signal.SIGKILL)).start()
    began = time.monotonic()
    live = live_of(scene, seat.key)
    assert live.await_sighting("00000001", Sighting.TAKEN, 30) is Sighting.NONE
    assert time.monotonic() - began < 10


def test_what_was_seen_is_kept_over_a_restart(scene: Scene) -> None:
    seat = scene.seat()
    transcript(scene, seat.key).write_text('{"kind": "taken", "text": "[brief 0000beef]"}\n')
    live = live_of(scene, seat.key)
    assert live.sighting("0000beef") is Sighting.TAKEN
    program = scene.start()
    again = replace(seat, pid=program.pid, pid_start=0, incarnation=2)
    scene.board.adopt(again, make_berth(again))
    assert live_of(scene, seat.key).sighting("0000beef") is Sighting.TAKEN


def test_a_briefing_at_the_beginning_of_a_long_conversation_is_found(scene: Scene) -> None:
    seat = scene.seat()
    brief = '{"kind": "taken", "text": "[brief 0000beef]"}\n{"kind": "answer", "text": ""}\n'
    filler = '{"kind": "other", "text": "' + "x" * 100_000 + '"}\n'
    transcript(scene, seat.key).write_text(brief + filler * 60)
    assert live_of(scene, seat.key).sighting("0000beef") is Sighting.ANSWERED


def test_closing_leaves_no_thread(scene: Scene) -> None:
    scene.seat()
    scene.board.start()
    scene.board.close()
    names = {thread.name for thread in threading.enumerate()}
    assert not any(name.startswith("watch-") for name in names)


def test_the_clock_of_the_file_decides_when_a_state_began(scene: Scene) -> None:
    seat = scene.seat(status="")
    at = datetime.now(UTC)
    scene.adapter.publish(seat.pid, "idle", at)
    live_of(scene, seat.key).look(force=True)
    since = live_of(scene, seat.key).fused().since_at
    assert abs((since - at).total_seconds()) < 2
