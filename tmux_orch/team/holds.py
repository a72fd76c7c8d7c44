"""Which projects an act runs on now; the second one is told to come back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tmux_orch.domain.errors import Busy


class Holds:
    """One hold per project, in memory: the daemon's own lock makes it the only one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[str] = set()

    @contextmanager
    def hold(self, path: str) -> Iterator[None]:
        """Hold the project at ``path`` for the block.

        Raises:
            Busy: another act holds it.
        """
        with self._lock:
            if path in self._held:
                raise Busy(f"another run holds {path}", "wait for it, then look: tmux-orch status")
            self._held.add(path)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(path)
