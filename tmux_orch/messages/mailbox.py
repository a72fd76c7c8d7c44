"""Long texts: a file in the agent's worktree, and the line that names it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tmux_orch import crash
from tmux_orch.domain.errors import BadInput, Internal
from tmux_orch.domain.message import header
from tmux_orch.messages.compose import pointer

PLACE = Path(".orch", "mailbox")


def put(worktree: Path, message_id: str, sender: str, text: str) -> str:
    """Write ``text`` durably to ``.orch/mailbox/<id>.md`` and return the line to deliver instead.

    The agent owns its worktree, so nothing in it is trusted: no link is followed on the way to the
    file, and a file that exists is not opened.

    Raises:
        BadInput: the worktree is gone, or its mailbox is not a plain directory.
        Internal: the disk failed us.
    """
    name = f"{message_id}.md"
    body = f"{header(sender, message_id)}\n\n{text}\n".encode()
    try:
        directory = _directory(worktree)
    except OSError as error:
        raise BadInput(
            f"the mailbox in {worktree} cannot be used ({error.strerror})",
            "send a shorter text, or restore it with --resume",
        ) from error
    try:
        crash.point("write")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=directory), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.fsync(directory)
    except OSError as error:
        if error.errno == errno.EEXIST:
            raise BadInput(f"{PLACE / name} is there already", "send it again") from error
        raise Internal(f"the mailbox file cannot be written ({error.strerror})") from error
    finally:
        os.close(directory)
    return pointer(str(PLACE / name), len(text.encode()), text.lstrip().partition("\n")[0])


def _directory(worktree: Path) -> int:
    """The mailbox directory opened, made when absent; every step refuses links."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    here = os.open(worktree, flags)
    for part in PLACE.parts:
        try:
            try:
                os.mkdir(part, 0o700, dir_fd=here)
            except FileExistsError:
                pass  # the usual case; what it is shows at the open
            inner = os.open(part, flags, dir_fd=here)
        finally:
            os.close(here)
        here = inner
    return here
