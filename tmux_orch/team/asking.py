"""Asking a program that takes no prompt at its start, once it is ready."""

from __future__ import annotations

from tmux_orch.domain.errors import Partly
from tmux_orch.domain.message import MessageState
from tmux_orch.domain.seat import Seat
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM


def ask(parts: Parts, seat: Seat, text: str, wait_s: float) -> None:
    """Send the text as a message of ours and wait until it is delivered.

    Raises:
        Partly: it cannot be said within ``wait_s`` that the agent took it.
    """
    message = parts.courier.accept(SYSTEM, seat.key, text)
    message = parts.courier.wait(message.id, wait_s=wait_s)
    if message.state is not MessageState.DELIVERED:
        told = f"{message.state}: {message.reason}" if message.reason else str(message.state)
        raise Partly(
            f"it started, but its first message is {told}", f"look: tmux-orch attach {seat.name}"
        )
