"""All that one screen says: the state by the program's rules, and the condition beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo

from tmux_orch.agents.adapter import ScreenReading
from tmux_orch.agents.conditions import read as conditions
from tmux_orch.agents.conditions import rules as phrases
from tmux_orch.agents.screens import load, own, read
from tmux_orch.agents.screens.rules import Rules
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import Condition


def seen(rules: Rules, capture: str, title: str, now: datetime, zone: tzinfo) -> ScreenReading:
    """What every adapter's ``screen`` answers.

    The condition never changes the state: a limit on the screen is evidence, and whoever fuses
    readings asks for a second one.
    """
    return with_condition(read.read(rules, capture, title), rules.program, capture, now, zone)


class ReadByRules:
    """The part of an adapter that reads screens, for programs with a rule file of their name."""

    name: str

    def screen(self, capture: str, title: str, now: datetime, zone: tzinfo) -> ScreenReading:
        """See :func:`seen`."""
        return seen(own.rules(self.name), capture, title, now, zone)


def of_program(
    program: str, capture: str, title: str, now: datetime, zone: tzinfo
) -> ScreenReading:
    """The same by a program's name; one that only has phrases gets a condition and no state.

    Raises:
        BadInput: nothing is known of that program.
    """
    if program in load.PROGRAMS:
        return seen(load.rules(program, own.place(program)), capture, title, now, zone)
    if not phrases.is_known(program):
        known = ", ".join(sorted({*load.PROGRAMS, *phrases.programs()}))
        raise BadInput(f"unknown agent program {program!r}", f"known are: {known}")
    return with_condition(ScreenReading(), program, capture, now, zone)


def with_condition(
    reading: ScreenReading, program: str, capture: str, now: datetime, zone: tzinfo
) -> ScreenReading:
    """``reading`` with the condition that the same capture shows."""
    found = conditions.read(program, capture, now, zone)
    if found.condition is Condition.NONE:
        return reading
    return replace(
        reading,
        condition=found.condition,
        rule=reading.rule or found.rule,
        evidence=found.evidence,
        reset_at=found.reset_at,
        blocked=found.blocked,
        region=reading.region or "block",
    )
