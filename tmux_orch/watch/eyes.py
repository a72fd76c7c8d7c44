"""What the watch asks of tmux: one look at all panes, and screens of the few that need one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tmux_orch.tmux.capture import Shown, shown
from tmux_orch.tmux.client import ServerAbsent
from tmux_orch.tmux.panes import Observation, observe
from tmux_orch.tmux.server import Server

#: With the 2 s between two looks, a server that hangs without being stopped (its descriptors are
#: used up) is noticed within the 5 s we promise. 300 panes take 0.1 s (tmux 3.3a).
LOOK_DEADLINE_S = 2.5


class Eyes(Protocol):
    """Looks at the tmux server; both raise ``CouldNotTell`` when it does not answer in time."""

    def observe(self) -> Observation:
        """Every pane with its flags and tags, and the server's identity."""

    def capture(self, pane_ids: Sequence[str]) -> Mapping[str, Shown]:
        """The screens and titles of these panes; panes that are gone are missing."""


class TmuxEyes:
    """The real server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def observe(self) -> Observation:
        """One ``list-panes`` (one tmux process)."""
        return observe(self._server, LOOK_DEADLINE_S)

    def capture(self, pane_ids: Sequence[str]) -> Mapping[str, Shown]:
        """One chained capture (one tmux process)."""
        try:
            return shown(self._server, pane_ids, LOOK_DEADLINE_S)
        except ServerAbsent:
            return {}  # it ended after the last look: all its panes are gone
