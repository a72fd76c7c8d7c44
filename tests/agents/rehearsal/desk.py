"""The daemon's end of the hooks: the real listener, and answers of the test's choice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tmux_orch import __version__
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.rpc.server import Listener

Payload = dict[str, Any]
Answer = Callable[[Payload, Callable[[], bool]], bytes]


class Desk:
    """Takes the hook calls at ``registry``; ``answer`` decides what each one gets."""

    def __init__(self, registry: Path, version: str = __version__) -> None:
        (registry / "run").mkdir(parents=True, mode=0o700, exist_ok=True)
        self.calls: list[Payload] = []
        self.peers: list[tuple[int, str]] = []
        self.answer: Answer = lambda payload, gone: b""
        self._changed = threading.Condition()
        self._listener = Listener(registry / "run" / "daemon.sock", self._handle, version)
        self._listener.start()

    def close(self) -> None:
        self._listener.stop(0)

    def wait(self, event: str, count: int = 1, deadline_s: float = 20) -> Payload:
        """The ``count``-th call of ``event``, waited for."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.of(event)) >= count, deadline_s):
                names = [call["hook_event_name"] for call in self.calls]
                raise AssertionError(f"{count} x {event} not within {deadline_s} s; got {names}")
            return self.of(event)[count - 1]

    def of(self, event: str) -> list[Payload]:
        return [call for call in list(self.calls) if call["hook_event_name"] == event]

    def _handle(self, request: Request, reply: Reply) -> None:
        assert request.verb == "hook"
        payload = json.loads(request.frames["body"])
        with self._changed:
            self.calls.append(payload)
            self.peers.append((request.peer.pid, request.frames.get("agent", b"").decode()))
            self._changed.notify_all()
        body = self.answer(payload, request.gone)
        if body:
            reply.answer(body)
