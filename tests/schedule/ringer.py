"""A process with a clockwork whose rings are messages: ``-m tests.schedule.ringer ROOT HOW``.

``alone``: a clockwork on ROOT's database, until nothing is planned any more. ``daemon``: the real
daemon of the registry ROOT, with one kind of job more. Each ring also is a line of ``ROOT/rung``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tmux_orch import daemon
from tmux_orch.clock import SystemClock
from tmux_orch.config.registry import Registry
from tmux_orch.schedule.clockwork import Clockwork, Ring
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.outbox import NewMessage, Outbox


def ring_of(database: Database, root: Path) -> Ring:
    outbox = Outbox(database, SystemClock())

    def ring(job_id: str, due: Sequence[datetime]) -> None:
        for at in due:
            key = f"{job_id}@{at.isoformat()}"
            with (root / "rung").open("a") as file:
                file.write(f"{os.getpid()} {key}\n")
            outbox.accept(NewMessage("shop", "shop/dev", "orch", "time", client_key=key))

    return ring


def alone(root: Path) -> int:
    database = open_database(root / "orch.db", root)
    clockwork = Clockwork(database, SystemClock())
    clockwork.answers["test"] = ring_of(database, root)
    while clockwork.all():
        clockwork.look()
    database.close()
    return 0


class Ringing(daemon.Daemon):
    """The daemon, with an answer for ``test`` jobs."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self.clockwork.answers["test"] = ring_of(self.parts.database, registry.root)


if __name__ == "__main__":
    if sys.argv[2] == "alone":
        sys.exit(alone(Path(sys.argv[1])))
    daemon.Daemon = Ringing  # type: ignore[misc]
    sys.exit(daemon.main())
