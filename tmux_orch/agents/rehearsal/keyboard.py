"""The terminal's bytes become a draft, a sent text, an answer to a dialog, or a wish to stop."""

from __future__ import annotations

import os

from tmux_orch.agents.rehearsal.composer import Composer, PasteWindow
from tmux_orch.agents.rehearsal.keys import Keys
from tmux_orch.agents.rehearsal.loop import READ
from tmux_orch.agents.rehearsal.record import ByteLog
from tmux_orch.agents.rehearsal.signals import SIGHUP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from tmux_orch.agents.rehearsal.dialog import Dialog
    from tmux_orch.agents.rehearsal.keys import Event
    from tmux_orch.agents.rehearsal.loop import Loop
    from tmux_orch.agents.rehearsal.options import Defaults

    class Listener(Protocol):
        """Who is told what the person did."""

        dialog: Dialog | None
        takes_drafts: bool

        def picked(self, index: int) -> None:
            """An option of the dialog, or -1 for none."""

        def entered(self, text: str) -> None:
            """A draft was sent."""

        def interrupt(self) -> bool:
            """Stop what is being done; whether there was anything."""

        def leave(self, status: int, reason: str) -> None:
            """The program shall end."""

        def redraw(self) -> None:
            """Something that is shown changed."""


# An escape sequence comes in one piece; after this silence it was the Esc key.
ESCAPE_S = 0.05
# So many characters in one read were not typed by hand: they count as a paste for the paste window
# (Codex does so; text and Enter in one tmux command stuck 30 of 30 times).
BURST = 200
TWICE_S = 2.0


class Keyboard:
    """Reads the terminal ``descriptor`` and keeps the draft."""

    def __init__(
        self, loop: Loop, descriptor: int, defaults: Defaults, agent: str, listener: Listener
    ) -> None:
        self.draft = Composer()
        self.notice = ""
        self._loop, self._terminal, self._listener = loop, descriptor, listener
        self._keys = Keys()
        self._window = PasteWindow(defaults.paste_window_s)
        self._keeps_enter = defaults.paste_enter == "newline"
        self._swallow = self._swallows = defaults.swallow_enters
        self._bytes = ByteLog(defaults.bytes_path, agent) if defaults.bytes_path else None
        self._leave_until = 0.0
        self._ended = False

    def hear(self) -> None:
        """Begin to read."""
        if not self._ended:
            self._loop.watch(self._terminal, READ, self._readable)

    def go_deaf(self, seconds: float) -> None:
        """Read nothing for so long."""
        self._loop.forget(self._terminal)
        self._loop.after(seconds, self.hear)

    def end(self) -> None:
        """Never read again."""
        self._ended = True
        self._loop.forget(self._terminal)

    def _readable(self) -> None:
        try:
            data = os.read(self._terminal, 65_536)
        except OSError:
            data = b""  # the other end of the terminal is gone
        if not data:
            self._listener.leave(128 + SIGHUP, "other")
            return
        if self._bytes is not None:
            self._bytes.add(data)
        self._events(self._keys.feed(data))
        if self._keys.waits_for_more:
            self._loop.after(ESCAPE_S, lambda: self._events(self._keys.silence()))

    def _events(self, events: list[Event]) -> None:
        for kind, what in events:
            if self._ended:
                return
            if self._listener.dialog is not None:
                self._to_dialog(self._listener.dialog, kind, what)
            elif self._listener.takes_drafts:
                self._to_composer(kind, what)
        if events:
            self._listener.redraw()

    def _to_dialog(self, asked: Dialog, kind: str, what: str) -> None:
        # A paste is dropped, and an Enter after it picks the option under the cursor: that is what
        # the real programs do.
        picked = None
        if kind == "text":
            picked = asked.typed(what)
        elif kind == "key":
            picked = asked.key(what)
        if picked is not None:
            self._listener.picked(picked)

    def _to_composer(self, kind: str, what: str) -> None:
        self.notice = ""
        if kind == "paste":
            self.draft.insert_paste(what)
            self._window.pasted(self._loop.now())
        elif kind == "text":
            self.draft.insert(what)
            if len(what) >= BURST:
                self._window.pasted(self._loop.now())
        elif what == "enter":
            self._enter()
        elif what == "escape":
            self._listener.interrupt()
        elif what in ("interrupt", "end_of_file"):
            self._asked_to_leave(what)
        else:
            self.draft.key(what)

    def _enter(self) -> None:
        if self._window.is_open(self._loop.now()):
            if self._keeps_enter:
                self.draft.insert("\n")
            return
        if self._swallows and self.draft:
            self._swallows -= 1
            return
        self._swallows = self._swallow
        text = self.draft.text().strip("\n")
        self.draft.clear()
        if text.strip():
            self._listener.entered(text)

    def _asked_to_leave(self, key: str) -> None:
        if self.draft:
            if key == "interrupt":
                self.draft.clear()
        elif key == "interrupt" and self._listener.interrupt():
            pass
        elif self._loop.now() < self._leave_until:
            self._listener.leave(0, "prompt_input_exit")
        else:
            self._leave_until = self._loop.now() + TWICE_S
            self.notice = f"Press {'C-c' if key == 'interrupt' else 'C-d'} again to exit"
