"""One agent's conversation: how far each message was seen in it, from its hooks and transcript."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tmux_orch.agents.adapter import Adapter, Berth
from tmux_orch.messages.port import Sighting
from tmux_orch.watch.transcript import Sightings, Transcript

# Somebody waits for a line: a look at the file's size (two system calls) this often. Programs
# with hooks wake the waiter earlier.
_LOOK_S = 0.007


class Conversation:
    """What was seen is kept over restarts and changes of conversation: it was seen.

    Every method may be called from any thread; files are read without a lock of ours held.

    Args:
        condition: Notified when a sighting is news; waited on in :meth:`wait`.
    """

    def __init__(self, adapter: Adapter, berth: Berth, condition: threading.Condition) -> None:
        self._lock = threading.Lock()
        self._condition = condition
        self._sightings = Sightings()
        self._adapter = adapter
        self._berth = berth
        self._transcript: Transcript | None = None
        self._readable = False

    def move(self, adapter: Adapter, berth: Berth) -> None:
        """The agent goes on with this conversation now; a new one has a new transcript."""
        with self._lock:
            if (adapter, berth.conversation_id) != (self._adapter, self._berth.conversation_id):
                self._transcript = None
                self._readable = False
            self._adapter, self._berth = adapter, berth

    def note(self, text: str, how: Sighting) -> None:
        """Markers in ``text`` were seen this far; wakes who waits for them."""
        if self._sightings.note(text, how):
            with self._condition:
                self._condition.notify_all()

    def seen(self, marker_id: str) -> Sighting:
        """How far this id was seen, after reading what the transcript has more."""
        transcript = self._read()
        seen = self._sightings.of(marker_id)
        if transcript is not None and seen < Sighting.TAKEN:
            transcript.search(marker_id)
            seen = self._sightings.of(marker_id)
        return seen

    def wait(
        self, marker_id: str, at_least: Sighting, wait_s: float, over: Callable[[], bool]
    ) -> Sighting:
        """Block until the id was seen that far, ``wait_s`` passed or ``over()``; what is true."""
        until = time.monotonic() + wait_s
        while True:
            seen = self.seen(marker_id)
            left = until - time.monotonic()
            if seen >= at_least or left <= 0 or over():
                return seen
            with self._condition:
                if self._sightings.of(marker_id) < at_least:
                    self._condition.wait(min(left, _LOOK_S))

    def readable(self) -> bool:
        """Whether the transcript exists and was read to its last complete line."""
        self._read()
        with self._lock:
            return self._readable

    def _read(self) -> Transcript | None:
        with self._lock:
            transcript, berth, adapter = self._transcript, self._berth, self._adapter
        if transcript is None:
            path = adapter.transcript(berth)
            if path is None:
                return None
            fresh = Transcript(path, adapter.entry, self._sightings)
            with self._lock:
                if self._transcript is None and self._berth is berth:
                    self._transcript = fresh
                transcript = self._transcript or fresh
        readable = transcript.read()
        with self._lock:
            if self._transcript is transcript:
                self._readable = readable
                if not readable:
                    self._transcript = None  # it may have moved: the adapter is asked again
        return transcript
