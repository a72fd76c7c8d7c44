"""``orch-hook``: an agent program's hook, carried to the daemon and back.

It never starts the daemon, and without an answer it says nothing and ends with 0: the program then
does what it would have done without us. A person is asked on the screen as ever, nothing is lost.
"""

import os

from tmux_orch import __version__
from tmux_orch.rpc.connection import Absent, Connection, Lost, Silent
from tmux_orch.rpc.place import socket_path
from tmux_orch.rpc.wire import END, MAX_TOTAL, PROTOCOL, frame


def main() -> int:
    """Carry standard input to the daemon, print its answer; always 0."""
    try:
        payload = _stdin()
        if payload:
            _print(ask(payload))
    except (Absent, Lost, Silent, OSError, ValueError, KeyboardInterrupt):
        pass  # see above: no answer is an answer
    return 0


def ask(payload: bytes) -> bytes:
    """The daemon's answer to one hook call; empty when it has none.

    Waits as long as the daemon works on it (a permission may be held for hours), which its beats
    tell; raises as ``Connection`` does.
    """
    path = socket_path(os.environ)
    if not path:
        return b""
    connection = Connection(path)
    answer = b""
    try:
        connection.send(_request(payload))
        while got := connection.receive():
            name, data = got
            if name == "orch" and not data.endswith(b" ok"):
                return b""
            if name == "answer":
                answer = data
    finally:
        connection.close()
    return answer


def _request(payload: bytes) -> bytes:
    parts = [
        frame("orch", f"{PROTOCOL} {__version__}".encode()),
        frame("verb", b"hook"),
        frame("body", payload),
    ]
    if agent := os.environ.get("ORCH_AGENT"):
        parts.insert(2, frame("agent", os.fsencode(agent)))
    return b"".join(parts) + END


def _stdin() -> bytes:
    pieces = []
    size = 0
    while piece := os.read(0, 1 << 16):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_TOTAL - 4096:
            return b""  # more than the daemon accepts: the program goes on without us
    return b"".join(pieces)


def _print(answer: bytes) -> None:
    while answer:
        answer = answer[os.write(1, answer) :]
