"""Plans and holds put together: the forecast kept up, limits that approach, the mirror file."""

from __future__ import annotations

import logging
import threading
from typing import Any

from tmux_orch.domain.errors import OrchError
from tmux_orch.schedule.approaching import Approaching, Ask
from tmux_orch.schedule.forecast import Forecast
from tmux_orch.store.quotas import Quotas
from tmux_orch.team.parts import Parts
from tmux_orch.upkeep.credit_mirror import MOST_HISTORY, CreditMirror
from tmux_orch.upkeep.credits import Credits

_log = logging.getLogger(__name__)

#: What programs tell of their plans is looked at this often; the mirror is written as often.
LOOK_S, MIRROR_S = 20.0, 60.0


class Spending:
    """Looks every few seconds. Any thread may call.

    Args:
        parts: The rooms' objects.
        ask: Asks an agent for its checkpoint.
        mirror: Whether ``credit_schedule.json`` is written.
    """

    def __init__(self, parts: Parts, ask: Ask, *, mirror: bool) -> None:
        self._parts = parts
        self.forecast = Forecast(Quotas(parts.database), parts.accounts, parts.clock)
        self.approaching = Approaching(self.forecast, ask, parts.clock)
        self.credits = Credits(parts, self.forecast)
        self._mirror = CreditMirror() if mirror else None
        self._looked_at = self._mirrored_at = float("-inf")
        self._lock = threading.Lock()

    def look(self) -> None:
        """Take what was told, ask whom a limit nears; nothing when that was done just now."""
        with self._lock:
            if self._parts.clock.monotonic() - self._looked_at >= LOOK_S:
                self._look()

    def check(self) -> dict[str, Any]:
        """Look at everything now, holds too; what is known then, as ``credits status``."""
        self._parts.keeper.round()
        with self._lock:
            self._look()
        return self.credits.status()

    def _look(self) -> None:
        now = self._looked_at = self._parts.clock.monotonic()
        lives = self._parts.board.seats()
        self.forecast.read(lives)
        self.approaching.round(lives)
        if self._mirror is not None and now - self._mirrored_at >= MIRROR_S:
            self._mirrored_at = now
            accounts = self.credits.status()["accounts"]
            history = self.credits.history(None, MOST_HISTORY, None, "/")["holds"]
            self._mirror.write(accounts, history, self._parts.clock.now())

    def close(self) -> None:
        """Write down what was seen since; no thread may look any more."""
        try:
            self.forecast.read(self._parts.board.seats())
            self.forecast.close()
        except OrchError as error:
            _log.warning("what plans were told was not written down: %s", error.line())
