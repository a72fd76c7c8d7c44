"""A checkpoint: the page an agent writes about where it is, before a long pause. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from tmux_orch.domain.message import SYSTEM, Message
from tmux_orch.domain.states import BUSY, READY, AgentState

#: In the worktree's own directory of ours, which ignores itself: git takes the page only when it is
#: added by name (``git add -f``).
DIRECTORY = ".orch"
_WHEN = "%Y%m%d_%H%M"
#: How the keys of the requests among messages begin.
KEY = "checkpoint:"
#: After so long nobody is told of it any more.
EXPIRES_S = 600.0


def page_name(agent: str, at: datetime) -> str:
    """``DEVELOPER_CHECKPOINT_20260504_1430.md``; ``at`` in the zone that a person reads."""
    return f"{agent.upper()}_CHECKPOINT_{at.strftime(_WHEN)}.md"


def newest(agent: str, names: Iterable[str]) -> str | None:
    """The latest of an agent's checkpoint pages among file names; ``None`` when there is none.

    Pages that it wrote of its own accord count, with or without the hour in their name.
    """
    pattern = re.compile(
        rf"{re.escape(agent.upper())}_CHECKPOINT_(\d{{8}}(?:_\d{{4,6}})?)\.md", re.ASCII
    )
    found = [(match[1], name) for name in names if (match := pattern.fullmatch(name))]
    return max(found)[1] if found else None


def is_request(message: Message) -> bool:
    """Whether a message asks for a checkpoint: the one thing that a held agent at work is told."""
    return message.sender == SYSTEM and (message.client_key or "").startswith(KEY)


def is_worth(state: AgentState, dirty_files: int | None) -> bool:
    """Whether an agent has something to save that a stop would leave untold.

    One that works has; an idle one when files of it are not committed. What it has committed, and
    its conversation, are there after a stop anyway, and asking costs a turn.
    """
    return state in BUSY or (state in READY and bool(dirty_files))


def request(page: str, why: str, within_s: float, *, goes_on: bool = False) -> str:
    """What the agent is told.

    Args:
        page: Path in its worktree.
        why: ``the team is being stopped``.
        within_s: How long it has.
        goes_on: It shall go on with its work afterwards.
    """
    after = "Then go on." if goes_on else "Begin nothing new after it, and end your turn."
    span = f"{round(within_s)} seconds" if within_s < 120 else f"{round(within_s / 60)} minutes"
    return (
        f"Checkpoint: {why}. You have about {span}. First commit what works. Then write the file "
        f"{page} with your task, your branch, what you did last, and the next steps. "
        f"Git ignores that file. {after}"
    )
