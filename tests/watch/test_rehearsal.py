"""The whole watch with our own agent program: its hooks over the real socket, in real panes."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.watch.conftest import FakeDeliverer, eventually, make_seat
from tests.watch.real import Real, real_board
from tmux_orch import __version__
from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.rehearsal.adapter import Rehearsal
from tmux_orch.clock import SystemClock
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.messages.port import Handover, Moment, Sighting
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.rpc.server import Listener
from tmux_orch.tmux.command import Command
from tmux_orch.watch.hooks import HookDesk
from tmux_orch.watch.live_seat import LiveSeat

S = AgentState
ADAPTER = Rehearsal()


@dataclass
class Team:
    """Rehearsal agents whose hooks reach a desk of ours."""

    real: Real
    deliverer: FakeDeliverer

    def start(self, name: str = "developer", prompt: str = "", **environment: str) -> LiveSeat:
        place = self.real.place
        variables = {
            "HOME": str(place),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "REHEARSAL_HOME": str(place / "state"),
            "TMUX_ORCH_REGISTRY": str(place),
            "REHEARSAL_WORK_S": "0",
            **environment,
        }
        page = place / "role"
        page.write_text("You are a test.")
        seat = make_seat(name, adapter="rehearsal", conversation_id=str(uuid.uuid4()))
        berth = Berth(
            key=seat.key,
            worktree=place,
            private=place,
            mates=(),
            environment=variables,
            commands=place,
            hook=place,
            role_page=page,
            conversation_id=seat.conversation_id,
            brief_id=seat.brief_id,
        )
        launch = ADAPTER.start(berth, ADAPTER.locate(variables), prompt)
        seat = self.real.window(seat, launch.argv, {**variables, **launch.environment})
        return self.real.board.adopt(seat, replace(berth, pid=seat.pid))

    def wait(self, live: LiveSeat, state: AgentState) -> None:
        assert self.real.board.wait_for(live.key, lambda f: f.state is state, 15), live.fused()

    def say(self, live: LiveSeat, text: str) -> None:
        self.keys(live.seat(), "-l", text)
        self.keys(live.seat(), "Enter")

    def keys(self, seat: Seat, *keys: str) -> None:
        self.real.server.run([Command("send-keys", "-t", seat.pane_id, *keys)])

    def screen(self, seat: Seat) -> str:
        return self.real.server.run([Command("capture-pane", "-p", "-t", seat.pane_id)]).out


@pytest.fixture
def team(short_path: Path) -> Iterator[Team]:
    (short_path / "run").mkdir(mode=0o700)
    deliverer = FakeDeliverer()
    with real_board(short_path, rehearsal=ADAPTER) as real:
        desk = HookDesk(real.board, deliverer, SystemClock())

        def handle(request: Request, reply: Reply) -> None:
            desk.serve(request.frames["body"], request.peer.pid, request.gone, reply.answer)

        listener = Listener(short_path / "run" / "daemon.sock", handle, __version__)
        listener.start()
        real.board.start()
        yield Team(real, deliverer)
        real.board.permissions.close()
        listener.stop(5)


def test_a_start_a_turn_and_a_clean_end(team: Team) -> None:
    live = team.start()
    team.wait(live, S.IDLE)
    team.say(live, 'REHEARSAL{"work_s": 0.3} [from pm · msg 00000001] x')
    team.wait(live, S.WORKING)
    team.wait(live, S.IDLE)
    seen = live.await_sighting("00000001", Sighting.ANSWERED, 5)
    assert seen is Sighting.ANSWERED
    assert live.transcript_readable()
    team.say(live, "/exit")
    team.wait(live, S.EXITED)
    eventually(lambda: "exit status 0" in live.fused().evidence)
    assert team.real.told("hook_ignored") == []
    assert team.real.told("conversation_changed") == []


def test_the_brief_in_the_first_prompt_is_seen(team: Team) -> None:
    live = team.start(prompt="Hello. [brief 0000beef]")
    assert live.await_sighting("0000beef", Sighting.ANSWERED, 15) is Sighting.ANSWERED


@pytest.mark.parametrize("allow", [True, False])
def test_a_permission_is_answered_from_afar_and_exactly_that_command_runs(
    team: Team, allow: bool
) -> None:
    live = team.start()
    team.wait(live, S.IDLE)
    proof = team.real.place / "proof"
    team.say(live, f'REHEARSAL{{"permission": "touch {proof}"}}')
    team.wait(live, S.WAITING_PERMISSION)
    asked = eventually(lambda: team.real.board.permissions.pending(live.key))
    assert asked.exact == f"touch {proof}"
    team.real.board.permissions.answer(live.key, allow, "not today")
    team.wait(live, S.IDLE)
    assert proof.exists() is allow
    assert team.real.board.permissions.pending(live.key) is None


def test_a_permission_answered_at_the_terminal_is_dropped(team: Team) -> None:
    live = team.start()
    team.wait(live, S.IDLE)
    team.say(live, 'REHEARSAL{"permission": "true"}')
    eventually(lambda: team.real.board.permissions.pending(live.key))
    team.keys(live.seat(), "Enter")
    eventually(lambda: team.real.board.permissions.pending(live.key) is None)
    team.wait(live, S.IDLE)


def test_a_question_is_waited_for_and_not_held(team: Team) -> None:
    live = team.start()
    team.wait(live, S.IDLE)
    team.say(live, 'REHEARSAL{"ask": {"question": "Which?", "options": ["a", "b"]}}')
    team.wait(live, S.WAITING_ANSWER)
    assert team.real.board.permissions.pending(live.key) is None
    team.keys(live.seat(), "Enter")
    team.wait(live, S.IDLE)


def test_messages_handed_over_at_the_end_of_a_turn_are_answered(team: Team) -> None:
    live = team.start()
    team.wait(live, S.IDLE)
    numbers = [f"{number:08x}" for number in range(12)]
    team.deliverer.waiting = [Handover(n, f"[from pm · msg {n}] look") for n in numbers]
    team.say(live, 'REHEARSAL{"work_s": 0.2}')
    for number in numbers:
        assert live.await_sighting(number, Sighting.ANSWERED, 15) is Sighting.ANSWERED
    team.wait(live, S.IDLE)
    assert ("hand_over", live.key, Moment.TURN_END) in team.deliverer.calls
    assert ("handed", live.key, numbers, True) in team.deliverer.calls


@pytest.mark.parametrize(
    ("variable", "state"), [("REHEARSAL_TRUST", S.NEEDS_TRUST), ("REHEARSAL_LOGIN", S.NEEDS_LOGIN)]
)
def test_a_start_up_question_is_a_state_until_it_is_answered(
    team: Team, variable: str, state: AgentState
) -> None:
    live = team.start(**{variable: "ask"})
    team.wait(live, state)
    assert "screen: " in live.fused().evidence


def test_a_slow_start_is_initializing_and_then_idle(team: Team) -> None:
    live = team.start(REHEARSAL_START_S="3")
    assert live.fused().state is S.INITIALIZING
    team.wait(live, S.IDLE)


def test_a_program_that_cannot_start_is_exited_with_its_status(team: Team) -> None:
    live = team.start(REHEARSAL_START_EXIT="7")
    team.wait(live, S.EXITED)
    eventually(lambda: "exit status 7" in live.fused().evidence)


def test_a_kill_during_a_turn_leaves_no_working_agent(team: Team) -> None:
    live = team.start()
    team.wait(live, S.IDLE)
    team.say(live, 'REHEARSAL{"work_s": 60}')
    team.wait(live, S.WORKING)
    os.kill(live.seat().pid, signal.SIGKILL)
    team.wait(live, S.EXITED)
    team.real.board.tick()
    assert live.fused().state is S.EXITED


def test_a_turn_interrupted_with_escape_is_idle_again(team: Team) -> None:
    live = team.start()
    team.wait(live, S.IDLE)
    team.say(live, 'REHEARSAL{"work_s": 60}')
    team.wait(live, S.WORKING)
    team.keys(live.seat(), "Escape")
    team.wait(live, S.IDLE)


def test_ten_of_twenty_agents_die_and_all_are_noticed(team: Team) -> None:
    lives = [team.start(f"agent-{number}") for number in range(20)]
    for live in lives:
        team.wait(live, S.IDLE)
    delays = []
    for live in lives[:10]:
        killed = time.monotonic()
        os.kill(live.seat().pid, signal.SIGKILL)
        team.wait(live, S.EXITED)
        delays.append(time.monotonic() - killed)
    print(f"deaths noticed after {min(delays) * 1000:.1f} to {max(delays) * 1000:.1f} ms")
    assert all(live.fused().state is S.IDLE for live in lives[10:])
