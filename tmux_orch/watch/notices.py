"""Calls to others, made in order by one thread, so that nobody calls out while holding a lock."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Notices:
    """A queue of calls and the thread that makes them, first come first served."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._call, name="watch-notices", daemon=True)
        self._thread.start()

    def put(self, call: Callable[[], None]) -> None:
        """Have ``call`` made after all that were put before it; never blocks."""
        self._queue.put(call)

    def settle(self, deadline_s: float) -> bool:
        """Wait until all calls put so far were made; whether they were in time."""
        done = threading.Event()
        self._queue.put(done.set)
        return done.wait(deadline_s)

    def close(self) -> None:
        """Make the calls put so far, then end the thread."""
        self._queue.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _call(self) -> None:
        while (call := self._queue.get()) is not None:
            try:
                call()
            except Exception:  # noqa: BLE001 - one listener's fault must not silence the others
                _log.exception("a listener of the watch failed")
