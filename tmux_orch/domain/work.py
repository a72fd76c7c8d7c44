"""What an agent has done and used, as far as we have seen it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Quota:
    """One window of a plan's usage limit as the program was told it.

    Attributes:
        name: The program's own name of the window, e.g. ``five_hour``.
        used_percent: 0 to 100 (more is possible).
        resets_at: When the window ends (aware UTC), if it was said.
    """

    name: str
    used_percent: float
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a program says about its own use; what it does not say is ``None``.

    Attributes:
        at: When it said so (aware UTC).
        context_percent: Used part of the context window, 0 to 100.
        input_tokens, output_tokens: Of the conversation so far, cached input included.
        cost_usd: Of this process so far, as the program reckons it; never reckoned by us.
        model: The model it runs with.
        quotas: The plan's windows.
    """

    at: datetime
    context_percent: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    model: str = ""
    quotas: tuple[Quota, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Tasks done and tasks there are, and where they were counted (a file, or ``plan``)."""

    done: int
    total: int
    source: str = ""

    @property
    def is_complete(self) -> bool:
        """At least one task, and all done: an empty list proves nothing (fault C10)."""
        return 0 < self.total == self.done


@dataclass(frozen=True, slots=True)
class Load:
    """Processor and memory of an agent's process tree (its program and what that started)."""

    cpu_percent: float
    memory_bytes: int
    processes: int
