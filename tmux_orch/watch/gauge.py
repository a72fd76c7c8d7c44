"""What one agent's program says of its use: told to its status line, else read from its files."""

from __future__ import annotations

from tmux_orch.agents.adapter import Adapter, Berth
from tmux_orch.clock import Clock
from tmux_orch.domain.work import Figures

#: Figures that the program does not tell us are read from its files at most this often.
EVERY_S = 5.0


class Gauge:
    """The newest figures of one agent. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: Figures | None = None
        self._read: Figures | None = None
        self._read_at = -EVERY_S

    def tell(self, figures: Figures) -> None:
        """The program told its status line."""
        self._told = figures

    @property
    def told(self) -> Figures | None:
        """What the status line was told last."""
        return self._told

    def figures(self, adapter: Adapter, berth: Berth) -> Figures | None:
        """The newest figures, or ``None`` when there are none; below 5 ms."""
        if self._told is not None:
            return self._told
        now = self._clock.monotonic()
        if now - self._read_at >= EVERY_S:
            self._read_at = now
            self._read = adapter.figures(berth, self._clock.now()) or self._read
        return self._read


def line(name: str, figures: Figures) -> str:
    """One short line for the agent's own screen: who it is, its context, what it cost."""
    parts = [name]
    if figures.context_percent is not None:
        parts.append(f"context {figures.context_percent:.0f} %")
    if figures.cost_usd is not None:
        parts.append(f"${figures.cost_usd:.2f}")
    for quota in figures.quotas:
        if quota.used_percent >= 80:
            parts.append(f"{quota.name.replace('_', ' ')} limit {quota.used_percent:.0f} %")
    return " · ".join(parts)
