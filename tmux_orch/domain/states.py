"""What an agent is doing, as far as we can prove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AgentState(StrEnum):
    """The states a person sees (the later ones of the design come with watching)."""

    INITIALIZING = "initializing"
    NEEDS_TRUST = "needs_trust"
    NEEDS_LOGIN = "needs_login"
    IDLE = "idle"
    WORKING = "working"
    WAITING_PERMISSION = "waiting_permission"
    WAITING_ANSWER = "waiting_answer"
    EXITED = "exited"
    ERROR = "error"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Where a reading came from, strongest first for the same instant."""

    PROCESS = "process"
    HOOK = "hook"
    SESSION_FILE = "session_file"
    TMUX = "tmux"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Reading:
    """One fact about one agent from one source.

    Attributes:
        source: Where it was read.
        state: What it says the agent does; ``None`` when it says nothing about that.
        at: When it was true (aware UTC).
        rule: Id of the rule that read it, e.g. ``claude.session.idle``.
        detail: One line for ``explain`` and ``status``; text from the agent, never markup.
    """

    source: Source
    state: AgentState | None
    at: datetime
    rule: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Fused:
    """What the readings of one agent together say.

    Attributes:
        state: The state shown.
        since_at: When it was entered (aware UTC).
        evidence: ``source: rule (detail)`` of the reading that decided it.
    """

    state: AgentState
    since_at: datetime
    evidence: str
