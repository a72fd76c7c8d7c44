"""What people and agents are told of a hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tmux_orch.domain.hold import Cause, Confidence, Hold, Wake, WakeState
from tmux_orch.domain.names import split_key

_WHAT = {
    Cause.FIVE_HOUR: "5-hour limit",
    Cause.WEEKLY: "weekly limit",
    Cause.SPEND: "credit or spend limit",
    Cause.UNKNOWN: "usage limit",
    Cause.PERSON: "hold",
}


def what(hold: Hold) -> str:
    """What is used up, in words."""
    if hold.cause is Cause.MODEL and hold.inside:
        return "limit of one model"
    if hold.cause is Cause.MODEL:
        return f"{hold.scope} limit"
    return _WHAT[hold.cause]


def clock(at: datetime, now: datetime) -> str:
    """An instant as a person reads it on this machine: ``14:32``, another day with its date."""
    local, today = at.astimezone(), now.astimezone().date()
    return local.strftime("%H:%M" if local.date() == today else "%m-%d %H:%M")


def held(hold: Hold, wake: Wake | None, now: datetime) -> str:
    """Why nothing is sent to an agent, for those who send to it."""
    if wake is not None and wake.state is WakeState.ASKED:
        name = split_key(wake.agent)[1]
        return f"its conversation is large and old: tmux-orch credits wake {name}"
    if hold.until_at is None:
        if hold.cause is Cause.PERSON:
            return "held by a person, until a person wakes it"
        return f"held until a person wakes it ({what(hold)} of the account)"
    if hold.until_at <= now:
        why = "the hold has ended" if hold.cause is Cause.PERSON else "the limit has reset"
        return f"held: {why}, its turn to be woken comes"
    at = clock(hold.until_at, now)
    if hold.cause is Cause.PERSON:
        return f"held until {at} (by a person)"
    if hold.confidence in (Confidence.GUESS, Confidence.PATTERN):
        return f"held, tried again at {at} ({_limit(hold)} of the account, its end is not known)"
    return f"held until {at} ({_limit(hold)} of the account)"


def _limit(hold: Hold) -> str:
    return "usage limit" if hold.cause is Cause.FIVE_HOUR else what(hold)


def to_hub(hold: Hold, agents: Sequence[str], now: datetime) -> str:
    """The hub is told once per hold."""
    names = ", ".join(split_key(key)[1] for key in agents)
    until = "until a person wakes them"
    if hold.until_at is not None:
        until = f"until {clock(hold.until_at, now)}"
        if hold.confidence in (Confidence.GUESS, Confidence.PATTERN):
            until = f"until a try at {clock(hold.until_at, now)}; when it ends is not known"
    return (
        f"{split_key(hold.agent)[1]} has met the {what(hold)} of its account."
        f" Held {until}: {names}."
        " Messages to them wait and follow then. Nothing is asked of you."
    )


def resume(hold: Hold, wake: Wake, page: str) -> str:
    """The one message that wakes an agent."""
    if hold.inside:
        return (
            "The usage limit that stopped your helpers has reset."
            " Look what they have not done, and start that again."
        )
    if wake.met_at is None:
        return "Your plan's limit has reset. The messages that were held for you follow."
    checkpoint = f" Your checkpoint is {page}." if page else ""
    return (
        "Your plan's limit has reset. Go on with what you were doing."
        f"{checkpoint} Messages that were held for you follow."
    )


def asks(hold: Hold, agent: str, percent: float, held_s: float) -> str:
    """The hub is told that a person is asked about a large, old conversation."""
    name = split_key(agent)[1]
    return (
        f"The {what(hold)} of {name}'s account has reset, but its conversation fills"
        f" {percent:.0f} % of its context and was held for {held_s / 3600:.0f} hours: to go on"
        " with it costs much of the new window. It waits for the person:"
        f" tmux-orch credits wake {name}"
    )
