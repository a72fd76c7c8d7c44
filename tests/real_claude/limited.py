"""A team of real agents that share one plan, which the stand-in keeps."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real_claude.team import SESSION, Team, everything
from tests.standin.anthropic_standin import State, make_server
from tests.standin.plan import Plan
from tests.whole.conftest import wait_until
from tests.whole.quick import Quick

HUB, DEV = "orchestrator", "developer"


class Limited(Team):
    """Some agents of one account; the daemon is started by the test.

    Args:
        root: A directory with a short path.
        api: The stand-in's address and what it has seen.
        version: Of the agent program.
        auto_continue: The program goes on by itself after a limit, as a person may have it.
        quick: The daemon's own delays after a reset are the test's; else they are as everybody's.
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
        del self.place.extra["ANTHROPIC_API_KEY"]
        if auto_continue:
            self._put_before(root / "bin")
        self.daemon = Quick(self.place)
        self._quick = quick

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

    def begin(self, *roles: str) -> None:
        """These roles, started and idle."""
        if self._quick:
            self.daemon.start()
        self.place.run(
            "auto-orchestrate", "--spec", str(self.spec), "--permission-mode", "default",
            "--planner", "offline", "--roles", ",".join(roles), timeout=120,
        )  # fmt: skip
        for name in roles:
            self.await_state(name, "idle")

    def limit(
        self, claim: str = "five_hour", of: Callable[[dict[str, Any]], bool] | None = None
    ) -> None:
        """Use the plan up; nobody is due to be woken before :meth:`release` says when."""
        self._claim, self._of = claim, of
        self._resets_at, due_at = self.daemon.due_in(300)
        self.plan.limit(claim, self._resets_at, fine_at=due_at, of=of)

    def release(self, wake_in_s: float = 4.0) -> float:
        """When the first agent is due to be woken; requests are answered again 1 s before."""
        _, due_at = self.daemon.due_in(wake_in_s, self._resets_at)
        self.plan.limit(self._claim, self._resets_at, fine_at=due_at - 1, of=self._of)
        return due_at

    def asked(self, name: str, since: float = 0.0) -> list[dict[str, Any]]:
        """The agent's main requests after ``since``."""
        return [request for request in self.requests(name) if request["t"] >= since]

    def report(self, what: str) -> str:
        """What failed, and everything there is to see."""
        lines = [what]
        for name, agent in self.agents().items():
            lines += [name, str(agent), self.screen(name).strip()[-1500:]]
        lines.append(self.daemon.report())
        for request in self.state.requests:
            if request.get("main"):
                said, mine = everything(request)[-150:], request["headers"].get(SESSION, "")[:8]
                lines.append(f"{request['t']:.2f} {mine} {request['refused']} {said}")
        return "\n".join(lines)

    def until(self, look: Callable[[], Any], what: str, deadline_s: float = 30) -> Any:
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
