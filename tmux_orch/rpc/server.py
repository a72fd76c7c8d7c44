"""The daemon's end of the socket: one thread reads requests, one thread per request works.

Reading is done for all connections by one selector, so an idle or slow client costs a descriptor
and no thread, and cannot hold up another (1000 idle sockets, slow-loris, a body
of 100 MB). Only a whole request of our own user reaches the handler.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tmux_orch.domain.errors import BadInput, Internal, OrchError, Unreachable
from tmux_orch.rpc import socket_file
from tmux_orch.rpc.request import Peer, Reply, Request, has_gone
from tmux_orch.rpc.wire import MAX_FRAME, MAX_FRAMES, MAX_TOTAL, PROTOCOL, Assembler, WireError

Handler = Callable[[Request, Reply], None]
#: Told of a handler's unexpected exception; returns a line for the person (where the report is).
Fault = Callable[[Request, BaseException], str]

# A local client sends its request at once; a stopped or hostile one is let go.
REQUEST_S = 10.0
# A client that does not read its answer for so long is given up.
SEND_S = 10.0
BEAT_S = 3.0
TICK_S = 1.0
#: Unfinished requests kept; beyond, the oldest is closed.
MAX_UNFINISHED = 256
#: Bytes of all unfinished requests together; beyond, the largest is closed.
MAX_HELD = 64 << 20
#: Requests worked on at once (20 senders, followers, the held hooks of 50 agents).
MAX_WORKING = 256
ALWAYS_SERVED = frozenset({"ping", "shutdown", "hook"})


def standing(mine: str, protocol: str, theirs: str) -> str:
    """``ok``, or how we (``mine``) stand to a client: ``older`` or ``newer`` than it."""
    if protocol != str(PROTOCOL):
        return "older" if protocol.isdigit() and int(protocol) > PROTOCOL else "newer"
    ours, other = _numbers(mine), _numbers(theirs)
    return "ok" if ours == other else "older" if ours < other else "newer"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


class Listener:
    """Serves one socket until stopped.

    Args:
        socket_path: Where to listen; the caller holds the registry's lock for life already.
        handle: Called in a thread of its own per request. ``OrchError`` becomes the answer; any
            other exception is reported through ``on_fault`` and answered as an internal error.
        version: Ours, for the handshake.
        on_fault: See :data:`Fault`.
    """

    def __init__(
        self, socket_path: Path, handle: Handler, version: str, on_fault: Fault | None = None
    ) -> None:
        self._path = Path(socket_path)
        self._handle, self._version, self._on_fault = handle, version, on_fault
        self._selector = selectors.DefaultSelector()
        self._listening: socket.socket | None = None
        self._unfinished: dict[socket.socket, _Unfinished] = {}
        self._working: set[Reply] = set()
        self._changed = threading.Condition()
        self._wake_r, self._wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._inode = 0
        self._closing = False
        #: Set when ``stop`` was called.
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rpc-reader", daemon=True)
        #: ``time.monotonic()`` of the last request, for the idle exit.
        self.last_request_at = time.monotonic()

    def start(self) -> None:
        """Listen; when this returns, clients can connect.

        Raises:
            Busy: somebody listens there already; their socket is left alone.
        """
        self._listening = socket_file.listen(self._path)
        self._inode = socket_file.inode(self._path)
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(self._wake_r, selectors.EVENT_READ)
        self._thread.start()

    @property
    def working(self) -> int:
        """Requests being worked on now; those that only follow do not count."""
        return sum(not reply.follows for reply in tuple(self._working))

    def stop(self, grace_s: float) -> bool:
        """Refuse what comes from now on, let what runs end, then close.

        Handlers that only hold an answer back or follow something see ``Request.gone`` at once.

        Returns:
            Whether everything that ran had ended within ``grace_s``.
        """
        self.stopping.set()
        with self._changed:
            calm = self._changed.wait_for(lambda: not self._working, grace_s)
        self._closing = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(5)
        return calm

    # -- the reader thread ---------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            quiet = not self._unfinished and not self._working
            for key, _ in self._selector.select(None if quiet else TICK_S):
                if key.fileobj is self._listening:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._read(key.fileobj)
                else:
                    os.read(self._wake_r, 4096)
            self._tick()
        self._close_all()

    def _accept(self) -> None:
        assert self._listening is not None  # noqa: S101 - start() made it
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return  # it went away between the selector's word and now
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE) and not self._evict():
                time.sleep(0.05)  # no descriptor free and none of ours idle: do not spin
            return
        peer = socket_file.peer(connection)
        if peer is None or peer.uid != os.geteuid():
            connection.close()
            return
        connection.setblocking(False)
        while len(self._unfinished) >= MAX_UNFINISHED:
            self._evict()
        self._unfinished[connection] = _Unfinished(peer)
        self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, connection: socket.socket) -> None:
        request = self._unfinished[connection]
        try:
            data = connection.recv(1 << 18)
            if not data:
                return self._forget(connection, close=True)
            request.frames += request.assembler.feed(data)
        except BlockingIOError:
            return None
        except OSError:
            return self._forget(connection, close=True)
        except WireError as error:
            self._forget(connection)
            return self._refuse(connection, BadInput(f"the request is not accepted: {error}"))
        if request.assembler.ended:
            self._forget(connection)
            self._dispatch(connection, request)
        elif sum(one.assembler.waiting for one in self._unfinished.values()) > MAX_HELD:
            largest = max(self._unfinished, key=lambda c: self._unfinished[c].assembler.waiting)
            self._forget(largest, close=True)
        return None

    def _dispatch(self, connection: socket.socket, request: _Unfinished) -> None:
        names = [name for name, _ in request.frames]
        greeting = dict(request.frames).get("orch", b"").decode("ascii", "replace")
        protocol, _, version = greeting.partition(" ")
        if names[:2] != ["orch", "verb"] or len(set(names)) != len(names):
            return self._refuse(connection, BadInput("the request is not one of ours"))
        frames = dict(request.frames)
        del frames["orch"]
        verb = frames.pop("verb").decode("ascii", "replace")
        said = "stopping" if self.stopping.is_set() else standing(self._version, protocol, version)
        if said in ("older", "newer") and verb in ALWAYS_SERVED and protocol == str(PROTOCOL):
            said = "ok"
        if said != "ok":
            return self._refuse(connection, None, said)
        if len(self._working) >= MAX_WORKING:
            return self._refuse(
                connection, Unreachable("the daemon works on too many requests", "try again")
            )
        self.last_request_at = time.monotonic()
        asked = Request(verb, frames, request.peer, lambda: self._over(connection), version)
        reply = Reply(connection, self._version)
        with self._changed:
            self._working.add(reply)
        threading.Thread(
            target=self._work, args=(connection, asked, reply), name=f"rpc-{verb}", daemon=True
        ).start()
        return None

    def _over(self, connection: socket.socket) -> bool:
        return self.stopping.is_set() or has_gone(connection)

    def _refuse(self, connection: socket.socket, error: OrchError | None, said: str = "ok") -> None:
        connection.settimeout(0.1)  # a few hundred bytes into an empty buffer
        reply = Reply(connection, self._version)
        reply.begin(said)
        if error is not None:
            reply.error(error)
        reply.finish()
        connection.close()

    def _tick(self) -> None:
        now = time.monotonic()
        for connection, request in list(self._unfinished.items()):
            if now - request.since > REQUEST_S:
                self._forget(connection, close=True)
        for reply in list(self._working):
            reply.beat(now, BEAT_S)

    def _evict(self) -> bool:
        oldest = next(iter(self._unfinished), None)
        if oldest is not None:
            self._forget(oldest, close=True)
        return oldest is not None

    def _forget(self, connection: socket.socket, *, close: bool = False) -> None:
        self._selector.unregister(connection)
        del self._unfinished[connection]
        if close:
            connection.close()

    def _close_all(self) -> None:
        for connection in list(self._unfinished):
            self._forget(connection, close=True)
        if self._listening is not None:
            if socket_file.inode(self._path) == self._inode:  # never another daemon's
                self._path.unlink(missing_ok=True)
            self._listening.close()
        self._selector.close()

    def _wake(self) -> None:
        try:
            os.write(self._wake_w, b".")
        except BlockingIOError:
            pass  # full: it will wake anyway

    # -- one thread per request ----------------------------------------------------------------

    def _work(self, connection: socket.socket, request: Request, reply: Reply) -> None:
        try:
            connection.settimeout(SEND_S)
            reply.begin("ok")
            try:
                self._handle(request, reply)
            except OrchError as error:
                reply.error(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the client hears of it
                where = self._on_fault(request, error) if self._on_fault else ""
                reply.error(Internal(f"internal error: {type(error).__name__}: {error}", where))
            reply.finish()
        finally:
            reply.abandon()
            connection.close()
            with self._changed:
                self._working.discard(reply)
                self._changed.notify_all()


class _Unfinished:
    """A request that is not whole yet."""

    __slots__ = ("assembler", "frames", "peer", "since")

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.assembler = Assembler(MAX_FRAME, MAX_TOTAL, MAX_FRAMES)
        self.frames: list[tuple[str, bytes]] = []
        self.since = time.monotonic()
