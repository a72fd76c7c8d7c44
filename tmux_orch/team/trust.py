"""Answering a trust dialog on the person's word: by the option's text, as every dialog is."""

from __future__ import annotations

import re

from tmux_orch.domain.errors import OrchError, Partly
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.team.choose import Chooser
from tmux_orch.team.parts import Parts
from tmux_orch.tmux.capture import capture

_YES = re.compile(r"\b(yes|trust)\b", re.IGNORECASE)
# Gemini CLI offers the parent folder too: more than was asked for.
_NO = re.compile(r"\b(no|don'?t|exit|cancel|parent)\b", re.IGNORECASE)


def yes_option(options: tuple[str, ...]) -> int | None:
    """Index of the one option that says yes to trusting; ``None`` when not exactly one does."""
    found = [i for i, text in enumerate(options) if _YES.search(text) and not _NO.search(text)]
    return found[0] if len(found) == 1 else None


def answer_trust(parts: Parts, seat: Seat) -> None:
    """Move to the option that says yes and press Enter, each time after reading it settled.

    Raises:
        Partly: the dialog is not a trust dialog, or its options cannot be told apart.
    """
    screen = capture(parts.server, [seat.pane_id], escapes=True).get(seat.pane_id, "")
    dialog = parts.adapter(seat).dialog(screen)
    if dialog is None or dialog.state is not AgentState.NEEDS_TRUST:
        raise _look(seat, "went away")
    wanted = yes_option(dialog.options)
    if wanted is None or dialog.cursor is None:
        raise _look(seat, "was not understood")
    try:
        with parts.courier.typing(seat.key):
            Chooser(parts, seat, dialog).choose(wanted)
    except OrchError as error:
        raise _look(seat, f"was not answered: {error.message}") from error
    parts.events.append("trust.answered", seat.project, seat.key, {
        "question": dialog.question, "option": dialog.options[wanted],
    })  # fmt: skip


def _look(seat: Seat, what: str) -> Partly:
    return Partly(f"its trust dialog {what}", f"look: tmux-orch attach {seat.name}")
