"""The adapter of our own rehearsal program: always there, every door of a real one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tmux_orch import __version__
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
from tmux_orch.agents.rehearsal import handing, looking, places, published, told
from tmux_orch.agents.screens.seen import ReadByRules
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import Reading
from tmux_orch.domain.work import Figures

_PROGRAM = Path(__file__).with_name("program.py")


class Rehearsal(HookAnswers, ReadByRules):
    """The rehearsal program. Stateless; every method may be called from any thread."""

    name = "rehearsal"
    tells_use = ("tokens", "usd")
    memory_mb = 10
    # The program's paste window is 0.15 s from when it reads the end of a paste. Measured from the
    # return of tmux's paste to Enter: 2 of 60 Enters fell into it at 0.150 s, 0 of 60 at each of
    # 0.155, 0.16, 0.17, 0.18, 0.2 s, and 0 of 30 each beside four busy loops on two cores.
    composer_gap_s = 0.17
    hands_over = True

    def locate(self, environment: Mapping[str, str]) -> Program:
        """The program that came with us; it needs nothing of ``environment``.

        Raises:
            BadInput: our own installation is incomplete.
        """
        del environment
        if not _PROGRAM.is_file():
            raise BadInput(f"{_PROGRAM} is missing", "install tmux-orch again")
        return Program(adapter=self.name, path=str(_PROGRAM), version=__version__)

    def start(self, berth: Berth, program: Program, prompt: str) -> Launch:
        """Begin ``berth.conversation_id``; the program refuses an id that has a transcript."""
        return _launch(berth, program, "--session-id", prompt)

    def resume(self, berth: Berth, program: Program, prompt: str) -> Launch:
        """Go on with ``berth.conversation_id``; an empty prompt leaves the program waiting."""
        return _launch(berth, program, "--resume", prompt)

    def account(self, berth: Berth) -> Path:
        """The program's home."""
        return Path(places.home(berth.environment))

    def has_conversation(self, berth: Berth) -> bool:
        """Whether a transcript to resume exists."""
        return self.transcript(berth) is not None

    def owner(self, berth: Berth) -> int | None:
        """See :func:`published.owner`."""
        return published.owner(berth)

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        """See :func:`published.level`."""
        return published.level(berth, now)

    def transcript(self, berth: Berth) -> Path | None:
        """The conversation's transcript, or ``None`` when there is none yet."""
        home = places.home(berth.environment)
        path = Path(places.transcript_file(home, berth.conversation_id))
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
        """See :func:`published.figures`."""
        del now  # the file says when
        return published.figures(berth)

    def hook(self, payload: Mapping[str, Any], now: datetime) -> HookReading:
        """See :func:`handing.read`."""
        return handing.read(payload, now)


def _launch(berth: Berth, program: Program, identity: str, prompt: str) -> Launch:
    # No file of the seat's is needed: the program finds the daemon's socket as `scm` does.
    argv = [sys.executable, "-I", "-S", program.path, identity, berth.conversation_id]
    argv += ["--name", berth.key, "--hooks", "daemon"]
    if berth.permission_mode:
        argv += ["--permission-mode", berth.permission_mode]
    if berth.model:
        argv += ["--model", berth.model]
    argv += ["--append-system-prompt-file", str(berth.role_page)]
    if prompt:
        argv += ["--", prompt]
    return Launch(tuple(argv))
