"""A daemon that is started while nothing can be written: it shows the team, and goes on later."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import wait_until
from tests.whole.traffic import QUIET
from tmux_orch.domain.errors import Internal
from tmux_orch.store.database import Database

from .test_supervise import House


def test_a_daemon_starts_on_a_full_disk_and_plans_check_ins_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    monkeypatch.setenv("TMUX_ORCH_REGISTRY", str(root / "r"))
    house = House(root)
    write, full = Database.write, [False]
    try:
        house.place.extra = dict(QUIET)
        house.place.up("--roles", "developer")
        wait_until(lambda: house.daemon.clockwork.all(), 20, "check-ins are planned")
        house.daemon.stop()
        with closing(sqlite3.connect(house.registry.database)) as connection, connection:
            connection.execute("DELETE FROM apscheduler_jobs")
        full[0] = True

        @contextmanager
        def writes(self: Database, joined: Any = None) -> Iterator[Any]:
            if full[0] and joined is None:
                raise Internal("the state cannot be used: the disk is full")
            with write(self, joined) as connection:
                yield connection

        monkeypatch.setattr(Database, "write", writes)
        house.begin()
        assert house.place.agents()["developer"]["state"] == "idle"
        assert house.daemon.clockwork.all() == []
        full[0] = False
        wait_until(lambda: house.daemon.clockwork.all(), 20, "check-ins are planned")
    finally:
        full[0] = False
        house.close()
        shutil.rmtree(root, ignore_errors=True)
