"""One request as the daemon sees it, and the one way to answer it."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tmux_orch.domain.errors import EXIT_DONE, BadInput, OrchError
from tmux_orch.rpc import failures
from tmux_orch.rpc.wire import BEAT, END, frame


class Peer(NamedTuple):
    """Who connected, from the kernel (``SO_PEERCRED``): nothing a client can claim."""

    pid: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request.

    Attributes:
        verb: What is asked.
        frames: The named frames after ``verb``, as bytes.
        peer: The process that connected.
        gone: Says whether to hold the answer back no longer: the client has closed its end, or we
            stop. Cheap; for loops that wait for a person or follow something.
        version: The client's version.
    """

    verb: str
    frames: Mapping[str, bytes]
    peer: Peer
    gone: Callable[[], bool]
    version: str = ""

    def text(self, name: str, default: str = "") -> str:
        """A frame as text; undecodable bytes survive as surrogates."""
        payload = self.frames.get(name)
        return default if payload is None else payload.decode("utf-8", "surrogateescape")

    def body(self) -> dict[str, Any]:
        """The frame ``body`` as a JSON object; empty when there is none.

        Raises:
            BadInput: it is something else.
        """
        payload = self.frames.get("body", b"")
        if not payload:
            return {}
        try:
            body = json.loads(payload)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise BadInput(f"the body of {self.verb!r} is not a JSON object")
        return body


class Reply:
    """The answer to one request; every method may be called from any thread.

    Nothing raises when the client is gone or does not read: what is sent then is dropped, and
    ``Request.gone`` tells a handler that cares.
    """

    def __init__(self, connection: socket.socket, version: str) -> None:
        self._connection = connection
        self._version = version
        self._lock = threading.Lock()
        self._sent_at = time.monotonic()
        self._code: int | None = None
        self._closed = False
        #: Whether the answer only follows what others do (see :meth:`only_follows`).
        self.follows = False

    def only_follows(self) -> None:
        """This request waits for news and is no work: we may end of ourselves while it waits."""
        self.follows = True

    def progress(self, obj: Mapping[str, Any]) -> None:
        """One step of work that goes on."""
        self._frames(frame("progress", _json(obj)))

    def out(self, data: bytes) -> None:
        """Bytes for the client's standard output."""
        self._frames(frame("out", data))

    def err(self, data: bytes) -> None:
        """Bytes for the client's standard error."""
        self._frames(frame("err", data))

    def result(self, obj: Mapping[str, Any]) -> None:
        """The answer itself."""
        self._frames(frame("result", _json(obj)))

    def answer(self, data: bytes) -> None:
        """What a hook prints."""
        self._frames(frame("answer", data))

    def error(self, error: OrchError) -> None:
        """A failure; its exit code becomes the command's unless ``exit`` says another."""
        if self._code is None:
            self._code = error.exit_code
        self._frames(frame("error", failures.write(error)))

    def exit(self, code: int) -> None:
        """The command's exit code; the last call counts."""
        self._code = code

    def begin(self, standing: str) -> None:
        """The first frame: protocol, our version, and whether we serve this client."""
        self._frames(frame("orch", f"1 {self._version} {standing}".encode()))

    def finish(self) -> None:
        """The exit code and the end; later calls do nothing."""
        code = EXIT_DONE if self._code is None else self._code
        self._frames(frame("exit", str(code).encode()) + END)
        self.abandon()

    def abandon(self) -> None:
        """End without a word: the client sees that no answer came."""
        with self._lock:
            self._closed = True

    def beat(self, now: float, after_s: float) -> None:
        """Say that we are alive, if nothing was said for ``after_s``; never waits."""
        if now - self._sent_at < after_s or not self._lock.acquire(blocking=False):
            return
        try:
            if not self._closed:
                self._sent_at = now
                # 8 bytes on a unix stream are one buffer: taken whole or refused, never in part.
                # Asked first, because send() of a socket with a timeout waits whatever the flags.
                if _events(self._connection, select.POLLOUT):
                    self._connection.send(BEAT)
        except OSError:
            pass  # full (it will hear us later) or gone (the handler's next send notices)
        finally:
            self._lock.release()

    def _frames(self, data: bytes) -> None:
        with self._lock:
            if self._closed:
                return
            try:
                self._connection.sendall(data)
            except OSError:
                # Gone, or did not read for SEND_S: part of a frame may be out, so nothing follows.
                self._closed = True
            self._sent_at = time.monotonic()


def has_gone(connection: socket.socket) -> bool:
    """Whether the other end closed (or half closed: our clients never do); never waits."""
    return _events(connection, select.POLLRDHUP) != 0


def _events(connection: socket.socket, wanted: int) -> int:
    poll = select.poll()
    try:
        poll.register(connection, wanted)
    except ValueError:
        return select.POLLHUP  # closed by us: the request is over
    return sum(event for _, event in poll.poll(0))


def _json(obj: Mapping[str, Any]) -> bytes:
    # ASCII only: lone surrogates of undecodable file names stay representable.
    return json.dumps(obj, separators=(",", ":")).encode("ascii")
