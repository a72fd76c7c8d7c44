"""A team of real agents that share one plan, which the stand-in keeps."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.real_claude.team import SESSION, Team, everything
from tests.standin.anthropic_standin import State, make_server
from tests.standin.plan import Plan
from tests.whole.conftest import wait_until
from tmux_orch.rpc import client, environment

QUICK = Path(__file__).with_name("quick_daemon.py")
HUB, DEV = "orchestrator", "developer"


class Limited(Team):
    """Some agents of one account; the daemon is started by the test.

    Args:
        root: A directory with a short path.
        api: The stand-in's address and what it has seen.
        version: Of the agent program.
        auto_continue: The program goes on by itself after a limit, as a person may have it.
        quick: The daemon's own delays after a reset are seconds.
    """

    def __init__(
        self,
        root: Path,
        api: tuple[str, State],
        version: str,
        *,
        auto_continue: bool = False,
        quick: bool = True,
    ) -> None:
        super().__init__(root, api, version)
        self.house.sign_in()
        self.plan = api[1].plan = Plan()
        self.quick = quick
        del self.place.extra["ANTHROPIC_API_KEY"]
        if auto_continue:
            self._put_before(root / "bin")

    def _put_before(self, directory: Path) -> None:
        """A ``claude`` that undoes what our settings say of going on by itself."""
        directory.mkdir()
        program = directory / "claude"
        program.write_text(
            f'#!/bin/sh\nfor word; do case "$word" in */claude-settings.json)\n'
            """sed -i 's/"autoContinueAtUsageLimit": false/"autoContinueAtUsageLimit": true/' """
            f'"$word";; esac; done\nexec {self.house.program} "$@"\n'
        )
        program.chmod(0o700)
        self.place.extra["PATH"] = f"{directory}:{self.place.extra['PATH']}"

    # -- the daemon -----------------------------------------------------------------------------

    def start_daemon(self) -> None:
        """Ours, with its delays after a reset cut short; nobody else may start one meanwhile."""
        if not self.quick:
            self.place.ask("ping")
            return
        registry = self._registry()
        env = environment.recorded(registry, self.place.environment)
        with (registry.logs / "daemon.stderr.log").open("ab") as log:
            subprocess.Popen(
                [sys.executable, str(QUICK)], env=env, cwd="/", start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(lambda: self._answers(), 20, "the daemon answers")

    def _registry(self) -> Any:
        from tmux_orch.config.registry import Registry

        registry = Registry.find(self.place.environment)
        registry.prepare()
        return registry

    def _answers(self) -> bool:
        try:
            client.call("ping", {}, start_daemon=False, environ=self.place.environment)
        except Exception:
            return False
        return True

    def kill_and_start(self) -> None:
        """The daemon dies without a word, and another one follows."""
        self.place.kill_daemon()
        self.start_daemon()

    # -- the team -------------------------------------------------------------------------------

    def begin(self, *roles: str) -> None:
        """These roles, started and idle."""
        self.start_daemon()
        self.place.run(
            "auto-orchestrate", "--spec", str(self.spec), "--permission-mode", "default",
            "--planner", "offline", "--roles", ",".join(roles), timeout=120,
        )  # fmt: skip
        for name in roles:
            self.await_state(name, "idle")

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """What was written down, oldest first."""
        found = self.rows("events", "seq")
        for event in found:
            event["payload"] = json.loads(event["payload"])
        return [event for event in found if not kinds or event["kind"] in kinds]

    def rows(self, table: str, by: str) -> list[dict[str, Any]]:
        """A table of the daemon's database, read beside it."""
        place = f"file:{self.place.registry / 'orch.db'}?mode=ro"
        with closing(sqlite3.connect(place, uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"select * from {table} order by {by}")]

    def asked(self, name: str, since: float = 0.0) -> list[dict[str, Any]]:
        """The agent's main requests after ``since``."""
        return [request for request in self.requests(name) if request["t"] >= since]

    def kinds(self, prefix: str) -> list[str]:
        return [e["kind"] for e in self.events() if e["kind"].startswith(prefix)]

    def report(self, what: str) -> str:
        """What failed, and everything there is to see."""
        lines = [what]
        for name in self.agents():
            lines += [name, str(self.agents()[name]), self.screen(name).strip()[-1500:]]
        for table, by in (("holds", "id"), ("wakes", "hold"), ("messages", "accepted_at")):
            lines += [f"{table} {row}" for row in self.rows(table, by)]
        lines += [f"{e['at']} {e['kind']} {e['agent']} {e['payload']}" for e in self.events()]
        begun = self.state.requests[0]["t"] if self.state.requests else 0
        for request in self.state.requests:
            if request.get("main"):
                said = everything(request)[-150:]
                mine = request["headers"].get(SESSION, "")[:8]
                lines.append(f"{request['t'] - begun:.2f} {mine} {request['refused']} {said}")
        return "\n".join(lines)

    def until(self, look: Any, what: str, deadline_s: float = 30) -> Any:
        """Wait for it; a failure shows everything."""
        try:
            return wait_until(look, deadline_s, what)
        except AssertionError as error:
            raise AssertionError(self.report(str(error))) from None


@contextmanager
def limited(version: str, **how: Any) -> Iterator[Limited]:
    """A stand-in, a house and a team (not started) of their own; all removed afterwards."""
    server = make_server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    address = f"http://127.0.0.1:{server.server_address[1]}"
    team = Limited(root, (address, server.state), version, **how)
    try:
        yield team
    finally:
        if kept := os.environ.get("LIMITS_KEEP"):
            Path(kept).write_text(team.report(""))
        team.plan.fine()
        team.place.close()
        server.shutdown()
        server.server_close()
        shutil.rmtree(root, ignore_errors=True)
