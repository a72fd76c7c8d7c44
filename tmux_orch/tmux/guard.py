"""What must be true of a pane at the moment something is done to it, said inside tmux."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PANE = re.compile(r"%\d+")
_AGENT = re.compile(r"[a-z][a-z0-9_-]{0,40}/[a-z][a-z0-9_-]{0,40}")
_INCARNATION = re.compile(r"[a-z0-9][a-z0-9.-]{0,40}")


@dataclass(frozen=True, slots=True)
class Guard:
    """A pane that is the agent we mean, alive, reading, and (optionally) untouched since we looked.

    tmux evaluates it in the same command list as the act it guards, so nothing happens in between.
    Asking first and acting then is a race that ends in a server crash: pasting into a dead pane
    killed tmux 3.3a in 5 of 12 tries.

    Attributes:
        pane_id: ``%3``.
        agent: Value of the pane's ``@orch_agent``.
        incarnation: Value of its ``@orch_incarnation``.
        cursor: Column and row where the cursor must still be; a key typed meanwhile moves it.
    """

    pane_id: str
    agent: str
    incarnation: str
    cursor: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        # These three enter a tmux format, where `#(...)` would run a shell.
        if not (
            _PANE.fullmatch(self.pane_id)
            and _AGENT.fullmatch(self.agent)
            and _INCARNATION.fullmatch(self.incarnation)
        ):
            raise ValueError(f"not a pane and an agent of ours: {self}")

    def whose(self) -> str:
        """The tmux format that is true when the pane is this agent in this incarnation."""
        return _all(self._identity())

    def condition(self, *, any_mode: bool = False) -> str:
        """The same, and the pane lives and reads; false also for a pane that is not there."""
        flags = ["pane_dead", "pane_input_off"]
        if not any_mode:
            flags.append("pane_in_mode")
        shown = "".join(f"#{{{flag}}}" for flag in flags)
        terms = [*self._identity(), f"#{{==:{shown},{'0' * len(flags)}}}"]
        if self.cursor is not None:
            x, y = self.cursor
            terms.append(f"#{{==:#{{cursor_x}}.#{{cursor_y}},{int(x)}.{int(y)}}}")
        return _all(terms)

    def _identity(self) -> list[str]:
        return [
            f"#{{==:#{{@orch_agent}},{self.agent}}}",
            f"#{{==:#{{@orch_incarnation}},{self.incarnation}}}",
        ]


def _all(terms: list[str]) -> str:
    """Every one of ``terms``: tmux's ``&&`` takes two."""
    *rest, whole = terms
    for term in reversed(rest):
        whole = f"#{{&&:{term},{whole}}}"
    return whole
