"""What may stand for ``attention`` in the configuration and in a role."""

from __future__ import annotations

from pydantic import model_validator

from tmux_orch.config.checked import Strict
from tmux_orch.domain.attention import RANGES


class AttentionEntry(Strict):
    """Thresholds of alerts; one that is not there keeps its default, 0 switches it off."""

    stuck_s: int | None = None
    unanswered_s: int | None = None
    blocked_s: int | None = None
    silent_s: int | None = None
    uncommitted_s: int | None = None
    restarts: int | None = None
    restarts_in_s: int | None = None
    context_percent: int | None = None
    memory_mb: int | None = None

    @model_validator(mode="after")
    def _in_range(self) -> AttentionEntry:
        for name, value in self.given().items():
            least, most = RANGES[name]
            if value and not least <= value <= most:
                raise ValueError(f"{name}: give 0 (never), or a number from {least} to {most}")
        return self

    def given(self) -> dict[str, int]:
        """Those that are there."""
        given: dict[str, int] = self.model_dump(exclude_none=True)
        return given
