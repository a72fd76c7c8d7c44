"""Starting the daemon through its systemd unit, where one is installed for the registry.

So that whoever's command starts it, an agent's too, it runs under the unit's limits and is started
again when it dies; and so that a unit that has given up is not got round.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tmux_orch import external
from tmux_orch.config import service_file
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import BadInput, Unreachable

#: Until the daemon says that it is ready (``TimeoutStartSec`` of the unit), and a little more.
DEADLINE_S = 70.0


def start(registry: Registry, environ: Mapping[str, str]) -> bool:
    """Start it there; ``False`` where there is no unit, or no user manager, to start it.

    Args:
        registry: Whose daemon.
        environ: The daemon's recorded environment: the caller's own may name no user manager.

    Raises:
        Unreachable: the unit has given up, or the daemon did not start in it.
    """
    name = _unit(registry, environ)
    if not name:
        return False
    try:
        # Starts are counted to stop a crash loop; after a stop that somebody wanted they are not.
        if _systemctl(environ, "is-active", name).text().strip() == "inactive":
            _systemctl(environ, "reset-failed", name)
        done = _systemctl(environ, "start", name)
        if done.code == 0:
            return True
        if _systemctl(environ, "is-failed", name).code != 0:
            return False  # no such unit any more: then as without one
    except (external.ProgramMissing, external.DeadlinePassed):
        return False  # a user manager that does not answer; a daemon without one is still one
    raise Unreachable(
        f"the service {name} has failed, and starts no daemon any more",
        f"look: systemctl --user status {name}; then: tmux-orch daemon start",
    )


def forgive(registry: Registry, environ: Mapping[str, str]) -> None:
    """Let a unit that has given up be started again: a person asked for it."""
    if name := _unit(registry, environ):
        try:
            _systemctl(environ, "reset-failed", name)
        except (external.ProgramMissing, external.DeadlinePassed):
            pass  # the start that follows says what is wrong


def _unit(registry: Registry, environ: Mapping[str, str]) -> str:
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if not runtime or not Path(runtime, "systemd/private").is_socket():
        return ""
    if shutil.which("systemctl", path=environ.get("PATH")) is None:
        return ""
    try:
        return service_file.read(registry).unit
    except BadInput:
        return ""  # damaged: ``service status`` says so, and work goes on without the service


def _systemctl(environ: Mapping[str, str], *words: str) -> external.Completed:
    return external.run(
        ["systemctl", "--user", "--no-ask-password", *words],
        deadline_s=DEADLINE_S,
        environment=environ,
        cwd="/",
    )
