"""Accounts, their plans' windows and holds, as a person reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tmux_orch.cli import plain, screen, when
from tmux_orch.cli.table import Column, cut, table

Account = Mapping[str, Any]

#: What a person reads when no program has said anything.
NO_WINDOWS = "no agent has reported its plan's windows yet"
_NO_ACCOUNTS = "no team is up, so no account is in use; start one: auto-orchestrate --spec FILE"
_WINDOWS = (
    Column("WINDOW", 9),
    Column("USED", right=True),
    Column("RESETS", 8),
    Column("PER HOUR", right=True),
    Column("FORECAST", 12),
)
_HISTORY = (
    Column("SINCE"),
    Column("LASTED", right=True),
    Column("LIMIT", 12),
    Column("ACCOUNT", 12),
    Column("HOW IT ENDED", 24),
)
_CAUSES = {"five_hour": "5-hour limit", "weekly": "weekly limit", "spend": "credit limit",
           "model": "{scope} limit", "person": "your hold", "unknown": "usage limit"}  # fmt: skip
_CONFIDENCES = {
    "structured": "told by the program",
    "screen": "read from its screen",
    "pattern": "as its resets before",
    "guess": "its end is not known, it is tried then",
    "person": "said by you",
}


def status(found: Mapping[str, Any], now: datetime | None = None) -> list[str]:
    """Every account: who is on it, what holds it and what happens next, its windows."""
    accounts = found["accounts"]
    if not accounts:
        return [_NO_ACCOUNTS]
    now = now or datetime.now(UTC)
    lines: list[str] = []
    for account in accounts:
        lines += [*([""] if lines else []), screen.paint(_head(account), "bold")]
        for hold in account["holds"]:
            lines += [_indented(said) for said in (_held(hold, now), *_next(hold, now))]
        for agent in account["asked"]:
            lines.append(_indented(f"{agent} is asked about: its conversation is large and old"))
            lines.append(_indented(f"go on with it: tmux-orch credits wake {agent}"))
        lines += _windows(account, now)
    return lines


def forecast(found: Mapping[str, Any], now: datetime | None = None) -> list[str]:
    """Every account's windows, and what is done when they do not last."""
    accounts = [account for account in found["accounts"] if account["windows"]]
    if not accounts:
        return [_NO_ACCOUNTS if not found["accounts"] else NO_WINDOWS]
    now = now or datetime.now(UTC)
    lines: list[str] = []
    for account in accounts:
        lines += [*([""] if lines else []), screen.paint(_head(account), "bold")]
        lines += _windows(account, now)
        if account["stretch"] > 1:
            lines.append(_indented(f"check-ins come {account['stretch']:g} times as rarely"))
    return lines


def history(found: Mapping[str, Any]) -> list[str]:
    """Ended holds, newest first."""
    rows = [
        (
            _day(hold["since_at"]),
            _lasted(hold["since_at"], hold["ended_at"]),
            _what(hold),
            home(hold["directory"]),
            hold["outcome"],
        )
        for hold in found["holds"]
    ]
    return table(_HISTORY, rows) if rows else ["no hold has ended yet"]


def checked(found: Mapping[str, Any], now: datetime | None = None) -> str:
    """What one look found, in one line."""
    accounts = found["accounts"]
    agents = sum(len(account["agents"]) for account in accounts)
    held = [hold for account in accounts for hold in account["holds"]]
    head = f"{_count(agents, 'agent')} on {_count(len(accounts), 'account')}"
    if not held:
        return f"{head}, nothing is held"
    now = now or datetime.now(UTC)
    ends = sorted(hold["until_at"] for hold in held if hold["until_at"])
    until = f", the next until {when.ahead(ends[0], now)}" if ends else ""
    return f"{head}, {_count(len(held), 'hold')}{until}"


def woken(found: Mapping[str, Any]) -> Iterator[str]:
    """Who is woken; one line when nobody was held."""
    names = [plain.line(agent) for agent in found["agents"]]
    if names:
        yield f"woken: {', '.join(names)}"
        yield "they go on one after the other; see tmux-orch credits status"
    else:
        yield "nobody is held"


def held(found: Mapping[str, Any], now: datetime | None = None) -> Iterator[str]:
    """A hold that a person has begun."""
    until = when.ahead(found["until_at"], now) if found["until_at"] else "you wake them"
    agents = ", ".join(plain.line(agent) for agent in found["agents"]) or "no agent now"
    yield f"{found['program']} {home(found['directory'])} is held until {until}: {agents}"
    yield "end it with: tmux-orch credits wake"


def home(directory: str) -> str:
    """A directory with the person's home as ``~``, in one plain line."""
    mine = os.environ.get("HOME", "")
    if mine.startswith("/") and (directory + "/").startswith(mine.rstrip("/") + "/"):
        directory = "~" + directory[len(mine.rstrip("/")) :]
    return plain.line(directory)


def _head(account: Account) -> str:
    room = screen.width()
    name = plain.line(f"{account['program']} {home(account['directory'])}")
    names = ", ".join(plain.line(agent) for agent in account["agents"])
    head = f"{name}: {_count(len(account['agents']), 'agent')}"
    return cut(f"{head} ({names})" if names else head, room)


def _held(hold: Mapping[str, Any], now: datetime) -> str:
    until = "until you say go"
    if hold["until_at"]:
        until = f"until {when.ahead(hold['until_at'], now)}"
    how = "" if hold["cause"] == "person" else f", {_CONFIDENCES.get(hold['confidence'], '?')}"
    who = f"helpers inside {hold['agent']} stopped" if hold["scope"] == "inside" else "held"
    return f"{who} {until}: {_what(hold)}{how}"


def _next(hold: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What happens next to the hold's agents."""
    sent = [wake["agent"] for wake in hold["wakes"] if wake["state"] == "sent"]
    held = [agent for agent in hold["agents"] if agent not in sent]
    if held and hold["next_at"]:
        yield f"wakes {_count(len(held), 'agent')} from {_clock(hold['next_at'], now)}"
    elif held:
        yield f"{_count(len(held), 'agent')} on hold; let go with: tmux-orch credits wake"
    if sent:
        yield f"waking now: {', '.join(str(agent) for agent in sent)}"


def _windows(account: Account, now: datetime) -> list[str]:
    if not account["windows"]:
        return [f"  {NO_WINDOWS}"]
    rows = [
        (
            window["name"].replace("_", " "),
            f"{window['used_percent']:.0f}%",
            when.ahead(window["resets_at"], now) if window["resets_at"] else "",
            _rate(window),
            _outlook(window, now),
        )
        for window in account["windows"]
    ]
    return table(_WINDOWS, rows)


def _rate(window: Mapping[str, Any]) -> str:
    rate = window["rate_percent_per_h"]
    return "" if rate is None else f"{rate:.1f}%"


def _outlook(window: Mapping[str, Any], now: datetime) -> str:
    if window["used_percent"] >= 100:
        return "used up"
    if window["rate_percent_per_h"] is None:
        return "too little seen"
    guess = "perhaps " if window["sureness"] == "low" else ""
    if window["lasts"]:
        return f"{guess}lasts until its reset"
    if window["runs_out_at"] is None:
        return f"{guess}lasts"
    return f"{guess}runs out {_clock(window['runs_out_at'], now)}"


def _what(hold: Mapping[str, Any]) -> str:
    cause = _CAUSES.get(hold["cause"], hold["cause"])
    return plain.line(cause.replace("{scope}", str(hold["scope"])))


def _clock(instant: object, now: datetime) -> str:
    """The time alone of what :func:`when.ahead` says."""
    return when.ahead(instant, now).partition(" (")[0]


def _day(instant: object) -> str:
    return when.clock(instant)[:16]


def _lasted(since: str, ended: str | None) -> str:
    if not ended:
        return "-"
    return when.ago(since, datetime.fromisoformat(ended))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _indented(text: str) -> str:
    return screen.paint("  " + cut(plain.line(text), screen.width() - 2), "yellow")
