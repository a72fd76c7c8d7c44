"""What the full-screen view asks of the daemon, each in the thread of its caller."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tmux_orch.cli import when
from tmux_orch.domain.errors import EXIT_DONE, Internal
from tmux_orch.rpc import client, post
from tmux_orch.rpc.follow import follow

Step = Callable[[dict[str, Any]], None]
#: Long enough for an idle agent's proof; a busy one's message is told as held.
SEND_WAIT_S = 8.0
_ATTACH = "from tmux_orch.cli.main import main; main()"


class Acts:
    """The acts on one team.

    Args:
        project: Its name.
        interval_s: How often at most its status is told.
    """

    def __init__(self, project: str, interval_s: float = 1.0) -> None:
        self.project = project
        self.interval_s = interval_s

    def follow(self, step: Step, away: Callable[[str], None]) -> None:
        """Hand each status to ``step``, for ever; see ``rpc.follow``."""
        body = {"project": self.project, "interval_s": self.interval_s}
        follow("follow-status", lambda: body, step, away=away)

    def events(self, agent: str, limit: int) -> list[dict[str, Any]]:
        """The agent's last events, oldest first."""
        body = {"project": self.project, "agent": agent, "limit": limit}
        return list(client.call("log", body)["events"])

    def send(self, agent: str, text: str) -> post.Receipt:
        """Send a message as ``scm`` does."""
        return post.send(f"{self.project}/{agent}", text, SEND_WAIT_S)

    def explain(self, agent: str) -> Mapping[str, Any]:
        """The agent's state and the readings behind it."""
        return client.call("explain", {"project": self.project, "agent": agent})

    def peek(self, agent: str) -> list[str]:
        """The lines of the agent's screen."""
        return list(client.call("peek", {"project": self.project, "agent": agent})["lines"])

    def answer(self, agent: str, dialog: Mapping[str, Any], option: str, text: str) -> None:
        """Answer the dialog that was shown with the option of this text, and no other dialog.

        ``text`` goes into an option that is a field; empty for others.
        """
        seen = {part: dialog.get(part) for part in ("question", "options", "exact")}
        body = {"project": self.project, "agent": agent, "option": option, "text": text}
        client.call("answer", {**body, "id": dialog.get("id"), "seen": seen})

    def attach(self, agent: str) -> None:
        """Sit down at the agent's window until the person detaches.

        Raises:
            Internal: it could not be shown.
        """
        argv = [sys.executable, "-c", _ATTACH, "attach", "--project", self.project, "--", agent]
        # In the foreground and for as long as the person stays: no deadline, nothing captured but
        # what went wrong.
        done = subprocess.run(argv, stderr=subprocess.PIPE, check=False)
        if done.returncode != EXIT_DONE:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise Internal(said[-1] if said else f"attach ended with {done.returncode}")


def explained(found: Mapping[str, Any]) -> list[str]:
    """A state and its readings as lines: an arrow at the one that decided."""
    lines = [f"because  {found.get('evidence') or '-'}", f"against  {found.get('conflict') or '-'}"]
    for one in found.get("readings") or []:
        mark = "=>" if one.get("decided") else "  "
        head = f"{one.get('source')}: {one.get('state') or 'says nothing of its state'}"
        lines += ["", f"{mark} {head}", f"     {when.clock(one.get('at'))}  {one.get('rule')}"]
        lines += [f"     {one['detail']}"] if one.get("detail") else []
    return lines
