"""A message sent as ``scm`` sends it, its receipt returned and not printed."""

from __future__ import annotations

import os
from typing import NamedTuple

from tmux_orch.domain.errors import EXIT_INTERNAL, BadInput, Unreachable
from tmux_orch.rpc import client, failures, scm
from tmux_orch.rpc.connection import Absent, Connection, Lost, Silent
from tmux_orch.rpc.place import socket_path
from tmux_orch.rpc.wire import MAX_FRAME


class Receipt(NamedTuple):
    """``scm``'s exit code and line."""

    code: int
    line: str


def send(target: str, text: str, wait_s: float) -> Receipt:
    """Send ``text`` to ``target`` and wait at most ``wait_s`` for its delivery.

    Raises:
        OrchError: nothing was accepted, or (``Unreachable``) it is not known whether it was.
    """
    data = os.fsencode(text)
    if len(data) > MAX_FRAME:
        raise BadInput("the message is too large", "send a file's name instead")
    frames = {
        "to": os.fsencode(target),
        "text": data,
        "wait": f"{wait_s:g}".encode(),
        "id": b"auto-" + os.urandom(8).hex().encode(),
    }
    request = scm.request(frames)
    for _ in range(2):  # the same id: a daemon that died in the middle may be asked again
        try:
            return _exchange(request)
        except (Absent, Lost):
            client.call("ping")  # starts the daemon where there is none
        except Silent:
            break
    raise Unreachable("the daemon does not answer", "look at tmux-orch messages")


def _exchange(request: bytes) -> Receipt:
    connection = Connection(socket_path(os.environ) or "")
    code, said = EXIT_INTERNAL, b""
    try:
        connection.send(request)
        while got := connection.receive():
            name, payload = got
            if name == "out":
                said += payload
            elif name == "exit":
                code = int(payload)
            elif name == "error":
                raise failures.read(payload)
            elif name == "orch" and not payload.endswith(b" ok"):
                client.settle(os.environ, payload)
                raise Lost
    finally:
        connection.close()
    return Receipt(code, said.decode("utf-8", "replace").strip())
