"""Whether a passage is a banner: what it must begin with, and what may stand around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tmux_orch.agents.conditions.passages import Passage, Writer, joined
from tmux_orch.agents.conditions.rules import Phrases, Rule
from tmux_orch.domain.states import Condition

#: What may be over at the next attempt.
PASSING = frozenset({Condition.API_ERROR, Condition.OVERLOADED})
#: Only with one of these is it worth asking how lines were cut.
_HINT = re.compile(r"limit|quota|usage|credit|reset|error|try again|token|sign in", re.IGNORECASE)
#: What programs set before their own words when something failed.
_PREFIX = re.compile(
    r"^(?:(?:(?:server |fatal |codex )?error|warning|fatal|notice)[:!]\s+|sorry,?\s+|oops[,!.]?\s+"
    r"|attempt \d+ failed:\s+|\w*(?:quota|ratelimit|api|auth|provider|usage)\w*error:\s+"
    r"|(?:http )?[45]\d\d:? (?=[A-Za-z]))+",
    re.IGNORECASE,
)
#: Nothing but the program begins so, also where the model's own words stand.
_OWN_ERROR = re.compile(r"API Error: (?:\d{3}\b|[A-Z])")
#: Banners are short; what matching costs stays bounded.
_MAX_TEXT = 2000
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Banner:
    """A banner's text and the rule that knows it."""

    text: str
    rule: Rule


def banner(passage: Passage, known: Phrases) -> Banner | None:
    """The banner that the passage is; ``None`` when it only has the words of one."""
    if passage.writer in (Writer.OTHER, Writer.PERSON, Writer.PROGRAM_DONE):
        return None
    whole = passage.text[:_MAX_TEXT]
    ways = [*joined(passage.lines)] if _HINT.search(whole) else [whole]
    ways = [text[:_MAX_TEXT] for text in ways]
    # Read to its end first, however its lines were cut; an error report also if more stands there.
    for whole_only in (True, False) if _OWN_ERROR.match(whole) else (True,):
        for text in ways:
            rule = _rule(passage, text, known, whole_only=whole_only)
            if rule is not None:
                found = _worse(Banner(text, rule), passage, known)
                return None if _is_list(passage, known) else found
    return _below(passage, known)


def _worse(above: Banner, passage: Passage, known: Phrases) -> Banner:
    """Of a warning and the limit in the line below it, the limit."""
    if above.rule.condition is not Condition.APPROACHING_LIMIT:
        return above
    below = _below(passage, known)
    return below if below and below.rule.condition is Condition.USAGE_LIMIT else above


def _below(passage: Passage, known: Phrases) -> Banner | None:
    """A banner that fills the last line of a few that stand at the left edge without a sign."""
    if passage.signed or passage.writer is not Writer.NOTICE or len(passage.lines) != _PAIR:
        return None
    if known.talk.search(passage.text):
        return None
    last = Passage(Writer.VOICE, passage.lines[-1], passage.lines[-1:])
    rule = _rule(last, last.text[:_MAX_TEXT], known, whole_only=True)
    if rule is None or rule.condition in PASSING:
        return None
    return Banner(last.text[:_MAX_TEXT], rule)


def _rule(passage: Passage, text: str, known: Phrases, *, whole_only: bool) -> Rule | None:
    failed = _PREFIX.match(text)
    prefix = failed.end() if failed else 0
    if known.talk.search(text) or known.meter.search(text):
        return None
    if passage.writer is Writer.VOICE and text[:1].islower():
        return None
    report = known.report.match(text)
    for rule in known.rules:
        if not _may_stand(rule, passage):
            continue
        if rule.inside or rule.menu:
            found = rule.pattern.search(text) if report or rule.menu else None
        else:
            found = rule.pattern.match(text, prefix)
        if found:
            ends = [found.end(), *([report.end()] if report else [])]
            alone = passage.writer is not Writer.VOICE or not whole_only
            if alone or _is_all(text, ends, known):
                return rule
    return None


def _may_stand(rule: Rule, passage: Passage) -> bool:
    """Whether the program says it where this passage stands."""
    if rule.menu is not (passage.writer is Writer.MENU):
        return False
    if rule.signed:
        return passage.signed and passage.writer is Writer.NOTICE
    return not (rule.status and passage.writer is Writer.VOICE)


def _is_all(text: str, ends: list[int], known: Phrases) -> bool:
    """In the model's voice a banner must be all there is."""
    return any(known.tail.fullmatch(text[end:]) is not None for end in ends)


def _is_list(passage: Passage, known: Phrases) -> bool:
    """Three banners line by line are a list of phrases, not three limits."""
    if passage.signed or len(passage.lines) < 3:
        return False
    own = [rule for rule in known.rules if not rule.inside and not rule.menu]
    return sum(any(rule.pattern.match(line) for rule in own) for line in passage.lines) >= 3
