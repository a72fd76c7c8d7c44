"""How a person looks: the argv that shows a team in his terminal."""

from __future__ import annotations

import re

from tmux_orch.domain.names import is_name
from tmux_orch.tmux.server import Server

_WINDOW = re.compile(r"@\d+")


def attach_argv(server: Server, session: str, window_id: str = "", inside: str = "") -> list[str]:
    """What to execute (with the person's own environment) to show a project's session.

    Works in a plain terminal and inside another tmux. Inside *our* server attaching would show the
    session within itself (tmux refuses); there the person's terminal is switched over.

    Args:
        server: Ours.
        session: Project name.
        window_id: Shown first, when given.
        inside: The person's ``TMUX`` variable.
    """
    if not is_name(session) or (window_id and not _WINDOW.fullmatch(window_id)):
        raise ValueError(f"not a session and window of ours: {session!r} {window_id!r}")
    argv = list(server.prefix)
    if window_id:
        argv += ["select-window", "-t", window_id, ";"]
    ours = inside.partition(",")[0] == str(server.socket)
    return [*argv, "switch-client" if ours else "attach-session", "-t", f"={session}:"]
