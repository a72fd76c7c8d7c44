"""What one look at an agent's screen showed, read by its adapter's rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from tmux_orch.agents.adapter import Dialog, ScreenReading
from tmux_orch.domain.states import AgentState, Condition, Reading, Source

# CSI, OSC and two-character escapes, then the other controls.
_PLAIN = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|[\x00-\x1f\x7f-\x9f]"
)
#: The whole question on one line: the evidence a person decides by.
_MOST_TOLD = 400


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a screen.

    Attributes:
        capture: The screen with escapes, as it was shown.
        title: The pane's title.
        read: What the adapter's rules say of it.
        dialog: The dialog on it, if one stands there.
        at: When it was first seen to look exactly so (aware UTC).
        agreed: Two looks say the same, so that a half-drawn screen is not believed.
    """

    capture: str
    title: str
    read: ScreenReading
    dialog: Dialog | None
    at: datetime
    agreed: bool = False

    @property
    def state(self) -> AgentState | None:
        """What it says the agent does: a dialog before everything else."""
        return self.dialog.state if self.dialog is not None else self.read.state

    def reading(self) -> Reading:
        """As a reading; without a state while it is not agreed, or no rule knows it."""
        if self.dialog is not None:
            told = f"{self.dialog.question} {' / '.join(self.dialog.options)}"
            rule = self.dialog.rule
        elif self.read.rule:
            told, rule = self.read.evidence, self.read.rule
        else:
            told, rule = last_line(self.capture), "screen.no_rule"
        state = self.state if self.agreed else None
        return Reading(Source.SCREEN, state, self.at, rule, one_line(told))

    def limit(self) -> Reading | None:
        """The usage limit on it that keeps the agent from going on, once agreed."""
        read = self.read
        if not self.agreed or read.condition is not Condition.USAGE_LIMIT or not read.blocked:
            return None
        told, rule = one_line(read.evidence), read.rule or "screen.usage_limit"
        return Reading(Source.SCREEN, AgentState.USAGE_LIMITED, self.at, rule, told, read.reset_at)


def plain(screen: str) -> str:
    """A captured screen without its escapes, line by line."""
    return "\n".join(_PLAIN.sub("", line) for line in screen.split("\n"))


def one_line(text: str, most: int = _MOST_TOLD) -> str:
    """``text`` on one line, cut."""
    return " ".join(text.split())[:most]


def last_line(screen: str) -> str:
    """The last line with something on it, without escapes, for a person to see."""
    lines = [_PLAIN.sub("", line).strip() for line in screen.splitlines()]
    return next((line[:200] for line in reversed(lines) if line), "an empty screen")
