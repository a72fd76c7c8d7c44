"""One seat in a project's team: what is stored of an agent, and what proves a pane is its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tmux_orch.domain.names import agent_key


class Desired(StrEnum):
    """What the person wants of a seat."""

    UP = "up"
    STOPPED = "stopped"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Seat:
    """The stored row of one agent. Everything is keyed by ``key``, never by the role.

    Attributes:
        project, name: Together the key.
        role: What it is for; several seats may share it.
        run: The plan's run, 6 hex digits; part of the branch name.
        slot: Stable number in the team, from 0; port ranges and compose names derive from it.
        adapter: Agent program, e.g. ``claude``.
        worktree: Absolute path of its git worktree.
        branch: Home branch ``orch/<run>/<name>``.
        base: Commit the home branch was made from.
        incarnation: Counts starts of its program; 0 before the first.
        conversation_id: The program's own conversation id (a UUID of ours), stable over restarts.
        brief_id: 8 hex digits in the first prompt, by which the briefing is proved received once.
        pane_id, window_id: tmux ids (``%3``, ``@2``), valid only within ``server``; else empty.
        server: ``pid:start`` of the tmux server the ids belong to; empty when none.
        pid, pid_start: The program's process and its kernel start tick; 0 when none.
        desired: What the person wants of it.
        model: Model passed to the program; empty for its own default.
        permission_mode: Passed to the program; empty for its own default.
        briefed: Whether its conversation was proved to contain the briefing.
    """

    project: str
    name: str
    role: str
    run: str
    slot: int
    adapter: str
    worktree: str
    branch: str
    base: str
    incarnation: int
    conversation_id: str
    brief_id: str
    pane_id: str = ""
    window_id: str = ""
    server: str = ""
    pid: int = 0
    pid_start: int = 0
    desired: Desired = Desired.UP
    model: str = ""
    permission_mode: str = ""
    briefed: bool = False

    @property
    def key(self) -> str:
        """``project/name``."""
        return agent_key(self.project, self.name)

    @property
    def tag(self) -> str:
        """The value of the pane option ``@orch_incarnation``: ``<run>.<incarnation>``."""
        return f"{self.run}.{self.incarnation}"
