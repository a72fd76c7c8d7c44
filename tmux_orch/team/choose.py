"""Choosing an option of a dialog with keys: by its text, each key after reading it settled again.

One mechanism for every dialog that no hook answers. The cursor is moved one option at a time; the
dialog must ask the same before every key, and before Enter its cursor must stand on the very
option. tmux itself refuses a key when the pane is not the agent's any more or the terminal's cursor
moved since the look.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace

from tmux_orch.agents.adapter import Dialog
from tmux_orch.domain.dialog import bare, is_box, settled_text
from tmux_orch.domain.errors import Absent, BadInput, CouldNotTell, OrchError, Partly
from tmux_orch.domain.seat import Seat
from tmux_orch.messages.gate import TYPING_S
from tmux_orch.messages.hands import Hands, Look
from tmux_orch.team.parts import Parts
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.paste import paste, press

# Claude Code 2.1.329 draws the trust question twice: a Down pressed within 0.14 s of the first
# drawing is shown, then forgotten, and Enter takes "No, exit" (35 of 35 times; 0 of 17 after 0.5
# s).
SETTLED_S = 0.5
_DEADLINE_S = 10.0
_LOOK_EVERY_S = 0.05
# A key that the program lost is pressed again so often; the cursor shows whether it was.
_LOST_KEYS = 3
# A guard that refused because the cursor moved between look and key: look again, so often.
_REFUSALS = 5
_TAKEN_S = 5.0
#: Longer texts are shown folded by some programs, and could not be proved to stand there.
MOST_TEXT = 400


class Chooser:
    """Answers one dialog of one agent. The caller holds the agent's lease."""

    def __init__(self, parts: Parts, seat: Seat, shown: Dialog) -> None:
        self._parts = parts
        self._seat = seat
        self._shown = shown
        self._hands = Hands(parts.server, parts.clock)
        self._keys = 0

    def choose(self, wanted: int, text: str = "") -> Dialog | None:
        """Take the option at index ``wanted``, after filling it with ``text`` if it is a field.

        Returns the dialog that stands there afterwards, or ``None``.

        Raises:
            Absent: the dialog is not there, or asks something else; no key was pressed.
            BadInput: a person types, or the pane cannot be typed into; no key was pressed.
            Partly: the same after a key was pressed, or the answer was not taken.
        """
        look, dialog = self._move(wanted)
        if text:
            look, dialog = self._fill(wanted, text, look)
            if is_box(self._shown.options[wanted]):
                return dialog  # typing has ticked it; Enter would take the tick away
        refusals = 0
        while not self._press("Enter", look):
            refusals += 1
            if refusals > _REFUSALS:
                raise self._trouble("moves all the time")
            look, dialog = self._settled()
            if dialog.cursor != wanted:
                raise self._trouble("did not keep the cursor")
        return self._followed(dialog)

    # -- keys ------------------------------------------------------------------------------------

    def _move(self, wanted: int) -> tuple[Look, Dialog]:
        look, dialog = self._settled()
        misses = 0
        while dialog.cursor != wanted:
            if dialog.cursor is None or misses > _LOST_KEYS + _REFUSALS:
                raise self._trouble("did not follow the cursor")
            before = dialog.cursor
            self._press("Down" if before < wanted else "Up", look)
            look, dialog = self._settled()
            # Nearer by one is what the key does; anything else is counted.
            nearer = dialog.cursor is not None and abs(dialog.cursor - wanted) < abs(
                before - wanted
            )
            misses = 0 if nearer else misses + 1
        return look, dialog

    def _fill(self, wanted: int, text: str, look: Look) -> tuple[Look, Dialog]:
        """Paste into the field under the cursor; go on only when it stands there."""
        guard = self._guard(look)
        if not paste(self._parts.server, guard, f"answer-{secrets.token_hex(4)}", text):
            raise self._trouble("changed in the moment before the paste")
        self._keys += 1
        before = self._shown
        end = time.monotonic() + _DEADLINE_S
        while time.monotonic() < end:
            look, dialog = self._read()
            if dialog is not None and dialog.cursor == wanted and wanted < len(dialog.options):
                there = bare(dialog.options[wanted])
                if there and text.startswith(there) and len(there) >= min(len(text), 40):
                    options = list(before.options)
                    options[wanted] = dialog.options[wanted]
                    self._shown = replace(before, options=tuple(options))
                    return self._settled()
            time.sleep(_LOOK_EVERY_S)
        raise self._trouble("does not show the text")

    def _press(self, key: str, look: Look) -> bool:
        try:
            pressed = press(self._parts.server, self._guard(look), key)
        except CouldNotTell as error:
            raise self._trouble(f"may have got {key}: {error.message}") from error
        self._keys += pressed
        return pressed

    def _guard(self, look: Look) -> Guard:
        return Guard(self._seat.pane_id, self._seat.key, self._seat.tag, look.cursor)

    # -- looking ---------------------------------------------------------------------------------

    def _read(self) -> tuple[Look, Dialog | None]:
        look = self._hands.look(self._seat)
        return look, self._parts.adapter(self._seat).dialog(look.screen)

    def _settled(self) -> tuple[Look, Dialog]:
        """The dialog once it has stood unchanged for :data:`SETTLED_S`, asking what was shown."""
        since, last = time.monotonic(), None
        end = since + _DEADLINE_S
        while time.monotonic() < end:
            look, dialog = self._read()
            self._check(look)
            if dialog != last:
                since, last = time.monotonic(), dialog
            elif time.monotonic() - since >= SETTLED_S:
                if dialog is None:
                    raise self._gone("is not there any more")
                if not same(dialog, self._shown):
                    raise self._gone("asks something else now")
                return look, dialog
            time.sleep(_LOOK_EVERY_S)
        raise self._gone("does not stand still")

    def _check(self, look: Look) -> None:
        pane = look.pane
        if pane is None or not pane.ours or pane.dead:
            raise self._gone("is in no live pane of this agent")
        if pane.in_mode or pane.input_off:
            raise self._busy("a person reads the window (copy mode), or its input is off")
        if pane.typed_ago_s is not None and pane.typed_ago_s < TYPING_S:
            raise self._busy("a person is typing in the window")

    def _followed(self, answered: Dialog) -> Dialog | None:
        end = time.monotonic() + _TAKEN_S
        while time.monotonic() < end:
            _, now = self._read()
            if now is None or not same(now, answered):
                return now
            time.sleep(_LOOK_EVERY_S)
        raise self._trouble("still stands; Enter was pressed once and is not pressed again")

    # -- failures --------------------------------------------------------------------------------

    def _gone(self, what: str) -> OrchError:
        if self._keys:
            return self._trouble(what)
        return Absent(f"the dialog of {self._seat.name} {what}", "see: tmux-orch dialogs")

    def _busy(self, why: str) -> OrchError:
        step = f"answer there, or try again later: tmux-orch attach {self._seat.name}"
        return Partly(why, step) if self._keys else BadInput(why, step)

    def _trouble(self, what: str) -> OrchError:
        line = f"the dialog of {self._seat.name} {what}"
        return Partly(line, f"look: tmux-orch attach {self._seat.name}")


def same(one: Dialog, other: Dialog) -> bool:
    """Whether both ask the same: kind, question and options; the cursor may stand elsewhere."""
    mine = (one.state, one.rule, settled_text(one.question), one.options)
    return mine == (other.state, other.rule, settled_text(other.question), other.options)
