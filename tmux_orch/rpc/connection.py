"""One connection to the daemon's socket, as a client sees it; on ``scm``'s fast path."""

from _socket import AF_UNIX, SOCK_STREAM, socket

from tmux_orch.rpc.wire import MAX_ANSWER_FRAME, Assembler, WireError

# The daemon beats every 3 s while it works (rpc/server.py), so this much silence is a hung daemon:
# no command may hang for more than 10 s.
SILENCE_S = 9.0
_PIECE = 1 << 16
_LONGEST = 107  # sockaddr_un


class Absent(Exception):
    """Nothing listens: no socket, or one whose daemon is gone."""


class Lost(Exception):
    """The daemon went away before its answer was whole: what it did is not known."""


class Silent(Exception):
    """The daemon is there and says nothing: it hangs or is stopped."""


class Connection:
    """A connected socket that speaks frames.

    Raises (all methods):
        Absent: on connecting, see there.
        Lost, Silent: the peer ended or hangs.
    """

    __slots__ = ("_assembler", "_socket", "_waiting")

    def __init__(self, path: str) -> None:
        if len(path.encode("utf-8", "surrogateescape")) > _LONGEST:
            raise Absent(path)  # no socket can have it: the registry has recorded no other yet
        self._socket = socket(AF_UNIX, SOCK_STREAM)
        self._assembler = Assembler(MAX_ANSWER_FRAME, 0, 0)
        self._waiting: list[tuple[str, bytes]] = []
        self._socket.settimeout(SILENCE_S)
        try:
            self._socket.connect(path)
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            self._socket.close()
            raise Absent(path) from None
        except (BlockingIOError, TimeoutError):
            # Its queue of connections is full and nobody accepts them.
            self._socket.close()
            raise Silent(path) from None

    def send(self, data: bytes) -> None:
        """Send ``data``; when the peer has closed already, its answer can still be read."""
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise Silent from None
        except OSError:
            # It refused us without reading to the end (too large): what it said comes next.
            return

    def receive(self) -> tuple[str, bytes] | None:
        """The next frame, or ``None`` after ``end``; beats are left out."""
        while True:
            while self._waiting:
                got = self._waiting.pop(0)
                if got[0] != "beat":
                    return got
            if self._assembler.ended:
                return None
            try:
                data = self._socket.recv(_PIECE)
                self._waiting = self._assembler.feed(data)
            except TimeoutError:
                raise Silent from None
            except (OSError, WireError) as error:
                raise Lost(str(error)) from None
            if not data:
                raise Lost("the connection ended")

    def close(self) -> None:
        """End the connection."""
        self._socket.close()
