"""Which projects an act runs on now; the second one waits or is told to come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tmux_orch.domain.errors import Busy

#: An act waits so long for one of ours (an agent that is started again): that is ready within
#: seconds, and whoever types a command does not know that it runs.
PATIENCE_S = 20.0


class Holds:
    """One hold per project, in memory: the daemon's own lock makes it the only one."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        # By path: whether the daemon itself holds it, with nobody having asked.
        self._held: dict[str, bool] = {}

    @contextmanager
    def hold(
        self, path: str, *, unasked: bool = False, patience_s: float = PATIENCE_S
    ) -> Iterator[None]:
        """Hold the project at ``path`` for the block.

        Args:
            path: Which.
            unasked: The daemon does it by itself. Others wait for such a one to end; nobody
                waits for a person's.
            patience_s: How long.

        Raises:
            Busy: another act holds it.
        """
        until = time.monotonic() + patience_s
        with self._free:
            while path in self._held:
                left = until - time.monotonic()
                if not self._held[path] or left <= 0:
                    raise Busy(
                        f"another run holds {path}", "wait for it, then look: tmux-orch status"
                    )
                self._free.wait(left)
            self._held[path] = unasked
        try:
            yield
        finally:
            with self._free:
                self._held.pop(path, None)
                self._free.notify_all()
