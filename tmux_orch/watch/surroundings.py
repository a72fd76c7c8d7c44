"""What a live seat needs of the board it sits on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import Fused

if TYPE_CHECKING:
    from tmux_orch.watch.live_seat import LiveSeat


class Surroundings(Protocol):
    """The board, as a seat sees it."""

    condition: threading.Condition

    def changed(self, live: LiveSeat, before: Fused, after: Fused) -> None:
        """The fused state or its evidence changed; called with the seat's lock held, in order."""

    def hold_of(self, seat: Seat) -> str | None:
        """Why nothing may be sent there now for reasons that are not the agent's own."""

    def tell(self, kind: str, key: str | None, payload: Mapping[str, Any]) -> None:
        """An event of the seat, in line with its changes."""
