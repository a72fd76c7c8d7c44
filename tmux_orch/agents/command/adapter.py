"""The adapter of a described program. All it knows of one is its command line and its screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from tmux_orch.agents.adapter import (
    Berth,
    Composer,
    Dialog,
    Entry,
    EntryKind,
    HookReading,
    Launch,
    Program,
    ScreenReading,
)
from tmux_orch.agents.command import describe, launch
from tmux_orch.agents.hook_calls import HookAnswers
from tmux_orch.agents.screens import read, seen
from tmux_orch.agents.screens.regions import Regions, regions
from tmux_orch.domain.agent_program import AgentProgram
from tmux_orch.domain.states import WAITING, Reading, Source
from tmux_orch.domain.work import Figures


class Command(HookAnswers):
    """One described program. Stateless; every method may be called from any thread.

    It has no transcript, no published state and no hooks: a message's proof is that the composer
    emptied and the agent began to work; whatever is less stays undecided.

    Args:
        program: Its description.

    Raises:
        BadInput: its screen rules are refused; with their place.
    """

    hands_over = False
    #: Whether what it was given can be looked up afterwards.
    has_transcript = False
    #: How it shows a text of several lines is not known, so it is never given one.
    one_line = True

    def __init__(self, program: AgentProgram) -> None:
        self.name = program.name
        self.composer_gap_s = program.composer_gap_s
        #: Names of variables it gets besides those of every agent.
        self.variables = program.environment
        #: Name of the signal that asks it to end.
        self.stop_signal = program.stop
        self._program = program
        self._rules = describe.rules(program)

    def locate(self, environment: Mapping[str, str]) -> Program:
        """See :func:`launch.locate`."""
        return launch.locate(self._program, environment)

    def start(self, berth: Berth, program: Program, prompt: str) -> Launch:
        """See :func:`launch.start`."""
        return launch.start(self._program, berth, program, prompt)

    def resume(self, berth: Berth, program: Program, prompt: str) -> Launch:
        """See :func:`launch.resume`."""
        return launch.resume(self._program, berth, program, prompt)

    def account(self, berth: Berth) -> Path:
        """The home directory: where such a program keeps its sign-in is not known."""
        return Path(berth.environment.get("HOME", "/"))

    def has_conversation(self, berth: Berth) -> bool:
        """See :func:`launch.begun`."""
        return launch.begun(self._program, berth)

    def owner(self, berth: Berth) -> int | None:
        """``None``: it does not say which process has a conversation open."""
        del berth
        return None

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        """``None``: it publishes nothing; its screen speaks."""
        del berth, now
        return None

    def transcript(self, berth: Berth) -> Path | None:
        """``None``: where it keeps its conversations is not known."""
        del berth
        return None

    def entry(self, line: bytes) -> Entry:
        """Nothing that could prove anything."""
        del line
        return Entry(EntryKind.OTHER, "")

    def composer(self, screen: str) -> Composer:
        """What stands after the composer's beginning, where that is the lowest line."""
        cut = self._cut(screen)
        first = self._rules.layout.composer_first
        if first is None or not cut.has_composer or self._waits(cut) is not None:
            return Composer(empty=None)
        begin = first.match(cut.composer) or first.match(f"{cut.composer} ")
        text = cut.composer[begin.end() :].strip() if begin is not None else cut.composer
        return Composer(empty=not text, text=text)

    def dialog(self, screen: str) -> Dialog | None:
        """The question that a rule finds; options only where the rules say how menus look."""
        cut = self._cut(screen)
        found = self._waits(cut)
        if found is None or found.state is None:
            return None
        menu = cut.menu
        if menu is None:
            return Dialog(found.state, found.evidence or cut.tail, (), found.rule)
        lines = sorted(menu.options)
        question = cut.question.split("\n")[0] or found.evidence
        options = tuple(menu.options[at] for at in lines)
        return Dialog(found.state, question, options, found.rule, lines.index(menu.cursor))

    def screen(self, capture: str, title: str, now: datetime, zone: tzinfo) -> ScreenReading:
        """See :func:`seen.seen`."""
        return seen.seen(self._rules, capture, title, now, zone)

    def figures(self, berth: Berth, now: datetime) -> Figures | None:
        """``None``: it does not say what it uses."""
        del berth, now
        return None

    def hook(self, payload: Mapping[str, Any], now: datetime) -> HookReading:
        """Nothing: it was not asked to call us."""
        del payload
        return HookReading(Reading(Source.HOOK, None, now, f"{self.name}.hook"))

    def _cut(self, screen: str) -> Regions:
        return regions(self._rules.layout, screen, "")

    def _waits(self, cut: Regions) -> ScreenReading | None:
        found = read.read_regions(self._rules, cut)
        return found if found.state in WAITING else None
