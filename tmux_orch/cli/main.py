"""The command ``tmux-orch``; click is imported inside, where Ctrl-C already ends quietly."""

from __future__ import annotations

import sys

from tmux_orch.cli import failure


def main() -> None:
    """Run the command and exit with its code."""
    sys.exit(failure.guarded("tmux-orch", _run))


def _run() -> int:
    from tmux_orch.cli import printing
    from tmux_orch.cli.group import tmux_orch

    printing.prepare()
    return tmux_orch.main(prog_name="tmux-orch", standalone_mode=False) or 0
