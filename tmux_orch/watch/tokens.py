"""Tokens of a whole conversation, summed from its growing transcript, request by request."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

#: Read at one look; a long transcript is caught up with over several.
MOST_BYTES = 8 * 1024 * 1024
#: Answers whose further lines may still come; each line tells all that its answer used.
_OPEN = 64

Spent = Callable[[bytes], tuple[str, int, int] | None]


class Tokens:
    """The sum for one agent's conversation of now. One thread at a time looks.

    Attributes:
        used: Tokens in and out so far; ``None`` before the first answer.
    """

    def __init__(self) -> None:
        self.used: tuple[int, int] | None = None
        self._file: tuple[str, int, int] = ("", 0, 0)
        self._next = 0
        self._open: dict[str, tuple[int, int]] = {}

    def read(self, path: Path, spent: Spent) -> None:
        """Add what the transcript has more."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return
        try:
            facts = os.fstat(handle)
            file = (str(path), facts.st_dev, facts.st_ino)
            if file != self._file or facts.st_size < self._next:
                self._file, self._next, self._open, self.used = file, 0, {}, None
            data = os.pread(handle, MOST_BYTES, self._next)
        except OSError:
            return
        finally:
            os.close(handle)
        whole = data.rfind(b"\n") + 1
        # A line longer than all that is read at once is passed over.
        self._next += whole if whole or len(data) < MOST_BYTES else len(data)
        for line in data[:whole].split(b"\n"):
            one = spent(line)
            if one is not None:
                self._add(*one)

    def _add(self, answer: str, taken: int, given: int) -> None:
        before = self._open.pop(answer, (0, 0))
        now = (max(taken, before[0]), max(given, before[1]))
        self._open[answer] = now
        used = self.used or (0, 0)
        self.used = (used[0] + now[0] - before[0], used[1] + now[1] - before[1])
        while len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]
