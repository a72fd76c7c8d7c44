"""One agent of the real program: started by the adapter, in a real pane, its hooks in our hands."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tests.agents.hookserver import HookServer
from tests.agents.pane import Pane, until
from tests.real_claude.house import House
from tests.standin.anthropic_standin import State
from tmux_orch.agents.adapter import Berth, Dialog, Entry, EntryKind, Launch
from tmux_orch.agents.claude.adapter import Claude
from tmux_orch.domain.states import Reading
from tmux_orch.team import choose


def directive(tool: str, given: dict[str, Any], then: str = "done") -> str:
    """A prompt that makes the stand-in's model use ``tool``."""
    rule = {"tools": [{"name": tool, "input": given}], "then": {"text": then}}
    return "STANDIN" + json.dumps(rule)


def bash(command: str) -> str:
    """A prompt that makes the model run ``command``."""
    return directive("Bash", {"command": command, "description": "run it"})


class RealSeat:
    """What a test does with one agent; everything it knows comes through the adapter."""

    def __init__(self, house: House, version: str, api: State) -> None:
        self.house, self.version, self.api = house, version, api
        self.adapter = Claude()
        self.hooks = HookServer(house.root)
        self.pane = Pane(house.root / "t.sock")
        commands = house.root / "our commands"
        hook = self.hooks.client(commands / "orch-hook")
        scm = commands / "scm"
        scm.write_text('#!/bin/sh\necho "delivered: $*"\n')
        scm.chmod(0o700)
        private = house.root / "private"
        private.mkdir(mode=0o700)
        (private / "role.md").write_text("ROLE-PAGE: you are the developer.\n")
        environment = house.environment()
        environment["PATH"] = f"{commands}:{house.program.parent}:{environment['PATH']}"
        self.berth = Berth(
            key="sample/developer",
            worktree=house.worktree,
            private=private,
            mates=(house.mate, house.odd_mate),
            environment=environment,
            commands=commands,
            hook=hook,
            role_page=private / "role.md",
            conversation_id=str(uuid.uuid4()),
            brief_id="0badcafe",
            permission_mode="default",
        )
        self.program = self.adapter.locate(environment)
        assert self.program.version == version

    # -- life ---------------------------------------------------------------------------------

    def start(self, prompt: str) -> None:
        self._run(self.adapter.start(self.berth, self.program, prompt))

    def resume(self, prompt: str) -> None:
        self._run(self.adapter.resume(self.berth, self.program, prompt))

    def begin(self, prompt: str) -> None:
        """Start and see the first turn through."""
        stops = len(self.hooks.of("Stop"))
        self.start(prompt)
        self._see_through(stops + 1)

    def _see_through(self, stops: int) -> None:
        try:
            self.hooks.wait("Stop", count=stops)
        except AssertionError as error:
            shown = self.pane.screen(escapes=False).strip()[-1500:]
            raise AssertionError(f"{error}; {self.level()}; screen:\n{shown}") from None
        self.await_state("idle")

    def kill(self) -> None:
        """Kill it once its turn is on disk: 2.1.329 writes it a moment after it says idle."""
        until(lambda: self.adapter.has_conversation(self.berth), "a conversation")
        os.kill(self.berth.pid, signal.SIGKILL)
        until(lambda: self.pane.facts("#{pane_dead}") == "1", "the pane is dead")

    def close(self) -> None:
        self.pane.close()
        self.hooks.close()

    def _run(self, launch: Launch) -> None:
        environment = {**self.berth.environment, **launch.environment}
        pid = self.pane.open(launch.argv, self.berth.worktree, environment)
        self.berth = replace(self.berth, pid=pid)

    # -- what the adapter sees ----------------------------------------------------------------

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    def raw_transcript(self) -> str:
        path = self.adapter.transcript(self.berth)
        return path.read_text("utf-8") if path else ""

    def level(self) -> Reading | None:
        return self.adapter.level(self.berth, self.now())

    def await_state(self, state: str, deadline_s: float = 30) -> Reading:
        def look() -> Reading | None:
            reading = self.level()
            return reading if reading is not None and reading.state == state else None

        with suppress(AssertionError):
            return until(look, state, deadline_s=deadline_s)
        shown = self.pane.screen(escapes=False).strip()[-1500:]
        raise AssertionError(f"not {state} but {self.level()}; screen:\n{shown}")

    def await_dialog(self) -> Dialog:
        return until(lambda: self.adapter.dialog(self.pane.screen()), "a dialog")

    def await_settled(self, cursor: int | None = None) -> Dialog:
        """A dialog that stood unchanged for ``choose.SETTLED_S``, with the cursor there."""
        seen: list[tuple[float, Dialog]] = []

        def look() -> Dialog | None:
            dialog = self.adapter.dialog(self.pane.screen())
            if dialog is None or (seen and seen[0][1] != dialog):
                seen.clear()
            if dialog is not None:
                seen.append((time.monotonic(), dialog))
            stood = bool(seen) and seen[-1][0] - seen[0][0] >= choose.SETTLED_S
            return dialog if stood and dialog and cursor in (None, dialog.cursor) else None

        return until(look, "a settled dialog")

    def await_quiet(self) -> None:
        """The screen stood unchanged for ``choose.SETTLED_S``."""
        seen: list[tuple[float, str]] = []

        def look() -> bool:
            shown = self.pane.screen()
            if seen and seen[0][1] != shown:
                seen.clear()
            seen.append((time.monotonic(), shown))
            return seen[-1][0] - seen[0][0] >= choose.SETTLED_S

        until(look, "a quiet screen")

    def choose(self, option: str) -> None:
        """Answer by the option's text, never by its place; a key may be lost on a busy machine."""
        for _ in range(5):
            dialog = self.await_settled()
            wanted = dialog.options.index(option)
            assert dialog.cursor is not None
            if dialog.cursor != wanted:
                self.pane.keys("Down" if wanted > dialog.cursor else "Up")
                continue
            self.pane.keys("Enter")
            with suppress(AssertionError):
                until(partial(self._answered, dialog), "the dialog is gone", deadline_s=5)
                return
        raise AssertionError(f"{option!r} was not taken")

    def _answered(self, dialog: Dialog) -> bool:
        now = self.adapter.dialog(self.pane.screen())
        return now is None or now.question != dialog.question

    def entries(self) -> list[Entry]:
        path = self.adapter.transcript(self.berth)
        if path is None:
            return []
        return [self.adapter.entry(line) for line in path.read_bytes().splitlines()]

    def await_answered(self, mark: str) -> None:
        """The mark was taken, and the model answered it, wherever the lines stand.

        2.1.197 on a loaded machine writes the answer's line before the prompt's: lines name the
        line they follow.
        """

        def look() -> bool:
            entries = self.entries()
            parents = {entry.id: entry.parent for entry in entries}
            taken = {e.id for e in entries if e.kind is EntryKind.TAKEN and mark in e.text}
            answers = [entry.id for entry in entries if entry.kind is EntryKind.ANSWER]
            return any(taken.intersection(_line_of(parents, answer)) for answer in answers)

        until(look, f"{mark} answered in the transcript")

    # -- what a person or the courier does ----------------------------------------------------

    def send(self, text: str) -> None:
        """Paste and Enter with the adapter's gap, as the courier does."""
        self.pane.paste(text)
        time.sleep(self.adapter.composer_gap_s)  # paced: the gap under test
        self.pane.keys("Enter")

    def calm(self) -> None:
        """Leave it idle with an empty box, also after a test that failed half-way."""
        for _ in range(3):
            try:
                self.await_state("idle", deadline_s=5)
                break
            except AssertionError:
                self.pane.keys("Escape")
        if self.adapter.composer(self.pane.screen()).empty is False:
            self.pane.keys("C-u")
            until(lambda: self.adapter.composer(self.pane.screen()).empty, "an empty box")

    def turn(self, text: str) -> list[dict[str, Any]]:
        """One whole turn; the hook calls made in it."""
        before, stops = len(self.hooks.calls), len(self.hooks.of("Stop"))
        self.send(text)
        self._see_through(stops + 1)
        return self.hooks.calls[before:]

    def requests(self) -> list[dict[str, Any]]:
        """What the model was asked in this seat's conversations, in order."""
        name = "x-claude-code-session-id"
        mine = {call["session_id"] for call in self.hooks.calls} | {self.berth.conversation_id}
        return [r for r in self.api.requests if r.get("main") and r["headers"].get(name) in mine]


def _line_of(parents: dict[str, str], last: str) -> list[str]:
    """The ids that lead to ``last``, itself first."""
    line = [last]
    while (parent := parents.get(line[-1], "")) and parent not in line:
        line.append(parent)
    return line
