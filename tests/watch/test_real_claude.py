"""The watch with the real Claude Code, both pinned versions, against the stand-in of its API."""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.real_claude.conftest import VERSIONS, program_path
from tests.real_claude.house import House
from tests.standin.anthropic_standin import make_server
from tests.watch.conftest import FakeDeliverer, eventually, make_seat
from tests.watch.real import Real, real_board
from tmux_orch import __version__
from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.claude.adapter import Claude
from tmux_orch.clock import SystemClock
from tmux_orch.domain.states import BUSY, AgentState
from tmux_orch.messages.port import Handover, Sighting
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.rpc.server import Listener
from tmux_orch.tmux.command import Command
from tmux_orch.watch.hooks import HookDesk
from tmux_orch.watch.live_seat import LiveSeat

pytestmark = pytest.mark.real_claude
S = AgentState
HOOK = f"#!/bin/sh\nexec {sys.executable} -c 'from tmux_orch.rpc.hook import main; main()'\n"


def tools(*commands: str) -> str:
    """A prompt that makes the stand-in's model run these commands in one answer."""
    calls = [{"name": "Bash", "input": {"command": c, "description": "run"}} for c in commands]
    return "STANDIN" + json.dumps({"tools": calls, "then": {"text": "done"}})


@dataclass
class Agent:
    """One real agent on a board."""

    real: Real
    house: House
    live: LiveSeat
    deliverer: FakeDeliverer

    def wait(self, *states: AgentState) -> None:
        reached = self.real.board.wait_for(self.live.key, lambda f: f.state in states, 30)
        assert reached, self.told(f"{states} was not reached")

    def told(self, what: str) -> str:
        """What failed, and everything there is to see of the agent."""
        path = self.live.adapter().transcript(self.live.berth())
        lines = path.read_text().splitlines() if path else ["no transcript"]
        shown = [line for line in self.screen().splitlines() if line.strip()]
        return "\n".join([what, str(self.live.fused()), *shown, *(line[:400] for line in lines)])

    def keys(self, *keys: str) -> None:
        self.real.server.run([Command("send-keys", "-t", self.live.seat().pane_id, *keys)])

    def say(self, text: str) -> None:
        """Type a prompt; Enter again while the program has not taken it (early ones are lost)."""
        before = self.deliverer.calls.count(("own_turn", self.live.key))
        self.type(text)
        for _ in range(10):
            self.keys("Enter")
            with suppress(AssertionError):
                eventually(
                    lambda: self.deliverer.calls.count(("own_turn", self.live.key)) > before, 2
                )
                return

    def type(self, text: str) -> None:
        self.keys("-l", text)
        shown = "".join(text[-20:].split())  # a long one goes on in the next line, set in
        eventually(lambda: shown in "".join(self.screen().split()), 10)

    def screen(self) -> str:
        shown = Command("capture-pane", "-p", "-J", "-t", self.live.seat().pane_id)
        return self.real.server.run([shown]).out

    def answer_dialog(self, key: str) -> None:
        """Press until the dialog goes: 2.1.329 ignores keys in the moment it appears."""
        board, live = self.real.board, self.live
        for _ in range(10):
            if live.refresh().state is S.WAITING_PERMISSION:
                self.keys(key)
            if board.wait_for(live.key, lambda f: f.state is not S.WAITING_PERMISSION, 1):
                return

    def pending(self) -> list[str]:
        return [asked.exact for asked in self.real.board.permissions.all(self.live.key)]

    def made(self, name: str) -> bool:
        return (self.house.worktree / name).exists()


@pytest.fixture(params=VERSIONS)
def agent(short_path: Path, request: pytest.FixtureRequest) -> Iterator[Agent]:
    api = make_server()
    threading.Thread(target=api.serve_forever, daemon=True).start()
    program = program_path(str(request.param))
    address = f"http://127.0.0.1:{api.server_address[1]}"
    house = House(short_path / "house", address, program)
    registry = short_path / "registry"
    (registry / "run").mkdir(parents=True, mode=0o700)
    hook = short_path / "orch-hook"
    hook.write_text(HOOK)
    hook.chmod(0o700)
    page = short_path / "role"
    page.write_text("You are a test.")
    variables = house.environment(TMUX_ORCH_REGISTRY=str(registry))
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    variables["PYTHONPATH"] = str(Path(__file__).parents[2])
    adapter, deliverer = Claude(), FakeDeliverer()
    with real_board(short_path, claude=adapter) as real:
        real.place = house.worktree
        desk = HookDesk(real.board, deliverer, SystemClock())

        def handle(request: Request, reply: Reply) -> None:
            desk.serve(request.frames["body"], request.peer.pid, request.gone, reply.answer)

        listener = Listener(registry / "run" / "daemon.sock", handle, __version__)
        listener.start()
        real.board.start()
        seat = make_seat(adapter="claude", conversation_id=str(uuid.uuid4()))
        berth = Berth(
            key=seat.key,
            worktree=house.worktree,
            private=short_path,
            mates=(),
            environment=variables,
            commands=short_path,
            hook=hook,
            role_page=page,
            conversation_id=seat.conversation_id,
            brief_id=seat.brief_id,
            permission_mode="default",
        )
        launch = adapter.start(berth, adapter.locate(variables), "Begin. [brief 0000beef]")
        seat = real.window(seat, launch.argv, {**variables, **launch.environment})
        live = real.board.adopt(seat, replace(berth, pid=seat.pid))
        made = Agent(real, house, live, deliverer)
        seen = live.await_sighting("0000beef", Sighting.ANSWERED, 60)
        assert seen is Sighting.ANSWERED, made.told(f"the brief was seen as {seen!r}")
        made.wait(S.IDLE)
        yield made
        real.board.permissions.close()
        listener.stop(5)
    api.shutdown()
    api.server_close()


def test_permissions_of_a_real_agent(agent: Agent) -> None:
    """One agent for all of it: each start costs seconds."""
    answer = agent.real.board.permissions.answer

    # Answered by the person: a "yes" leaves the hook running, and it is given up all the same.
    agent.say(tools("sleep 2; touch by-person"))
    agent.wait(S.WAITING_PERMISSION)
    eventually(lambda: agent.pending() == ["sleep 2; touch by-person"])
    eventually(lambda: "Do you want to proceed" in agent.screen())
    agent.answer_dialog("Enter")
    eventually(lambda: agent.pending() == [], 10)
    agent.wait(S.IDLE)
    assert agent.made("by-person")

    # Two calls in one turn ask one after the other; each is answered for itself.
    agent.say(tools("touch first", "touch second"))
    agent.wait(S.WAITING_PERMISSION)
    eventually(lambda: agent.pending()[-1:] == ["touch first"])
    answer(agent.live.key, True)
    eventually(lambda: agent.pending()[-1:] == ["touch second"], 15)
    answer(agent.live.key, False, "one is enough")
    agent.wait(S.IDLE)
    assert (agent.made("first"), agent.made("second")) == (True, False)

    # The person's "no" ends the hook at once.
    agent.say(tools("touch third"))
    eventually(lambda: agent.pending() == ["touch third"], 15)
    eventually(lambda: "Do you want to proceed" in agent.screen())
    agent.answer_dialog("Escape")
    eventually(lambda: agent.pending() == [])
    agent.wait(S.IDLE)
    assert not agent.made("third")


def test_turns_and_conversations_of_a_real_agent(agent: Agent) -> None:
    # Handed over at the end of a turn, and answered.
    agent.deliverer.waiting = [Handover("0000aaaa", "[from pm · msg 0000aaaa] go on")]
    agent.say('STANDIN{"words": 20, "chunk_delay": 0.05}')
    agent.wait(*BUSY)
    assert agent.live.await_sighting("0000aaaa", Sighting.ANSWERED, 20) is Sighting.ANSWERED
    agent.wait(S.IDLE)

    # Esc makes no hook; the session file tells.
    agent.say('STANDIN{"words": 400, "chunk_delay": 0.1}')
    agent.wait(*BUSY)
    agent.keys("Escape")
    agent.wait(S.IDLE)
    agent.keys("C-u")

    # A new conversation of the program itself is followed; what was seen before is kept.
    before = agent.live.seat().conversation_id
    agent.type("/clear")
    agent.keys("Enter")
    eventually(lambda: agent.live.seat().conversation_id != before, 10)
    assert agent.real.told("conversation_changed")[0]["followed"] is True
    agent.wait(S.IDLE)
    agent.say("[from pm · msg 0000bbbb] hello")
    assert agent.live.await_sighting("0000bbbb", Sighting.ANSWERED, 20) is Sighting.ANSWERED
    assert agent.live.sighting("0000aaaa") is Sighting.ANSWERED

    os.kill(agent.live.seat().pid, 9)
    agent.wait(S.EXITED)
    agent.real.board.tick()
    assert agent.live.fused().state is S.EXITED
