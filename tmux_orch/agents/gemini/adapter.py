"""The adapter: every method answered by the module that knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from tmux_orch.agents.gemini import chat, home, hooks, launch, process, program, screen
from tmux_orch.agents.hook_calls import HookAnswers
from tmux_orch.agents.screens.seen import ReadByRules
from tmux_orch.domain.states import Reading
from tmux_orch.domain.work import Figures


class Gemini(HookAnswers, ReadByRules):
    """Gemini CLI. Stateless; every method may be called from any thread."""

    name = "gemini"
    tells_use = ("tokens",)
    memory_mb = 375
    #: Enter right after a bracketed paste was lost 5 of 5 times, and 0 of 23 from 0.1 s on, with 1
    #: and 25 lines (load 7 on 2 cores). Three times that.
    composer_gap_s = 0.3
    hands_over = True

    def locate(self, environment: Mapping[str, str]) -> Program:
        """See :func:`program.locate`."""
        return program.locate(environment)

    def start(self, berth: Berth, found: Program, prompt: str) -> Launch:
        """See :func:`launch.start`."""
        return launch.start(berth, found, prompt)

    def resume(self, berth: Berth, found: Program, prompt: str) -> Launch:
        """See :func:`launch.resume`."""
        return launch.resume(berth, found, prompt)

    def account(self, berth: Berth) -> Path:
        """The person's own directory of the program; the seat's home has links to it."""
        return home.persons(berth.environment)

    def has_conversation(self, berth: Berth) -> bool:
        """Whether a conversation with a turn in it exists."""
        path = chat.file(berth)
        return path is not None and chat.has_turn(path)

    def owner(self, berth: Berth) -> int | None:
        """See :func:`process.owner`."""
        return process.owner(berth)

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        """Nothing: it publishes no state. Its hooks and its screen tell."""
        del berth, now
        return None

    def transcript(self, berth: Berth) -> Path | None:
        """See :func:`chat.file`."""
        return chat.file(berth)

    def entry(self, line: bytes) -> Entry:
        """See :func:`chat.entry`."""
        return chat.entry(line)

    def composer(self, capture: str) -> Composer:
        """See :func:`screen.composer`."""
        return screen.composer(capture)

    def dialog(self, capture: str) -> Dialog | None:
        """See :func:`screen.dialog`."""
        return screen.dialog(capture)

    def figures(self, berth: Berth, now: datetime) -> Figures | None:
        """See :func:`chat.figures`."""
        del now
        path = chat.file(berth)
        return chat.figures(path) if path is not None else None

    def hook(self, payload: Mapping[str, Any], now: datetime) -> HookReading:
        """See :func:`hooks.read`."""
        return hooks.read(payload, now)

    def tool_answer(self, texts: Sequence[str]) -> bytes:
        """See :func:`hooks.tool_answer`."""
        return hooks.tool_answer(texts)
