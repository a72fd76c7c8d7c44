"""The forecast of every account: what agents' programs tell of their plan, taken together."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tmux_orch.clock import Clock
from tmux_orch.domain import forecast
from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.forecast import Outlook, Window
from tmux_orch.domain.work import Quota
from tmux_orch.schedule.accounts import Accounts
from tmux_orch.store.quotas import Quotas
from tmux_orch.watch.live_seat import LiveSeat

#: What changed is written down this often; a kill loses so much of the pace, nothing else.
KEEP_S = 60.0
#: Windows of which nothing was told for so long are forgotten at a start.
FORGET = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class _Agent:
    """What was told to one agent last.

    Attributes:
        account: Whose windows.
        model: Its model; empty when it is not known.
        quotas: By name, as they were told: the same again is no news.
    """

    account: str
    model: str
    quotas: dict[str, Quota]


class Forecast:
    """How long each account's plan lasts. Safe to use from any thread.

    Args:
        quotas: Where the readings are kept over restarts of the daemon.
        accounts: Which account an agent spends from.
        clock: Time.
    """

    def __init__(self, quotas: Quotas, accounts: Accounts, clock: Clock) -> None:
        self._quotas = quotas
        self._accounts = accounts
        self._clock = clock
        self._lock = threading.Lock()
        self._agents: dict[str, _Agent] = {}
        quotas.forget(clock.now() - FORGET)
        self._windows = {(account, window.name): window for account, window in quotas.all()}
        self._changed: set[tuple[str, str]] = set()
        self._kept_at = clock.monotonic()

    def read(self, lives: Iterable[LiveSeat]) -> None:
        """Take what was told since the last time; cheap when nothing was."""
        told: list[tuple[datetime, str, Quota]] = []
        for live in lives:
            figures, seat = live.figures(), live.seat()
            try:
                account = self._accounts.of(seat)
            except (OrchError, OSError, KeyError):
                continue  # its files are gone: the keeper says so in the log
            before = self._agents.get(seat.key)
            known = before.quotas if before is not None and before.account == account else {}
            if figures is None:
                self._agents[seat.key] = _Agent(account, seat.model, known)
                continue
            news = [quota for quota in figures.quotas if known.get(quota.name) != quota]
            told += [(figures.at, account, quota) for quota in news]
            quotas = {**known, **{quota.name: quota for quota in news}}
            self._agents[seat.key] = _Agent(account, figures.model or seat.model, quotas)
        with self._lock:
            for at, account, quota in sorted(told, key=lambda one: one[0]):
                self._take(account, quota, at)
        self._keep(KEEP_S)

    def close(self) -> None:
        """Write down what was not yet."""
        self._keep(0.0)

    def outlooks(self, account: str) -> list[Outlook]:
        """The windows of an account that are not over, in the order of their names."""
        now = self._clock.now()
        with self._lock:
            windows = [window for (of, _), window in self._windows.items() if of == account]
        found = [outlook for window in windows if (outlook := window.outlook(now)) is not None]
        return sorted(found, key=lambda one: one.name)

    def accounts(self) -> set[str]:
        """The accounts of which windows are known."""
        with self._lock:
            return {account for account, _ in self._windows}

    def account(self, key: str) -> str:
        """The account of an agent, as read last; empty when it is not known."""
        agent = self._agents.get(key)
        return agent.account if agent is not None else ""

    def stretch(self, key: str) -> float:
        """By how much to stretch the check-ins of an agent so that its plan lasts: 1 to 4."""
        return forecast.stretch(self._of(key), self._clock.now())

    def approaching(self, key: str) -> datetime | None:
        """When an agent's plan runs out, if that is within ten minutes."""
        soon = self.next_end(key)
        return soon.runs_out_at if soon is not None else None

    def next_end(self, key: str) -> Outlook | None:
        """The window of an agent's plan that runs out within ten minutes."""
        return forecast.approaching(self._of(key), self._clock.now())

    def _of(self, key: str) -> list[Outlook]:
        agent = self._agents.get(key)
        if agent is None:
            return []
        return [one for one in self.outlooks(agent.account) if one.concerns(agent.model)]

    def _take(self, account: str, quota: Quota, at: datetime) -> None:
        place = (account, quota.name)
        before = self._windows.get(place) or Window(quota.name)
        if before.samples and before.samples[-1].at > self._clock.now() + forecast.SAME:
            before = Window(quota.name)  # the clock was set back: all we know is of the future
        after = before.told(quota, at)
        if after != before:
            self._windows[place] = after
            self._changed.add(place)

    def _keep(self, older_s: float) -> None:
        now = self._clock.monotonic()
        with self._lock:
            if not self._changed or now - self._kept_at < older_s:
                return
            windows = [(account, self._windows[account, name]) for account, name in self._changed]
            self._changed, self._kept_at = set(), now
        self._quotas.keep(windows)
