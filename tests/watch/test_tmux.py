"""The board with a real tmux server and real panes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.watch.conftest import eventually
from tests.watch.real import Real, real_board
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.windows import close_window
from tmux_orch.watch.server_loss import ServerState

S = AgentState


@pytest.fixture
def real(short_path: Path) -> Iterator[Real]:
    with real_board(short_path) as made:
        yield made


def test_the_exit_status_of_a_program_becomes_the_evidence(real: Real) -> None:
    (seat,) = real.open("developer", argv=("/bin/sh", "-c", "read line; exit 3"), status="")
    real.board.start()
    eventually(lambda: real.readings(seat)[1:])
    subprocess.run(
        ["tmux", "-S", str(real.server.socket), "send-keys", "-t", seat.pane_id, "Enter"],
        check=True,
        timeout=10,
    )
    eventually(lambda: real.state(seat) is S.EXITED)
    eventually(lambda: "exit status 3" in real.evidence(seat))


def test_a_killed_agent_is_noticed_at_once_and_the_signal_named(real: Real) -> None:
    first, second = real.open("developer", "tester")
    real.board.start()
    os.kill(first.pid, signal.SIGKILL)
    assert real.board.wait_for(first.key, lambda fused: fused.state is S.EXITED, 5)
    eventually(lambda: "signal 9" in real.evidence(first))
    assert real.state(second) is S.IDLE


def test_a_closed_window_ends_its_agent_and_no_other(real: Real) -> None:
    first, second = real.open("developer", "tester")
    real.board.start()
    assert close_window(real.server, first.window_id)
    eventually(lambda: real.state(first) is S.EXITED)
    real.board.look_at_panes()
    assert real.state(second) is S.IDLE


def test_a_killed_server_is_one_event_and_all_agents_end(real: Real) -> None:
    seats = real.open("developer", "tester", "orchestrator")
    real.board.start()
    eventually(lambda: real.board.server_state() is ServerState.PRESENT)
    os.kill(int(seats[0].server.partition(":")[0]), signal.SIGKILL)
    eventually(lambda: real.told("server_lost"))
    for seat in seats:
        eventually(lambda seat=seat: real.state(seat) is S.EXITED)
    real.board.look_at_panes()
    (lost,) = real.told("server_lost")
    assert lost["agents"] == sorted(seat.key for seat in seats)


def test_a_program_that_outlives_the_server_is_not_called_exited(real: Real) -> None:
    # paced: the program under test only has to stay; nothing waits for it
    code = "import signal, time; signal.signal(1, signal.SIG_IGN); print('up'); time.sleep(600)"
    (seat,) = real.open("developer", argv=("/usr/bin/python3", "-c", code))
    try:
        eventually(lambda: "up" in real.server.run([_capture(seat)]).out)
        real.board.look_at_panes()
        real.server.stop()
        real.board.look_at_panes()
        assert real.state(seat) is S.UNKNOWN
        assert "server that held it is gone" in real.evidence(seat)
    finally:
        os.kill(seat.pid, signal.SIGKILL)


def _capture(seat: Seat) -> Command:
    return Command("capture-pane", "-p", "-t", seat.pane_id)


def test_a_stopped_server_is_degraded_within_five_seconds_and_comes_back(real: Real) -> None:
    (seat,) = real.open("developer")
    real.board.start()
    eventually(lambda: real.board.server_state() is ServerState.PRESENT)
    server = int(seat.server.partition(":")[0])
    os.kill(server, signal.SIGSTOP)
    try:
        eventually(lambda: real.board.server_state() is ServerState.HUNG)
        assert real.state(seat) is S.IDLE
    finally:
        os.kill(server, signal.SIGCONT)
    eventually(lambda: real.board.server_state() is ServerState.PRESENT)
    assert (len(real.told("server_hung")), len(real.told("server_back"))) == (1, 1)
    assert real.told("server_lost") == []


def test_a_trust_question_on_a_real_screen_is_a_state(real: Real) -> None:
    ask = ("/bin/sh", "-c", "printf 'Do you trust this?\\n> No\\n  Yes\\n'; exec sleep 600")
    (seat,) = real.open("developer", argv=ask, status="")
    real.board.start()
    fused = real.board.wait_for(seat.key, lambda fused: fused.state is S.NEEDS_TRUST, 10)
    assert fused is not None
    assert "Do you trust this?" in fused.evidence


def test_a_child_in_a_pane_is_the_panes_agent(real: Real) -> None:
    (seat,) = real.open("developer", argv=("/bin/sh", "-c", "sleep 600; true"))
    child = eventually(lambda: psutil.Process(seat.pid).children())[0]
    assert real.board.who(child.pid) == seat.key
    assert real.board.who(os.getpid()) is None


def test_twenty_agents_at_rest_cost_next_to_nothing(real: Real) -> None:
    """CPU time, not time: the bound finds a loop that spins, the benchmarks have the figure."""
    real.open(*(f"agent-{number}" for number in range(20)))
    real.board.start()
    eventually(lambda: real.board.server_state() is ServerState.PRESENT)
    time.sleep(1.6)  # paced: the look-often after the adoption is over
    before, began = _cpu_s(), time.monotonic()
    time.sleep(2.5)  # paced: a look at tmux and two ticks are measured
    share = (_cpu_s() - before) / (time.monotonic() - began)
    print(f"at rest with 20 agents: {share:.2%} of one core")
    assert share < 0.05


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
