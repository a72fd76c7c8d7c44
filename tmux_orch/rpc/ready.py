"""What a starting daemon tells the command that started it, over an inherited pipe."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from tmux_orch.domain.errors import OrchError
from tmux_orch.rpc import failures

VARIABLE = "TMUX_ORCH_READY_FD"
READY = b"ready\n"


class Announcement:
    """The write end of that pipe; for a daemon that nobody waits for it does nothing.

    Args:
        environ: The daemon's; the variable is taken out, so that no program inherits it.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        number = environ.pop(VARIABLE, "")
        self._fd = int(number) if number.isdigit() else -1
        if self._fd >= 0:
            try:
                os.set_inheritable(self._fd, False)
            except OSError:
                self._fd = -1  # a variable that came from elsewhere: there is no such pipe

    def ready(self) -> None:
        """We listen."""
        self._say(READY)

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
