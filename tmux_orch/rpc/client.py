"""Asking the daemon: one request, its progress, its result.

The socket is found without the registry's code, and starting on demand is imported only when there
is no daemon: together they would be a third of the time of a command that only asks.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tmux_orch import __version__
from tmux_orch.domain.errors import Internal, Unreachable
from tmux_orch.rpc import failures
from tmux_orch.rpc.connection import Absent, Connection, Lost, Silent
from tmux_orch.rpc.place import socket_path
from tmux_orch.rpc.wire import END, PROTOCOL, frame

if TYPE_CHECKING:
    from tmux_orch.config.registry import Registry

Progress = Callable[[dict[str, Any]], None]
# Asked again when the daemon ends in the middle: reading twice changes nothing.
# What is scheduled has an id of the asker's.
_HARMLESS = frozenset({
    "status", "ls", "attach", "messages", "log", "ping", "schedule", "boot-plan", "credits",
    "credits-history",
})  # fmt: skip
# A stopping or older daemon gives way to ours once; a registry in which that happens again and
# again has two versions fighting over it, which a person must settle.
_ROUNDS = 3
# A daemon that stops lets what runs come to its end first.
STOP_S = 20.0


class Gone(Unreachable):
    """No daemon answers now; one may later.

    Attributes:
        died: It ended without a word in the middle of the answer.
    """

    def __init__(self, message: str, next_step: str, *, died: bool = False) -> None:
        super().__init__(message, next_step)
        self.died = died


def call(
    verb: str,
    body: Mapping[str, Any] | None = None,
    *,
    on_progress: Progress | None = None,
    start_daemon: bool = True,
    again: bool = True,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Ask the daemon and return its result.

    Args:
        verb, body: The request.
        on_progress: Called with each step while it works.
        start_daemon: Start the daemon when there is none.
        again: Ask again when the daemon ends in the middle and the verb is harmless; not for what
            was told already (see ``rpc.follow``).
        environ: The caller's environment (default: ours), which names the registry.

    Raises:
        OrchError: what the daemon answered, or ``Unreachable``; ``Gone`` where another try helps.
    """
    environ = os.environ if environ is None else environ
    request = _request(verb, body or {}, environ)
    lost = rounds = 0
    while rounds < _ROUNDS:
        try:
            return _ask(environ, request, on_progress)
        except Absent:
            if not start_daemon:
                raise Gone(
                    "the daemon is not running", "start it: tmux-orch daemon start"
                ) from None
            _start(environ)
            rounds += 1
        except _GivesWay as way:
            give_way(environ, older=way.older)
            rounds += 1
        except Silent:
            raise Gone(
                "the daemon does not answer", "see tmux-orch doctor and tmux-orch daemon logs"
            ) from None
        except Lost:
            lost += 1  # a dying daemon may lose two: its listening socket closes last
            if not again or verb not in _HARMLESS or lost >= _ROUNDS:
                raise Gone(
                    f"the daemon ended while it worked on {verb!r}",
                    "ask again; nothing is lost",
                    died=True,
                ) from None
    raise Unreachable("the daemon ends again and again", "see tmux-orch daemon logs")


def give_way(environ: Mapping[str, str], *, older: bool) -> None:
    """Wait until a daemon that stops no longer listens; an older one is asked to stop first.

    Raises:
        Unreachable: it is still there after the deadline.
    """
    if older:
        with suppress(Absent, Lost, _GivesWay):  # it has gone, or goes already
            _ask(environ, _request("shutdown", {"reason": "newer version"}, {}), None)
    until = time.monotonic() + STOP_S
    while time.monotonic() < until:
        try:
            _ask(environ, _request("ping", {}, {}), None)
        except Absent:
            return
        except (_GivesWay, Lost):
            pass
        else:
            if not older:
                return  # another command has started its successor
        time.sleep(0.05)
    raise Unreachable(f"the daemon did not stop within {STOP_S:g} s", "see tmux-orch daemon status")


def settle(environ: Mapping[str, str], greeting: bytes) -> None:
    """After this the daemon that sent ``greeting`` serves us, or has given way.

    Raises:
        Unreachable: it is newer than we are, or does not go.
    """
    try:
        check(greeting)
    except _GivesWay as way:
        give_way(environ, older=way.older)


class _GivesWay(Exception):
    """The daemon does not serve us: it stops already, or is older than we are."""

    def __init__(self, older: bool) -> None:
        super().__init__()
        self.older = older


def check(greeting: bytes) -> None:
    """Look at the daemon's first frame.

    Raises:
        Unreachable: it is newer than we are.
        _GivesWay: it is older, or stops.
    """
    _, version, standing = [*greeting.decode("ascii", "replace").split(" "), "", ""][:3]
    if standing == "newer":
        raise Unreachable(
            f"the running daemon is version {version}, this command is {__version__}",
            "use the newer command, or stop the daemon with it: tmux-orch daemon stop",
        )
    if standing != "ok":
        raise _GivesWay(standing == "older")


def _start(environ: Mapping[str, str]) -> None:
    from tmux_orch.rpc import start

    start.ensure(_registry(environ), environ)


def _registry(environ: Mapping[str, str]) -> Registry:
    from tmux_orch.config.registry import Registry

    return Registry.find(environ)


def _ask(
    environ: Mapping[str, str], request: bytes, on_progress: Progress | None
) -> dict[str, Any]:
    path = socket_path(environ) or os.fspath(_registry(environ).socket)
    try:
        connection = Connection(path)
    except OSError as error:
        raise Unreachable(
            f"cannot reach the daemon at {path}: {error.strerror}", "see tmux-orch doctor"
        ) from error
    try:
        connection.send(request)
        return _answer(connection, on_progress)
    finally:
        connection.close()


def _answer(connection: Connection, on_progress: Progress | None) -> dict[str, Any]:
    result: dict[str, Any] = {}
    while got := connection.receive():
        name, payload = got
        if name == "orch":
            check(payload)
        elif name == "progress" and on_progress is not None:
            on_progress(_object(payload))
        elif name == "result":
            result = _object(payload)
        elif name == "error":
            raise failures.read(payload)
    return result


def _request(verb: str, body: Mapping[str, Any], environ: Mapping[str, str]) -> bytes:
    frames = frame("orch", f"{PROTOCOL} {__version__}".encode()) + frame("verb", verb.encode())
    frames += frame("cwd", os.fsencode(_cwd()))
    if agent := environ.get("ORCH_AGENT"):
        frames += frame("agent", os.fsencode(agent))
    return frames + frame("body", json.dumps(body).encode("ascii")) + END


def _cwd() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - nothing else here needs pathlib
    except OSError:
        return ""  # removed under us: verbs that need a directory say so


def _object(payload: bytes) -> dict[str, Any]:
    try:
        obj = json.loads(payload)
    except ValueError as error:
        raise Internal(f"the daemon's answer could not be read ({error})") from error
    if not isinstance(obj, dict):
        raise Internal("the daemon's answer is not a JSON object")
    return obj
