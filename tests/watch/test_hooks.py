"""Hook calls: believed only of who made them, answered, held; nonsense is harmless."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.watch.conftest import FakeDeliverer, Scene, eventually, make_berth
from tmux_orch.clock import SystemClock
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.messages.port import Handover, Moment, Sighting
from tmux_orch.watch.hooks import MOST_BYTES, HookDesk, parse

S = AgentState


@dataclass
class Desk:
    scene: Scene
    deliverer: FakeDeliverer = field(default_factory=FakeDeliverer)

    def __post_init__(self) -> None:
        self.desk = HookDesk(self.scene.board, self.deliverer, SystemClock())

    def call(self, seat: Seat, event: str, gone: bool = False, **more: Any) -> bytes:
        payload = {"event": event, "conversation": seat.conversation_id, **more}
        return self.desk.handle(json.dumps(payload).encode(), seat.pid, lambda: gone)

    def state(self, seat: Seat) -> AgentState:
        return self.scene.state(seat)


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return Desk(scene)


def test_a_prompt_hook_makes_an_idle_agent_working_and_tells_of_the_message(desk: Desk) -> None:
    seat = desk.scene.seat()
    text = "[from pm · msg 00000001] please"
    assert desk.call(seat, "prompt", state="working", prompt=text) == b""
    live = desk.scene.board.seat(seat.key)
    assert live is not None
    assert desk.state(seat) is S.WORKING
    assert live.sighting("00000001") is Sighting.PROMPTED
    assert live.busy_with_hooks()
    assert ("own_turn", seat.key) in desk.deliverer.calls


def test_a_prompt_hook_of_a_working_agent_only_proves_that_it_is_queued(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    desk.call(seat, "prompt", state="working", prompt="[from pm · msg 00000001] please")
    live = desk.scene.board.seat(seat.key)
    assert live is not None
    assert live.sighting("00000001") is Sighting.QUEUED


def test_a_waiter_wakes_when_the_prompt_hook_tells(desk: Desk) -> None:
    seat = desk.scene.seat()
    live = desk.scene.board.seat(seat.key)
    assert live is not None
    threading.Timer(
        0.05, desk.call, (seat, "prompt"), {"prompt": "[from pm · msg 00000001] x"}
    ).start()
    assert live.await_sighting("00000001", Sighting.PROMPTED, 5) is Sighting.PROMPTED


def test_an_agent_that_never_called_a_hook_is_not_busy_with_hooks(desk: Desk) -> None:
    live = desk.scene.board.seat(desk.scene.seat(status="working").key)
    assert live is not None
    assert not live.busy_with_hooks()


def test_waiting_messages_are_handed_over_at_the_end_of_a_turn(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    desk.deliverer.waiting = [Handover("00000001", "one"), Handover("00000002", "two")]
    answer = desk.call(seat, "stop", state="idle")
    assert json.loads(answer) == {"turn": ["one", "two"]}
    assert desk.deliverer.calls == [
        ("hand_over", seat.key, Moment.TURN_END),
        ("handed", seat.key, ["00000001", "00000002"], True),
    ]
    assert desk.state(seat) is S.WORKING


def test_nobody_sees_the_agent_idle_while_messages_are_handed_over(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    desk.deliverer.waiting = [Handover("00000001", "one")]
    seen: list[AgentState] = []
    desk.deliverer.during = lambda: seen.append(desk.state(seat))
    desk.call(seat, "stop", state="idle")
    assert desk.scene.board.settle()
    assert seen == [S.WORKING]
    assert (seat.key, S.IDLE) not in desk.scene.changes


def test_nor_does_anybody_when_hooks_are_all_that_is_known_of_it(desk: Desk) -> None:
    seat = desk.scene.seat(status="")
    desk.call(seat, "prompt", state="working")
    desk.deliverer.waiting = [Handover("00000001", "one")]
    seen: list[AgentState] = []
    desk.deliverer.during = lambda: seen.append(desk.state(seat))
    desk.call(seat, "stop", state="idle")
    assert seen == [S.WORKING]
    assert desk.state(seat) is S.WORKING
    desk.call(seat, "stop", state="idle")
    assert desk.state(seat) is S.IDLE


def test_urgent_messages_go_beside_a_tool_result(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    desk.deliverer.waiting = [Handover("00000001", "now")]
    assert json.loads(desk.call(seat, "tool", state="working")) == {"tool": ["now"]}
    assert desk.deliverer.calls[0] == ("hand_over", seat.key, Moment.TOOL)


def test_an_answer_that_nobody_waits_for_was_not_handed_over(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    desk.deliverer.waiting = [Handover("00000001", "one")]
    desk.call(seat, "stop", state="idle", gone=True)
    assert desk.deliverer.calls[-1] == ("handed", seat.key, ["00000001"], False)


def test_messages_count_as_handed_over_only_after_the_answer_was_written(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    desk.deliverer.waiting = [Handover("00000001", "one")]
    gone: list[bool] = []

    def write(data: bytes) -> None:
        assert ("handed", seat.key, ["00000001"], True) not in desk.deliverer.calls
        gone.append(True)  # the client dies while it is written to

    payload = json.dumps({"event": "stop", "state": "idle"}).encode()
    desk.desk.serve(payload, seat.pid, lambda: bool(gone), write)
    assert desk.deliverer.calls[-1] == ("handed", seat.key, ["00000001"], False)


def test_a_helper_inside_the_agent_changes_nothing(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    desk.deliverer.waiting = [Handover("00000001", "one")]
    assert desk.call(seat, "stop", state="idle", subagent=True) == b""
    assert desk.deliverer.calls == []
    assert desk.state(seat) is S.WORKING


def test_the_end_of_a_turn_is_idle_when_the_session_file_says_so(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    desk.call(seat, "stop", state="idle")
    assert desk.state(seat) is S.WORKING
    assert desk.scene.board._pace.due() == [seat.key], "looked at soon, not at the next tick"
    desk.scene.adapter.publish(seat.pid, "idle")
    desk.scene.board.start()
    eventually(lambda: desk.state(seat) is S.IDLE)


# -- permissions ---------------------------------------------------------------------------------


class Held:
    def __init__(self, desk: Desk, seat: Seat, exact: str) -> None:
        self.answer: bytes | None = None
        self.is_gone = False
        payload = {
            "event": "permission",
            "state": "waiting_permission",
            "asks": ["Bash", exact],
            "conversation": seat.conversation_id,
        }
        permissions, count = desk.scene.board.permissions, len(desk.scene.board.permissions.all())

        def run() -> None:
            self.answer = desk.desk.handle(
                json.dumps(payload).encode(), seat.pid, lambda: self.is_gone
            )

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        eventually(lambda: len(permissions.all()) > count)

    def result(self) -> bytes | None:
        self.thread.join(5)
        assert not self.thread.is_alive()
        return self.answer


@pytest.mark.parametrize("allow", [True, False])
def test_a_permission_waits_for_its_answer_and_gets_it(desk: Desk, allow: bool) -> None:
    seat = desk.scene.seat(status="working")
    held = Held(desk, seat, "rm -rf build")
    eventually(lambda: desk.state(seat) is S.WAITING_PERMISSION)
    live = desk.scene.board.seat(seat.key)
    assert live is not None
    assert "Bash: rm -rf build" in live.fused().evidence
    desk.scene.board.permissions.answer(seat.key, allow, "because")
    assert json.loads(held.result() or b"") == {"allow": allow, "reason": "because"}
    assert desk.scene.board.permissions.pending(seat.key) is None


def test_two_permissions_wait_and_the_state_stays_until_the_last_is_answered(desk: Desk) -> None:
    seat = desk.scene.seat(status="waiting_permission")
    first, second = Held(desk, seat, "one"), Held(desk, seat, "two")
    desk.scene.board.permissions.answer(seat.key, True)
    second.result()
    live = desk.scene.board.seat(seat.key)
    assert live is not None
    eventually(lambda: "Bash: one" in live.fused().evidence)
    assert desk.state(seat) is S.WAITING_PERMISSION
    desk.scene.board.permissions.answer(seat.key, True)
    first.result()


def test_answered_at_the_terminal_it_is_dropped_without_a_word(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    held = Held(desk, seat, "make")
    held.is_gone = True
    assert held.result() == b""


def test_a_hook_that_hangs_on_after_a_yes_at_the_terminal_is_given_up(desk: Desk) -> None:
    seat = desk.scene.seat(status="waiting_permission")
    held = Held(desk, seat, "make")
    now = datetime.now(UTC)
    desk.scene.adapter.publish(seat.pid, "working", now)
    desk.scene.board.tick()
    assert desk.scene.board.permissions.pending(seat.key), "a moment between two dialogs"
    asked = replace(desk.scene.board.permissions.all()[0], at=now - timedelta(seconds=9))
    desk.scene.board.permissions._waiting[asked.id] = asked
    desk.scene.adapter.publish(seat.pid, "working", now - timedelta(seconds=2))
    desk.scene.board.tick()
    assert held.result() == b""


def test_the_agents_death_gives_its_permission_up(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    held = Held(desk, seat, "make")
    subprocess.run(["kill", "-9", str(seat.pid)], check=True)
    assert held.result() == b""
    assert desk.state(seat) is S.EXITED


def test_shutting_down_lets_the_dialog_stand(desk: Desk) -> None:
    seat = desk.scene.seat(status="working")
    held = Held(desk, seat, "make")
    desk.scene.board.permissions.close()
    assert held.result() == b""


# -- who called ----------------------------------------------------------------------------------


def test_a_call_of_another_process_is_not_believed(desk: Desk) -> None:
    seat = desk.scene.seat()
    stranger = desk.scene.start(env={"X": "1"})
    payload = json.dumps({"event": "prompt", "state": "working"}).encode()
    for _ in range(3):
        assert desk.desk.handle(payload, stranger.pid, lambda: False) == b""
    assert desk.state(seat) is S.IDLE
    assert len(desk.scene.told("hook_ignored")) == 1


def test_a_new_conversation_of_the_seats_own_program_is_followed(desk: Desk) -> None:
    seat = desk.scene.seat()
    desk.call(seat, "start", conversation="another")
    live = desk.scene.board.seat(seat.key)
    assert live is not None
    assert live.seat().conversation_id == live.berth().conversation_id == "another"
    (event,) = desk.scene.told("conversation_changed")
    assert event == {"from": seat.conversation_id, "to": "another", "followed": True}


def test_a_conversation_of_a_program_inside_the_agent_is_kept_apart(desk: Desk) -> None:
    helper = desk.scene.start(
        sys.executable,
        "-c",
        "import os, subprocess, sys\n"
        'code = \'import subprocess; subprocess.run(["sh", "-c", '
        '"sleep 600 & echo $!; wait"])\'\n'
        "subprocess.run([sys.executable, '-c', code])",
        stdout=subprocess.PIPE,
    )
    assert helper.stdout is not None
    caller = int(helper.stdout.readline())
    seat = desk.scene.seat()
    seat = replace(seat, pid=helper.pid, pid_start=0)
    desk.scene.adapter.publish(helper.pid, "idle")
    desk.scene.eyes.show(seat)
    desk.scene.board.adopt(seat, make_berth(seat))
    payload = {"event": "prompt", "state": "working", "conversation": "nested"}
    assert desk.desk.handle(json.dumps(payload).encode(), caller, lambda: False) == b""
    assert desk.state(seat) is S.IDLE
    live = desk.scene.board.seat(seat.key)
    assert live is not None
    assert live.seat().conversation_id == seat.conversation_id
    assert desk.scene.told("conversation_changed")[0]["followed"] is False


# -- nonsense ------------------------------------------------------------------------------------

NONSENSE = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"null",
    b"7",
    b'{"event": 7',
    b"{}",
    b'{"event": "x", "state": "flying"}',
    b'{"event": "permission", "asks": 7}',
    b'{"event": "permission", "asks": ["one"]}',
    b'{"event": "x", "a": ' + b"[" * 200 + b"]" * 200 + b"}",
    b"[" * 200_000,
    b'{"event": "' + b"x" * (MOST_BYTES + 1) + b'"}',
    b'{"event": NaN, "state": 1e999}',
    b'{"n": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("number", range(len(NONSENSE)))
def test_nonsense_is_ignored_with_an_event(desk: Desk, number: int) -> None:
    seat = desk.scene.seat()
    assert desk.desk.handle(NONSENSE[number], seat.pid, lambda: False) == b""
    assert desk.state(seat) is S.IDLE
    assert len(desk.scene.told("hook_ignored")) == 1


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["event", "state", "asks", "prompt", "conversation", "x"]), inner
        ),
    ),
    max_leaves=12,
)


@given(body=_json)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None
)
def test_no_payload_raises(desk: Desk, body: Any) -> None:
    seat = desk.scene.board.seat("shop/developer")
    pid = (seat.seat() if seat else desk.scene.seat()).pid
    desk.desk.handle(json.dumps(body).encode(), pid, lambda: True)


def test_a_payload_as_deep_as_the_programs_make_is_read() -> None:
    assert parse(b'{"a":' * 30 + b"{}" + b"}" * 30)
