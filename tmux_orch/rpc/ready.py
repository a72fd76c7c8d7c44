"""What a starting daemon tells whoever started it: a command over an inherited pipe, or systemd."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from tmux_orch.domain.errors import OrchError
from tmux_orch.rpc import failures

VARIABLE = "TMUX_ORCH_READY_FD"
READY = b"ready\n"
#: Where systemd listens for the same news.
NOTIFY_VARIABLE = "NOTIFY_SOCKET"


class Announcement:
    """The write end of that pipe; for a daemon that nobody waits for it does nothing.

    Args:
        environ: The daemon's; the variable is taken out, so that no program inherits it.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        number = environ.pop(VARIABLE, "")
        self._notify = environ.pop(NOTIFY_VARIABLE, "")
        self._fd = int(number) if number.isdigit() else -1
        if self._fd >= 0:
            try:
                os.set_inheritable(self._fd, False)
            except OSError:
                self._fd = -1  # a variable that came from elsewhere: there is no such pipe

    def ready(self) -> None:
        """We listen."""
        self._say(READY)
        if self._notify:
            _tell_systemd(self._notify)

    def failed(self, error: OrchError) -> None:
        """We will not: the starting command fails with ``error``."""
        self._say(failures.write(error) + b"\n")

    def _say(self, line: bytes) -> None:
        if self._fd < 0:
            return
        try:
            os.write(self._fd, line)
        except OSError:
            pass  # the starting command has gone: nobody to tell
        os.close(self._fd)
        self._fd = -1


def _tell_systemd(address: str) -> None:
    import socket  # twice what everything else here costs, and only a service needs it

    if address.startswith("@"):
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.send(b"READY=1")
    except OSError:
        pass  # it waits for us in vain, and says so itself
