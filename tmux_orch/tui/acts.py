"""What the full-screen view asks of the daemon, each in the thread of its caller."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

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

    def explain(self, agent: str) -> list[Mapping[str, Any]]:
        """The readings behind the agent's state."""
        return _rows(client.call("explain", {"project": self.project, "agent": agent}))

    def peek(self, agent: str) -> list[str]:
        """The lines of the agent's screen."""
        found = client.call("peek", {"project": self.project, "agent": agent})
        screen = next((found[key] for key in ("screen", "text", "lines") if key in found), "")
        text = "\n".join(map(str, screen)) if isinstance(screen, list) else str(screen)
        return text.rstrip().split("\n")

    def answer(self, agent: str, dialog_id: object, option: str) -> None:
        """Answer the dialog that was shown with the option of this text, and no other dialog."""
        body = {"project": self.project, "agent": agent, "id": dialog_id, "option": option}
        client.call("answer", body)

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


def _rows(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = next((value for value in found.values() if isinstance(value, list)), [])
    return [one for one in rows if isinstance(one, Mapping)]


def reading_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Readings as lines: what decided first, then source, state, time, rule and detail."""
    lines = []
    for one in rows:
        mark = "=>" if one.get("decided") else "  "
        fields = (one.get(key) for key in ("source", "state", "at", "rule", "detail"))
        source, state, at, rule, detail = ("" if f is None else str(f) for f in fields)
        lines += [f"{mark} {source:<14} {state or '-':<20} {at}", f"     {rule}  {detail}", ""]
    return lines or ["no reading of it is known"]
