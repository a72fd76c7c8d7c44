"""Delivery to our own agent program through the real watch: its hooks, transcript and screen."""

from __future__ import annotations

import os
import re
import signal
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.messages.house import until
from tests.watch.conftest import make_seat
from tests.watch.real import Real, real_board
from tmux_orch import __version__
from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.rehearsal.adapter import Rehearsal
from tmux_orch.clock import SystemClock
from tmux_orch.domain.message import Message, MessageState
from tmux_orch.domain.states import AgentState
from tmux_orch.messages.compose import whole
from tmux_orch.messages.courier import Courier
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.rpc.server import Listener
from tmux_orch.store.database import open_database
from tmux_orch.store.outbox import Outbox
from tmux_orch.tmux.command import Command
from tmux_orch.watch.hooks import HookDesk
from tmux_orch.watch.live_seat import LiveSeat

ADAPTER = Rehearsal()
S, A = MessageState, AgentState


@dataclass
class Team:
    """Rehearsal agents, watched and delivered to as in the daemon."""

    real: Real
    courier: Courier
    outbox: Outbox
    lives: dict[str, LiveSeat] = field(default_factory=dict)

    def start(self, name: str = "developer", **environment: str) -> LiveSeat:
        place = self.real.place
        work = place / name
        work.mkdir(exist_ok=True)
        variables = {
            "HOME": str(place), "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
            "REHEARSAL_HOME": str(place / "state"), "TMUX_ORCH_REGISTRY": str(place),
            "REHEARSAL_WORK_S": "0", **environment,
        }  # fmt: skip
        (place / "role").write_text("You are a test.")
        seat = make_seat(
            name, adapter="rehearsal", conversation_id=str(uuid.uuid4()), worktree=str(work)
        )
        berth = Berth(
            seat.key, work, place, (), variables, place, place, place / "role",
            seat.conversation_id, seat.brief_id,
        )  # fmt: skip
        launch = ADAPTER.start(berth, ADAPTER.locate(variables), "")
        seat = self.real.window(seat, launch.argv, {**variables, **launch.environment})
        live = self.real.board.adopt(seat, replace(berth, pid=seat.pid))
        self.lives[seat.key] = live
        self.wait(live, A.IDLE)
        return live

    def resume(self, live: LiveSeat) -> None:
        """The dead agent's next life, with its conversation if it has one."""
        old, berth = live.seat(), replace(live.berth(), pid=0)
        seat = replace(old, incarnation=old.incarnation + 1, pid=0, pid_start=0, pane_id="")
        program = ADAPTER.locate(berth.environment)
        go = ADAPTER.resume if ADAPTER.has_conversation(berth) else ADAPTER.start
        launch = go(berth, program, "")
        seat = self.real.window(seat, launch.argv, {**berth.environment, **launch.environment})
        self.real.board.adopt(seat, replace(berth, pid=seat.pid))

    def wait(self, live: LiveSeat, state: A) -> None:
        assert self.real.board.wait_for(live.key, lambda f: f.state is state, 20), live.fused()

    def send(self, live: LiveSeat, text: str, **more: Any) -> Message:
        return self.courier.accept("user", live.key, text, **more)

    def delivered(self, message: Message, wait_s: float = 30) -> Message:
        got = self.courier.wait(message.id, "delivered", wait_s)
        assert got.state is S.DELIVERED, got
        return got

    def asked(self, live: LiveSeat) -> list[str]:
        """Every prompt in the transcript, as the program wrote it."""
        path = ADAPTER.transcript(live.berth())
        entries = [ADAPTER.entry(line) for line in path.read_bytes().splitlines()] if path else []
        return [e.text for e in entries if e.kind == "taken"]

    def keys(self, live: LiveSeat, *keys: str) -> None:
        self.real.server.run([Command("send-keys", "-t", live.seat().pane_id, *keys)])


@pytest.fixture
def team(short_path: Path) -> Iterator[Team]:
    (short_path / "run").mkdir(mode=0o700)
    (short_path / "logs").mkdir()
    database = open_database(short_path / "d.db", short_path, short_path / "logs")
    clock = SystemClock()
    with real_board(short_path, rehearsal=ADAPTER) as real:
        outbox = Outbox(database, clock)
        courier = Courier(
            real.server, database, outbox, real.board.seat,
            lambda key: lives[key].seat() if key in lives else None, clock,
        )  # fmt: skip
        team = Team(real, courier, outbox)
        lives = team.lives
        desk = HookDesk(real.board, courier, clock)
        real.board.on_change = lambda key, _fused: courier.kick(key)

        def handle(request: Request, reply: Reply) -> None:
            desk.serve(request.frames["body"], request.peer.pid, request.gone, reply.answer)

        listener = Listener(short_path / "run" / "daemon.sock", handle, __version__)
        listener.start()
        real.board.start()
        courier.recover()
        yield team
        real.board.permissions.close()
        listener.stop(5)
        courier.stop()
        database.close()


def once(team: Team, live: LiveSeat, message: Message) -> None:
    """The agent was asked with it; its prompt hook tells that before its transcript does."""
    until(lambda: times(team, live, message) == 1)


def times(team: Team, live: LiveSeat, message: Message) -> int:
    """How often the agent was asked with the message, whole."""
    text = re.sub(r"\s+", " ", whole(message))
    return sum(re.sub(r"\s+", " ", asked).count(text) for asked in team.asked(live))


def test_an_idle_agent_with_a_paste_window_takes_a_message_once(team: Team) -> None:
    live = team.start(REHEARSAL_PASTE_WINDOW_S="0.15")
    for text in ("one line", "two\nlines", "many\n" * 60 + "lines " * 300):
        sent = team.send(live, text)
        team.delivered(sent)
        once(team, live, sent)


def test_messages_in_a_long_turn_are_handed_over_and_none_is_lost(team: Team) -> None:
    log = team.real.place / "bytes"
    live = team.start(REHEARSAL_BYTES=str(log))
    team.delivered(team.send(live, 'REHEARSAL{"work_s": 1.5}'))
    team.wait(live, A.WORKING)
    sent = [team.send(live, f"message {n}") for n in range(12)]
    for message in sent:
        team.delivered(message)
        once(team, live, message)
    assert log.read_bytes().count(b"\x1b[200~") == 1  # only what began the turn was typed


def test_a_permission_dialog_is_left_alone_and_the_message_comes_after_it(team: Team) -> None:
    live = team.start()
    team.delivered(team.send(live, 'REHEARSAL{"permission": "touch granted"}'))
    team.wait(live, A.WAITING_PERMISSION)
    sent = team.send(live, "after the dialog")
    held = team.courier.wait(sent.id, "delivered", 2)
    assert (held.state, held.reason) == (S.HELD, "a permission dialog is open")
    assert live.fused().state is A.WAITING_PERMISSION
    until(lambda: team.real.board.permissions.pending(live.key))
    team.real.board.permissions.answer(live.key, False, "no")
    team.delivered(sent)
    once(team, live, sent)
    assert not (team.real.place / "developer" / "granted").exists()


def test_a_draft_survives(team: Team) -> None:
    live = team.start()
    team.keys(live, "-l", "my draft")
    sent = team.send(live, "not now")
    until(lambda: (m := team.outbox.get(sent.id)) and m.reason == "draft in the composer")
    team.keys(live, "Enter")
    team.delivered(sent)
    asked = [text for text in team.asked(live) if text]
    assert asked[0] == "my draft"
    once(team, live, sent)


def test_an_agent_killed_and_started_anew_gets_what_waited(team: Team) -> None:
    live = team.start()
    first = team.send(live, 'REHEARSAL{"work_s": 60}')
    team.delivered(first)
    once(team, live, first)
    team.wait(live, A.WORKING)
    os.kill(live.seat().pid, signal.SIGKILL)
    team.wait(live, A.EXITED)
    sent = team.send(live, "for your next life")
    got = team.courier.wait(sent.id, "delivered", 10)
    assert (got.state, got.reason) == (S.HELD, "the agent is not running")
    team.resume(live)
    until(lambda: (m := team.outbox.get(sent.id)) and m.state is S.DELIVERED, 20)
    once(team, live, sent)


def test_eight_senders_to_two_working_agents_lose_and_double_nothing(team: Team) -> None:
    lives = [team.start(f"agent-{n}", REHEARSAL_WORK_S="0.05") for n in range(2)]
    sent: list[Message] = []
    lock = threading.Lock()

    def sender(number: int) -> None:
        for count in range(8):
            message = team.send(lives[count % 2], f"s{number} n{count} #{{x}} $(y) 漢字🙂\nend.")
            with lock:
                sent.append(message)

    threads = [threading.Thread(target=sender, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for message in sent:
        team.delivered(message, 60)
    for message in sent:
        once(team, team.lives[message.target], message)


def test_under_a_nemesis_nothing_is_doubled_and_all_that_counts_as_delivered_arrived(
    team: Team,
) -> None:
    """Copy mode, a killed and resumed agent, a renamed window, a person's keys; a long turn."""
    lives = [team.start(f"agent-{n}", REHEARSAL_WORK_S="0.02") for n in range(2)]
    sent: list[Message] = []
    lock = threading.Lock()
    over = threading.Event()

    def sender(number: int) -> None:
        for count in range(10):
            message = team.send(lives[count % 2], f"s{number} n{count}\nline $(x) #{{y}}")
            with lock:
                sent.append(message)
            over.wait(0.3)  # paced: the nemesis is to meet messages on their way

    def nemesis() -> None:
        round_ = 0
        while not over.wait(0.7):  # paced: as a person and a machine would
            live = lives[round_ % 2]
            pane = live.seat().pane_id
            act = round_ % 5
            round_ += 1
            if act == 0:
                team.real.server.run([Command("copy-mode", "-t", pane)], check=False)
            elif act == 1:
                team.keys(live, "-l", "oops")
                team.keys(live, "C-u")
            elif act == 2:
                rename = Command("rename-window", "-t", pane, "developer")
                team.real.server.run([rename], check=False)
            elif act == 3:
                os.kill(live.seat().pid, signal.SIGKILL)
                team.wait(live, A.EXITED)
                team.resume(live)
            else:
                team.courier.accept("user", live.key, 'REHEARSAL{"work_s": 0.8} busy')

    threads = [threading.Thread(target=sender, args=(n,)) for n in range(4)]
    disturber = threading.Thread(target=nemesis)
    for thread in [*threads, disturber]:
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    disturber.join()
    ends = (S.DELIVERED, S.UNKNOWN, S.STRANDED)
    until(lambda: all(m.state in ends for m in team.outbox.recent(None, 200)), 40)
    for message in sent:
        got = team.outbox.get(message.id)
        assert got is not None
        live = team.lives[message.target]
        if got.state is S.DELIVERED:
            once(team, live, message)
        else:
            assert got.reason
            assert times(team, live, message) <= 1
    assert team.real.server.identity() is not None
