"""The daemon's own environment: recorded at its first start, the same at every later one."""

from __future__ import annotations

import json
import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tmux_orch.config.files import read_private, write_atomically
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import Absent
from tmux_orch.rpc.ready import VARIABLE

# An environment of ours for a process that outlives its caller: the caller is often an agent, with
# tokens and GIT_* of its own. PYTHON* and LD_* would change what the daemon loads.
_ALLOWED = frozenset({"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "LANGUAGE", "TZ"})
_ALLOWED_PREFIXES = ("LC_", "XDG_", "TMUX_ORCH_")


def recorded(
    registry: Registry, environ: Mapping[str, str], *, anew: bool = False
) -> dict[str, str]:
    """The daemon's environment: recorded at the first start and used at every later one.

    Args:
        registry: Where it is kept, mode 0600.
        environ: The caller's.
        anew: Record again (a person's own ``daemon start``; the way to change the daemon's PATH).
    """
    kept: dict[str, str] = {}
    if not anew:
        try:
            data = json.loads(read_private(registry.environment))
        except (Absent, ValueError):
            data = None  # none yet, or one cut short by a crash: recorded again
        if isinstance(data, dict):
            kept = {str(k): str(v) for k, v in data.items()}
    if not kept:
        kept = allowed(environ)
        write_atomically(registry.environment, json.dumps(kept, indent=1).encode())
    kept["TMUX_ORCH_REGISTRY"] = os.fspath(registry.root)
    if checkout := _checkout():
        kept["PYTHONPATH"] = checkout
    return kept


def allowed(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of a caller's environment that the daemon may have."""
    return {
        name: value
        for name, value in sorted(environ.items())
        if (name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)) and name != VARIABLE
    }


def _checkout() -> str:
    """The directory of this package when it is not an installed one, so that ``-m`` finds it."""
    root = os.fspath(Path(__file__).resolve().parents[2])
    installed = {os.path.realpath(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    return "" if root in installed else root
