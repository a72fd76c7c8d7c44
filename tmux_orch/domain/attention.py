"""What needs a person: the kinds of alert, and after how long each is raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """Why somebody should look. The words are shown as they are, also by tmux."""

    SERVER_LOST = "server-lost"
    RESTART_LOOP = "restart-loop"
    STUCK = "stuck"
    BLOCKED = "blocked"
    UNANSWERED = "unanswered"
    LIMIT = "limit"
    SILENT = "silent"
    UNCOMMITTED = "uncommitted"
    CONTEXT_LOW = "context-low"
    MEMORY = "memory"
    BUDGET = "budget"


#: What the hub is told of: an agent that does nothing more by itself, which the hub can act on.
TOLD_TO_HUB = frozenset({AlertKind.STUCK, AlertKind.SILENT, AlertKind.RESTART_LOOP})


@dataclass(frozen=True, slots=True)
class Alert:
    """One reason to look at one agent.

    Attributes:
        kind: Which.
        agent: ``project/agent``.
        since_at: Since when it is so (aware UTC): what it waits for began then.
        detail: One line for a person.
    """

    kind: AlertKind
    agent: str
    since_at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """After how long, or from which figure on, an alert is raised; 0 is never.

    Attributes:
        stuck_s: Busy, or stopped by a signal, and nothing of it has moved.
        unanswered_s: Its question waits for an answer.
        blocked_s: It said that it cannot go on, and has not since.
        silent_s: Idle with open tasks.
        uncommitted_s: Idle with files that are not committed.
        restarts, restarts_in_s: So many starts within so long.
        context_percent: Used part of its context window.
        memory_mb: Memory of its program and what that started.
    """

    stuck_s: int = 300
    unanswered_s: int = 300
    blocked_s: int = 600
    silent_s: int = 900
    uncommitted_s: int = 900
    restarts: int = 5
    restarts_in_s: int = 600
    context_percent: int = 85
    memory_mb: int = 8192

    def over(self, own: Mapping[str, int]) -> Thresholds:
        """The same with a role's own in place of some."""
        return replace(self, **own)


DEFAULTS = Thresholds()
#: Lowest and highest value of each threshold besides 0.
RANGES: Mapping[str, tuple[int, int]] = {
    "stuck_s": (1, 86400),
    "unanswered_s": (1, 86400),
    "blocked_s": (1, 86400),
    "silent_s": (1, 86400),
    "uncommitted_s": (1, 86400),
    "restarts": (2, 1000),
    "restarts_in_s": (10, 86400),
    "context_percent": (1, 100),
    "memory_mb": (1, 10_000_000),
}
