"""What a program that is started again in its old conversation begins with."""

from __future__ import annotations

from tmux_orch.briefing import render
from tmux_orch.domain.seat import Seat
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM


def prompt_of(parts: Parts, seat: Seat) -> str:
    """The prompt; empty while the agent is held, for which a turn would only meet the limit again.

    Then the same words wait as a message, and follow when the hold has ended.
    """
    prompt = render.resume_prompt(seat.tag)
    if parts.board.held(seat) is None:
        return prompt
    parts.courier.accept(SYSTEM, seat.key, prompt, client_key=f"resume:{seat.key}:{seat.tag}")
    return ""
