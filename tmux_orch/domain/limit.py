"""A usage limit that an agent met, as far as its program's words say what is used up. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tmux_orch.domain.hold import ACCOUNT, INSIDE, Cause, Confidence
from tmux_orch.domain.states import Source
from tmux_orch.domain.work import Quota

_MODEL = r"(?:opus|sonnet|haiku|fable|gemini-[\w.-]+|gpt-[\w.-]+|o\d[\w-]*|codex-[\w.-]+)"
#: One model's own limit: ``seven_day_opus``, "your Opus limit", "weekly limit for Opus".
_OF_MODEL = re.compile(
    rf"\bseven_day_(?P<a>{_MODEL})\b"
    rf"|\b(?P<b>{_MODEL})(?: \d[\w.]*)?(?: \w+){{0,2}} (?:usage )?limit"
    rf"|\blimit(?: \w+){{0,3}} for (?:the )?(?:claude )?(?P<c>{_MODEL})\b",
    re.IGNORECASE,
)
_FIVE_HOUR = re.compile(
    r"\b(?:5|five)[-_ ]?h(?:ou)?rs?\b|\bsession limit|\bprimary\b", re.IGNORECASE
)
_WEEKLY = re.compile(r"\bweek(?:ly)?\b|\b(?:7|seven)[-_ ]days?\b|\bsecondary\b", re.IGNORECASE)
_SPEND = re.compile(
    r"\bcredit balance\b|\bspend(?:ing)? (?:limit|cap)\b|\bbilling\b|\bbudget\b|\bout of credits?\b"
    r"|\bmonthly (?:spend|budget)",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"limit reached\s*\|\s*\d{9,}", re.IGNORECASE)
#: A five-hour limit ends within it, give or take what clocks differ.
_WINDOW, _DAY = timedelta(hours=5, minutes=10), timedelta(days=1)
#: The program or its service said the instant itself.
_STRUCTURED = frozenset({Source.HOOK, Source.STATUS_LINE, Source.SESSION_FILE, Source.TRANSCRIPT})


@dataclass(frozen=True, slots=True)
class Limit:
    """One agent was told that a limit is reached.

    Attributes:
        agent: Its key.
        at: When (aware UTC).
        cause, scope: What is used up; see ``Hold``.
        until_at: When it ends, if that was said.
        source: Where it was read.
        confidence: How well the end is known.
    """

    agent: str
    at: datetime
    cause: Cause
    scope: str
    until_at: datetime | None
    source: str
    confidence: Confidence


def read(
    agent: str,
    at: datetime,
    *,
    source: str,
    evidence: str,
    until_at: datetime | None,
    quotas: Sequence[Quota] = (),
    inside: bool = False,
) -> Limit:
    """What the words of ``evidence`` and the plan's windows say together.

    Args:
        agent: Who met it.
        at: When.
        source: Where the words were read, a ``Source``.
        evidence: The words.
        until_at: The end that was read with them.
        quotas: The plan's windows as the program was told them last.
        inside: It stopped only helpers inside the agent.
    """
    cause, scope = _cause(evidence)
    if cause is Cause.FIVE_HOUR and until_at is not None and until_at > at + _WINDOW:
        until_at -= _DAY  # old words, read again after their hour: it is not tomorrow's
    used_up = [quota for quota in quotas if quota.used_percent >= 100]
    if cause is Cause.UNKNOWN and len(used_up) == 1:
        cause, scope = _cause(used_up[0].name)
    if until_at is None:
        ends = [q.resets_at for q in used_up if q.resets_at is not None and q.resets_at > at]
        until_at = max(ends, default=None)
        confidence = Confidence.STRUCTURED if until_at else Confidence.GUESS
    elif source in _STRUCTURED or _EPOCH.search(evidence):
        confidence = Confidence.STRUCTURED
    else:
        confidence = Confidence.SCREEN
    return Limit(agent, at, cause, INSIDE if inside else scope, until_at, source, confidence)


def _cause(words: str) -> tuple[Cause, str]:
    model = _OF_MODEL.search(words)
    if model is not None:
        return Cause.MODEL, next(name for name in model.groups() if name).lower()
    if _FIVE_HOUR.search(words):
        return Cause.FIVE_HOUR, ACCOUNT
    if _WEEKLY.search(words):
        return Cause.WEEKLY, ACCOUNT
    return (Cause.SPEND if _SPEND.search(words) else Cause.UNKNOWN), ACCOUNT
