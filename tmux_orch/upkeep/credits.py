"""What a person sees and says of accounts: their agents, windows and holds; hold and wake."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tmux_orch.domain import forecast as pace
from tmux_orch.domain import holding
from tmux_orch.domain.errors import Absent, BadInput, OrchError
from tmux_orch.domain.forecast import Outlook
from tmux_orch.domain.hold import Hold, HoldState, Wake, WakeState
from tmux_orch.domain.sanitise import printable
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.schedule.forecast import Forecast
from tmux_orch.team.parts import Parts

SCHEMA = "tmux-orch/credits/1"
HISTORY_SCHEMA = "tmux-orch/credits-history/1"
MOST_HISTORY = 1000
_TO_WAKE = frozenset({WakeState.WAITING, WakeState.FAILED})


class Credits:
    """Any thread may call.

    Args:
        parts: The rooms' objects.
        forecast: How long each plan lasts.
    """

    def __init__(self, parts: Parts, forecast: Forecast) -> None:
        self._parts = parts
        self._accounts = parts.accounts
        self._keeper = parts.keeper
        self._forecast = forecast

    def status(self, project: str | None = None) -> dict[str, Any]:
        """Every account in use (schema ``tmux-orch/credits/1``).

        Args:
            project: Only this team's agents and their accounts: what an agent may see.
        """
        seats = self._seats(project)
        agents: dict[str, list[Seat]] = {}
        for seat in seats:
            agents.setdefault(self._account(seat), []).append(seat)
        if project is None:
            for account in self._unused(agents):
                agents[account] = []
        agents.pop("", None)
        open_holds = self._keeper.open()
        return {
            "schema": SCHEMA,
            "accounts": [
                self._shown(account, mine, [h for h in open_holds if h.account == account], project)
                for account, mine in sorted(agents.items())
            ],
        }

    def history(self, who: object, limit: object, project: str | None, cwd: str) -> dict[str, Any]:
        """Ended holds, newest first; of one account, or of those of one team's agents.

        Raises:
            BadInput: no such account, or not a number from 1 to 1000.
        """
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_HISTORY:
            raise BadInput(f"--limit {limit!r}", f"give a number from 1 to {MOST_HISTORY}")
        account = None if who is None else self._find(str(who), cwd, project)
        holds = self._keeper.history(account, limit)
        if project is not None:
            own = {self._account(seat) for seat in self._seats(project)}
            holds = [hold for hold in holds if hold.account in own]
        return {
            "schema": HISTORY_SCHEMA,
            "holds": [_of_team(_fields(hold), project) for hold in holds],
        }

    def wake(self, who: object, project: str | None, cwd: str) -> dict[str, Any]:
        """Wake an agent, the agents of an account, or everybody that is held.

        Args:
            who: An agent's name or key, an account, or ``None``.
            project: Whose agents are meant when a name is one in several teams.
            cwd: What a relative directory is relative to.

        Raises:
            BadInput: nobody of that name, or several.
            Absent: nothing holds it.
        """
        if who is not None:
            return {"agents": self._keeper.wake(self._agent_or_account(str(who), project, cwd))}
        woken: list[str] = []
        for account in {hold.account for hold in self._keeper.open()} if project is None else ():
            woken += self._woken(account)
        for seat in self._seats(project):
            if seat.key not in woken and self._keeper.shown(seat) is not None:
                woken += self._woken(seat.key)
        return {"agents": sorted(set(woken))}

    def hold(self, who: object, until_at: object, cwd: str) -> dict[str, Any]:
        """A person's pause of an account.

        Raises:
            BadInput: no such account, several, or a time that is none or has passed.
        """
        account = self._only() if who is None else self._find(str(who), cwd, None)
        hold = self._keeper.hold(account, None if until_at is None else _instant(until_at))
        agents = [seat.key for seat in self._seats(None) if self._account(seat) == account]
        return {**_fields(hold), "agents": agents}

    # --- inside -------------------------------------------------------------------------------

    def _seats(self, project: str | None) -> list[Seat]:
        live = {one.name for one in self._parts.projects.all() if one.live}
        return [
            seat
            for seat in self._parts.seats.all()
            if seat.desired is Desired.UP
            and seat.project in live
            and (project is None or seat.project == project)
        ]

    def _account(self, seat: Seat) -> str:
        try:
            return self._accounts.of(seat)
        except (OrchError, OSError, KeyError):
            return ""  # its files are gone: the keeper says so in the log

    def _unused(self, known: Iterable[str]) -> set[str]:
        """Accounts of no agent now of which there is something to say."""
        held = {hold.account for hold in self._keeper.open()}
        told = {a for a in self._forecast.accounts() if self._forecast.outlooks(a)}
        return (held | told) - set(known)

    def _shown(
        self, account: str, seats: Sequence[Seat], holds: Sequence[Hold], project: str | None
    ) -> dict[str, Any]:
        windows, now = self._forecast.outlooks(account), self._parts.clock.now()
        shown = {seat.key: self._keeper.shown(seat) for seat in seats}
        return {
            **_split(account),
            "agents": list(shown),
            "windows": [_window(one) for one in windows],
            "stretch": pace.stretch(windows, now),
            "holds": [
                _of_team(
                    self._hold(
                        hold, [key for key, of in shown.items() if of and of["id"] == hold.id]
                    ),
                    project,
                )
                for hold in holds
            ],
            "asked": [key for key, of in shown.items() if of and of["wake"] == WakeState.ASKED],
        }

    def _hold(self, hold: Hold, held: Sequence[str]) -> dict[str, Any]:
        wakes = self._keeper.wakes(hold.id)
        waiting = [w.due_at for w in wakes if w.state in _TO_WAKE and w.due_at is not None]
        next_at = holding.due(hold) if hold.state is HoldState.HELD else min(waiting, default=None)
        return {
            **_fields(hold),
            "next_at": _iso(next_at),
            "agents": list(held),
            "wakes": [_wake(wake) for wake in wakes],
        }

    def _woken(self, who: str) -> list[str]:
        try:
            return self._keeper.wake(who)
        except Absent:
            return []  # it has ended this instant

    def _agent_or_account(self, who: str, project: str | None, cwd: str) -> str:
        found = [seat for seat in self._seats(project) if who in (seat.key, seat.name)]
        if len(found) == 1:
            return found[0].key
        if found:
            keys = " | ".join(seat.key for seat in found)
            raise BadInput(f"several teams have an agent {printable(who)}", f"name one: {keys}")
        return self._find(who, cwd, project)

    def _only(self) -> str:
        used = sorted({self._account(seat) for seat in self._seats(None)} - {""})
        if not used:
            raise BadInput("no account is in use", "start a team: auto-orchestrate --spec FILE")
        if len(used) > 1:
            raise BadInput("several accounts are in use", f"name one: {_candidates(used)}")
        return used[0]

    def _find(self, who: str, cwd: str, project: str | None) -> str:
        """The account that a person means by its program, its directory, or both."""
        found = {self._account(seat) for seat in self._seats(project)} - {""}
        if project is None:
            held = (*self._keeper.open(), *self._keeper.history(None, MOST_HISTORY))
            found |= {hold.account for hold in held}
        known = sorted(found)
        place = os.path.realpath(Path(cwd or "/", who)) if "\0" not in who else ""
        meant = [
            account
            for account in known
            if who == account
            or who == account.partition(":")[0]
            or place == account.partition(":")[2]
        ]
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise BadInput(
                f"several accounts are of {printable(who)}", f"name one: {_candidates(meant)}"
            )
        step = f"the accounts are: {_candidates(known)}" if known else "no team is up"
        raise BadInput(f"no account or agent {printable(who)[:80]!r}", step)


def _split(account: str) -> dict[str, str]:
    program, _, directory = account.partition(":")
    return {"account": account, "program": program, "directory": directory}


def _candidates(accounts: Iterable[str]) -> str:
    named = [account.partition(":") for account in accounts]
    programs = [program for program, _, _ in named]
    return " | ".join(
        printable(program if programs.count(program) == 1 else directory)
        for program, _, directory in named
    )


def _fields(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.id,
        **_split(hold.account),
        "scope": hold.scope,
        "cause": str(hold.cause),
        "agent": hold.agent,
        "since_at": hold.since_at.isoformat(),
        "until_at": _iso(hold.until_at),
        "source": hold.source,
        "confidence": str(hold.confidence),
        "state": str(hold.state),
        "probes": hold.probes,
        "ended_at": _iso(hold.ended_at),
        "outcome": hold.outcome,
    }


def _of_team(hold: dict[str, Any], project: str | None) -> dict[str, Any]:
    """The hold without the agents of other teams, for an agent of ``project``."""
    if project is None:
        return hold
    own = f"{project}/"
    shown = {**hold, "agent": hold["agent"] if hold["agent"].startswith(own) else ""}
    if "wakes" in hold:
        shown["wakes"] = [wake for wake in hold["wakes"] if wake["agent"].startswith(own)]
    return shown


def _wake(wake: Wake) -> dict[str, Any]:
    return {"agent": wake.agent, "state": str(wake.state), "due_at": _iso(wake.due_at)}


def _window(outlook: Outlook) -> dict[str, Any]:
    rate = outlook.rate_percent_per_h
    return {
        "name": outlook.name,
        "used_percent": round(outlook.used_percent, 2),
        "resets_at": _iso(outlook.resets_at),
        "told_at": _iso(outlook.told_at),
        "rate_percent_per_h": None if rate is None else round(rate, 3),
        "runs_out_at": _iso(outlook.runs_out_at),
        "lasts": outlook.lasts,
        "sureness": str(outlook.sureness),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant(text: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise BadInput(f"--until {str(text)[:40]!r} is no time", "give one like 14:30") from None
    if at.tzinfo is None:
        raise BadInput(f"--until {str(text)[:40]!r} has no zone", "give one like 14:30")
    return at
