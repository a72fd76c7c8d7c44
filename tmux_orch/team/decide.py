"""What one seat needs next: pure decisions over what is stored and what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tmux_orch.domain.seat import Seat
from tmux_orch.tmux.panes import PaneFacts


class Act(StrEnum):
    """What reconcile does with a seat."""

    ADOPT = "adopt"  # it lives: nothing is started, nothing typed
    START = "start"  # first start, or a conversation that has no transcript: same id, same briefing
    RESUME = "resume"  # its conversation exists and nobody has it open: go on with it
    WAIT = "wait"  # somebody else has the conversation open: never started twice


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there now for one seat.

    Attributes:
        pane_alive: A pane with its tags exists and its program runs.
        conversation: A transcript that can be resumed exists.
        briefed: The transcript contains the briefing's marker.
        owner: Pid of a live process that has the conversation open outside our pane, else ``None``.
    """

    pane_alive: bool
    conversation: bool
    briefed: bool
    owner: int | None


def decide(seen: Seen) -> Act:
    """The act for one seat that is wanted up."""
    if seen.pane_alive:
        return Act.ADOPT
    if seen.owner is not None:
        return Act.WAIT
    return Act.RESUME if seen.conversation and seen.briefed else Act.START


def living(seat: Seat, panes: Iterable[PaneFacts]) -> PaneFacts | None:
    """The live pane of ``seat``: tagged with its key and its run."""
    for pane in panes:
        if pane.agent == seat.key and not pane.dead and pane.incarnation.startswith(f"{seat.run}."):
            return pane
    return None
