"""A small house for delivery tests: a real tmux server, a real database, recording receivers."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tmux_orch.agents.adapter import Composer, Dialog, Entry, EntryKind
from tmux_orch.clock import SystemClock
from tmux_orch.domain.message import Message
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.messages.courier import Courier
from tmux_orch.messages.port import Sighting
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.outbox import Outbox
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.server import Server
from tmux_orch.tmux.windows import WindowSpec, open_windows

PROGRAM = Path(__file__).with_name("receiver.py")


def until(condition: Callable[[], Any], deadline_s: float = 10.0) -> Any:
    """The condition's value once it is true; fails at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not true within {deadline_s} s"
        threading.Event().wait(0.005)


class ReceiverAdapter:
    """What delivery needs of an adapter, for the receiver's screen and transcript."""

    name = "receiver"
    composer_gap_s = 0.02
    hands_over = True

    def __init__(self, gap_s: float = 0.02) -> None:
        self.composer_gap_s = gap_s

    def composer(self, screen: str) -> Composer:
        lines = screen.split("\n")
        if "=== composer" not in lines or "=== end" not in lines:
            return Composer(None)
        rows = lines[lines.index("=== composer") + 1 : lines.index("=== end")]
        text = "\n".join(row[2:] for row in rows).strip()
        return Composer(not text, text)

    def dialog(self, screen: str) -> Dialog | None:
        for line in screen.split("\n"):
            if line.startswith("DIALOG "):
                return Dialog(AgentState.WAITING_PERMISSION, line[7:], ("Yes", "No"), "test")
        return None

    def entry(self, line: bytes) -> Entry:
        data = json.loads(line)
        kinds = {"user": EntryKind.TAKEN, "queue": EntryKind.QUEUED, "assistant": EntryKind.ANSWER}
        return Entry(kinds.get(data["type"], EntryKind.OTHER), data.get("text", ""))

    def turn_end_answer(self, texts: Sequence[str]) -> bytes:
        return "\n\n".join(texts).encode()

    tool_answer = turn_end_answer

    # Delivery asks for none of these.
    locate = start = resume = has_conversation = owner = level = transcript = hook = None
    permission_answer = None


class Port:
    """A seat port that reads the receiver's own files; slow and simple."""

    def __init__(self, seat: Seat, place: Path, adapter: ReceiverAdapter) -> None:
        self.place = place
        self._seat = seat
        self._adapter = adapter
        self.holding: str | None = None
        self.busy_hooks = False
        self.prompt_hook = False
        self.readable = True
        self.override: AgentState | None = None
        self._last = Fused(AgentState.UNKNOWN, datetime.now(UTC), "")

    @property
    def key(self) -> str:
        return self._seat.key

    def seat(self) -> Seat:
        return self._seat

    def reseat(self, seat: Seat) -> None:
        self._seat = seat

    def adapter(self) -> Any:
        return self._adapter

    def fused(self) -> Fused:
        return self._last

    def refresh(self) -> Fused:
        state = self.override or self._read_state()
        if state is not self._last.state:
            self._last = Fused(state, datetime.now(UTC), "test")
        return self._last

    def look(self, force: bool = False) -> None:
        self.refresh()

    def _read_state(self) -> AgentState:
        try:
            body = json.loads((self.place / "state").read_text())
            if not _runs(body["pid"]):
                return AgentState.EXITED
        except (OSError, ValueError):
            return AgentState.INITIALIZING
        return {
            "idle": AgentState.IDLE,
            "busy": AgentState.WORKING,
            "waiting": AgentState.WAITING_PERMISSION,
        }[body["status"]]

    def sighting(self, message_id: str) -> Sighting:
        seen = Sighting.NONE
        mark = f"· msg {message_id}]"
        prompts = self.place / "prompts"
        if self.prompt_hook and prompts.exists():
            told = [json.loads(line)["text"] for line in prompts.read_bytes().splitlines()]
            seen = Sighting.PROMPTED if any(mark in text for text in told) else seen
        try:
            # The last line may be half written.
            lines = (self.place / "transcript").read_bytes().split(b"\n")[:-1]
        except OSError:
            return seen
        for line in lines:
            entry = self._adapter.entry(line)
            if entry.kind is EntryKind.ANSWER and seen is Sighting.TAKEN:
                seen = Sighting.ANSWERED
            elif mark in entry.text and entry.kind is EntryKind.TAKEN:
                seen = max(seen, Sighting.TAKEN)
            elif mark in entry.text and entry.kind is EntryKind.QUEUED:
                seen = max(seen, Sighting.QUEUED)
        return seen

    def await_sighting(self, message_id: str, at_least: Sighting, wait_s: float) -> Sighting:
        end = time.monotonic() + wait_s
        while True:
            seen = self.sighting(message_id)
            if seen >= at_least or time.monotonic() >= end:
                return seen
            threading.Event().wait(0.005)

    def transcript_readable(self) -> bool:
        return self.readable and (self.place / "transcript").exists()

    def busy_with_hooks(self) -> bool:
        return self.busy_hooks and self._last.state is AgentState.WORKING

    def hold(self) -> str | None:
        return self.holding


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@dataclass
class Agent:
    """One receiver in a pane of its own."""

    seat: Seat
    place: Path
    port: Port

    @property
    def key(self) -> str:
        return self.seat.key

    def tell(self, *words: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(" ".join(words).encode(), str(self.place / "control"))

    def log(self, name: str) -> list[dict[str, Any]]:
        path = self.place / name
        return [json.loads(x) for x in path.read_bytes().splitlines()] if path.exists() else []

    def submitted(self) -> list[str]:
        return [entry["text"] for entry in self.log("submitted")]

    def bytes(self) -> bytes:
        return (self.place / "bytes").read_bytes()


@dataclass
class House:
    """Everything that delivery stands on."""

    root: Path
    server: Server
    database: Database
    outbox: Outbox
    agents: dict[str, Agent] = field(default_factory=dict)
    courier: Courier | None = None

    def agent(self, name: str, *options: str, gap_s: float = 0.02, incarnation: int = 1) -> Agent:
        """Open a window with a receiver and wait until it reads."""
        place = self.root / name
        (place / "work").mkdir(parents=True, exist_ok=True)
        for stale in ("ready", "state"):
            (place / stale).unlink(missing_ok=True)
        seat = Seat(
            "shop", name, name, "abc123", len(self.agents), "receiver", str(place / "work"),
            f"orch/abc123/{name}", "0" * 40, incarnation, "c0", "b0",
        )  # fmt: skip
        spec = WindowSpec(
            "shop", name, [sys.executable, str(PROGRAM), str(place), *options], place,
            {"TERM": "screen-256color", "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            {"orch_agent": seat.key, "orch_incarnation": seat.tag},
        )  # fmt: skip
        opened = open_windows(self.server, [spec])[0]
        seat = replace(seat, pane_id=opened.pane_id, window_id=opened.window_id, pid=opened.pid)
        until((place / "ready").exists)
        agent = Agent(seat, place, Port(seat, place, ReceiverAdapter(gap_s)))
        agent.port.refresh()
        self.agents[seat.key] = agent
        return agent

    def tmux(self, *words: str) -> str:
        """A command of a person at the server."""
        return self.server.run([Command(*words)]).out

    def start(self) -> Courier:
        """A courier as the daemon makes it."""
        self.courier = Courier(
            self.server,
            self.database,
            self.outbox,
            lambda key: self.agents[key].port if key in self.agents else None,
            lambda key: self.agents[key].seat if key in self.agents else None,
            SystemClock(),
        )
        self.courier.recover()
        return self.courier

    def send(self, to: Agent, text: str, sender: str = "user", **more: Any) -> Message:
        """Accept a message and return its row."""
        assert self.courier is not None
        return self.courier.accept(sender, to.key, text, **more)

    def delivered(self, message: Message, wait_s: float = 15.0) -> Message:
        """Wait for the message's end."""
        assert self.courier is not None
        return self.courier.wait(message.id, "delivered", wait_s)

    def get(self, message: Message) -> Message:
        found = self.outbox.get(message.id)
        assert found is not None
        return found

    def states(self, message: Message) -> list[str]:
        """The states it went through, from the event log."""
        with self.database.read() as c:
            rows = c.execute(text("SELECT kind, payload FROM events ORDER BY seq")).all()
        return [
            kind.partition(".")[2] for kind, body in rows
            if kind.startswith("message.") and json.loads(body)["id"] == message.id
        ]  # fmt: skip

    def restart(self) -> Courier:
        """The courier ends and another one begins, as when the daemon is restarted."""
        assert self.courier is not None
        self.courier.stop()
        return self.start()

    def attach(self) -> Person:
        """A person's terminal at the session."""
        return Person(self)

    def close(self) -> None:
        if self.courier is not None:
            self.courier.stop()
        self.database.close()
        self.server.stop()


def build(root: Path) -> House:
    """The house in ``root`` (a short path: sockets end at 107 bytes)."""
    environment: Mapping[str, str] = {"PATH": os.environ["PATH"], "HOME": str(root)}
    server = Server(root / "t.sock", root / "t.conf", environment)
    server.ensure()
    (root / "logs").mkdir(exist_ok=True)
    database = open_database(root / "d.db", root, root / "logs")
    return House(root, server, database, Outbox(database, SystemClock()))


class Person:
    """Somebody at an attached terminal; a context manager."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._fd = -1
        self._pid = 0

    def __enter__(self) -> Person:
        argv = [*self._house.server.prefix, "attach", "-t", "=shop:"]
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execve(argv[0], argv, {"TERM": "xterm", "PATH": os.environ["PATH"]})
        threading.Thread(target=self._drain, daemon=True).start()
        until(lambda: self._house.tmux("list-clients", "-F", "x"))
        return self

    def _drain(self) -> None:
        try:
            while os.read(self._fd, 65536):
                pass
        except OSError:
            pass  # the terminal is closed: the client has gone

    def type(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGHUP)
        os.waitpid(self._pid, 0)
        os.close(self._fd)
        until(lambda: not self._house.tmux("list-clients", "-F", "x"))
