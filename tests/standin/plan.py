"""A plan with windows, as the service keeps it: what it refuses, until when, and what it tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_NAME = "anthropic-ratelimit-unified"
Body = dict[str, Any]


@dataclass
class Limit:
    """One window that is used up.

    Attributes:
        claim: ``five_hour``, ``seven_day`` or ``seven_day_opus``.
        resets_at: What the program is told (seconds since 1970).
        fine_at: From when on requests are answered; usually the same.
        of: Which requests it refuses.
    """

    claim: str
    resets_at: int
    fine_at: float
    of: Callable[[Body], bool] = field(default=lambda body: True)


class Plan:
    """The plan of the one account that asks. Without a limit every request is answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit: Limit | None = None
        self._used_5h, self._ends_5h = 0.0, 0
        self.refused: list[float] = []

    def limit(
        self,
        claim: str,
        resets_at: int,
        *,
        fine_at: float | None = None,
        of: Callable[[Body], bool] | None = None,
    ) -> None:
        """Refuse from now on; the program is told ``resets_at``, and ``fine_at`` is when it ends.

        Args:
            claim: ``five_hour``, ``seven_day`` or ``seven_day_opus``.
            resets_at: Seconds since 1970.
            fine_at: The same, unless a test wants another.
            of: Which requests it refuses; all, when not said.
        """
        ends_at = resets_at if fine_at is None else fine_at
        with self._lock:
            self._limit = Limit(claim, resets_at, ends_at, of or (lambda body: True))

    def fine(self) -> None:
        """Answer everything from now on."""
        with self._lock:
            self._limit = None
            self._used_5h = 0.0

    def near(self, used: float, in_s: float = 3600) -> int:
        """Answer, and warn that this much of the 5-hour window is used; when it resets."""
        with self._lock:
            self._used_5h, self._ends_5h = used, int(time.time() + in_s)
            return self._ends_5h

    def answer(self, body: Body) -> tuple[Body | None, dict[str, object]]:
        """The rule that refuses this request, or ``None``; and the headers of an answer."""
        now = time.time()
        with self._lock:
            limit = self._limit
            if limit is not None and now < limit.fine_at and limit.of(body):
                self.refused.append(now)
                return _refusal(limit), {}
            if limit is not None and limit.of(body):
                self._limit = None
            return None, self._allowed(now)

    def _allowed(self, now: float) -> dict[str, object]:
        near = self._used_5h >= 0.9
        return {
            f"{_NAME}-status": "allowed_warning" if near else "allowed",
            f"{_NAME}-representative-claim": "five_hour",
            f"{_NAME}-reset": self._ends_5h or int(now + 18_000),
            f"{_NAME}-5h-utilization": self._used_5h or 0.1,
            f"{_NAME}-5h-reset": self._ends_5h or int(now + 18_000),
            f"{_NAME}-5h-surpassed-threshold": "0.9" if near else "",
            f"{_NAME}-7d-utilization": 0.2,
            f"{_NAME}-7d-reset": int(now + 300_000),
        }


def _refusal(limit: Limit) -> Body:
    weekly = limit.claim != "five_hour"
    headers = {
        f"{_NAME}-status": "rejected",
        f"{_NAME}-representative-claim": limit.claim,
        f"{_NAME}-reset": limit.resets_at,
        f"{_NAME}-5h-utilization": "0.2" if weekly else "1.0",
        f"{_NAME}-5h-reset": limit.resets_at + (0 if not weekly else 9_000),
        f"{_NAME}-7d-utilization": "1.0" if limit.claim == "seven_day" else "0.2",
        f"{_NAME}-7d-reset": limit.resets_at + (0 if weekly else 300_000),
    }
    said = "This request would exceed your account's rate limit. Please try again later."
    return {"status": 429, "error_type": "rate_limit_error", "message": said, "headers": headers}
