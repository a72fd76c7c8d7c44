"""The command ``auto-orchestrate``; click is imported inside, where Ctrl-C already ends quietly."""

from __future__ import annotations

import sys

from tmux_orch.cli import failure


def main() -> None:
    """Run the command and exit with its code."""
    sys.exit(failure.guarded("auto-orchestrate", _run))


def _run() -> int:
    from tmux_orch.cli import printing
    from tmux_orch.cli.orchestrate import auto_orchestrate

    printing.prepare()
    return auto_orchestrate.main(prog_name="auto-orchestrate", standalone_mode=False) or 0
