"""Service files of ours: written only when they differ, never over what a person has written."""

from __future__ import annotations

import hashlib
import os
import shlex
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tmux_orch.config.files import write_atomically
from tmux_orch.domain.errors import BadInput

#: Service managers read their files as they like; none of ours holds anything private.
MODE = 0o644
_LIMIT = 1 << 20


class Standing(StrEnum):
    """What is at a service file's place."""

    ABSENT = "absent"
    CURRENT = "as written"
    OUTDATED = "of another version"  # ours and untouched, but not what would be written now
    EDITED = "changed by hand"
    FOREIGN = "not ours"


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """One file of a service.

    Attributes:
        path: Where it belongs.
        body: Its text without our mark.
        opening, closing: What makes a line a comment there.
        head: What must stand before the mark.
    """

    path: Path
    body: str
    opening: str = "# "
    closing: str = ""
    head: str = ""

    @property
    def text(self) -> str:
        """The whole text, with a mark by which it is known again, edited or not."""
        return self.head + self._mark(self.body) + self.body

    def standing(self) -> Standing:
        """What is there now.

        Raises:
            BadInput: it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                found = file.read(_LIMIT)
        except FileNotFoundError:
            return Standing.ABSENT
        except OSError as error:
            raise BadInput(f"cannot read {self.path}: {error.strerror}") from error
        if found == self.text.encode():
            return Standing.CURRENT
        try:
            text = found.decode()
        except UnicodeDecodeError:
            return Standing.FOREIGN
        mark, _, body = text.removeprefix(self.head).partition("\n")
        if not mark.startswith(self._mark("").partition(" sha256")[0]):
            return Standing.FOREIGN
        return Standing.OUTDATED if f"{mark}\n" == self._mark(body) else Standing.EDITED

    def write(self) -> bool:
        """Write it; whether it was another before.

        Raises:
            BadInput: a person's own is there, or it cannot be written.
        """
        self.check()
        if self.standing() is Standing.CURRENT:
            return False
        try:
            self.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            write_atomically(self.path, self.text.encode(), MODE)
        except OSError as error:
            raise BadInput(f"cannot write {self.path}: {error.strerror}") from error
        return True

    def remove(self) -> bool:
        """Remove it; whether it was there.

        Raises:
            BadInput: a person's own is there, or it cannot be removed.
        """
        self.check()
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise BadInput(f"cannot remove {self.path}: {error.strerror}") from error
        return True

    def check(self) -> None:
        """Refuse to touch what a person has written or changed.

        Raises:
            BadInput: a person's own is there.
        """
        standing = self.standing()
        if standing in (Standing.EDITED, Standing.FOREIGN):
            raise BadInput(
                f"{self.path} is {standing}",
                f"move it away: mv {shlex.quote(os.fspath(self.path))}",
            )

    def _mark(self, body: str) -> str:
        digest = hashlib.sha256(body.encode()).hexdigest()[:16]
        words = f"{self.opening}Written by tmux-orch service install; remove: tmux-orch service "
        return f"{words}remove. sha256 {digest}{self.closing}\n"
