"""Our commands in a directory of the registry, first on every agent's PATH."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tmux_orch.config.files import write_atomically
from tmux_orch.domain.errors import Internal

COMMANDS = ("scm", "tmux-orch", "auto-orchestrate", "orch-hook", "schedule_with_note.sh")
_CHECKOUT = Path(__file__).resolve().parents[2]


def place(directory: Path) -> Path:
    """Make the links (or, in a checkout that is not installed, small scripts).

    Returns:
        The hook client's path.

    Raises:
        Internal: a command is nowhere to be found.
    """
    installed = Path(sys.executable).parent
    for name in COMMANDS:
        link, target = directory / name, installed / name
        source = _CHECKOUT / "scripts" / name
        if name.endswith(".sh") and not target.exists():
            target = source
        if target.exists():
            if not (link.is_symlink() and link.readlink() == target):
                beside = directory / f".{name}.{os.getpid()}"
                beside.unlink(missing_ok=True)
                beside.symlink_to(target)
                beside.replace(link)
        elif source.exists():
            # `#!python` is a placeholder that pip fills in; here we do.
            body = source.read_bytes().split(b"\n", 1)[1]
            line = f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(_CHECKOUT)!r})\n"
            write_atomically(link, line.encode() + body, mode=0o700)
        elif name in ("scm", "orch-hook"):
            raise Internal(f"the command {name} is not installed", "run ./scripts/install")
    return directory / "orch-hook"
