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
from tmux_orch.agents.claude import (
    conversation,
    dialogs,
    home,
    hooks,
    launch,
    program,
    screen,
    session_file,
    transcript,
    usage,
)
from tmux_orch.agents.hook_calls import HookAnswers
from tmux_orch.agents.screens.seen import ReadByRules
from tmux_orch.domain.states import Reading
from tmux_orch.domain.work import Figures


class Claude(HookAnswers, ReadByRules):
    """Claude Code. Stateless; every method may be called from any thread."""

    name = "claude"
    tells_use = ("tokens", "usd")
    memory_mb = 256
    #: 12 pastes of 1, 21 and 100 lines per gap and version on 2 busy cores (load 10 to 18): 1 of 72
    #: Enters was lost at 0 s, none of 216 from 0.05 s on. Three times that.
    composer_gap_s = 0.15
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
        """The program's configuration directory."""
        return home.config_directory(berth.environment)

    def has_conversation(self, berth: Berth) -> bool:
        """Whether a transcript to resume exists."""
        return conversation.exists(berth)

    def owner(self, berth: Berth) -> int | None:
        """See :func:`session_file.owner`."""
        return session_file.owner(berth.environment, conversation.current(berth))

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        """The state the seat's process publishes, or ``None`` when none lives or publishes."""
        session = session_file.of_process(berth.environment, berth.pid)
        if session is None:
            identity = conversation.current(berth)
            session = session_file.of_conversation(berth.environment, identity)
        return session_file.level(session, now) if session is not None else None

    def transcript(self, berth: Berth) -> Path | None:
        """The conversation's transcript, or ``None`` when there is none yet."""
        return conversation.transcript(berth)

    def entry(self, line: bytes) -> Entry:
        """See :func:`transcript.entry`."""
        return transcript.entry(line)

    def spent(self, line: bytes) -> tuple[str, int, int] | None:
        """See :func:`usage.spent`."""
        return usage.spent(line)

    def composer(self, capture: str) -> Composer:
        """See :func:`screen.composer`."""
        return screen.composer(capture)

    def dialog(self, capture: str) -> Dialog | None:
        """See :func:`dialogs.dialog`."""
        return dialogs.dialog(capture)

    def figures(self, berth: Berth, now: datetime) -> Figures | None:
        """See :func:`usage.figures`: for a program that does not tell us by its status line."""
        path = conversation.transcript(berth)
        return usage.figures(path, now) if path is not None else None

    def hook(self, payload: Mapping[str, Any], now: datetime) -> HookReading:
        """See :func:`hooks.read`."""
        return hooks.read(payload, now)
