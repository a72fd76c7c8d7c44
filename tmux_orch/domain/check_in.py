"""Check-ins: the question each agent gets in its role's rhythm, and when it is spared it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tmux_orch.domain.names import split_key
from tmux_orch.domain.states import WAITING, AgentState

#: The part of its interval by which a check-in may come sooner or later, and the most of that:
#: a team that was started in one second is not asked in one second.
JITTER, JITTER_MOST_S = 0.1, 300
_NOT_THERE = {
    AgentState.EXITED: "it does not run",
    AgentState.ERROR: "it does not run",
    AgentState.INITIALIZING: "it is starting",
    AgentState.USAGE_LIMITED: "its usage limit is reached",
}


@dataclass(frozen=True, slots=True)
class Duty:
    """One agent that has check-ins.

    Attributes:
        key: The agent.
        role: Its role.
        every_s: Seconds between two.
        hub: Key of the team's hub; the agent's own for the hub itself.
    """

    key: str
    role: str
    every_s: int
    hub: str

    @property
    def job_id(self) -> str:
        """Its job in the clockwork."""
        return f"checkin:{self.key}"

    @property
    def jitter_s(self) -> int:
        """How much sooner or later than due it may come."""
        return int(min(self.every_s * JITTER, JITTER_MOST_S))


def why_not(state: AgentState | None, held: str | None, waiting: bool) -> str | None:
    """Why an agent is not asked now, in words; ``None`` when it is.

    A busy agent is asked: the question reaches it when its turn ends.

    Args:
        state: What it does; ``None`` when it is not watched.
        held: Why nothing may be sent to it (its account, its budget), or ``None``.
        waiting: Whether an earlier check-in has not reached it yet.
    """
    if state is None:
        return "it does not run"
    if state in _NOT_THERE:
        return _NOT_THERE[state]
    if held is not None:
        return held
    if state in WAITING:
        return f"a dialog waits for an answer ({state})"
    return "the check-in before has not reached it yet" if waiting else None


def text_for(duty: Duty) -> str:
    """What is asked, in the words of the agents' briefings."""
    hub = split_key(duty.hub)[1]
    if duty.key == duty.hub:
        return (
            "Check-in: look at `tmux-orch status`, answer whoever waits, and bring the status "
            "report up to date. If nothing has changed, say so in one line and go on."
        )
    if duty.role == "project_manager":
        asked = (
            f"one message to {hub} with which branch holds what, what is ready to be merged "
            "and what will conflict"
        )
    else:
        asked = f"one message to {hub} with what is done, what you are at, and what is in the way"
    return f"Check-in: {asked}. One line if nothing has changed since your last; then go on."
