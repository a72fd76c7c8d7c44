"""The running program: what the person types, what it is doing, what it shows and publishes."""

from __future__ import annotations

import os

from tmux_orch.agents.rehearsal import dialog, habits, places, signals
from tmux_orch.agents.rehearsal.admission import admit
from tmux_orch.agents.rehearsal.children import Child
from tmux_orch.agents.rehearsal.hooks import Hooks
from tmux_orch.agents.rehearsal.keyboard import Keyboard
from tmux_orch.agents.rehearsal.loop import Task
from tmux_orch.agents.rehearsal.record import SessionFile, Transcript, make_directory
from tmux_orch.agents.rehearsal.signals import SIGHUP, SIGINT, SIGTERM, SIGWINCH
from tmux_orch.agents.rehearsal.turn import Turn
from tmux_orch.agents.rehearsal.view import composer_view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from tmux_orch.agents.rehearsal.directive import Directive
    from tmux_orch.agents.rehearsal.loop import Cancellable, Loop, Resume, Timer, Wait
    from tmux_orch.agents.rehearsal.options import Options
    from tmux_orch.agents.rehearsal.screen import Screen

# SessionEnd gets this long at the end; nothing at all is waited for without a handler.
FAREWELL_S = 0.5
ECHOED_LINES = 20


class Agent:
    """One run of the program on the terminal ``descriptor``. ``status`` is its exit status."""

    def __init__(self, options: Options, loop: Loop, screen: Screen, descriptor: int) -> None:
        self.status = 0
        self.mode = options.mode
        self.directory = options.directory
        self.transcript = Transcript(options.home, options.conversation)
        self.allowed: set[str] = set()
        self.carried: list[str] = []
        self._options, self._defaults = options, options.defaults
        self._loop, self._screen = loop, screen
        make_directory(options.home)
        self._session = SessionFile(options.home, _facts(options))
        self._hooks = Hooks(loop, options.hooks, _common(options, self.transcript.path))
        self._queue: list[str] = []
        self._task: Task | None = None
        self._busy_since = 0.0
        self._ticker: Timer | None = None
        self._draws_soon = False
        self.dialog: dialog.Dialog | None = None
        self.takes_drafts = False
        self._answered: Callable[[int], None] | None = None
        self._leaving = False
        self._keyboard = Keyboard(loop, descriptor, self._defaults, options.agent, self)

    # Start and end.

    def begin(self) -> None:
        """Take the terminal; ask what must be asked first; then be ready."""
        loop = self._loop
        loop.on_signal(SIGINT, lambda: self.leave(128 + SIGINT, "other"))
        loop.on_signal(SIGTERM, lambda: self.leave(128 + SIGTERM, "other"))
        loop.on_signal(SIGHUP, lambda: self.leave(128 + SIGHUP, "other"))
        loop.on_signal(SIGWINCH, self._resized)
        if self._defaults.deaf_s:
            self._keyboard.go_deaf(self._defaults.deaf_s)
        else:
            self._keyboard.hear()
        self._screen.enter()
        admit(self._options, self._open_dialog, self._ready, lambda: self.leave(1, "other"))

    def leave(self, status: int, reason: str) -> None:
        """End cleanly: session file removed, SessionEnd told, the terminal given back."""
        if self._leaving:
            return
        self._leaving = True
        self.status = status
        if self._task is not None:
            self._task.cancel()
        self._keyboard.end()
        self._session.remove()
        self._loop.after(FAREWELL_S, self._loop.stop)
        self._hooks.call("SessionEnd", lambda _answer: self._loop.stop(), reason=reason)

    def crash(self, number: int) -> None:
        """Die of a signal, cleaning up nothing."""
        if number not in (9, 19):
            signals.restore(number)
        os.kill(os.getpid(), number)

    def _ready(self) -> None:
        options = self._options
        self.takes_drafts = True
        self.show(f"rehearsal · {options.model} · {options.mode} · {self.directory}")
        if options.resume:
            self.show(f"Resumed {options.conversation}")
        source = "resume" if options.resume else "startup"
        if options.prompt:
            self._submit(options.prompt)
        else:
            self._idle()
        self._hooks.call("SessionStart", _nothing, source=source, model=options.model)

    # What turns use.

    def hook(self, event: str, **fields: Any) -> Wait:
        """Wait for a hook's answer (a dict)."""
        extra = {"permission_mode": self.mode, **fields}
        return lambda resume: self._hooks.call(event, resume, **extra)

    def pause(self, seconds: float) -> Wait:
        """Wait so long."""
        return lambda resume: self._loop.after(seconds, lambda: resume(None))

    def run(self, words: Sequence[str], deadline_s: float) -> Wait:
        """Wait for a command: ``(status, output)``."""
        return lambda resume: Child(
            self._loop, words, lambda *result: resume(result), deadline_s=deadline_s
        )

    def ask(self, asked: dialog.Dialog, event: str, **fields: Any) -> Wait:
        """Wait for a person or a hook: ``(picked option, None)`` or ``(None, hook's decision)``."""

        def wait(resume: Resume) -> Cancellable:
            def person(picked: int) -> None:
                if call is not None:
                    call.cancel()
                self._busy()
                resume((picked, None))

            def hook(answer: dict[str, Any]) -> None:
                decision = _decision(answer)
                if decision is not None and self.dialog is asked:
                    self._close_dialog()
                    self._busy()
                    resume((None, decision))

            call = None
            self._open_dialog(asked, person)
            if event:
                call = self._hooks.call(event, hook, permission_mode=self.mode, **fields)
            return _Asked(self, call)

        return wait

    def go_deaf(self, seconds: float) -> None:
        """Read nothing from the terminal for so long."""
        self._keyboard.go_deaf(seconds)

    def take_queue(self) -> list[str]:
        """What was typed while busy; it is the caller's from now on."""
        queue, self._queue = self._queue, []
        return queue

    def habit(self, text: str) -> Directive:
        """What is done with a text that has no directive."""
        return habits.habit(text, self._options.agent, self._defaults)

    def show(self, text: str) -> None:
        """Print above the composer."""
        self._screen.add(text)
        self.redraw()

    # Turns.

    def _submit(self, text: str) -> None:
        if self._task is None:
            self._start([text], announced=False)
            return
        self._queue.append(text)
        self.transcript.queue("enqueue", text)
        self._hooks.call("UserPromptSubmit", _nothing, prompt=text, permission_mode=self.mode)

    def _start(self, texts: list[str], announced: bool) -> None:
        for text in texts:
            lines = text.split("\n")
            if len(lines) > ECHOED_LINES:
                lines = [*lines[:ECHOED_LINES], f"… +{len(lines) - ECHOED_LINES} lines"]
            self._screen.add("> " + "\n  ".join(lines))
        self._task = Task(Turn(self, texts, announced).work(), self._over)
        self._busy_since = self._loop.now()
        self._busy()
        if self._ticker is None:
            self._ticker = self._loop.after(1.0, self._tick)
        self._task.start()

    def _over(self) -> None:
        self._task = None
        if self._leaving:
            return
        queued = self.take_queue()
        if not queued:
            self._idle()
            return
        for text in queued:
            self.transcript.queue("dequeue", text)
        self._start(queued, announced=True)

    def _idle(self) -> None:
        self._draw()  # first, so that who reads "idle" and then the screen sees the box of now
        self._session.publish("idle")

    def use(self, used: dict[str, float]) -> None:
        """It used so much more; published with its next state."""
        self._session.use(used)

    def _busy(self) -> None:
        self._session.publish("busy")
        self.redraw()

    def _tick(self) -> None:
        self._ticker = None
        if self._task is not None:
            self._draw()
            self._ticker = self._loop.after(1.0, self._tick)

    # Dialogs.

    def _open_dialog(self, asked: dialog.Dialog, answered: Callable[[int], None]) -> None:
        self.dialog, self._answered = asked, answered
        if asked.waiting_for:
            self._session.publish("waiting", asked.waiting_for)
        self.redraw()

    def _close_dialog(self) -> None:
        self.dialog, self._answered = None, None
        self.redraw()

    def _help(self) -> None:
        def closed(_picked: int) -> None:
            if self._task is None:
                self._idle()
            else:
                self._busy()

        self._open_dialog(dialog.help_page(), closed)

    # What the person does.

    def entered(self, text: str) -> None:
        """A draft was sent: a command of the program's own, or a text for the agent."""
        if text.startswith("/"):
            self._slash(text)
        elif text.startswith("!"):
            self._shell(text[1:].split())
        else:
            self._submit(text)

    def interrupt(self) -> bool:
        """End the turn without a word; whether there was one."""
        if self._task is None:
            return False
        self._task.cancel()
        self.show("  ⎿ Interrupted")
        self._over()
        return True

    def picked(self, index: int) -> None:
        """An option of the dialog that stands, or -1 for none."""
        answered = self._answered
        if answered is not None:
            self._close_dialog()
            answered(index)

    def _slash(self, text: str) -> None:
        command = text.split()[0]
        if command == "/exit":
            self.leave(0, "prompt_input_exit")
        elif command == "/help":
            self._help()
        else:
            self.show(f"Unknown command: {command}")

    def _shell(self, words: list[str]) -> None:
        """``!`` runs a command at once, without the model: the trap that a header line avoids."""
        if words:
            self.show(f"! {' '.join(words)}")

            def done(status: int, output: bytes) -> None:
                self.show(f"  ⎿ {output.decode('utf-8', 'replace').strip() or status}")

            Child(self._loop, words, done, deadline_s=60.0)

    def _resized(self) -> None:
        self._screen.measure()
        self._draw()

    def redraw(self) -> None:
        """Draw once what changed, when everything at hand was done."""
        if not self._draws_soon:
            self._draws_soon = True
            self._loop.soon(self._draw)

    def _draw(self) -> None:
        self._draws_soon = False
        if self._leaving:
            return
        screen = self._screen
        if self.dialog is not None:
            screen.draw(self.dialog.live(screen.width, screen.height))
        elif self.takes_drafts:
            board = self._keyboard
            busy_s = self._loop.now() - self._busy_since if self._task is not None else None
            screen.draw(composer_view(screen, board.draft, self._queue, busy_s, board.notice))


class _Asked:
    """Takes a question back when its turn is interrupted."""

    def __init__(self, agent: Agent, call: Cancellable | None) -> None:
        self._agent = agent
        self._call = call

    def cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._agent._close_dialog()


def _facts(options: Options) -> dict[str, Any]:
    import time

    from tmux_orch import __version__

    return {
        "pid": os.getpid(),
        "sessionId": options.conversation,
        "cwd": options.directory,
        "startedAt": int(time.time() * 1000),
        "procStart": places.process_start(os.getpid()),
        "version": __version__,
        "kind": "interactive",
        "name": options.name,
    }


def _common(options: Options, transcript: str) -> dict[str, Any]:
    return {
        "session_id": options.conversation,
        "transcript_path": transcript,
        "cwd": options.directory,
    }


def _decision(answer: dict[str, Any]) -> dict[str, Any] | None:
    specific = answer.get("hookSpecificOutput")
    decision = specific.get("decision") if isinstance(specific, dict) else None
    known = isinstance(decision, dict) and decision.get("behavior") in ("allow", "deny")
    return decision if known else None


def _nothing(_answer: dict[str, Any]) -> None:
    """Nobody waits for this hook's answer."""
