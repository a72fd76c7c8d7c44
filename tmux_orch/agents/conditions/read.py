"""The condition that a screen shows, if one stands where only a live banner stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from tmux_orch.agents.conditions.passages import Passage, Writer, joined, passages
from tmux_orch.agents.conditions.rules import Phrases, Rule, phrases
from tmux_orch.domain.reset_time import resolve
from tmux_orch.domain.states import Condition

_RETRYING = re.compile(
    r"\bretry(?:ing)?\b(?! wait).{0,40}(?:\d+ ?m?s\b|\d+ seconds|\d/\d|attempt)|\battempt \d+/\d+",
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
#: Only with one of these is it worth asking how lines were cut.
_HINT = re.compile(r"limit|quota|usage|credit|reset|error|try again|token|sign in", re.IGNORECASE)
#: What programs set before their own words when something failed.
_PREFIX = re.compile(r"^(?:(?:server )?error|warning|fatal)[:!]\s+", re.IGNORECASE)
#: Banners are short; what matching costs stays bounded.
_MAX_TEXT = 2000
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


@dataclass(frozen=True, slots=True)
class _Live:
    """A banner and the rule that knows it."""

    text: str
    rule: Rule


def read(program: str, capture: str, now: datetime, zone: tzinfo) -> Found:
    """The condition of a capture, or of a piece of one.

    Text in tool output, code, diffs, quotes, what people typed, status lines, and banners with
    later work below them never count.
    """
    known = phrases(program)
    shown = passages(capture)
    live: _Live | None = None
    for passage in shown:
        banner = _banner(passage, known)
        if banner is not None:
            live = _stronger(live, banner)
        elif live is not None and _is_work(passage) and not _outlives(live.rule, passage):
            live = None
    return _found(live, now, zone) if live else Found()


def _stronger(old: _Live | None, new: _Live) -> _Live:
    """The later banner, unless it only adds to what the earlier one says has happened."""
    if old is None or old.rule.condition is not Condition.USAGE_LIMIT:
        return new
    if new.rule.condition is Condition.USAGE_LIMIT:
        # Notices below a limit repeat its clock time without day and zone.
        return old if "reset" in old.text.lower() else new
    adds = (Condition.APPROACHING_LIMIT, Condition.CONTEXT_LOW, Condition.API_ERROR)
    return old if new.rule.condition in adds else new


def _is_work(passage: Passage) -> bool:
    return passage.writer in _WORK and not _NEUTRAL.match(passage.text)


def _outlives(rule: Rule, passage: Passage) -> bool:
    """A spinner below a banner that says it tries again is that trying."""
    return passage.writer is Writer.SPINNER and rule.condition in (
        Condition.API_ERROR, Condition.OVERLOADED
    )  # fmt: skip


def _banner(passage: Passage, known: Phrases) -> _Live | None:
    if passage.writer in (Writer.OTHER, Writer.PERSON, Writer.PROGRAM_DONE):
        return None
    whole = passage.text[:_MAX_TEXT]
    for text in joined(passage.lines) if _HINT.search(whole) else (whole,):
        text = text[:_MAX_TEXT]
        rule = _rule(passage, text, known)
        if rule is not None:
            return None if _is_list(passage, known) else _Live(text, rule)
    return None


def _rule(passage: Passage, text: str, known: Phrases) -> Rule | None:
    failed = _PREFIX.match(text)
    prefix = failed.end() if failed else 0
    if known.talk.search(text) or known.meter.search(text):
        return None
    report = known.report.match(text)
    for rule in known.rules:
        if rule.menu is not (passage.writer is Writer.MENU):
            continue
        if rule.inside or rule.menu:
            found = rule.pattern.search(text) if report or rule.menu else None
        else:
            found = rule.pattern.match(text, prefix)
        if found:
            ends = [found.end(), *([report.end()] if report else [])]
            if passage.writer is not Writer.VOICE or _is_all(text, ends, known):
                return rule
    return None


def _is_all(text: str, ends: list[int], known: Phrases) -> bool:
    """In the model's voice a banner must be all there is."""
    return any(known.tail.fullmatch(text[end:]) is not None for end in ends)


def _is_list(passage: Passage, known: Phrases) -> bool:
    """Three banners line by line are a list of phrases, not three limits."""
    if passage.signed or len(passage.lines) < 3:
        return False
    own = [rule for rule in known.rules if not rule.inside and not rule.menu]
    return sum(any(rule.pattern.match(line) for rule in own) for line in passage.lines) >= 3


def _found(live: _Live, now: datetime, zone: tzinfo) -> Found:
    text, rule = live.text, live.rule
    reset_at = None
    if rule.condition in _WITH_RESET:
        limit = rule.condition is not Condition.API_ERROR
        if limit or not _RETRYING.search(text):
            reset_at = resolve(text, now, zone, five_hour=not _LONG_WINDOW.search(text))
    blocked = rule.blocked
    if blocked is None:
        blocked = not _RETRYING.search(text) or rule.condition is Condition.USAGE_LIMIT
    return Found(rule.condition, text[:_EVIDENCE_LENGTH], reset_at, blocked, rule.id)
