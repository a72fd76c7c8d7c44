"""The daemon with our own delays around a reset cut short, so that a test need not wait minutes."""

from __future__ import annotations

import sys

from tmux_orch import daemon
from tmux_orch.watch import fusion

fusion.AFTER_RESET_S = 3.0

if __name__ == "__main__":
    sys.exit(daemon.main())
