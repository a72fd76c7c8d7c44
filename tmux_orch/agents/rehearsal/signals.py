"""The signal numbers and calls that the program needs, without ``signal`` (its enums cost 4 ms)."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SIGCHLD: int = _signal.SIGCHLD
SIGHUP: int = _signal.SIGHUP
SIGINT: int = _signal.SIGINT
SIGKILL: int = _signal.SIGKILL
SIGPIPE: int = _signal.SIGPIPE
SIGTERM: int = _signal.SIGTERM
SIGWINCH: int = _signal.SIGWINCH


def handle(number: int, handler: Callable[[int, object], None]) -> None:
    """Call ``handler`` for this signal."""
    _signal.signal(number, handler)


def restore(number: int) -> None:
    """Back to what the system does with it."""
    _signal.signal(number, _signal.SIG_DFL)


def write_to(descriptor: int) -> None:
    """Write the number of every handled signal into ``descriptor``, so that ``poll`` wakes."""
    _signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
