"""Answering a trust dialog on the person's word: by the option's text, read again first."""

from __future__ import annotations

import re
import time

from tmux_orch.agents.adapter import Dialog
from tmux_orch.domain.errors import Partly
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.team.parts import Parts
from tmux_orch.tmux.capture import capture
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.paste import press

_YES = re.compile(r"\b(yes|trust)\b", re.IGNORECASE)
_NO = re.compile(r"\b(no|don'?t|exit|cancel)\b", re.IGNORECASE)
# Options of the known trust dialogs: at most three; more steps mean that we read it wrongly.
_STEPS = 6
# Claude Code 2.1.329 draws the question twice: a Down pressed within 0.14 s of the first drawing is
# shown, then forgotten, and Enter takes "No, exit" (35 of 35 times; 0 of 17 after 0.5 s).
_SETTLED_S = 0.5
_DEADLINE_S = 10.0
_LOOK_EVERY_S = 0.05


def yes_option(options: tuple[str, ...]) -> int | None:
    """Index of the one option that says yes to trusting; ``None`` when not exactly one does."""
    found = [i for i, text in enumerate(options) if _YES.search(text) and not _NO.search(text)]
    return found[0] if len(found) == 1 else None


def answer_trust(parts: Parts, seat: Seat) -> None:
    """Move to the option that says yes and press Enter, each time after reading it settled.

    Raises:
        Partly: the dialog is not a trust dialog, or its options cannot be told apart.
    """
    guard = Guard(seat.pane_id, seat.key, seat.tag)
    for _ in range(_STEPS):
        dialog = _settled(parts, seat)
        wanted = yes_option(dialog.options)
        if wanted is None or dialog.cursor is None:
            raise _look(seat, "was not understood")
        key = "Enter" if dialog.cursor == wanted else "Down" if dialog.cursor < wanted else "Up"
        if not press(parts.server, guard, key):
            raise _look(seat, "is not in a pane that can be typed into")
        if key == "Enter":
            parts.events.append("trust.answered", seat.project, seat.key, {
                "question": dialog.question, "option": dialog.options[wanted],
            })  # fmt: skip
            return
    raise _look(seat, "did not follow the cursor")


def _settled(parts: Parts, seat: Seat) -> Dialog:
    """The trust dialog once it has stood unchanged for :data:`_SETTLED_S`."""
    adapter, since, last = parts.adapter(seat), time.monotonic(), None
    end = since + _DEADLINE_S
    while time.monotonic() < end:
        screen = capture(parts.server, [seat.pane_id], escapes=True).get(seat.pane_id, "")
        dialog = adapter.dialog(screen)
        if dialog != last:
            since, last = time.monotonic(), dialog
        elif dialog is not None and time.monotonic() - since >= _SETTLED_S:
            if dialog.state is not AgentState.NEEDS_TRUST:
                break
            return dialog
        time.sleep(_LOOK_EVERY_S)
    raise _look(seat, "went away")


def _look(seat: Seat, what: str) -> Partly:
    return Partly(f"its trust dialog {what}", f"look: tmux-orch attach {seat.name}")
