"""A described program's screen rules, made from its description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tmux_orch.agents.screens import load, pattern
from tmux_orch.agents.screens.rules import Layout, Patterns, Rule, Rules
from tmux_orch.domain.agent_program import AgentProgram, Shown
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import AgentState


def rules(program: AgentProgram) -> Rules:
    """Its rules: those of its file, those in its description, and those its words imply.

    Raises:
        BadInput: a pattern or a rule is refused; with its place.
    """
    base = Rules(program.name, Layout(), ())
    if program.fault:
        return base
    if program.rules_file:
        path = Path(program.rules_file)
        if not path.is_file():
            raise BadInput(f"{program.place('rules_file')}: there is no file {path}")
        base = load.whole(path, program.name)
    found = [*_dialogs(program), *_busy(program), *_given(program), *base.rules]
    found += _ready(program, found)
    _check(program, found)
    ordered = sorted(found, key=lambda rule: -rule.priority)
    return Rules(program.name, _layout(program, base.layout), tuple(ordered))


def _layout(program: AgentProgram, layout: Layout) -> Layout:
    if not program.composer:
        return layout
    first = _compiled(program, "composer", program.composer)
    # A line that was typed before looks the same: only the lowest line of all takes text.
    return replace(layout, composer_first=first, not_composer=re.compile(r"\S"))


def _check(program: AgentProgram, found: list[Rule]) -> None:
    known = {rule.id for rule in found if rule.state is AgentState.IDLE}
    wanted = program.ready
    if isinstance(wanted, str) and wanted and wanted not in known:
        raise BadInput(f"{program.place('ready')}: no rule {wanted[:60]!r} for idle is there")
    if not known:
        raise BadInput(
            f"{program.place()}: nothing shows that it is ready", "give composer or ready"
        )
    ids = [rule.id for rule in found]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise BadInput(f"{program.place('rules')}: rule {twice!r} is there twice")


def _given(program: AgentProgram) -> list[Rule]:
    return [_one(program, number, table) for number, table in enumerate(program.rules)]


def _one(program: AgentProgram, number: int, table: Mapping[str, Any]) -> Rule:
    try:
        return load.rule(dict(table))
    except ValueError as error:
        raise BadInput(f"{program.place(f'rules.{number}')}: {error}") from None


def _dialogs(program: AgentProgram) -> list[Rule]:
    # A composer in the lowest line is no question, whatever stands above it.
    gates = ("no_composer",) if program.composer else ()
    return [
        _rule(
            f"{program.name}.dialog.{dialog.id}",
            AgentState(dialog.state),
            90,
            gates,
            {dialog.region: (_compiled(program, f"dialogs.{number}", dialog.pattern),)},
        )
        for number, dialog in enumerate(program.dialogs)
    ]


def _busy(program: AgentProgram) -> list[Rule]:
    if program.busy is None:
        return []
    looks = _looks(program, "busy", program.busy)
    # Lines that told of a turn stay on the screen above the composer; a title is of now.
    gates = ("no_composer",) if program.composer and program.busy.region != "title" else ()
    return [_rule(f"{program.name}.busy", AgentState.WORKING, 60, gates, looks)]


def _ready(program: AgentProgram, found: list[Rule]) -> list[Rule]:
    ready = program.ready
    if isinstance(ready, Shown):
        looks = _looks(program, "ready", ready)
    elif ready or any(rule.state is AgentState.IDLE for rule in found) or not program.composer:
        return []
    else:
        looks = {"composer": (_compiled(program, "composer", program.composer),)}
    gates = ("composer", "quiet") if program.composer else ("quiet",)
    return [_rule(f"{program.name}.ready", AgentState.IDLE, 50, gates, looks)]


def _rule(
    identity: str, state: AgentState, priority: int, gates: tuple[str, ...], looks: Patterns
) -> Rule:
    return Rule(identity, state, priority, (), gates, looks, {}, {})


def _looks(program: AgentProgram, key: str, shown: Shown) -> Patterns:
    return {shown.region: (_compiled(program, key, shown.pattern),)}


def _compiled(program: AgentProgram, key: str, text: str) -> re.Pattern[str]:
    try:
        found: re.Pattern[str] = pattern.compiled(text)
    except ValueError as error:
        raise BadInput(f"{program.place(key)}: {error}") from None
    return found
