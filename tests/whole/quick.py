"""A place whose daemon waits after a reset as long as a test says; its tables, read beside it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.whole.conftest import Place, wait_until
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import OrchError
from tmux_orch.rpc import client, environment

DAEMON = Path(__file__).with_name("quick_daemon.py")


class Quick:
    """Starts :mod:`tests.whole.quick_daemon`, before anybody else starts the usual one."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def start(self) -> None:
        registry = Registry.find(self.place.environment)
        registry.prepare()
        variables = environment.recorded(registry, self.place.environment)
        variables["PYTHONPATH"] = str(DAEMON.parents[2])
        with (registry.logs / "daemon.stderr.log").open("ab") as log:
            subprocess.Popen(
                [sys.executable, str(DAEMON)], env=variables, cwd="/", start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            wait_until(self._answers, 20, "the daemon answers")
        except AssertionError as error:
            said = (registry.logs / "daemon.stderr.log").read_text()[-2000:]
            raise AssertionError(f"{error}\n{said}") from None

    def kill_and_start(self) -> None:
        """The daemon dies without a word, and another one follows."""
        self.place.kill_daemon()
        self.start()

    def _answers(self) -> bool:
        try:
            client.call("ping", {}, start_daemon=False, environ=self.place.environment)
        except OrchError:
            return False
        return True

    def due_in(self, wake_in_s: float, resets_at: int = 0) -> tuple[int, float]:
        """A reset, and when the first agent is due to be woken after it (seconds since 1970).

        Programs tell a reset to the minute: it is the next full one at least 5 s ahead, and the
        daemon's own delay after it is made so that agents are due in ``wake_in_s``. The job of a
        hold that stands follows within a round of 3 s.
        """
        now = time.time()
        resets_at = resets_at or (int(now + 5) // 60 + 1) * 60
        due_at = now + wake_in_s
        after = self.place.registry / "after"
        after.with_name("after-new").write_text(str(due_at - resets_at))
        after.with_name("after-new").rename(after)
        wait_until(lambda: not after.exists(), 10, "the daemon has taken the delay")
        return resets_at, due_at

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """What was written down, oldest first."""
        found = self.rows("events", "seq")
        for event in found:
            event["payload"] = json.loads(event["payload"])
        return [event for event in found if not kinds or event["kind"] in kinds]

    def rows(self, table: str, by: str) -> list[dict[str, Any]]:
        """A table of the daemon's database."""
        path = f"file:{self.place.registry / 'orch.db'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"select * from {table} order by {by}")]

    def report(self) -> str:
        """The tables of a hold, and all events."""
        lines = []
        for table, by in (("holds", "id"), ("wakes", "hold"), ("messages", "seq")):
            lines += [f"{table} {row}" for row in self.rows(table, by)]
        lines += [f"{e['at']} {e['kind']} {e['agent']} {e['payload']}" for e in self.events()]
        log = self.place.registry / "logs" / "daemon.log"
        lines += log.read_text().splitlines()[-20:] if log.exists() else []
        return "\n".join(lines)
