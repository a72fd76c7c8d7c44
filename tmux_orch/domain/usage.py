"""Tokens and cost per agent and day, from counters that programs only ever let grow.

A program tells what it used so far: tokens of the conversation, cost of the process. What is kept
is the highest value of each such counter on each day, so storing a value twice changes nothing, a
resumed conversation goes on where it was, and what a day used is a difference that is never
counted twice. A counter that goes backwards adds nothing until it is beyond its highest again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from tmux_orch.domain.work import Figures

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class Counter:
    """The highest values of one counter on one day; what was never told is ``None``.

    Attributes:
        day: In the daemon's time zone.
        project, agent: Whose (``agent`` is a key).
        meter: Which conversation (``c:ID``) or process (``p:RUN.N``) counts.
    """

    day: date
    project: str
    agent: str
    meter: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What one agent used on one day; what its program does not tell is ``None``."""

    day: date
    project: str
    agent: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


def counters(
    figures: Figures, day: date, project: str, agent: str, conversation: str, process: str
) -> Iterator[Counter]:
    """What ``figures`` say, as counters: tokens are the conversation's, cost is the process's."""
    if figures.input_tokens is not None or figures.output_tokens is not None:
        yield Counter(
            day, project, agent, f"c:{conversation}", figures.input_tokens, figures.output_tokens
        )
    if figures.cost_usd is not None:
        yield Counter(day, project, agent, f"p:{process}", cost_usd=figures.cost_usd)


def higher(one: Counter, other: Counter) -> Counter:
    """Two sights of the same counter on the same day as one."""
    return Counter(
        one.day,
        one.project,
        one.agent,
        one.meter,
        most(one.input_tokens, other.input_tokens),
        most(one.output_tokens, other.output_tokens),
        most(one.cost_usd, other.cost_usd),
    )


def used(kept: Iterable[Counter], since: date = date.min) -> list[Used]:
    """What each agent used on each day from ``since`` on, by day and agent.

    Args:
        kept: All counters of every meter that has one on a day from ``since`` on.
        since: The first day told.
    """
    highest: dict[tuple[str, str], Counter] = {}
    days: dict[tuple[date, str], Used] = {}
    for counter in sorted(kept, key=lambda c: (c.day, c.agent, c.meter)):
        before = highest.get((counter.agent, counter.meter))
        place = (counter.agent, counter.meter)
        highest[place] = counter if before is None else higher(counter, before)
        if counter.day < since:
            continue
        of_day = (counter.day, counter.agent)
        known = days.get(of_day) or Used(counter.day, counter.project, counter.agent)
        first = before or Counter(counter.day, counter.project, counter.agent, counter.meter)
        days[of_day] = Used(
            counter.day,
            counter.project,
            counter.agent,
            plus(known.input_tokens, _grown(counter.input_tokens, first.input_tokens)),
            plus(known.output_tokens, _grown(counter.output_tokens, first.output_tokens)),
            plus(known.cost_usd, _grown(counter.cost_usd, first.cost_usd)),
        )
    return list(days.values())


def most(one: _Number | None, other: _Number | None) -> _Number | None:
    """The larger; what was not told says nothing."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def plus(one: _Number | None, other: _Number | None) -> _Number | None:
    """The sum; what was not told says nothing."""
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _grown(now: _Number | None, before: _Number | None) -> _Number | None:
    if now is None or before is None:
        return now
    return max(now - before, type(now)(0))
