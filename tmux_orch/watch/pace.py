"""Whose session file is looked at how often: all once a second, a few more often for a moment."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


@dataclass(slots=True)
class _Watch:
    every_s: float
    until: float
    next_at: float


class Pace:
    """Keeps the few seats that are looked at more often, and the tick's thread asleep otherwise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hurry: dict[str, _Watch] = {}
        self._wake = threading.Event()

    def hurry(self, key: str, every_s: float, for_s: float) -> None:
        """Have this seat looked at now and every ``every_s`` for ``for_s`` seconds."""
        now = time.monotonic()
        with self._lock:
            known = self._hurry.get(key)
            if known is not None and known.until > now:
                every_s = min(every_s, known.every_s)
                for_s = max(for_s, known.until - now)
            self._hurry[key] = _Watch(every_s, now + for_s, now)
        self._wake.set()

    def forget(self, key: str) -> None:
        """Look at this seat as at any other."""
        with self._lock:
            self._hurry.pop(key, None)

    def due(self) -> list[str]:
        """The seats to look at now."""
        now = time.monotonic()
        with self._lock:
            self._hurry = {k: w for k, w in self._hurry.items() if w.until > now}
            due = [key for key, watch in self._hurry.items() if watch.next_at <= now]
            for key in due:
                self._hurry[key].next_at = now + self._hurry[key].every_s
        return due

    def wake(self) -> None:
        """End the sleep that lasts now, or the next one."""
        self._wake.set()

    def sleep(self, most_s: float) -> None:
        """Sleep until a seat is due, somebody wakes us, or ``most_s`` has passed."""
        with self._lock:
            soonest = min((watch.next_at for watch in self._hurry.values()), default=None)
        if soonest is not None:
            most_s = min(most_s, soonest - time.monotonic())
        self._wake.wait(max(0.0, most_s))
        self._wake.clear()
