"""Whether a pane's program has read what was typed into it."""

from __future__ import annotations

import fcntl
import os
import struct
import termios

from tmux_orch.domain.errors import Absent, CouldNotTell
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.server import Server


def has_unread(server: Server, pane_id: str) -> bool:
    """Whether typed bytes still wait in the pane's terminal for its program to read them.

    A program that is stopped or busy shows nothing of a paste and has it all the same: three
    pastes into one that was deaf for 12 s stood in its composer when it heard again. The kernel
    counts what was not read yet (FIONREAD; agents' programs read raw, so all of it counts).

    Raises:
        Absent: no server, or no such pane.
        CouldNotTell: tmux did not answer, or the terminal cannot be asked.
    """
    of_pane = f"#{{==:#{{pane_id}},{pane_id}}}"
    lines = server.run([Command("list-panes", "-a", "-f", of_pane, "-F", "#{pane_tty}")]).lines
    if not lines or not lines[0]:
        raise Absent(f"there is no pane {pane_id}")
    try:
        terminal = os.open(lines[0], os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            waiting = fcntl.ioctl(terminal, termios.FIONREAD, struct.pack("i", 0))
        finally:
            os.close(terminal)
    except OSError as error:
        raise CouldNotTell(f"{lines[0]} cannot be asked: {error.strerror}") from error
    return bool(struct.unpack("i", waiting)[0] > 0)
