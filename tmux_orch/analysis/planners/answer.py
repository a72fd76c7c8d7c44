"""What asking a model gave: an answer with what it cost, or the reason why there is none."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tmux_orch.domain.sanitise import printable

_T = TypeVar("_T")

#: Seconds between two lines of progress while a model is thinking.
HEARTBEAT_S = 10.0

#: US dollars per million tokens in and out, list prices as of ``PRICES_AT``; by a model's prefix.
PRICES_AT = "2026-09"
_PRICES = {
    "claude-fable-5": (10.0, 50.0),
    "claude-opus-5-5": (4.0, 20.0),
    "claude-opus-5": (5.0, 25.0),
    "claude-opus-4": (5.0, 25.0),
    "claude-sonnet-5": (2.0, 10.0),
    "claude-sonnet-4": (3.0, 15.0),
    "claude-haiku-4-5": (1.0, 5.0),
}


class Unusable(Exception):
    """There is no answer that can be used; the text says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered.

    Attributes:
        text: The plan as JSON.
        model: Which model it was.
        tokens_in, tokens_out: What it read and wrote.
        cost: US dollars as the program itself counted them; ``None`` when it does not.
    """

    text: str
    model: str
    tokens_in: int
    tokens_out: int
    cost: float | None = None

    def spent(self) -> str:
        """Tokens and cost on one line."""
        # The name comes from whoever answered, and goes to the terminal.
        tokens = (
            f"{printable(self.model, 120)}: {self.tokens_in:,} tokens in, {self.tokens_out:,} out"
        )
        if self.cost is not None:
            return f"{tokens}, ${self.cost:.4f} by its own count"
        prices = _prices(self.model)
        if prices is None:
            return f"{tokens}, unknown price"
        cost = (self.tokens_in * prices[0] + self.tokens_out * prices[1]) / 1_000_000
        return f"{tokens}, about ${cost:.4f} at list prices of {PRICES_AT}"


def _prices(model: str) -> tuple[float, float] | None:
    fitting = [name for name in _PRICES if model == name or model.startswith(f"{name}-")]
    return _PRICES[max(fitting, key=len)] if fitting else None


def patiently(
    call: Callable[[], _T], progress: Callable[[str], None], every_s: float = HEARTBEAT_S
) -> _T:
    """Do ``call`` and meanwhile say every ``every_s`` seconds that it goes on.

    ``progress`` is called from this thread only. What ``call`` raises is raised here.
    """
    done: queue.SimpleQueue[tuple[bool, _T | BaseException]] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put((True, call()))
        except BaseException as error:  # noqa: BLE001 - carried to the thread that waits
            done.put((False, error))

    threading.Thread(target=work, daemon=True, name="planner").start()
    waited_s = 0.0
    while True:
        try:
            fine, value = done.get(timeout=every_s)
        except queue.Empty:
            waited_s += every_s
            progress(f"still planning ({waited_s:.0f} s)")
            continue
        if fine:
            return value  # type: ignore[return-value]
        raise value  # type: ignore[misc]
