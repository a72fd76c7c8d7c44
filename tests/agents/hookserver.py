"""A small hook server and the hook command that talks to it, in place of the daemon."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Payload = dict[str, Any]
Answer = Callable[[Payload, Callable[[], bool]], bytes]

CLIENT = """#!{python} -IS
import os, socket, sys
body = sys.stdin.buffer.read()
try:
    link = socket.socket(socket.AF_UNIX)
    link.connect({place!r})
    link.sendall(b"%d %d\\n" % (os.getpid(), len(body)) + body)
    answer = b""
    while piece := link.recv(65536):
        answer += piece
    sys.stdout.buffer.write(answer)
except OSError:
    pass
"""


class HookServer:
    """Takes every hook call of one agent, in order; ``answer`` decides what each one prints.

    ``answer(payload, gone)`` may block: ``gone()`` says whether the program gave the hook up.
    """

    def __init__(self, root: Path) -> None:
        self.place = root / "h.sock"
        self.calls: list[Payload] = []
        self.status_lines: list[Payload] = []
        self.answer: Answer = lambda payload, gone: b""
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.place))
        self._socket.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def client(self, path: Path) -> Path:
        """Write the hook command to ``path``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CLIENT.format(python=sys.executable, place=str(self.place)))
        path.chmod(0o700)
        return path

    def close(self) -> None:
        self._socket.close()

    def of(self, event: str) -> list[Payload]:
        """The calls of one event so far."""
        with self._changed:
            return [call for call in self.calls if call["hook_event_name"] == event]

    def wait(self, event: str, *, count: int = 1, deadline_s: float = 20) -> Payload:
        """The ``count``-th call of ``event``, waited for."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._of(event)) >= count, deadline_s):
                names = [call["hook_event_name"] for call in self.calls]
                raise AssertionError(f"{count} x {event} not within {deadline_s} s; got {names}")
            return self._of(event)[count - 1]

    def _of(self, event: str) -> list[Payload]:
        return [call for call in self.calls if call["hook_event_name"] == event]

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, link.makefile("rb") as stream:
            _, length = stream.readline().split()
            body = stream.read(int(length))
            if not body:
                return  # the program was killed before it had said anything
            payload: Payload = json.loads(body)
            if "hook_event_name" not in payload:
                self.status_lines.append(payload)
                return
            with self._changed:
                payload["at"] = time.monotonic()
                self.calls.append(payload)
                self._changed.notify_all()

            def gone() -> bool:
                readable, _, _ = select.select([link], [], [], 0)
                return bool(readable) and link.recv(1, socket.MSG_PEEK) == b""

            with contextlib.suppress(OSError):
                link.sendall(self.answer(payload, gone))
