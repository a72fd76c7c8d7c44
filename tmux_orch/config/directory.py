"""Where a person's own files lie. Light: commands that need no settings import this alone."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path


def config_directory(environ: Mapping[str, str]) -> Path:
    """``tmux-orch`` in ``XDG_CONFIG_HOME`` when that is absolute, else in ``~/.config``."""
    chosen = environ.get("XDG_CONFIG_HOME", "")
    if chosen.startswith("/"):
        return Path(chosen) / "tmux-orch"
    home = environ.get("HOME", "")
    base = home if home.startswith("/") else pwd.getpwuid(os.geteuid()).pw_dir
    return Path(base) / ".config/tmux-orch"
