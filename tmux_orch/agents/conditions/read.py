"""The condition that a screen shows, if one stands where only a live banner stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from tmux_orch.agents.conditions.banners import PASSING, Banner, banner
from tmux_orch.agents.conditions.passages import Passage, Writer, passages
from tmux_orch.agents.conditions.rules import Rule, phrases
from tmux_orch.domain.reset_time import resolve
from tmux_orch.domain.states import Condition

_RETRYING = re.compile(
    r"\bretrying(?:\.\.\.|…)\s*$|\battempt \d+/\d+"
    r"|\bretry(?:ing)?\b(?! wait).{0,40}(?:\d+ ?m?s\b|\d+ seconds|\d/\d|attempt)",
    re.I,
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
#: A program's own short pause between attempts says nothing of the limit.
_PAUSE = re.compile(r"\bretrying (?:in|after) \d{1,3}(?:\.\d+)? ?(?:ms|s|secs?|seconds)\b", re.I)
#: The program goes on: with another model, or with its next attempt.
_GOES_ON = re.compile(
    r"(?<!consider )\bswitch(?:ed|ing)(?: you)?(?: from \S+)? to \S+|^attempt \d+ failed", re.I
)


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
    live: Banner | None = None
    asked = False  # something was typed since
    for passage in passages(capture):
        new = banner(passage, known)
        if new is not None:
            live, asked = _stronger(live, new), False
        elif passage.writer is Writer.PERSON:
            asked = True
        elif live is not None and _ends(live.rule, passage, asked=asked):
            live = None
    return _found(live, now, zone) if live else Found()


def _stronger(old: Banner | None, new: Banner) -> Banner:
    """The later banner, unless it only adds to what the earlier one says has happened."""
    if old is None or old.rule.condition is not Condition.USAGE_LIMIT:
        return new
    if new.rule.condition is Condition.USAGE_LIMIT:
        # Notices below a limit repeat its clock time without day and zone.
        return old if "reset" in old.text.lower() else new
    adds = (Condition.APPROACHING_LIMIT, Condition.CONTEXT_LOW, Condition.API_ERROR)
    return old if new.rule.condition in adds else new


def _ends(rule: Rule, passage: Passage, *, asked: bool) -> bool:
    """Whether the banner is old when this stands below it."""
    if asked and _is_answer(rule, passage):
        return True
    works = passage.writer in _WORK and not _NEUTRAL.match(passage.text)
    return works and not _outlives(rule, passage)


def _is_answer(rule: Rule, passage: Passage) -> bool:
    """Whether the program has done what was typed below an error that passes."""
    return rule.condition in PASSING and passage.signed and passage.writer is Writer.NOTICE


def _outlives(rule: Rule, passage: Passage) -> bool:
    """A spinner below a banner that says it tries again is that trying."""
    return passage.writer is Writer.SPINNER and rule.condition in PASSING


def _found(live: Banner, now: datetime, zone: tzinfo) -> Found:
    text, rule = live.text, live.rule
    reset_at = None
    if rule.condition in _WITH_RESET:
        limit = rule.condition is not Condition.API_ERROR
        if limit or not _RETRYING.search(text):
            said = _PAUSE.sub("", text) if limit else text
            reset_at = resolve(said, now, zone, five_hour=not _LONG_WINDOW.search(text))
    blocked = rule.blocked
    if blocked is None:
        limit = rule.condition is Condition.USAGE_LIMIT
        blocked = not (_GOES_ON if limit else _RETRYING).search(text)
    return Found(rule.condition, text[:_EVIDENCE_LENGTH], reset_at, blocked, rule.id)
