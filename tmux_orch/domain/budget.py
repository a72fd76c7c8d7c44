"""A budget: how much an agent or a team may use, and what becomes of it as it is used. Pure.

What was used is a sum of what programs told (``domain.usage``). Money is never reckoned from
tokens: where a program tells no cost, a money budget does not see it, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum, StrEnum

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import split_key
from tmux_orch.domain.usage import Used, plus

TEAM = ""  # the agent of a team's budget
#: Part of a budget from which on the hub and the person are warned.
WARN_PERCENT = 80

_NUMBER = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?([kM]?)", re.ASCII)
_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000}


class Unit(StrEnum):
    """What is counted."""

    TOKENS = "tokens"  # in and out, cached ones too
    USD = "usd"  # as the programs tell it


class Period(StrEnum):
    """How long a budget lasts before it begins anew."""

    DAY = "day"  # of the daemon's time zone
    RUN = "run"  # a team's life


class Stage(IntEnum):
    """How far a budget is used."""

    BELOW = 0
    WARNED = 1
    HELD = 2


#: The largest budget of each unit.
MOST = {Unit.TOKENS: 1e12, Unit.USD: 1e6}


@dataclass(frozen=True, slots=True)
class Budget:
    """One budget.

    Attributes:
        project, agent: Whose; ``agent`` is a key, or :data:`TEAM`.
        period, unit: What it counts.
        ceiling: How much for each period.
        extended: How much more for the period ``extended_on`` only.
        extended_on: A day (``2026-05-04``) or a run's id.
        told: Period and stage that were told last, ``2026-05-04 warned``; empty before.
    """

    project: str
    agent: str
    period: Period
    unit: Unit
    ceiling: float
    extended: float = 0.0
    extended_on: str = ""
    told: str = ""

    def limit(self, term: str) -> float:
        """How much it allows in the period ``term``."""
        return self.ceiling + (self.extended if self.extended_on == term else 0.0)

    def extend(self, more: float, term: str) -> Budget:
        """The same with ``more`` for the period ``term``.

        Raises:
            BadInput: that is more than a budget can be.
        """
        already = self.extended if self.extended_on == term else 0.0
        after = replace(self, extended=already + more, extended_on=term)
        if after.limit(term) > MOST[self.unit]:
            raise BadInput(
                "no budget is that large", f"at most {words(MOST[self.unit], self.unit)}"
            )
        return after

    def stage(self, used: float | None, term: str) -> Stage:
        """How far it is used; what nobody told is nothing."""
        limit = self.limit(term)
        if used is None or used * 100 < limit * WARN_PERCENT:
            return Stage.BELOW
        return Stage.WARNED if used < limit else Stage.HELD

    def told_stage(self, term: str) -> Stage:
        """What was told last of the period ``term``."""
        of, _, stage = self.told.partition(" ")
        return Stage[stage.upper()] if of == term else Stage.BELOW

    @property
    def was_held(self) -> bool:
        """Whether the last that was told, of whatever period, is that it is used up."""
        return self.told.endswith(f" {Stage.HELD.name.lower()}")

    def telling(self, stage: Stage, term: str) -> Budget:
        """The same after ``stage`` was told."""
        return replace(self, told=f"{term} {stage.name.lower()}")

    def name(self, term: str, *, of: str = "") -> str:
        """``the team's budget of 5.00 USD for today``.

        Args:
            term: The period now.
            of: In place of whose it is, e.g. ``its``.
        """
        whose = of or (f"{split_key(self.agent)[1]}'s" if self.agent else "the team's")
        when = "today" if self.period is Period.DAY else "this run"
        return f"{whose} budget of {words(self.limit(term), self.unit)} for {when}"

    def used_up(self, term: str) -> str:
        """Why nothing is sent: one line, with what a person can do."""
        whose = f" --agent {split_key(self.agent)[1]}" if self.agent else ""
        return f"{self.name(term)} is used up; tmux-orch budget extend{whose}"


def used(rows: Iterable[Used], budget: Budget, first: date) -> float | None:
    """What ``rows`` (of the budget's project) say was used from ``first`` on."""
    whole: float | None = None
    for row in rows:
        if row.day >= first and budget.agent in (TEAM, row.agent):
            whole = plus(whole, amount_of(row, budget.unit))
    return whole


def amount_of(row: Used, unit: Unit) -> float | None:
    """What one agent used on one day in this unit; ``None`` when its program does not tell."""
    if unit is Unit.USD:
        return row.cost_usd
    tokens = plus(row.input_tokens, row.output_tokens)
    return None if tokens is None else float(tokens)


def amount(text: str, unit: Unit, option: str = "") -> float:
    """What a person typed: ``2M``, ``500k``, ``1200`` tokens; ``5``, ``0.50`` USD.

    Args:
        text: As typed.
        unit: Of what.
        option: Where it was typed; ``--tokens`` or ``--usd`` if not given.

    Raises:
        BadInput: it is none, nothing, or beyond :data:`MOST`.
    """
    option = option or f"--{unit}"
    example = "e.g. 500000, 500k or 2.5M" if unit is Unit.TOKENS else "e.g. 5 or 0.50"
    found = _NUMBER.fullmatch(text)
    if found is None or (unit is Unit.USD and (found[3] or len(found[2] or "") > 4)):
        raise BadInput(f"{option}: {text[:60]!r} is no amount", example)
    value = float(f"{found[1]}.{found[2] or 0}") * _FACTORS[found[3]]
    if unit is Unit.TOKENS and value != int(value):
        raise BadInput(f"{option}: {text[:60]!r} is a part of a token", example)
    if not 0 < value <= MOST[unit]:
        raise BadInput(
            f"{option}: {text[:60]!r} is out of range",
            f"give more than 0 and at most {words(MOST[unit], unit)}",
        )
    return value


def per_day(text: str) -> tuple[Unit, float]:
    """What ``--budget`` says: ``5usd``, ``2Mtokens``.

    Raises:
        BadInput: it says something else.
    """
    for unit in Unit:
        if text.endswith(unit):
            return unit, amount(text.removesuffix(unit), unit, "--budget")
    raise BadInput(f"--budget: {text[:60]!r} is no budget", "e.g. 5usd or 2Mtokens")


def words(value: float, unit: Unit) -> str:
    """An amount as a person reads it: ``5.00 USD``, ``2.5M tokens``."""
    if unit is Unit.USD:
        return f"{value:.2f} USD" if value >= 0.01 or not value else f"{value:.4f} USD"
    for factor, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= factor:
            return f"{round(value / factor, 2):.15g}{letter} tokens"
    return f"{value:g} tokens"
