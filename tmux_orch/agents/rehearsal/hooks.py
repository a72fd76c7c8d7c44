"""The program's hooks: events and JSON shapes of Claude Code, sent to whoever the settings name.

Two kinds: ``{"type": "command", "command": WORDS}`` gets the JSON on stdin and answers on stdout,
as there; ``{"type": "socket"}`` is ours: the same over the daemon's unix socket (``path`` names
another), without an interpreter's start. Nobody there or no answer: the program goes on without.
"""

from __future__ import annotations

import os

from tmux_orch import __version__
from tmux_orch.agents.rehearsal.children import Child
from tmux_orch.agents.rehearsal.jsontext import decode, encode
from tmux_orch.agents.rehearsal.loop import READ, WRITE
from tmux_orch.rpc.place import socket_path
from tmux_orch.rpc.wire import END, MAX_ANSWER_FRAME, PROTOCOL, Assembler, WireError, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import Any

    from tmux_orch.agents.rehearsal.loop import Loop, Timer

    Done = Callable[[dict[str, Any]], None]

DEADLINE_S = 60.0
# A daemon busy with accepting others refuses with EAGAIN (a full backlog): tried again for a while.
AGAIN_S, AGAIN_FOR_S = 0.05, 5.0
# A permission may be answered by a person who sleeps.
PATIENCE_S = 7 * 24 * 3600.0
#: What ``--hooks daemon`` calls: those of the real program's events that happen here.
EVENTS = (
    "SessionStart",
    "UserPromptSubmit",
    "PostToolUse",
    "PermissionRequest",
    "Stop",
    "StopFailure",
    "SessionEnd",
)


def daemon() -> dict[str, Any]:
    """The settings that send every event to the daemon of this environment's registry."""
    return {
        event: [{"hooks": [{"type": "socket", "timeout": _patience_s(event)}]}] for event in EVENTS
    }


def _patience_s(event: str) -> float:
    return PATIENCE_S if event == "PermissionRequest" else DEADLINE_S


class HookCall:
    """One event on its way through all its handlers, one after the other.

    ``done`` gets the answers' keys put together (the first handler that says a key wins); ``{}``
    when nobody answered.
    """

    def __init__(self, loop: Loop, handlers: list[dict[str, Any]], body: bytes, done: Done) -> None:
        self._loop = loop
        self._handlers = handlers
        self._body = body
        self._done: Done | None = done
        self._answer: dict[str, Any] = {}
        self._running: Child | _Exchange | None = None
        self._next()

    def cancel(self) -> None:
        """Its answer is not wanted any more: the connection is closed, the command killed."""
        self._done = None
        if self._running is not None:
            self._running.cancel()

    def _next(self) -> None:
        if not self._handlers:
            done, self._done = self._done, None
            if done is not None:
                done(self._answer)
            return
        handler, *self._handlers = self._handlers
        deadline_s = handler.get("timeout", DEADLINE_S)
        if handler.get("type") == "socket":
            self._running = _Exchange(
                self._loop,
                handler.get("path") or socket_path(os.environ),
                self._body,
                deadline_s,
                self._answered,
            )
        else:
            self._running = Child(
                self._loop,
                _words(handler["command"]),
                lambda status, output: self._answered(output if status == 0 else b""),
                deadline_s=deadline_s,
                stdin=self._body,
                keep_errors=False,
            )

    def _answered(self, answer: bytes) -> None:
        self._running = None
        if self._done is None:
            return
        try:
            value = decode(answer.decode("utf-8")) if answer.strip() else {}
        except ValueError:
            value = {}  # as if it had not answered: a hook must never stop the program
        if isinstance(value, dict):
            self._answer = {**value, **self._answer}
        self._next()


class Hooks:
    """The hooks of the settings file, ready to be called."""

    def __init__(self, loop: Loop, settings: dict[str, Any], common: dict[str, Any]) -> None:
        self._loop = loop
        self._common = common
        self._handlers = {
            event: [handler for group in groups for handler in group["hooks"]]
            for event, groups in settings.items()
        }

    def call(self, event: str, done: Done, **fields: Any) -> HookCall | None:
        """Send one event; ``done`` is called at once when nobody asked for it."""
        handlers = self._handlers.get(event)
        if not handlers:
            done({})
            return None
        payload = {**self._common, "hook_event_name": event, **fields}
        return HookCall(self._loop, list(handlers), encode(payload).encode(), done)


def problem(settings: Any) -> str:
    """What is wrong with the ``hooks`` of a settings file; empty when nothing is."""
    if not isinstance(settings, dict):
        return "'hooks' is not an object"
    for event, groups in settings.items():
        if not isinstance(groups, list):
            return f"hooks.{event} is not a list"
        for group in groups:
            handlers = group.get("hooks") if isinstance(group, dict) else None
            if not isinstance(handlers, list):
                return f"hooks.{event} has an entry without a list 'hooks'"
            for handler in handlers:
                known = isinstance(handler, dict) and (
                    (handler.get("type") == "socket" and isinstance(handler.get("path", ""), str))
                    or (handler.get("type") == "command" and _words(handler.get("command")))
                )
                if not known or not isinstance(handler.get("timeout", 0.0), int | float):
                    return f"hooks.{event} has a handler that is neither command nor socket"
    return ""


def _words(command: Any) -> list[str]:
    """A command is a list of words, or a text that is split as a shell would split it."""
    if isinstance(command, str):
        from shlex import split

        try:
            return split(command)
        except ValueError:
            return []
    good = isinstance(command, list) and all(isinstance(word, str) for word in command)
    return command if good else []


def request(body: bytes) -> bytes:
    """The whole request of one hook call."""
    agent = os.fsencode(os.environ.get("ORCH_AGENT", ""))
    version = f"{PROTOCOL} {__version__}".encode()
    parts = [frame("orch", version), frame("verb", b"hook"), frame("body", body)]
    if agent:
        parts.insert(2, frame("agent", agent))
    return b"".join(parts) + END


class _Exchange:
    """One request and its answer over the unix socket, without ever blocking the program."""

    def __init__(
        self, loop: Loop, path: str, body: bytes, deadline_s: float, done: Callable[[bytes], None]
    ) -> None:
        self._loop = loop
        self._path = path
        self._out = request(body)
        self._in = Assembler(MAX_ANSWER_FRAME, 0, 0)
        self._answer = b""
        self._done: Callable[[bytes], None] | None = done
        self._socket: socket | None = None
        self._give_up = loop.now() + AGAIN_FOR_S
        self._deadline = loop.after(deadline_s, lambda: self._finish(b""))
        self._silence: Timer | None = None
        self._connect()

    def cancel(self) -> None:
        """Close: the daemon sees that nobody waits any more."""
        self._done = None
        self._finish(b"")

    def _connect(self) -> None:
        import _socket

        if self._deadline.call is None:
            return  # cancelled while it waited to try again
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(self._path)
        except BlockingIOError:
            connection.close()
            if self._loop.now() < self._give_up:
                self._loop.after(AGAIN_S, self._connect)
            else:
                self._loop.soon(lambda: self._finish(b""))
            return
        except OSError:
            connection.close()
            self._loop.soon(lambda: self._finish(b""))  # no daemon: no answer
            return
        self._socket = connection
        self._heard()
        self._send()

    def _heard(self) -> None:
        """The daemon beats while it works; one that says nothing at all hangs or is stopped."""
        from tmux_orch.rpc.connection import SILENCE_S

        if self._silence is not None:
            self._silence.cancel()
        self._silence = self._loop.after(SILENCE_S, lambda: self._finish(b""))

    def _send(self) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            while self._out:
                self._out = self._out[connection.send(self._out) :]
        except BlockingIOError:
            self._loop.watch(connection.fileno(), WRITE, self._send)
            return
        except OSError:
            self._loop.soon(lambda: self._finish(b""))
            return
        self._loop.forget(connection.fileno())
        self._loop.watch(connection.fileno(), READ, self._receive)

    def _receive(self) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            data = connection.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._heard()
        try:
            frames = self._in.feed(data)
        except WireError:
            frames, data = [], b""  # not our daemon: no answer
        for name, payload in frames:
            if name == "orch" and not payload.endswith(b" ok"):
                data = b""  # a daemon that ends, or of another version: no answer
            elif name == "answer":
                self._answer = payload
        if not data:
            self._finish(b"")
        elif self._in.ended:
            self._finish(self._answer)

    def _finish(self, answer: bytes) -> None:
        self._deadline.cancel()
        if self._silence is not None:
            self._silence.cancel()
        if self._socket is not None:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None
        done, self._done = self._done, None
        if done is not None:
            done(answer)
