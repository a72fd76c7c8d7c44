"""What an agent is doing, as far as we can prove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AgentState(StrEnum):
    """The states a person sees."""

    INITIALIZING = "initializing"
    NEEDS_TRUST = "needs_trust"
    NEEDS_LOGIN = "needs_login"
    IDLE = "idle"
    THINKING = "thinking"  # the model is asked, or speaks
    READING = "reading"  # a tool that only looks runs
    WORKING = "working"  # any other tool runs, or busy is all that is known
    TESTING = "testing"  # a test command runs
    COMPACTING = "compacting"
    RETRYING = "retrying"  # the model's service failed, and the program asks it again by itself
    WAITING_PERMISSION = "waiting_permission"
    WAITING_ANSWER = "waiting_answer"
    USAGE_LIMITED = "usage_limited"
    STUCK = "stuck"  # busy by its own word, and nothing of it has moved for long
    COMPLETE = "complete"  # idle with every task done and committed
    EXITED = "exited"
    ERROR = "error"
    UNKNOWN = "unknown"


#: A turn runs: nothing may be typed, and the program's hooks will come by.
BUSY = frozenset(
    {
        AgentState.THINKING,
        AgentState.READING,
        AgentState.WORKING,
        AgentState.TESTING,
        AgentState.COMPACTING,
        AgentState.RETRYING,
        AgentState.STUCK,
    }
)
#: No turn runs and the composer takes a message; ``complete`` is ``idle`` with nothing left to do.
READY = frozenset({AgentState.IDLE, AgentState.COMPLETE})
#: A question stands on the screen, and only an answer lets the agent go on.
WAITING = frozenset(
    {
        AgentState.NEEDS_TRUST,
        AgentState.NEEDS_LOGIN,
        AgentState.WAITING_PERMISSION,
        AgentState.WAITING_ANSWER,
    }
)


class Condition(StrEnum):
    """What an agent's screen says about limits, errors and sign-in (labels of the corpus)."""

    USAGE_LIMIT = "usage_limit"
    APPROACHING_LIMIT = "approaching_limit"
    API_ERROR = "api_error"
    OVERLOADED = "overloaded"
    AUTH = "auth"
    CONTEXT_LOW = "context_low"
    BILLING = "billing"
    NONE = "none"


class Source(StrEnum):
    """Where a reading came from, strongest first for the same instant."""

    PROCESS = "process"
    HOOK = "hook"
    SESSION_FILE = "session_file"
    TMUX = "tmux"
    SCREEN = "screen"  # the pane's text and its title
    STATUS_LINE = "status_line"  # what the program tells its own status line
    TRANSCRIPT = "transcript"
    GIT = "git"  # the worktree: files and commits


@dataclass(frozen=True, slots=True)
class Reading:
    """One fact about one agent from one source.

    Attributes:
        source: Where it was read.
        state: What it says the agent does; ``None`` when it says nothing about that.
        at: When it was true (aware UTC).
        rule: Id of the rule that read it, e.g. ``claude.session.idle``.
        detail: One line for ``explain`` and ``status``; text from the agent, never markup.
        until_at: When what it says ends by itself (a limit's reset), if it said so.
    """

    source: Source
    state: AgentState | None
    at: datetime
    rule: str
    detail: str = ""
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fused:
    """What the readings of one agent together say.

    Attributes:
        state: The state shown.
        since_at: When it was entered (aware UTC).
        evidence: ``source: rule (detail)`` of the reading that decided it.
        conflict: What another reading says against it, in the same form; empty when none does.
    """

    state: AgentState
    since_at: datetime
    evidence: str
    conflict: str = ""
