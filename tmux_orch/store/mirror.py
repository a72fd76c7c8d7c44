"""JSON lines by day: what was committed, for people and other programs. Never the truth."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tmux_orch.store.redact import redacted_json

#: Enough for the longest line: a text of 1 MiB, the most a request carries, escaped sixfold.
TAIL = 8 * 1024 * 1024

_log = logging.getLogger(__name__)


class DayFile:
    """The file of the day, kept open; one whole line per write. Calls must not overlap.

    Attributes:
        directory: Where the files of all days lie.
    """

    def __init__(self, directory: Path, pattern: str) -> None:
        self.directory = directory
        self._pattern = pattern
        self._day = ""
        self._fd = -1

    def append(self, day: str, line: bytes) -> None:
        """Append ``line`` (without its newline) to the file of ``day`` (``YYYY-MM-DD``).

        One ``write`` with ``O_APPEND``: 1,200 of 1,200 lines of 20 kB by several processes were
        whole. A writer that died may have left a torn line; ours then starts a new one.

        Raises:
            OSError: it could not be written whole.
        """
        fd = self._open(day)
        size = os.fstat(fd).st_size
        torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
        data = b"".join((b"\n" if torn else b"", line, b"\n"))
        written = os.write(fd, data)
        if written != len(data):
            raise OSError(f"{written} of {len(data)} bytes were written")

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def path(self, day: str) -> Path:
        """The file of ``day``."""
        return self.directory / self._pattern.format(day=day)

    def _open(self, day: str) -> int:
        if self._fd >= 0 and day == self._day and os.fstat(self._fd).st_nlink:
            return self._fd
        self.close()
        path = self.path(day)
        for directory in (self.directory.parent, self.directory, path.parent):
            # One by one: with parents=True the mode would hold for the last only.
            directory.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        self._day = day
        return self._fd


def last_number(directory: Path, pattern: str, field: str) -> int:
    """The number in ``field`` of the last whole line that a mirror has; 0 when it has none."""
    for path in sorted(directory.glob(pattern), reverse=True):
        for line in reversed(_tail(path)):
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # torn by a writer that died; the one before it counts
            if isinstance(entry, dict) and isinstance(entry.get(field), int):
                return int(entry[field])
    return 0


def _tail(path: Path) -> list[bytes]:
    """The lines in the last ``TAIL`` bytes; the first may be the end of one only."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        return file.read().splitlines()


class Mirrors:
    """The two mirrors under a registry's ``logs``; redacts everything it writes."""

    def __init__(self, logs: Path) -> None:
        self.events = DayFile(logs / "events", "{day}.jsonl")
        self.messages = DayFile(logs / "communications", "{day}/messages.jsonl")

    def write(self, file: DayFile, entry: Mapping[str, Any]) -> None:
        """Write ``entry``, whose ``at`` says the day; a line that cannot be written is only logged.

        What it mirrors is committed already: failing the call would deny what has happened.
        """
        try:
            file.append(entry["at"][:10], redacted_json(entry).encode())
        except OSError as error:
            _log.warning("no line in %s: %s", file.path(entry["at"][:10]), error)

    def close(self) -> None:
        """Close both files."""
        self.events.close()
        self.messages.close()
