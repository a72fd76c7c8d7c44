"""The condition that a screen shows, if one stands where only a live banner stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from tmux_orch.agents.conditions.passages import Passage, Writer, passages
from tmux_orch.agents.conditions.rules import Phrases, Rule, phrases
from tmux_orch.domain.reset_time import resolve
from tmux_orch.domain.states import Condition

_RETRYING = re.compile(
    r"\bretry(?:ing)?\b.{0,40}(?:\d+ ?s\b|\d+ seconds|attempt)|\battempt \d+/\d+", re.I
)
_LONG_WINDOW = re.compile(
    r"\b(?:weekly|7-?day|seven.day|monthly|month|daily|per day|opus|sonnet|fable|extra usage"
    r"|premium)\b",
    re.I,
)
_WITH_RESET = frozenset(
    {Condition.USAGE_LIMIT, Condition.APPROACHING_LIMIT, Condition.BILLING, Condition.API_ERROR}
)
#: Below a banner these show that the agent went on.
_WORK = frozenset({Writer.VOICE, Writer.OTHER, Writer.SPINNER})
_NEUTRAL = re.compile(r"(?:Worked|Cooked|Baked|Continuing autonomously|\w+ for \d+\s?[hms])\b")
_EVIDENCE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        condition: ``NONE`` when nothing was.
        evidence: The banner's text, one line.
        reset_at: When the limit ends (aware UTC), if the banner says so.
        blocked: Whether the agent cannot go on by itself.
        rule: Id of the rule; empty when nothing was found.
    """

    condition: Condition = Condition.NONE
    evidence: str = ""
    reset_at: datetime | None = None
    blocked: bool = False
    rule: str = ""


def read(program: str, capture: str, now: datetime, zone: tzinfo) -> Found:
    """The condition of a capture, or of a piece of one.

    Text in tool output, code, diffs, quotes, what people typed, status lines, and banners with
    later work below them never count.
    """
    known = phrases(program)
    shown = passages(capture)
    live: tuple[Passage, Rule] | None = None
    for passage in shown:
        rule = _rule(passage, known)
        if rule is not None:
            live = _stronger(live, (passage, rule))
        elif live is not None and _is_work(passage) and not _outlives(live[1], passage):
            live = None
    return _found(*live, now, zone) if live else Found()


def _stronger(old: tuple[Passage, Rule] | None, new: tuple[Passage, Rule]) -> tuple[Passage, Rule]:
    """The later banner, unless it only warns of what the earlier one says has happened."""
    warns = new[1].condition in (Condition.APPROACHING_LIMIT, Condition.CONTEXT_LOW)
    if old is not None and warns and old[1].condition is Condition.USAGE_LIMIT:
        return old
    if old is not None and old[1].condition is new[1].condition is Condition.USAGE_LIMIT:
        # The one that names its moment in full came first: notices under it repeat the clock only.
        return old if "reset" in old[0].text.lower() else new
    return new


def _is_work(passage: Passage) -> bool:
    return passage.writer in _WORK and not _NEUTRAL.match(passage.text)


def _outlives(rule: Rule, passage: Passage) -> bool:
    """A spinner below a banner that says it tries again is that trying."""
    return passage.writer is Writer.SPINNER and rule.condition in (
        Condition.API_ERROR, Condition.OVERLOADED
    )  # fmt: skip


def _rule(passage: Passage, known: Phrases) -> Rule | None:
    if passage.writer in (Writer.OTHER, Writer.PERSON, Writer.PROGRAM_DONE):
        return None
    text = passage.text
    if known.talk.search(text) or known.meter.search(text):
        return None
    report = known.report.match(text)
    for rule in known.rules:
        if rule.menu is not (passage.writer is Writer.MENU):
            continue
        if rule.inside or rule.menu:
            found = rule.pattern.search(text) if report or rule.menu else None
        else:
            found = rule.pattern.match(text)
        if found and _may_stand(passage, found, known, report):
            return None if _is_list(passage, known) else rule
    return None


def _may_stand(
    passage: Passage, found: re.Match[str], known: Phrases, report: re.Match[str] | None
) -> bool:
    """In the model's voice a banner must be all there is."""
    if passage.writer is not Writer.VOICE:
        return True
    start = max(found.end(), report.end() if report else 0)
    return known.tail.fullmatch(passage.text[start:]) is not None


def _is_list(passage: Passage, known: Phrases) -> bool:
    """Three banners line by line are a list of phrases, not three limits."""
    if passage.signed or len(passage.lines) < 3:
        return False
    starts = [
        line
        for line in passage.lines
        if any(not r.inside and not r.menu and r.pattern.match(line) for r in known.rules)
    ]
    return len(starts) >= 3


def _found(passage: Passage, rule: Rule, now: datetime, zone: tzinfo) -> Found:
    text = passage.text
    reset_at = None
    if rule.condition in _WITH_RESET:
        limit = rule.condition is not Condition.API_ERROR
        if limit or not _RETRYING.search(text):
            reset_at = resolve(text, now, zone, five_hour=not _LONG_WINDOW.search(text))
    blocked = rule.blocked
    if blocked is None:
        blocked = not _RETRYING.search(text) or rule.condition is Condition.USAGE_LIMIT
    return Found(rule.condition, text[:_EVIDENCE_LENGTH], reset_at, blocked, rule.id)
