"""The daemon with its own delays around a reset in a test's hands, so that none waits minutes.

Its clock and everything else is as it is. The file ``after`` in the registry says how many seconds
after the reset that it was told agents are woken (also a negative number: resets are told to the
minute); it is taken away once it counts.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from tmux_orch import daemon
from tmux_orch.domain import holding
from tmux_orch.watch import fusion

STAGGER_S = 2.0


def follow(place: Path) -> None:
    """Take what the file says whenever there is one; what was taken last counts after a restart."""
    taken = place.with_name("after-taken")
    if taken.exists():
        take(float(taken.read_text()))
    while True:
        try:
            place.rename(taken)
        except FileNotFoundError:
            time.sleep(0.02)  # paced: a test writes it when it likes
        else:
            take(float(taken.read_text()))


def take(after_s: float) -> None:
    holding.SETTLES_S = fusion.AFTER_RESET_S = after_s


if __name__ == "__main__":
    holding.STAGGER_S = STAGGER_S
    place = Path(os.environ["TMUX_ORCH_REGISTRY"]) / "after"
    threading.Thread(target=follow, args=(place,), daemon=True).start()
    sys.exit(daemon.main())
