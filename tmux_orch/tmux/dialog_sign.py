"""The sign on an agent's window that a dialog waits in it, without a byte into its pane."""

from __future__ import annotations

import re

from tmux_orch.domain.errors import Absent
from tmux_orch.domain.names import is_name
from tmux_orch.tmux.command import Command, chain
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.server import CommandFailed, Server

#: Window option that ``window-status-format`` shows; see :mod:`tmux_orch.tmux.options`.
OPTION = "@orch_dialog"
_WINDOW = re.compile(r"@\d+")
_CLIENT = re.compile(r"/dev/[a-z]+/?\d+")
_SHOWN_MS = "8000"


def mark(server: Server, window_id: str, guard: Guard, on: bool) -> bool:
    """Set or take away the sign, if the window's pane still is that agent; whether it was done.

    Raises:
        CouldNotTell: no answer in time.
    """
    if not _WINDOW.fullmatch(window_id):
        raise ValueError(f"not a window id: {window_id!r}")
    value = ("1",) if on else ()
    act = Command("set-option", "-w", *(() if on else ("-u",)), "-t", window_id, OPTION, *value)
    said = Command("display-message", "-p", "marked")
    choice = Command("if-shell", "-F", "-t", guard.pane_id, guard.whose(), chain([act, said]))
    try:
        return server.run([choice]).lines == ["marked"]
    except (Absent, CommandFailed):
        return False


def announce(server: Server, session: str, agent: str) -> int:
    """One line in the status line of everybody who is attached to the session; how many saw it.

    Only names that we made enter it. Terminals are not rung: nothing is written past tmux.

    Raises:
        CouldNotTell: no answer in time.
    """
    if not (is_name(session) and is_name(agent)):
        raise ValueError(f"not names of ours: {session!r}, {agent!r}")
    text = f"{agent} waits for an answer: tmux-orch dialogs --project {session}"
    try:
        lines = server.run([Command("list-clients", "-t", f"={session}:", "-F", "#{client_name}")])
        clients = [name for name in lines.lines if _CLIENT.fullmatch(name)]
        told = [
            Command("display-message", "-c", client, "-d", _SHOWN_MS, text) for client in clients
        ]
        if told:
            server.run(told)
        return len(told)
    except (Absent, CommandFailed):
        return 0  # nobody is attached, or a client left in this moment
