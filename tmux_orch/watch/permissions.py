"""Permission requests that wait for a person: the hook that asked is held until it is answered.

While its answer is held, the dialog stands on the agent's screen for whoever sits there, and either
side may answer first. A "no" at the terminal ends the hook, so its connection closes; after a "yes"
there the program leaves the hook running for as long as its timeout says (Claude Code 2.1.329 and
2.1.197, watched). So a request is also given up when the program says that it waits no more, which
the board sees (:func:`is_over`); and of several the youngest counts, because an older one may be
such a remnant.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Absent
from tmux_orch.domain.states import BUSY, READY, Reading

# The connection's end makes no sound on a condition; it is asked for this often while one waits.
_GONE_LOOK_S = 0.25
#: Between a "yes" and the next dialog Claude Code said busy for at least 0.1 s.
OVER_S = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent wants to do and may not without an answer.

    Attributes:
        id: Counts up over all requests; an answer may name it, so that it meets what was shown.
        key: The agent.
        tool: The program's name of the tool.
        exact: The exact input, as one printable text: what is approved is what runs.
        at: When it asked (aware UTC).
    """

    id: int
    key: str
    tool: str
    exact: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The person's answer."""

    allow: bool
    reason: str


def is_over(asked: Asked, level: Reading | None, now: datetime) -> bool:
    """Whether the program's own word is that it waits for no answer any more, since some time.

    Between two dialogs that follow each other it may say so for a moment.
    """
    if level is None or level.state not in READY | BUSY:
        return False
    return level.at > asked.at and (now - level.at).total_seconds() >= OVER_S


class Permissions:
    """All requests that wait now, in the order they were made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: dict[int, Asked] = {}
        self._decided: dict[int, Decision] = {}
        self._numbers = itertools.count(1)
        self._open = True

    def hold(
        self,
        key: str,
        tool: str,
        exact: str,
        gone: Callable[[], bool],
        on_asked: Callable[[Asked], None] = lambda _asked: None,
    ) -> Decision | None:
        """Wait in the calling thread for the answer to one request.

        Returns ``None`` when nobody will answer: the asker is gone (answered at the terminal, or
        dead), the seat was dropped, or we shut down. Then the dialog simply stands.

        Args:
            gone: Whether the asker's connection has ended; asked every 0.25 s.
            on_asked: Called once, outside of any lock, when the request can be answered.
        """
        with self._changed:
            if not self._open:
                return None
            asked = Asked(next(self._numbers), key, tool, exact, self._clock.now())
            self._waiting[asked.id] = asked
        try:
            on_asked(asked)
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._settled(asked.id), _GONE_LOOK_S)
                    if self._settled(asked.id):
                        return self._decided.pop(asked.id, None)
                if gone():
                    with self._changed:
                        return self._decided.pop(asked.id, None)
        finally:
            with self._changed:
                self._waiting.pop(asked.id, None)
                self._decided.pop(asked.id, None)
                self._changed.notify_all()

    def number(self) -> int:
        """The next number; dialogs without a held request are counted in the same row."""
        return next(self._numbers)

    def go_on_after(self, number: int) -> None:
        """Numbers up to this one were given before the daemon was started again."""
        self._numbers = itertools.count(number + 1)

    def pending(self, key: str) -> Asked | None:
        """The youngest request of this agent that waits, or ``None``."""
        waiting = self.all(key)
        return waiting[-1] if waiting else None

    def all(self, key: str | None = None) -> list[Asked]:
        """Every waiting request (of one agent), oldest first."""
        with self._changed:
            return [a for a in self._waiting.values() if key is None or a.key == key]

    def answer(self, key: str, allow: bool, reason: str = "", asked_id: int | None = None) -> Asked:
        """Answer the agent's youngest request, or the one that was shown (``asked_id``).

        Returns what was answered.

        Raises:
            Absent: none waits, or the one that was shown waits no more.
        """
        with self._changed:
            for asked in reversed(self._waiting.values()):
                if asked.key == key and asked_id in (None, asked.id):
                    del self._waiting[asked.id]
                    self._decided[asked.id] = Decision(allow, reason)
                    self._changed.notify_all()
                    return asked
        what = "no permission request waits for an answer"
        if asked_id is not None:
            what = "that permission request does not wait any more"
        raise Absent(f"{key}: {what}", "`tmux-orch status` shows who waits")

    def drop(self, key: str, before: datetime | None = None) -> None:
        """Give up the agent's requests (made before an instant); their holders return ``None``."""
        with self._changed:
            mine = [a for a in self._waiting.values() if a.key == key]
            for asked in mine:
                if before is None or asked.at < before:
                    del self._waiting[asked.id]
            self._changed.notify_all()

    def close(self) -> None:
        """Give up all requests and take no more."""
        with self._changed:
            self._open = False
            self._waiting.clear()
            self._changed.notify_all()

    def _settled(self, asked_id: int) -> bool:
        return asked_id not in self._waiting
