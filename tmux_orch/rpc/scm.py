"""``scm`` on its good path: hand-read options, one exchange over the socket, the receipt printed.

Agents call it dozens of times an hour, so nothing is imported but ``os`` (there already) and
``_socket``; whatever is unusual (help, a bad option, no daemon) goes on in ``cli.scm``, with click.
"""

import os
import sys

from tmux_orch import __version__
from tmux_orch.rpc.connection import Absent, Connection, Lost, Silent
from tmux_orch.rpc.place import socket_path
from tmux_orch.rpc.wire import END, MAX_FRAME, PROTOCOL, frame

#: Option → (frame, values allowed: empty for any). Flags have no value of their own.
VALUED = {
    "--wait": ("wait", ()),
    "--until": ("until", ("delivered", "idle", "reply")),
    "--id": ("id", ()),
    "--priority": ("priority", ("low", "medium", "high")),
}
FLAGS = {"--no-wait": ("wait", b"0"), "--raw": ("raw", b"1"), "--json": ("json", b"1")}
# The same message with the same id is accepted once, so asking again after the daemon died in the
# middle is safe; three dead daemons in a row are a fault of another kind.
_TRIES = 3
# What a terminal may be sent without a look: printable ASCII, tab and newline.
_HARMLESS = bytes((9, 10, *range(32, 127)))


def parse(argv: list[str]) -> dict[str, bytes] | None:
    """The frames of ``scm OPTIONS TARGET MESSAGE…``, or ``None`` for what needs click.

    Options stand before TARGET; all after it is text, joined by spaces. A lone ``-`` as text is
    left for the caller, who reads standard input.
    """
    frames: dict[str, bytes] = {}
    at = 0
    while at < len(argv) and argv[at].startswith("-"):
        word, at = argv[at], at + 1
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if word in FLAGS:
            frames[FLAGS[word][0]] = FLAGS[word][1]
            continue
        if name not in VALUED or (not equals and at == len(argv)):
            return None
        if not equals:
            value, at = argv[at], at + 1
        key, allowed = VALUED[name]
        if (allowed and value not in allowed) or (key == "wait" and not is_seconds(value)):
            return None
        frames[key] = os.fsencode(value)
    if len(argv) - at < 2 or not argv[at]:
        return None
    frames["to"] = os.fsencode(argv[at])
    frames["text"] = os.fsencode(" ".join(argv[at + 1 :]))
    return frames


def send(argv: list[str]) -> int | None:
    """Send as ``argv`` says and print the receipt; ``None`` when click must speak instead.

    Returns:
        The exit code that the README documents.
    """
    frames = parse(argv)
    if frames is None:
        return None
    if frames["text"] == b"-":
        frames["text"] = _read_stdin()
    if len(frames["text"]) > MAX_FRAME:
        from tmux_orch.cli.scm import too_large

        return too_large()
    # An id of our own when the person gave none: it makes asking again safe.
    frames.setdefault("id", b"auto-" + os.urandom(8).hex().encode())
    data = request(frames)
    lost = started = 0
    while lost < _TRIES and started < _TRIES:
        try:
            return exchange(data)
        except Absent:
            from tmux_orch.cli.scm import start_daemon

            start_daemon()
            started += 1
        except Lost:
            lost += 1  # a dying daemon may lose two: its listening socket closes last
        except (Silent, OSError):
            break
    from tmux_orch.cli.scm import unreachable

    return unreachable(frames["id"].decode("utf-8", "replace"))


def request(frames: dict[str, bytes]) -> bytes:
    """The whole request as bytes."""
    parts = [
        frame("orch", f"{PROTOCOL} {__version__}".encode()),
        frame("verb", b"scm"),
        frame("cwd", os.fsencode(_cwd())),
    ]
    if agent := os.environ.get("ORCH_AGENT"):
        parts.append(frame("agent", os.fsencode(agent)))
    parts += [frame(name, payload) for name, payload in frames.items()]
    return b"".join(parts) + END


def exchange(data: bytes) -> int:
    """One request, what it prints, its exit code.

    Raises:
        Absent, Lost, Silent: no answer; see ``connection``.
    """
    path = socket_path(os.environ)
    if not path:
        raise Absent
    connection = Connection(path)
    code = 7
    try:
        connection.send(data)
        while got := connection.receive():
            name, payload = got
            if name == "out":
                write(1, payload)
            elif name == "err":
                write(2, payload)
            elif name == "exit":
                code = int(payload)
            elif name == "orch" and not payload.endswith(b" ok"):
                from tmux_orch.cli.scm import settle

                settle(payload)
                raise Lost
            elif name == "error":
                from tmux_orch.cli.scm import complain

                complain(payload)
    finally:
        connection.close()
    return code


def write(fd: int, data: bytes) -> None:
    """Print what the daemon said; text of agents in it cannot steer the terminal."""
    if data.translate(None, _HARMLESS):
        from tmux_orch.cli.plain import plain_bytes

        data = plain_bytes(data)
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BrokenPipeError:
            return  # nobody reads us any more; the exit code still tells


def main() -> int:
    """The command ``scm``; returns its exit code and lets nothing out as a traceback."""
    try:
        code = send(sys.argv[1:])
        if code is not None:
            return code
        from tmux_orch.cli.scm import main as with_click

        return with_click()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the outermost frame: reported, never a traceback
        from tmux_orch.cli.failure import ended

        return ended("scm", error)


def _read_stdin() -> bytes:
    pieces = []
    size = 0
    while size <= MAX_FRAME and (piece := os.read(0, 1 << 16)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def is_seconds(value: str) -> bool:
    """Digits with at most one point: no sign, exponent, ``inf`` or ``nan``."""
    whole, _, part = value.partition(".")
    return len(value) <= 9 and value.isascii() and (whole + part).isdigit()


def _cwd() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib costs a third of the whole run
    except OSError:
        return ""  # removed under us: the daemon says so if it needs one
