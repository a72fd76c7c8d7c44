"""When a hold ends and what moves that: the decisions, without any effect. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tmux_orch.domain.hold import Cause, Confidence, Hold, HoldState
from tmux_orch.domain.limit import Limit

#: After a reset that was told, the service and the program get so long before anybody is woken.
SETTLES_S = 120.0
#: Agents of one account are woken so far apart (fault D12: eight at one reset).
STAGGER_S = 20.0
#: Tries of a limit whose end nobody knows: so long after the limit was met (again).
PROBES_S = (300.0, 600.0, 1200.0, 2400.0, 3600.0)
#: Of a limit that may last days, further ones.
LONG_PROBES_S = (*PROBES_S, 7200.0, 18000.0)
#: The longest that a limit of unknown kind can last; also the window of a five-hour limit.
WINDOW_S = 5 * 3600.0
WEEK_S = 7 * 24 * 3600.0
#: A limit met so soon after a hold of the same account has ended goes on with its probes.
AGAIN_S = 3600.0
#: Differences below this are the rounding of words ("1:23pm").
_ROUNDING = timedelta(seconds=60)
_RANK = {confidence: place for place, confidence in enumerate(
    (Confidence.GUESS, Confidence.PATTERN, Confidence.SCREEN, Confidence.STRUCTURED,
     Confidence.PERSON)
)}  # fmt: skip
_LONG = frozenset({Cause.WEEKLY, Cause.MODEL})
#: What is known about an end that only a try can prove: one agent tries, the others wait for it.
_UNSURE = frozenset({Confidence.GUESS, Confidence.PATTERN})


def begin(account: str, limit: Limit, history: Sequence[Hold]) -> Hold:
    """The hold that a limit begins; its number is the store's to give.

    Args:
        account: Whose limit it is.
        limit: What was met.
        history: Ended holds of this account and scope, newest first.
    """
    hold = Hold(
        id=0, account=account, scope=limit.scope, cause=limit.cause, agent=limit.agent,
        since_at=limit.at, until_at=limit.until_at, source=limit.source,
        confidence=limit.confidence,
    )  # fmt: skip
    last = history[0] if history else None
    again = (
        last is not None
        and last.ended_at is not None
        and last.cause is not Cause.PERSON
        and timedelta(0) <= limit.at - last.ended_at <= timedelta(seconds=AGAIN_S)
    )
    if again and last is not None and (limit.until_at is None or limit.until_at <= limit.at):
        hold = replace(hold, probes=last.probes + 1, until_at=None)
    if hold.until_at is not None or hold.cause is Cause.SPEND:
        return hold
    found = None if hold.probes else pattern(history, hold.cause, limit.at)
    if found is not None:
        return replace(hold, until_at=found, source="history", confidence=Confidence.PATTERN)
    return _probe(hold, limit.at)


def extend(hold: Hold, limit: Limit, now: datetime) -> Hold:
    """The hold after another word about its limit: the same object when that moves nothing.

    A better source moves the end, also to an earlier one; of equal ones the newer word, unless
    another window is meant: then the later end counts. An end that has passed moves nothing.
    """
    until_at = limit.until_at
    mine, theirs = _RANK[hold.confidence], _RANK[limit.confidence]
    known = limit.cause if hold.cause is Cause.UNKNOWN else hold.cause
    if until_at is None or until_at <= now or theirs < mine:
        return replace(hold, cause=known) if known is not hold.cause else hold
    other = limit.cause is not hold.cause and Cause.UNKNOWN not in (limit.cause, hold.cause)
    if theirs == mine and hold.until_at is not None:
        if other and until_at <= hold.until_at:
            return hold
        if abs(until_at - hold.until_at) < _ROUNDING:
            return replace(hold, cause=known) if known is not hold.cause else hold
    cause = limit.cause if other else known
    return replace(
        hold, until_at=until_at, cause=cause, source=limit.source, confidence=limit.confidence
    )


def failed(hold: Hold, limit: Limit | None, now: datetime) -> Hold:
    """The hold after an agent that was woken met the limit again."""
    hold = replace(hold, state=HoldState.HELD, probes=hold.probes + 1)
    if limit is not None and limit.until_at is not None and limit.until_at > now:
        cause = limit.cause if limit.cause is not Cause.UNKNOWN else hold.cause
        return replace(
            hold, until_at=limit.until_at, cause=cause, source=limit.source,
            confidence=limit.confidence,
        )  # fmt: skip
    if hold.cause is Cause.SPEND or (hold.until_at is not None and hold.until_at > now):
        return hold
    return _probe(hold, now)


def due(hold: Hold) -> datetime | None:
    """When its first agent may be woken; ``None``: not before a person says so."""
    if hold.until_at is None:
        return None
    told = hold.confidence in (Confidence.STRUCTURED, Confidence.SCREEN, Confidence.PATTERN)
    return hold.until_at + timedelta(seconds=SETTLES_S if told else 0.0)


def stagger(place: int) -> timedelta:
    """How long after the first the agent at ``place`` (from 0) in the line is woken."""
    return timedelta(seconds=STAGGER_S * place)


def is_probe(hold: Hold) -> bool:
    """Whether its end is not known well: one agent tries, and the others wait for it."""
    return hold.probes > 0 or hold.confidence in _UNSURE


def probe_delay(probes: int, cause: Cause) -> timedelta:
    """How long after the limit was met for the ``probes``-th time it is tried again."""
    delays = LONG_PROBES_S if cause in _LONG else PROBES_S
    return timedelta(seconds=delays[min(probes, len(delays) - 1)])


def pattern(history: Sequence[Hold], cause: Cause, at: datetime) -> datetime | None:
    """When the window ends that earlier resets of the account suggest; ``None`` without any.

    A window of five hours begins with the first request after a reset, and agents were woken
    then; a week's has a fixed hour.
    """
    if cause not in (Cause.FIVE_HOUR, Cause.UNKNOWN, Cause.WEEKLY):
        return None
    weekly = cause is Cause.WEEKLY
    kinds = {Cause.WEEKLY} if weekly else {Cause.FIVE_HOUR}
    ends = [
        hold.until_at
        for hold in history
        if hold.cause in kinds and hold.until_at is not None and hold.until_at < at
        and hold.confidence in (Confidence.STRUCTURED, Confidence.SCREEN)
    ]  # fmt: skip
    if not ends:
        return None
    window, last = timedelta(seconds=WEEK_S if weekly else WINDOW_S), max(ends)
    if weekly:
        return last + window * ((at - last) // window + 1)
    return last + window if at < last + window else None


def _probe(hold: Hold, now: datetime) -> Hold:
    at, last = now + probe_delay(hold.probes, hold.cause), hold.since_at
    last += timedelta(seconds=WINDOW_S)
    if hold.cause not in _LONG and now < last:
        at = min(at, last)
    return replace(hold, until_at=at, source="probe", confidence=Confidence.GUESS)
