"""Reading a saved screen: a file of text or standard input, or one line that says why not."""

from __future__ import annotations

import errno
import os
import stat

from tmux_orch.domain.errors import BadInput

#: A screen of 500 by 200 cells with colours in every cell stays below this.
LIMIT = 2_000_000
_HOW = "save one with: tmux capture-pane -e -p -J -t PANE"


def read_screen(path: str) -> str:
    """The text of the saved screen at ``path``; of standard input for ``-``.

    Raises:
        BadInput: it is missing, unreadable, no file, empty, over 2 MB or not UTF-8 text.
    """
    name = "standard input" if path == "-" else path
    try:
        data = _bytes(path)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise BadInput(f"{name} is not a file", _HOW) from None
        raise BadInput(f"cannot read {name}: {error.strerror}", _HOW) from None
    except ValueError:
        raise BadInput(f"cannot read {name!r}: it is no path", _HOW) from None
    if len(data) > LIMIT:
        raise BadInput(f"{name} is larger than 2 MB", "give one screen, not a history")
    if b"\0" in data:
        raise BadInput(f"{name} is binary, not a screen", _HOW)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not UTF-8 (byte {error.start})", _HOW) from None
    if not text.strip():
        raise BadInput(f"{name} is empty", _HOW)
    return text.replace("\r\n", "\n")


def _bytes(path: str) -> bytes:
    """At most one byte more than the limit.

    Raises:
        BadInput: it is a directory, a device or a pipe.
    """
    if path == "-":
        return _read(0)
    # O_NONBLOCK: a FIFO without a writer would hold us for ever; O_NOCTTY: a terminal is none
    # of ours.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise BadInput(f"{path} is not a file", _HOW)
        return _read(fd)
    finally:
        os.close(fd)


def _read(fd: int) -> bytes:
    data = bytearray()
    while len(data) <= LIMIT:
        piece = os.read(fd, min(1 << 16, LIMIT + 1 - len(data)))
        if not piece:
            break
        data += piece
    return bytes(data)
