"""What one agent says: the growing end of its transcript, else the last block of its screen."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tmux_orch.agents.adapter import Entry, EntryKind
from tmux_orch.domain import said
from tmux_orch.domain.said import Said

_log = logging.getLogger(__name__)

#: Read of a file that was there before us: enough for the last words, which are shown, not told.
TAIL_BYTES = 64 * 1024
#: Read at one look; what was written faster than that is skipped.
MOST_BYTES = 4 * 1024 * 1024
#: The same said again so soon is said once.
AGAIN_S = 600.0
_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class _Place:
    """How far which file was read."""

    file: tuple[str, int, int]  # path, device and inode
    next: int


class Words:
    """The words of one agent. One thread at a time looks.

    Attributes:
        last_line: The last line it said, or that its screen shows; empty before.
        last: What it said on purpose last, and when we saw it.
        moved_at: When its transcript last changed (aware UTC).
    """

    def __init__(self) -> None:
        self.last_line = ""
        self.last: tuple[Said, datetime] | None = None
        self.moved_at: datetime | None = None
        self._place: _Place | None = None
        self._looked = False
        self._told: dict[Said, datetime] = {}

    def read(
        self,
        path: Path | None,
        entry: Callable[[bytes], Entry],
        now: datetime,
        *,
        ours: bool = False,
    ) -> list[Said]:
        """Read what the transcript has more; what in it is news.

        A file that is there at the first look was written before us: its words are shown and not
        told, unless the conversation is ``ours``, begun while we watch. One that appears later is
        read from its beginning.
        """
        first, self._looked = not (self._looked or ours), True
        if path is None:
            return []
        lines = self._added(path, first)
        words = [
            one.text for line in lines if (one := entry(line)).kind is EntryKind.ANSWER and one.text
        ]
        return self._take(words, now, told=not first)

    def see(self, block: str, screen: str, now: datetime) -> list[Said]:
        """The same from a screen: the agent's own words on it, and the plain screen."""
        first, self._looked = not self._looked, True
        # Each item of a block stands on one line behind its mark ("● ", "• ").
        items = [item.lstrip(" ●•⏺✦*") for item in block.split("\n") if item.strip()]
        news = self._take(items[-1:], now, told=not first)
        asked = said.prompt(screen)
        return news + (self._news([asked], now) if asked is not None else [])

    def _take(self, words: Iterable[str], now: datetime, told: bool) -> list[Said]:
        found: list[Said] = []
        for text in words:
            self.last_line = said.last_line(text) or self.last_line
            found += said.said(text)
        return self._news(found, now) if told else []

    def _news(self, found: Iterable[Said], now: datetime) -> list[Said]:
        news = []
        for one in found:
            before = self._told.pop(one, None)
            self._told[one] = now
            if before is None or now - before >= timedelta(seconds=AGAIN_S):
                news.append(one)
                self.last = (one, now)
        while len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return news

    def _added(self, path: Path, first: bool) -> list[bytes]:
        """The complete lines that were added since the last look."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return []  # it may have moved: the adapter is asked again at the next look
        try:
            facts = os.fstat(handle)
            self.moved_at = datetime.fromtimestamp(facts.st_mtime, UTC)
            file, known = (str(path), facts.st_dev, facts.st_ino), self._place
            start = 0
            if known is not None and known.file == file and known.next <= facts.st_size:
                start = known.next
            least = facts.st_size - (TAIL_BYTES if first else MOST_BYTES)
            data = os.pread(handle, facts.st_size - max(start, least), max(start, least, 0))
        except OSError as error:
            _log.warning("%s cannot be read: %s", path, error.strerror)
            return []
        finally:
            os.close(handle)
        begin = max(start, least, 0)
        whole = data.rfind(b"\n") + 1
        self._place = _Place(file, begin + whole)
        lines = data[:whole].split(b"\n")
        # Where reading began in the middle of the file, the first line is a part of one.
        return lines[1:] if begin > start else lines
