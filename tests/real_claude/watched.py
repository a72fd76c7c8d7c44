"""A real Claude Code on a board of the watch, and beside it the truth: its own session file."""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.real_claude.house import House
from tests.standin.anthropic_standin import State, make_server
from tests.watch.conftest import FakeDeliverer, eventually, make_seat
from tests.watch.real import Real, real_board
from tmux_orch import __version__
from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.claude.adapter import Claude
from tmux_orch.clock import SystemClock
from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState, Fused, Reading
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.rpc.server import Listener
from tmux_orch.tmux.command import Command
from tmux_orch.watch.hooks import HookDesk
from tmux_orch.watch.live_seat import LiveSeat

S = AgentState
HOOK = f"#!{sys.executable}\nimport os\nfrom tmux_orch.rpc.hook import main\nos._exit(main())\n"
#: How long after the truth changed we may still say what was true before.
LAG_S = 4.0
#: A screen may show a state before the program publishes it.
LEAD_S = 1.0
#: Which states do not contradict what the program publishes.
_FITS = {
    "busy": BUSY,
    "idle": READY | {S.ERROR, S.NEEDS_LOGIN, S.USAGE_LIMITED},
    "waiting": WAITING | {S.USAGE_LIMITED},
    "": frozenset({S.EXITED, S.IDLE}),
}


class ScreenOnly(Claude):
    """Claude Code seen only from outside: no session file, and no hooks come."""

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        del berth, now
        return None


@dataclass
class Told:
    """One state that the board told, and when."""

    at: float
    state: AgentState
    evidence: str

    @property
    def source(self) -> str:
        return self.evidence.partition(":")[0]


@dataclass
class Watched:
    """One real agent on a board; what was told of it, and what was true."""

    real: Real
    house: House
    live: LiveSeat
    api: State
    told: list[Told] = field(default_factory=list)
    truth: list[tuple[float, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    said_at: float = 0.0

    # -- what a person does ---------------------------------------------------------------------

    def keys(self, *keys: str) -> None:
        self.real.server.run([Command("send-keys", "-t", self.live.seat().pane_id, *keys)])

    def say(self, text: str) -> float:
        """Type a prompt and press Enter until the program takes it; when it was pressed last."""
        self.keys("-l", text)
        shown = text[-20:]
        eventually(lambda: shown in self.screen().replace("\n", ""), 10)
        before = (len(self.truth), len(self.api.requests))
        for _ in range(8):
            self.said_at = pressed = time.time()
            self.keys("Enter")
            with suppress(AssertionError):
                eventually(lambda: (len(self.truth), len(self.api.requests)) != before, 2)
                return pressed
        raise AssertionError(self.report("the prompt was not taken"))

    def screen(self) -> str:
        shown = Command("capture-pane", "-p", "-J", "-t", self.live.seat().pane_id)
        return self.real.server.run([shown]).out

    # -- what is told, and what is true -----------------------------------------------------------

    def wait(self, *states: AgentState, since: float, within_s: float = 20) -> Told:
        """The first of ``states`` told after ``since``."""

        def found() -> Told | None:
            return next((t for t in self.told if t.at >= since and t.state in states), None)

        try:
            answer: Told = eventually(found, within_s)
        except AssertionError:
            raise AssertionError(self.report(f"{states} was not told")) from None
        return answer

    def true_since(self, status: str, since: float, within_s: float = 20) -> float:
        """When the program first published ``status`` after ``since``."""

        def found() -> float | None:
            return next((at for at, seen in self.truth if at >= since and seen == status), None)

        try:
            answer: float = eventually(found, within_s)
        except AssertionError:
            raise AssertionError(self.report(f"it never was {status}")) from None
        return answer

    def rest(self) -> None:
        """Wait until it is idle after what was said last, and we say so."""

        def rests() -> bool:
            at, status = self.truth[-1]
            return status == "idle" and at >= self.said_at

        eventually(rests, 30)
        reached = self.real.board.wait_for(
            self.live.key, lambda f: f.state in READY | {S.ERROR, S.NEEDS_LOGIN}, 10
        )
        assert reached, self.report("it does not rest")

    def wrong(self) -> list[str]:
        """What was told and contradicts all that was true from :data:`LAG_S` before until then."""
        found = []
        for told in self.told:
            if told.state in (S.UNKNOWN, S.INITIALIZING, S.EXITED):
                continue  # an end is proved by the process, its file goes when it likes
            was = [status for at, status in self.truth if told.at - LAG_S <= at <= told.at + LEAD_S]
            earlier = [status for at, status in self.truth if at < told.at - LAG_S]
            was += earlier[-1:]
            if was and not any(told.state in _FITS[status] for status in was):
                found.append(f"{told.state} ({told.evidence}) while it was {was}")
        return found

    def report(self, what: str) -> str:
        """What failed, and everything there is to see of the agent."""
        shown = [line for line in self.screen().splitlines() if line.strip()]
        told = [f"{t.at:.2f} {t.state} {t.evidence}" for t in self.told]
        true = [f"{at:.2f} {status}" for at, status in self.truth]
        return "\n".join([what, str(self.live.fused()), *shown, *told, *true])

    def note(self, _key: str, fused: Fused) -> None:
        self.told.append(Told(time.time(), fused.state, fused.evidence))

    def look_at_truth(self) -> None:
        """Follow the session file, far more often than the watch does."""
        adapter, berth = Claude(), self.live.berth()
        while not self.over.wait(0.01):
            level = adapter.level(berth, datetime.now(UTC))
            status = level.rule.rpartition(".")[2] if level is not None else ""
            status = {"shell": "busy", "starting": ""}.get(status, status)
            at = level.at.timestamp() if level is not None and status else time.time()
            if not self.truth or self.truth[-1][1] != status:
                self.truth.append((at, status))


@contextmanager
def watched(place: Path, program: Path, *, hooks: bool = True) -> Iterator[Watched]:
    """Start one, brief it, see its first turn through; end everything afterwards.

    Args:
        place: A short path for everything it needs.
        program: The pinned program.
        hooks: Whether it calls hooks and we read its session file; else there is only its screen.
    """
    api = make_server()
    threading.Thread(target=api.serve_forever, daemon=True).start()
    house = House(place / "house", f"http://127.0.0.1:{api.server_address[1]}", program)
    house.sign_in()
    settings: dict[str, Any] = {"permissions": {"allow": ["Bash(sleep:*)", "Bash(pytest:*)"]}}
    if not hooks:
        settings["disableAllHooks"] = True
    (house.config / "settings.json").write_text(json.dumps(settings))
    registry = place / "registry"
    (registry / "run").mkdir(parents=True, mode=0o700)
    hook = place / "orch-hook"
    hook.write_text(HOOK)
    hook.chmod(0o700)
    (place / "role").write_text("You are a test.")
    variables = house.environment(TMUX_ORCH_REGISTRY=str(registry))
    del variables["ANTHROPIC_API_KEY"]
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    variables["PYTHONPATH"] = str(Path(__file__).parents[2])
    adapter = Claude() if hooks else ScreenOnly()
    with real_board(place, claude=adapter) as real:
        real.place = house.worktree
        desk = HookDesk(real.board, FakeDeliverer(), SystemClock())

        def handle(request: Request, reply: Reply) -> None:
            desk.serve(request.frames["body"], request.peer.pid, request.gone, reply.answer)

        listener = Listener(registry / "run" / "daemon.sock", handle, __version__)
        listener.start()
        real.board.start()
        real.board.watched()
        seat = make_seat(
            adapter="claude",
            conversation_id=str(uuid.uuid4()),
            worktree=str(house.worktree),
        )
        berth = Berth(
            key=seat.key,
            worktree=house.worktree,
            private=place,
            mates=(),
            environment=variables,
            commands=place,
            hook=hook,
            role_page=place / "role",
            conversation_id=seat.conversation_id,
            brief_id=seat.brief_id,
            permission_mode="default",
        )
        launch = adapter.start(berth, adapter.locate(variables), "Begin. [brief 0000beef]")
        seat = real.window(seat, launch.argv, {**variables, **launch.environment})
        live = real.board.adopt(seat, replace(berth, pid=seat.pid))
        made = Watched(real, house, live, api.state)
        real.board.on_change = made.note
        truth = threading.Thread(target=made.look_at_truth, daemon=True)
        truth.start()
        try:
            yield made
        finally:
            made.over.set()
            truth.join()
            real.board.permissions.close()
            listener.stop(5)
    api.shutdown()
    api.server_close()
