"""A systemd scope for the server, so that the end of what started it does not take it along.

Without one the server stays in the control group of the login session or service it was started
from, and ``systemctl stop`` or a log-out (``KillUserProcesses=yes``) ends every agent.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path


def scoped(argv: Sequence[str], environment: Mapping[str, str], runtime: str) -> list[str] | None:
    """``argv`` with ``environment``, to be run in a scope of its own; ``None`` without systemd.

    Args:
        argv: What to run.
        environment: Its complete environment; nothing secret (it is in the arguments for a moment).
        runtime: The user's ``XDG_RUNTIME_DIR``, where a user manager has its socket.
    """
    program = shutil.which("systemd-run", path=environment.get("PATH"))
    if program is None or not runtime or not (Path(runtime) / "systemd" / "private").is_socket():
        return None
    bare = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
    return [program, "--user", "--scope", "--quiet", "--collect", "--", *bare, *argv]
