"""Facts about one agent, thresholds and the time → what needs a person. Pure: one rule per alert.

What could not be told (``None``) raises nothing: an alert is a claim.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tmux_orch.domain.attention import Alert, AlertKind, Thresholds
from tmux_orch.domain.said import BLOCKING, Said
from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState
from tmux_orch.domain.work import Progress


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one agent at one moment.

    Attributes:
        key: ``project/agent``.
        state, state_since_at: As fused; a mark of ours (``stuck``) does not begin a new one.
        moved_at: Last output, hook, change of its transcript, session file or worktree.
        stopped_since_at: Since when its process was seen stopped by a signal.
        said, said_at: What it said on purpose last, and when it was seen.
        worked_at: When it was last seen busy.
        progress: Its tasks.
        dirty_files: Files not committed.
        starts: When its program was started, oldest first.
        server_lost: The tmux server that held it is gone and nobody has brought it back.
        context_percent: Used part of its context window.
        memory_bytes: Of its process tree.
        limit: What it said of its usage limit while it is held by it; empty when it is not.
        asked: What a person is asked before it goes on after a limit; empty when nothing is.
        budget: How far its budget, or for the hub the team's, is used, once that is to be known.
    """

    key: str
    state: AgentState
    state_since_at: datetime
    moved_at: datetime | None = None
    stopped_since_at: datetime | None = None
    said: Said | None = None
    said_at: datetime | None = None
    worked_at: datetime | None = None
    progress: Progress | None = None
    dirty_files: int | None = None
    starts: tuple[datetime, ...] = ()
    server_lost: bool = False
    context_percent: float | None = None
    memory_bytes: int | None = None
    limit: str = ""
    asked: str = ""
    budget: str = ""

    @property
    def idle(self) -> bool:
        """No turn runs, and nothing is asked of anybody."""
        return self.state in READY


#: When it began, and what a person is told.
_Found = tuple[datetime, str]


def _server_lost(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    del over, now
    if not facts.server_lost:
        return None
    return facts.state_since_at, "the tmux server that held it is gone"


def _restart_loop(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    if not over.restarts or not over.restarts_in_s:
        return None
    since = now - timedelta(seconds=over.restarts_in_s)
    starts = [at for at in facts.starts if at > since]
    if len(starts) < over.restarts:
        return None
    return starts[0], f"started {len(starts)} times within {words(over.restarts_in_s)}"


def _stuck(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    stopped = facts.stopped_since_at
    if stopped is not None and _passed(stopped, over.stuck_s, now):
        return stopped, "its process is stopped by a signal"
    if facts.state not in BUSY:
        return None
    moved = max(facts.moved_at or facts.state_since_at, facts.state_since_at)
    if facts.state is AgentState.STUCK:  # our own mark does not move it
        moved = facts.moved_at or facts.state_since_at
    if not _passed(moved, over.stuck_s, now):
        return None
    return moved, "busy, without output, hook or change of a file"


def _blocked(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    if facts.said is None or facts.said_at is None or facts.said.kind not in BLOCKING:
        return None
    if facts.state in BUSY or facts.state is AgentState.EXITED:
        return None
    if facts.worked_at is not None and facts.worked_at > facts.said_at + _SAME_TURN:
        return None  # it went on
    if not _passed(facts.said_at, over.blocked_s, now):
        return None
    return facts.said_at, f"{facts.said.kind}: {facts.said.text}"


def _unanswered(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    if facts.state not in WAITING or not _passed(facts.state_since_at, over.unanswered_s, now):
        return None
    return facts.state_since_at, str(facts.state).replace("_", " ")


def _limit(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    del over, now
    if facts.asked:
        return facts.state_since_at, facts.asked
    if facts.state is not AgentState.USAGE_LIMITED:
        return None
    return facts.state_since_at, facts.limit or "its usage limit is reached"


def _silent(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    work = facts.progress
    if not facts.idle or work is None or work.done >= work.total:
        return None
    if not _passed(facts.state_since_at, over.silent_s, now):
        return None
    return facts.state_since_at, f"idle, with {work.total - work.done} of {work.total} tasks open"


def _uncommitted(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    if not facts.idle or not facts.dirty_files:
        return None
    if not _passed(facts.state_since_at, over.uncommitted_s, now):
        return None
    files = "1 file" if facts.dirty_files == 1 else f"{facts.dirty_files} files"
    return facts.state_since_at, f"idle, with {files} not committed"


def _context_low(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    used = facts.context_percent
    if not over.context_percent or used is None or used < over.context_percent:
        return None
    return now, f"{used:.0f} % of its context is used"


def _memory(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    held = facts.memory_bytes
    if not over.memory_mb or held is None or held < over.memory_mb * 2**20:
        return None
    return now, f"its processes hold {held / 2**30:.1f} GiB"


def _budget(facts: Facts, over: Thresholds, now: datetime) -> _Found | None:
    del over
    return (now, facts.budget) if facts.budget else None


#: In the order in which a person is told: what stops the work first.
RULES: dict[AlertKind, Callable[[Facts, Thresholds, datetime], _Found | None]] = {
    AlertKind.SERVER_LOST: _server_lost,
    AlertKind.RESTART_LOOP: _restart_loop,
    AlertKind.STUCK: _stuck,
    AlertKind.BLOCKED: _blocked,
    AlertKind.UNANSWERED: _unanswered,
    AlertKind.LIMIT: _limit,
    AlertKind.SILENT: _silent,
    AlertKind.UNCOMMITTED: _uncommitted,
    AlertKind.CONTEXT_LOW: _context_low,
    AlertKind.MEMORY: _memory,
    AlertKind.BUDGET: _budget,
}
#: Kinds whose beginning the rule does not know: the first sight of it counts.
FROM_FIRST_SIGHT = frozenset({AlertKind.CONTEXT_LOW, AlertKind.MEMORY, AlertKind.BUDGET})
#: The turn in which something was said may end a moment after we have read it.
_SAME_TURN = timedelta(seconds=5)


def alerts(facts: Facts, over: Thresholds, now: datetime) -> tuple[Alert, ...]:
    """Every alert that is due, in the order of :data:`RULES`."""
    found = []
    for kind, rule in RULES.items():
        verdict = rule(facts, over, now)
        if verdict is not None:
            found.append(Alert(kind, facts.key, min(verdict[0], now), verdict[1]))
    return tuple(found)


def words(seconds: float) -> str:
    """A span as a person says it: ``90 s``, ``5 minutes``."""
    return f"{seconds:g} s" if seconds < 120 else f"{round(seconds / 60)} minutes"


def _passed(since: datetime, seconds: int, now: datetime) -> bool:
    """Whether so much time has passed; 0 never passes."""
    return seconds > 0 and (now - since).total_seconds() >= seconds
