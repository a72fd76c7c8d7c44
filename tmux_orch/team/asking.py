"""What a program that is started is asked with: at its start, once it is ready, or after a hold."""

from __future__ import annotations

from tmux_orch.briefing import render
from tmux_orch.domain.errors import Partly
from tmux_orch.domain.message import MessageState
from tmux_orch.domain.seat import Seat
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM


def prompt_of(parts: Parts, seat: Seat) -> str:
    """What one that is resumed begins with; nothing while it is held, for a turn would only meet
    the limit again.

    Then the same words wait as a message, and follow when the hold has ended.
    """
    prompt = render.resume_prompt(seat.tag)
    if parts.board.held(seat) is None:
        return prompt
    parts.courier.accept(SYSTEM, seat.key, prompt, client_key=f"resume:{seat.key}:{seat.tag}")
    return ""


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
