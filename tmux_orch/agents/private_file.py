"""A seat's per-process files: 0600, replaced whole, so that no program reads half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tmux_orch import crash


def replace(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` (0600) in one step; the directory is made 0700 when absent.

    Raises:
        OSError: it could not be written; what stood there still stands.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        crash.point("write")
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
