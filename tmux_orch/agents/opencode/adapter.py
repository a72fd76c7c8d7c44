"""The adapter: every method answered by the module that knows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tmux_orch.agents.adapter import (
    Berth,
    Composer,
    Dialog,
    Entry,
    HookReading,
    Launch,
    Program,
)
from tmux_orch.agents.hook_calls import HookAnswers
from tmux_orch.agents.opencode import (
    hooks,
    launch,
    looking,
    program,
    published,
    seat_files,
    told,
)
from tmux_orch.agents.screens.seen import ReadByRules
from tmux_orch.domain.states import Reading
from tmux_orch.domain.work import Figures


class OpenCode(HookAnswers, ReadByRules):
    """opencode. Stateless; every method may be called from any thread."""

    name = "opencode"
    tells_use = ("tokens", "usd")
    memory_mb = 984
    # From the return of tmux's paste to Enter: 0 of 80 were lost at 0, 0.02, 0.05 and 0.1 s, one
    # line and 21 lines alike (1.18.33, quiet machine).
    composer_gap_s = 0.05
    hands_over = True
    # A text that ends in @word opens a list of files and agents, and Enter takes its first entry:
    # "ask @developer" became "ask @explore" (1.18.33). A blank after it closes the list.
    paste_end = " "

    def locate(self, environment: Mapping[str, str]) -> Program:
        """See :func:`program.locate`."""
        return program.locate(environment)

    def start(self, berth: Berth, program: Program, prompt: str) -> Launch:
        """See :func:`launch.start`."""
        return launch.start(berth, program, prompt)

    def resume(self, berth: Berth, program: Program, prompt: str) -> Launch:
        """See :func:`launch.resume`."""
        return launch.resume(berth, program, prompt)

    def account(self, berth: Berth) -> Path:
        """Where the program keeps its sign-in."""
        return seat_files.data(berth.environment)

    def has_conversation(self, berth: Berth) -> bool:
        """Whether the program has a session with a message that the seat's conversation is."""
        return bool(seat_files.session(berth))

    def owner(self, berth: Berth) -> int | None:
        """Pid of the live process that our plugin runs in for this conversation, or ``None``."""
        found = published.read(seat_files.state(berth))
        return found.pid if found is not None and published.is_alive(found) else None

    def session_file(self, berth: Berth) -> Path | None:
        """The file whose stamp tells that :meth:`level` may have changed."""
        return seat_files.state(berth)

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        """What the plugin publishes of the live program; ``None`` before it is loaded."""
        found = published.read(seat_files.state(berth))
        if found is None or not published.is_alive(found):
            return None
        return published.level(found, now)

    def transcript(self, berth: Berth) -> Path | None:
        """The conversation's lines as the plugin wrote them, or ``None`` when there are none."""
        path = seat_files.transcript(berth)
        return path if path.is_file() else None

    def entry(self, line: bytes) -> Entry:
        """See :func:`told.entry`."""
        return told.entry(line)

    def composer(self, screen: str) -> Composer:
        """See :func:`looking.composer`."""
        return looking.composer(screen)

    def dialog(self, screen: str) -> Dialog | None:
        """See :func:`looking.dialog`."""
        return looking.dialog(screen)

    def figures(self, berth: Berth, now: datetime) -> Figures | None:
        """Tokens, cost and context of this process, as the program reckons them."""
        found = published.read(seat_files.state(berth))
        return published.figures(found, now) if found is not None else None

    def hook(self, payload: Mapping[str, Any], now: datetime) -> HookReading:
        """See :func:`hooks.read`."""
        return hooks.read(payload, now)
