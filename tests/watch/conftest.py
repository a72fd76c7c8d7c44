"""A program of ours that publishes what a test tells it to, and a board that watches it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from tmux_orch.agents.adapter import (
    Berth,
    Composer,
    Dialog,
    Entry,
    EntryKind,
    HookReading,
    Launch,
    Program,
    ScreenReading,
)
from tmux_orch.clock import SystemClock
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Condition, Reading, Source
from tmux_orch.domain.work import Figures
from tmux_orch.messages.port import Handover, Moment
from tmux_orch.tmux.capture import Shown
from tmux_orch.tmux.panes import Observation, PaneFacts
from tmux_orch.tmux.server import ServerId
from tmux_orch.watch import process
from tmux_orch.watch.board import Board


def eventually(what: Callable[[], Any], deadline_s: float = 5.0) -> Any:
    """The first truthy answer of ``what``; fails at the deadline."""
    end = time.monotonic() + deadline_s
    while not (answer := what()):
        assert time.monotonic() < end, f"not within {deadline_s:g} s"
        time.sleep(0.002)  # paced: looks at a condition, with a deadline
    return answer


class FakeAdapter:
    """Reads a session file ``{"status", "at", "pid_start"}`` and a transcript of JSON lines."""

    name = "fake"
    composer_gap_s = 0.0
    hands_over = True

    def __init__(self, home: Path) -> None:
        self.home = home
        self.level_reads = 0
        self.figure_reads = 0

    def session_file(self, berth: Berth) -> Path:
        return self.home / f"{berth.pid}.json"

    def publish(self, pid: int, status: str, at: datetime | None = None) -> None:
        draft = self.home / f"{pid}.draft"
        start = process.start_tick(pid) or 0
        at = at or datetime.now(UTC)
        draft.write_text(json.dumps({"status": status, "at": at.isoformat(), "start": start}))
        draft.replace(self.home / f"{pid}.json")

    def locate(self, environment: Mapping[str, str]) -> Program:
        raise AssertionError("the watch starts no program")

    def start(self, berth: Berth, program: Program, prompt: str) -> Launch:
        raise AssertionError("the watch starts no program")

    def resume(self, berth: Berth, program: Program, prompt: str) -> Launch:
        raise AssertionError("the watch starts no program")

    def account(self, berth: Berth) -> Path:
        return self.home

    def has_conversation(self, berth: Berth) -> bool:
        return self.transcript(berth) is not None

    def owner(self, berth: Berth) -> int | None:
        return None

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        self.level_reads += 1
        try:
            said = json.loads(self.session_file(berth).read_bytes())
        except OSError:
            return None
        at, state = datetime.fromisoformat(said["at"]), AgentState(said["status"])
        return Reading(Source.SESSION_FILE, state, at, f"fake.session.{state}")

    def transcript(self, berth: Berth) -> Path | None:
        path = self.home / f"{berth.conversation_id}.jsonl"
        return path if path.exists() else None

    def entry(self, line: bytes) -> Entry:
        try:
            said = json.loads(line)
            return Entry(EntryKind(said["kind"]), said["text"])
        except (ValueError, KeyError, TypeError):
            return Entry(EntryKind.OTHER, "")

    def composer(self, screen: str) -> Composer:
        return Composer(None)

    def dialog(self, screen: str) -> Dialog | None:
        if "Do you trust" not in screen:
            return None
        return Dialog(AgentState.NEEDS_TRUST, "Do you trust this?", ("No", "Yes"), "fake.trust")

    def screen(self, capture: str, title: str, now: datetime, zone: tzinfo) -> ScreenReading:
        """Lines ``STATE idle`` and ``LIMIT 90`` (it ends so many seconds from now)."""
        words = [line.split() for line in f"{title}\n{capture}".splitlines()]
        said = {line[0]: line[1] for line in words if len(line) == 2}
        state = AgentState(said["STATE"]) if "STATE" in said else None
        limit = int(said["LIMIT"]) if "LIMIT" in said else None
        condition = Condition.NONE if limit is None else Condition.USAGE_LIMIT
        reset_at = now + timedelta(seconds=limit) if limit else None
        rule = "fake.screen" if state or limit is not None else ""
        return ScreenReading(
            state, condition, rule, capture.strip()[:80], reset_at, limit is not None, "block"
        )

    def figures(self, berth: Berth, now: datetime) -> Figures | None:
        self.figure_reads += 1
        return Figures(now, input_tokens=7)

    def hook(self, payload: Mapping[str, Any], now: datetime) -> HookReading:
        event = payload["event"]
        state = payload.get("state")
        asks = payload.get("asks")
        return HookReading(
            reading=Reading(
                Source.HOOK, AgentState(state) if state else None, now, f"fake.hook.{event}"
            ),
            prompt=payload.get("prompt", ""),
            asks=(asks[0], asks[1]) if asks else None,
            turn_ended=event == "stop",
            tool_done=event == "tool",
            conversation_id=payload.get("conversation", ""),
            subagent=payload.get("subagent", False),
        )

    def permission_answer(self, allow: bool, reason: str) -> bytes:
        return json.dumps({"allow": allow, "reason": reason}).encode()

    def turn_end_answer(self, texts: Sequence[str]) -> bytes:
        return json.dumps({"turn": list(texts)}).encode()

    def tool_answer(self, texts: Sequence[str]) -> bytes:
        return json.dumps({"tool": list(texts)}).encode()


class FakeEyes:
    """A tmux server that a test makes up; ``silent`` makes it hang up on us."""

    def __init__(self) -> None:
        self.server: ServerId | None = ServerId(1, 1)
        self.panes: dict[str, PaneFacts] = {}
        self.screens: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.silent = False
        self.looks = 0
        self.captures: list[list[str]] = []

    def observe(self) -> Observation:
        self.looks += 1
        if self.silent:
            raise CouldNotTell("tmux did not answer within 5 s")
        return Observation(self.server, list(self.panes.values()) if self.server else [])

    def capture(self, pane_ids: Sequence[str]) -> Mapping[str, Shown]:
        self.captures.append(list(pane_ids))
        if self.silent:
            raise CouldNotTell("tmux did not answer within 5 s")
        return {
            p: Shown(self.screens[p], self.titles.get(p, "")) for p in pane_ids if p in self.screens
        }

    def show(self, seat: Seat, screen: str = "") -> None:
        self.panes[seat.pane_id] = pane(seat)
        self.screens[seat.pane_id] = screen


def pane(seat: Seat, **other: Any) -> PaneFacts:
    """The pane of a seat as tmux shows it."""
    facts = PaneFacts(
        pane_id=seat.pane_id,
        window_id="@1",
        session_id="$1",
        session=seat.project,
        window=seat.name,
        project=seat.project,
        pid=seat.pid,
        dead=False,
        exit_status=None,
        exit_signal=None,
        in_mode=False,
        input_off=False,
        agent=seat.key,
        incarnation=seat.tag,
        activity_at=datetime.now(UTC),
        cursor=(0, 0),
        width=200,
        height=50,
        history=0,
    )
    return replace(facts, **other)


@dataclass
class FakeDeliverer:
    """A courier that hands over what a test put into it."""

    waiting: list[Handover] = field(default_factory=list)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    def hand_over(self, key: str, moment: Moment) -> list[Handover]:
        self.calls.append(("hand_over", key, moment))
        self.during()
        waiting, self.waiting = self.waiting, []
        return waiting

    def handed(self, key: str, ids: list[str], ok: bool) -> None:
        self.calls.append(("handed", key, ids, ok))

    def own_turn(self, key: str) -> None:
        self.calls.append(("own_turn", key))

    def kick(self, key: str) -> None:
        self.calls.append(("kick", key))


def make_seat(name: str = "developer", pid: int = 0, **other: Any) -> Seat:
    """A seat of the project ``shop``."""
    seat = Seat(
        project="shop",
        name=name,
        role=name,
        run="abc123",
        slot=0,
        adapter="fake",
        worktree="/nowhere",
        branch=f"orch/abc123/{name}",
        base="0" * 40,
        incarnation=1,
        conversation_id=f"conversation-{name}",
        brief_id="0000beef",
        pane_id=f"%{pid}",
        window_id=f"@{pid}",
        server="1:1",
        pid=pid,
    )
    return replace(seat, **other)


def make_berth(seat: Seat) -> Berth:
    """What its adapter is told."""
    here = Path("/nowhere")
    return Berth(
        key=seat.key,
        worktree=here,
        private=here,
        mates=(),
        environment={},
        commands=here,
        hook=here,
        role_page=here,
        conversation_id=seat.conversation_id,
        brief_id=seat.brief_id,
        pid=seat.pid,
    )


def _has_begun(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/environ").read_bytes())
    except ProcessLookupError:
        return True  # it has begun and ended


@pytest.fixture
def programs() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes that do nothing until they are ended; ends them after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str, begun: bool = True, **options: Any) -> subprocess.Popen[bytes]:
        command = list(argv) or ["/bin/sleep", "600"]
        started.append(subprocess.Popen(command, **options))
        # Popen returns in the middle of the exec, when the new program has no environment yet.
        if begun:
            eventually(lambda: _has_begun(started[-1].pid))
        return started[-1]

    yield start
    for program in started:
        program.kill()
        program.wait()
        for stream in (program.stdin, program.stdout):
            if stream is not None:
                stream.close()


@dataclass
class Scene:
    """A board with made-up eyes, its adapter, and all that it told."""

    board: Board
    eyes: FakeEyes
    adapter: FakeAdapter
    changes: list[tuple[str, AgentState]]
    events: list[tuple[str, str | None, Mapping[str, Any]]]
    start: Callable[..., subprocess.Popen[bytes]]

    def seat(self, name: str = "developer", status: str = "idle", **other: Any) -> Seat:
        """A seat with a live process that publishes ``status``; adopted."""
        program = self.start()
        seat = make_seat(name, program.pid, **other)
        if status:
            self.adapter.publish(program.pid, status)
        self.eyes.show(seat)
        return self.board.adopt(seat, make_berth(seat)).seat()

    def state(self, seat: Seat) -> AgentState:
        live = self.board.seat(seat.key)
        assert live is not None
        return live.fused().state

    def readings(self, seat: Seat) -> list[Reading]:
        live = self.board.seat(seat.key)
        return live.readings().all() if live is not None else []

    def told(self, kind: str) -> list[Mapping[str, Any]]:
        assert self.board.settle()
        return [payload for event, _, payload in self.events if event == kind]


@pytest.fixture
def scene(tmp_path: Path, programs: Callable[..., subprocess.Popen[bytes]]) -> Iterator[Scene]:
    adapter, eyes = FakeAdapter(tmp_path), FakeEyes()
    changes: list[tuple[str, AgentState]] = []
    events: list[tuple[str, str | None, Mapping[str, Any]]] = []
    board = Board(
        eyes,
        {"fake": adapter},
        SystemClock(),
        on_change=lambda key, fused: changes.append((key, fused.state)),
        on_event=lambda kind, key, payload: events.append((kind, key, payload)),
    )
    yield Scene(board, eyes, adapter, changes, events, programs)
    board.close()


@pytest.fixture
def now() -> datetime:
    return datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


PYTHON = sys.executable
