"""May a message be typed now? Pure: what was seen goes in, go or the reason to wait comes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tmux_orch.agents.adapter import Composer, Dialog
from tmux_orch.domain.sanitise import printable
from tmux_orch.domain.states import BUSY, READY, AgentState

# A person who pressed a key within this many seconds in a terminal that shows the agent's window
# is in the middle of something; the composer alone cannot tell (a key may be on its way). tmux
# tells the time of the last key to the second.
TYPING_S = 3.0

DRAFT = "draft in the composer"


class Kind(Enum):
    """What the gate says."""

    GO = "go"
    WAIT = "wait"
    HAND_OVER = "hand over"  # it works; its own hooks will ask for the message
    LEAVE_MODE = "leave mode"  # nobody looks at the window: its copy mode may be left, then look
    GONE = "gone"  # no process to type to: only a person or a resume changes that


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer with its reason in words; the reason of ``GO`` is empty."""

    kind: Kind
    reason: str = ""


GO = Verdict(Kind.GO)


@dataclass(frozen=True, slots=True)
class PaneLook:
    """The tmux side, read in one command.

    Attributes:
        ours: The pane's tags name this agent and this incarnation.
        dead, in_mode, input_off: tmux's flags.
        watched: A person's terminal shows the agent's window now.
        typed_ago_s: Seconds since a key was pressed in such a terminal; ``None`` when none.
    """

    ours: bool
    dead: bool
    in_mode: bool
    input_off: bool
    watched: bool
    typed_ago_s: float | None


_WAITS: dict[AgentState, str] = {
    AgentState.INITIALIZING: "the agent is starting",
    AgentState.NEEDS_TRUST: "the agent asks whether the directory is trusted",
    AgentState.NEEDS_LOGIN: "the agent asks for a sign-in",
    AgentState.WAITING_PERMISSION: "a permission dialog is open",
    AgentState.WAITING_ANSWER: "the agent waits for an answer to its question",
    AgentState.USAGE_LIMITED: "its plan's usage limit is reached",
    **dict.fromkeys(BUSY, "the agent is working"),
    AgentState.UNKNOWN: "what the agent does cannot be told",
}
_GONE: dict[AgentState, str] = {
    AgentState.EXITED: "the agent is not running",
    AgentState.ERROR: "the agent is in error",
}


def by_state(state: AgentState, hold: str | None, hands_over: bool) -> Verdict:
    """What the agent's state alone says; needs no look at the screen.

    Args:
        state: The fused state.
        hold: A pause or limit in words, else ``None``.
        hands_over: Its hooks will ask for messages while this turn runs.
    """
    if state in _GONE:
        return Verdict(Kind.GONE, _GONE[state])
    if hold is not None:
        return Verdict(Kind.WAIT, hold)
    if state in READY:
        return GO
    if state in BUSY and hands_over:
        return Verdict(Kind.HAND_OVER, "the agent is working; its next pause takes the message")
    return Verdict(Kind.WAIT, _WAITS.get(state, f"the agent is {state}"))


def by_pane(pane: PaneLook | None, dialog: Dialog | None) -> Verdict:
    """Whether keys pressed now would reach the agent's composer, whatever it holds."""
    if pane is None:
        return Verdict(Kind.GONE, "the agent has no pane")
    if not pane.ours:
        return Verdict(Kind.GONE, "the pane is not this agent's any more")
    if pane.dead:
        return Verdict(Kind.GONE, "the agent is not running")
    if pane.in_mode:
        if pane.watched:
            return Verdict(Kind.WAIT, "a person reads the window (copy mode)")
        return Verdict(Kind.LEAVE_MODE, "the window is in copy mode")
    if pane.input_off:
        return Verdict(Kind.WAIT, "the pane's input is switched off")
    if dialog is not None:
        shown = printable(dialog.question, 80)
        return Verdict(Kind.WAIT, f"a dialog is open: {shown}" if shown else "a dialog is open")
    return GO


def by_composer(composer: Composer, typed_ago_s: float | None) -> Verdict:
    """Whether a paste would stand alone: the composer proved empty, and nobody about to type."""
    if composer.empty is None:
        return Verdict(Kind.WAIT, "the input box cannot be seen")
    if not composer.empty:
        return Verdict(Kind.WAIT, DRAFT)
    if typed_ago_s is not None and typed_ago_s < TYPING_S:
        return Verdict(Kind.WAIT, "a person is typing in the window")
    return GO
