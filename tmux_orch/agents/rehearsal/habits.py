"""What the agent does with a text that has no directive."""

# pathlib costs 9 ms of a start.
# ruff: noqa: PTH202

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tmux_orch.agents.rehearsal.directive import Directive
    from tmux_orch.agents.rehearsal.options import Defaults

BRIEFING = ".orch/briefing.md"
HUB = "orchestrator"


def habit(text: str, agent: str, defaults: Defaults) -> Directive:
    """Work on a first briefing; acknowledge anything else."""
    if text.startswith(f"Read {BRIEFING} and begin"):
        told = defaults.on_brief
        return _brief(agent, defaults.work_s) if told is None else told
    told = defaults.on_message
    answer: Directive = {"work_s": defaults.work_s, "say": f"Understood: {_gist(text)}"}
    return answer if told is None else told


def _brief(agent: str, work_s: float) -> Directive:
    """Read the briefing, leave a note in the worktree, commit it, tell the hub (which does not)."""
    name = "".join(c for c in agent.rpartition("/")[2] if c.isalnum() or c in "-_") or "agent"
    note = f"notes/{name}.md"
    order: Directive = {
        "read": BRIEFING,
        "work_s": work_s,
        "write": {note: f"# {name}\n\nRead the briefing ({_size(BRIEFING)} bytes) and began.\n"},
        "commit": f"Add the notes of {name}",
        "say": f"I have read my briefing and committed {note}.",
    }
    if agent and name != HUB:
        report = f"{name}: briefing read, {note} committed"
        order["run"] = ["scm", "--no-wait", HUB, report]
    return order


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0  # no briefing there: reading it will say so


def _gist(text: str) -> str:
    """The first line that is not a sender's header."""
    lines = [line.strip() for line in text.split("\n")]
    told = [
        line for line in lines if line and not line.startswith(("[from ", "Stop hook feedback:"))
    ]
    return (told[0] if told else "nothing")[:80]
