"""Reading the spec: a file of text, or one line that says why not. A file never makes us wait."""

from __future__ import annotations

import codecs
import errno
import os
import stat

from tmux_orch.domain.errors import BadInput

#: A spec of 1 MB is some 150,000 words: more than any model reads at once.
LIMIT = 1_000_000
_SAVE = "save it as UTF-8 text"
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_FORMATS = ((b"%PDF-", "a PDF"), (b"PK\x03\x04", "a zip or office file"), (b"{\\rtf", "RTF"))


def spec_text(spec: str, task: str) -> tuple[str, str]:
    """The spec's text and the name it goes by: of ``--spec FILE``, ``--spec -`` or ``--task TEXT``.

    Raises:
        BadInput: it cannot be read or is no text.
    """
    if task:
        if not task.strip():
            raise BadInput("--task is empty", "say what is to be made")
        if len(task) > LIMIT:
            raise BadInput("--task is larger than 1 MB", "give a file with --spec")
        return _task(task), "task"
    return read_spec(spec), "standard input" if spec == "-" else os.path.basename(spec)  # noqa: PTH119


def _task(task: str) -> str:
    try:
        task.encode()
    except UnicodeEncodeError:
        raise BadInput("--task is not UTF-8 text", "give a file with --spec") from None
    return f"{task.strip()}\n"


def read_spec(path: str) -> str:
    """The text of the spec at ``path``; of standard input for ``-``.

    Raises:
        BadInput: it is missing, unreadable, not a regular file, empty, over 1 MB or not UTF-8 text.
    """
    data = _bytes(path)
    if len(data) > LIMIT:
        raise BadInput(f"the spec {path} is larger than 1 MB", "shorten it, or split it")
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise BadInput(f"the spec {path} is {name}", _SAVE)
    for magic, name in _FORMATS:
        if data.startswith(magic):
            raise BadInput(f"the spec {path} is {name}, not text", _SAVE)
    if b"\0" in data:
        # Every other byte of UTF-16 text without a mark is zero; more rarely so in a program.
        kind = "UTF-16 or binary" if data[:64].count(0) >= min(len(data), 64) // 3 else "binary"
        raise BadInput(f"the spec {path} is {kind}", _SAVE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise BadInput(f"the spec {path} is not UTF-8 (line {number})", _SAVE) from None
    if not text.strip():
        raise BadInput(f"the spec {path} is empty", "write what is to be made into it")
    return text


def _bytes(path: str) -> bytes:
    if path == "-":
        try:
            return _read(0)
        except OSError as error:
            raise BadInput(f"cannot read standard input: {error.strerror}") from error
    try:
        # O_NONBLOCK: a FIFO without a writer would hold us for ever; O_NOCTTY: a terminal is none
        # of ours.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BadInput(f"there is no spec {path}", "give a file with --spec") from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENXIO:
            raise BadInput(f"the spec {path} is a socket or device, not a file") from None
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"cannot read the spec {path}: {reason}", "give another file") from error
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise BadInput(f"the spec {path} is {_kind(mode)}, not a file", "give a text file")
        return _read(fd)
    except OSError as error:
        raise BadInput(f"cannot read the spec {path}: {error.strerror}") from error
    finally:
        os.close(fd)


def _read(fd: int) -> bytes:
    pieces, size = [], 0
    while size <= LIMIT and (piece := os.read(fd, 1 << 18)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket or device"
