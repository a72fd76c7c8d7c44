"""The adapter: every method answered by the module that knows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tmux_orch.agents import own_commands, zone
from tmux_orch.agents.adapter import (
    Berth,
    Composer,
    Dialog,
    Entry,
    HookReading,
    Launch,
    Program,
)
from tmux_orch.agents.codex import conversation, home, hooks, launch, program, rollout, screen
from tmux_orch.agents.hook_calls import HookAnswers
from tmux_orch.agents.screens.seen import ReadByRules
from tmux_orch.domain.states import Reading
from tmux_orch.domain.work import Figures


class Codex(HookAnswers, ReadByRules):
    """Codex. Stateless; every method may be called from any thread."""

    name = "codex"
    tells_use = ("tokens",)
    memory_mb = 200
    #: Typed text followed by Enter within 120 ms stays in the box (a paste burst to it). After a
    #: bracketed paste of 1 or 25 lines none of 68 Enters was lost, from 0 s on (load 7 on 2 cores).
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
        """The program's home."""
        return home.home(berth.environment)

    def has_conversation(self, berth: Berth) -> bool:
        """Whether a conversation with a turn in it exists."""
        path = conversation.transcript(berth)
        return path is not None and rollout.last_turn(path) is not None

    def owner(self, berth: Berth) -> int | None:
        """See :func:`conversation.owner`."""
        return conversation.owner(berth)

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        """What the end of the conversation's file says, while a process has it open."""
        path = conversation.transcript(berth)
        if path is None or conversation.open_in(berth.pid) is None:
            return None
        turn = rollout.last_turn(path)
        return rollout.level(turn, now, zone.of(berth.environment)) if turn is not None else None

    def transcript(self, berth: Berth) -> Path | None:
        """See :func:`conversation.transcript`."""
        return conversation.transcript(berth)

    def entry(self, line: bytes) -> Entry:
        """See :func:`rollout.entry`."""
        return rollout.entry(line)

    def composer(self, capture: str) -> Composer:
        """See :func:`screen.composer`."""
        return screen.composer(capture)

    def dialog(self, capture: str) -> Dialog | None:
        """See :func:`screen.dialog`."""
        return screen.dialog(capture)

    def figures(self, berth: Berth, now: datetime) -> Figures | None:
        """What the conversation's file counted last."""
        del now
        path = conversation.transcript(berth)
        return rollout.figures(path) if path is not None else None

    def hook(self, payload: Mapping[str, Any], now: datetime) -> HookReading:
        """See :func:`hooks.read`."""
        return hooks.read(payload, now)

    def permits(self, asks: tuple[str, str]) -> bool:
        """Whether this permission request passes without a question: one of our own commands."""
        tool, exact = asks
        return tool == "Bash" and own_commands.is_own(exact)
