"""Which account an agent spends from: where its program's sign-in lives."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from tmux_orch.agents.adapter import Adapter, Berth
from tmux_orch.domain.seat import Seat


def account_of(adapter: Adapter, berth: Berth) -> str:
    """``<adapter>:<real path of the configuration directory>``; the same for all that share it."""
    return f"{adapter.name}:{os.path.realpath(adapter.account(berth))}"


class Accounts:
    """The accounts of seats. Safe to use from any thread.

    Args:
        adapters: Agent programs by name.
        berth: What the adapter is told of a seat.
    """

    def __init__(self, adapters: Mapping[str, Adapter], berth: Callable[[Seat], Berth]) -> None:
        self._adapters = adapters
        self._berth = berth
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, seat: Seat) -> str:
        """The seat's account; looked up once per start of its program (it reads a file)."""
        start, account = self._known.get(seat.key, ("", ""))
        if start != seat.tag:
            account = account_of(self._adapters[seat.adapter], self._berth(seat))
            self._known[seat.key] = (seat.tag, account)
        return account
