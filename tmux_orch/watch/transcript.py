"""How far each message was seen in an agent's conversation, read from its growing transcript.

The file is read from where we stopped. A file met for the first time is read from near its end
(:data:`TAIL_BYTES`); what stands before that is searched only for an id that is asked for and not
found after it. Lines without a marker are not parsed: 100 MB of tool output cost a byte search.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tmux_orch.agents.adapter import Entry, EntryKind
from tmux_orch.messages.port import Sighting

_log = logging.getLogger(__name__)

#: Read at the first meeting: more than any turn seen writes after a prompt, in 10 ms.
TAIL_BYTES = 4 * 1024 * 1024
_BLOCK = 1024 * 1024
#: A line longer than this (pictures are some MB) is skipped, so that no file can fill our memory.
_LINE_BYTES = 64 * 1024 * 1024
#: Lines remembered for an answer that was written before its prompt: more than one flush holds.
_RECENT = 16
_RECENT_BYTES = 256 * 1024
# ``· msg ID]`` of a message's header, ``[brief ID]`` of the first prompt. ASCII only in the raw
# line, because programs may write ``·`` as an escape there.
_RAW = re.compile(rb"(?:msg|brief) [0-9a-f]{8}\]")
_MARK = re.compile(r"(?:· msg|\[brief) ([0-9a-f]{8})\]")


class Sightings:
    """Ids seen in a conversation and how far; never goes back. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, Sighting] = {}
        self._unanswered: set[str] = set()

    def of(self, marker_id: str) -> Sighting:
        """How far this id was seen."""
        with self._lock:
            return self._seen.get(marker_id, Sighting.NONE)

    def note(self, text: str, how: Sighting) -> bool:
        """Every marker in ``text`` was seen this far. Returns whether that was news."""
        news = False
        with self._lock:
            for found in _MARK.findall(text):
                if how > self._seen.get(found, Sighting.NONE):
                    self._seen[found] = how
                    news = True
                    if how is Sighting.TAKEN:
                        self._unanswered.add(found)
        return news

    def answered(self) -> bool:
        """The model spoke: all that it was asked with before is answered now."""
        with self._lock:
            for found in self._unanswered:
                self._seen[found] = Sighting.ANSWERED
            news = bool(self._unanswered)
            self._unanswered.clear()
        return news

    def waits_for_answer(self) -> bool:
        """Whether something taken has no answer yet."""
        with self._lock:
            return bool(self._unanswered)


class _Lineage:
    """Whether an answer that stands before its prompt belongs to it.

    Claude Code 2.1.197 on a loaded machine wrote the answer's line first at 1 start of 14. Lines
    name the line they follow, so it is found by its parents and not by its place.
    """

    def __init__(self) -> None:
        self._family: set[str] = set()
        self._parents_of_answers: set[str] = set()

    def begin(self, taken: Entry, before: Iterable[Entry], goes_on: bool) -> None:
        """A message was taken; ``before`` are the lines that stand just before it."""
        if not goes_on:
            self._family.clear()
        if taken.id:
            self._family.add(taken.id)
        answers = {entry.parent for entry in before if entry.kind is EntryKind.ANSWER}
        self._parents_of_answers = answers - {""}

    def answered_by(self, entry: Entry) -> bool:
        """Take one more line after it; whether it shows that one of those answers was to us."""
        if not self._parents_of_answers:
            return False
        if entry.id and entry.parent in self._family:
            self._family.add(entry.id)
        return not self._family.isdisjoint(self._parents_of_answers)


class Transcript:
    """The tail of one transcript file. One thread at a time reads; others wait for it."""

    def __init__(
        self,
        path: Path,
        read_entry: Callable[[bytes], Entry],
        sightings: Sightings,
        tail_bytes: int = TAIL_BYTES,
    ) -> None:
        self.path = path
        self._read_entry = read_entry
        self._sightings = sightings
        self._tail_bytes = tail_bytes
        self._lock = threading.Lock()
        self._file = (0, 0)  # device and inode of what was read
        self._first = 0  # where reading began: nothing before it is indexed
        self._next = 0  # up to here the file was read
        self._torn: list[bytes] = []  # the line whose end is not written yet
        self._torn_bytes = 0
        self._searched: set[str] = set()
        self._recent: deque[bytes] = deque(maxlen=_RECENT)
        self._lineage = _Lineage()

    def read(self) -> bool:
        """Read what was added. Returns whether the file is there and was read to its last line."""
        with self._lock:
            try:
                handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            except FileNotFoundError:
                return False
            except OSError as error:
                _log.warning("%s cannot be read: %s", self.path, error.strerror)
                return False
            try:
                self._follow(handle)
                for line in self._added(handle):
                    self._take(line)
                return True
            except OSError as error:
                _log.warning("%s cannot be read: %s", self.path, error.strerror)
                return False
            finally:
                os.close(handle)

    def search(self, marker_id: str) -> None:
        """Look for an id before the place where reading began; once per id and file."""
        with self._lock:
            if self._first == 0 or marker_id in self._searched:
                return
            self._searched.add(marker_id)
            try:
                handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError as error:
                _log.warning("%s cannot be searched: %s", self.path, error.strerror)
                return
            try:
                self._search(handle, f" {marker_id}]".encode())
            except OSError as error:
                _log.warning("%s cannot be searched: %s", self.path, error.strerror)
            finally:
                os.close(handle)

    def _follow(self, handle: int) -> None:
        """Notice that the file is another one, was cut, or was written anew."""
        facts = os.fstat(handle)
        same = self._file == (facts.st_dev, facts.st_ino) and facts.st_size >= self._next
        complete = self._next - self._torn_bytes
        if same and complete > 0:
            same = os.pread(handle, 1, complete - 1) == b"\n"
        if same:
            return
        self._file = (facts.st_dev, facts.st_ino)
        self._torn, self._torn_bytes = [], 0
        self._searched.clear()
        self._first = self._next = _line_after(handle, facts.st_size - self._tail_bytes)

    def _added(self, handle: int) -> Iterator[bytes]:
        """The complete lines that were added; the torn last one is kept for the next time."""
        while block := os.pread(handle, _BLOCK, self._next):
            self._next += len(block)
            *whole, torn = block.split(b"\n")
            for line in whole:
                if self._torn:
                    line = b"".join((*self._torn, line))
                    self._torn, self._torn_bytes = [], 0
                yield line
            if torn:
                self._torn_bytes += len(torn)
                if self._torn_bytes <= _LINE_BYTES:
                    self._torn.append(torn)
                else:
                    self._torn = [b"?"]  # too long: what comes of it is no JSON and is skipped

    def _take(self, line: bytes) -> None:
        waits = self._sightings.waits_for_answer()
        if waits or _RAW.search(line) is not None:
            self._sight(self._read_entry(line), waits)
        if len(line) <= _RECENT_BYTES:
            self._recent.append(line)

    def _sight(self, entry: Entry, waits: bool) -> None:
        if entry.kind is EntryKind.TAKEN and self._sightings.note(entry.text, Sighting.TAKEN):
            early = [self._read_entry(line) for line in self._recent]
            self._lineage.begin(entry, early, waits)
        elif entry.kind is EntryKind.QUEUED:
            self._sightings.note(entry.text, Sighting.QUEUED)
        elif entry.kind is EntryKind.ANSWER:
            self._sightings.answered()
            return
        if self._lineage.answered_by(entry):
            self._sightings.answered()

    def _search(self, handle: int, needle: bytes) -> None:
        """Backwards, so that the last and strongest line about the id is met first."""
        end = self._first
        while end > 0:
            start = max(0, end - _BLOCK)
            block = os.pread(handle, end - start + len(needle) - 1, start)
            at = len(block)
            while (at := block.rfind(needle, 0, at + len(needle) - 1)) >= 0:
                if self._found(handle, start + at):
                    return
            end = start

    def _found(self, handle: int, at: int) -> bool:
        """Read the line around ``at``, and what follows it up to an answer. Was it a sighting?"""
        start = _line_start(handle, at)
        lines = _lines_from(handle, start, self._next)
        entry = self._read_entry(next(lines, b""))
        if entry.kind is EntryKind.QUEUED:
            return self._sightings.note(entry.text, Sighting.QUEUED)
        if entry.kind is not EntryKind.TAKEN or not self._sightings.note(
            entry.text, Sighting.TAKEN
        ):
            return False
        if any(self._read_entry(line).kind is EntryKind.ANSWER for line in lines):
            self._sightings.answered()
        return True


def _line_after(handle: int, at: int) -> int:
    """Offset of the first line that begins at or after ``at``; 0 for the file's beginning."""
    if at <= 0:
        return 0
    here = at - 1
    while block := os.pread(handle, _BLOCK, here):
        found = block.find(b"\n")
        if found >= 0:
            return here + found + 1
        here += len(block)
    return here


def _line_start(handle: int, at: int) -> int:
    """Offset of the line that holds ``at``."""
    while at > 0:
        start = max(0, at - _BLOCK)
        found = os.pread(handle, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def _lines_from(handle: int, start: int, end: int) -> Iterator[bytes]:
    """The complete lines between two offsets."""
    torn = b""
    while start < end and (block := os.pread(handle, min(_BLOCK, end - start), start)):
        start += len(block)
        *whole, rest = block.split(b"\n")
        for line in whole:
            yield torn + line
            torn = b""
        torn += rest
        if len(torn) > _LINE_BYTES:
            torn = b"?"
