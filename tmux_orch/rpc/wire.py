"""The wire: a request or a response is a list of frames ``NAME SP LENGTH LF PAYLOAD LF``.

The frame ``end 0`` ends the list. It is simple enough that ``scm`` speaks it without ``json`` or
``http`` (which would double the time of the whole command), so nothing is imported here at all;
``from __future__`` is left out for the same reason.
"""

PROTOCOL = 1
#: One frame of a request; ``body`` (JSON, a hook's payload) may be as large as the whole request.
MAX_FRAME = 1 << 20
MAX_TOTAL = 8 << 20
MAX_FRAMES = 64
#: A header is a name of at most 16 letters, a space and at most 10 digits.
MAX_HEADER = 32
#: A response may be long (a log that is followed), one frame of it not.
MAX_ANSWER_FRAME = 64 << 20

END = b"end 0\n\n"
#: Sent while a request is being worked on, so that silence means a daemon that hangs.
BEAT = b"beat 0\n\n"


class WireError(Exception):
    """The bytes are not frames, or more than is accepted."""


class TooLarge(WireError):
    """A frame or the whole is over its limit; found from the header, before it is read."""


def frame(name: str, payload: bytes) -> bytes:
    """One frame as bytes; ``name`` is lower-case ASCII letters."""
    return b"%s %d\n%s\n" % (name.encode("ascii"), len(payload), payload)


class Assembler:
    """Bytes in, whole frames out. Keeps at most what the limits allow.

    Args:
        max_frame: Largest payload of a frame that is not called ``body``.
        max_total: Largest sum of all payloads and headers, also the limit of ``body``; 0 for none.
        max_frames: Most frames, ``end`` included; 0 for no limit.
    """

    __slots__ = ("_buffer", "_count", "_frame", "_frames", "_length", "_name", "_total", "ended")

    def __init__(
        self,
        max_frame: int = MAX_FRAME,
        max_total: int = MAX_TOTAL,
        max_frames: int = MAX_FRAMES,
    ) -> None:
        self._buffer = bytearray()
        self._name = ""
        self._length = -1  # -1: a header comes next
        self._frame, self._total, self._frames = max_frame, max_total, max_frames
        self._count = 0
        #: Whether the ``end`` frame was seen; every byte after it is refused.
        self.ended = False

    @property
    def waiting(self) -> int:
        """Bytes held because their frame is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """The frames that ``data`` completes, in order, without ``end``.

        Raises:
            TooLarge: a limit is passed.
            WireError: the bytes cannot be frames.
        """
        self._buffer += data
        if self._total:
            self._count_bytes(len(data))
        whole: list[tuple[str, bytes]] = []
        while self._buffer:
            if self.ended:
                raise WireError("bytes after the end")
            if self._length < 0 and not self._header():
                break
            if len(self._buffer) <= self._length:
                break
            if self._buffer[self._length] != 10:
                raise WireError("a frame does not end where its length says")
            payload = bytes(self._buffer[: self._length])
            del self._buffer[: self._length + 1]
            self._length = -1
            if self._name == "end":
                self.ended = True
            else:
                whole.append((self._name, payload))
        return whole

    def _header(self) -> bool:
        stop = self._buffer.find(b"\n", 0, MAX_HEADER)
        if stop < 0:
            if len(self._buffer) >= MAX_HEADER:
                raise WireError("no frame header")
            return False
        name, space, digits = bytes(self._buffer[:stop]).partition(b" ")
        good_name = 0 < len(name) <= 16 and name.isalpha() and name.islower()
        if not (space and good_name and 0 < len(digits) <= 10 and digits.isdigit()):
            raise WireError("no frame header")
        self._name, length = name.decode("ascii"), int(digits)
        if self._name == "end" and length:
            raise WireError("an end with a payload")
        limit = self._total if self._name == "body" and self._total else self._frame
        if length > limit:
            raise TooLarge(f"{self._name} has {length} bytes, at most {limit} are accepted")
        if self._frames:
            self._frames -= 1
            if not self._frames and self._name != "end":
                raise TooLarge("too many frames")
        del self._buffer[: stop + 1]
        self._length = length
        return True

    def _count_bytes(self, more: int) -> None:
        self._count += more
        if self._count > self._total + MAX_HEADER * MAX_FRAMES:
            raise TooLarge(f"more than {self._total} bytes")
