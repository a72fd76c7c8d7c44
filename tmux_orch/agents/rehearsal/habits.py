"""What the agent does with a text that has no directive."""

# pathlib costs 9 ms of a start.
# ruff: noqa: PTH123

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tmux_orch.agents.rehearsal.directive import Directive
    from tmux_orch.agents.rehearsal.options import Defaults

BRIEFING = ".orch/briefing.md"
HUB = "orchestrator"
#: How a task stands in a briefing: ``- [ ] **T2** its title (its phase; after T1)``.
_TASK = "- [ ] **"
# All of it becomes one word of a command, which takes 128 KiB.
_MOST_READ = 1 << 16


def habit(text: str, agent: str, defaults: Defaults) -> Directive:
    """Work on a first briefing; acknowledge anything else."""
    if text.startswith(f"Read {BRIEFING} and begin"):
        told = defaults.on_brief
        return _brief(agent, defaults.work_s) if told is None else told
    told = defaults.on_message
    answer: Directive = {"work_s": defaults.work_s, "say": f"Understood: {_gist(text)}"}
    return answer if told is None else told


def _brief(agent: str, work_s: float) -> Directive:
    """Read the briefing, leave a note in the worktree, commit it, tell the hub (which does not).

    The commit names the agent's own tasks, so that what it knew of them can be seen from outside.
    """
    name = "".join(c for c in agent.rpartition("/")[2] if c.isalnum() or c in "-_") or "agent"
    note = f"notes/{name}.md"
    page = _page(BRIEFING)
    order: Directive = {
        "read": BRIEFING,
        "work_s": work_s,
        "write": {note: f"# {name}\n\nRead the briefing ({len(page)} bytes) and began.\n"},
        "commit": f"Add the notes of {name}" + _listed(own_tasks(page.decode("utf-8", "replace"))),
        "say": f"I have read my briefing and committed {note}.",
    }
    if agent and name != HUB:
        report = f"{name}: briefing read, {note} committed"
        order["run"] = ["scm", "--no-wait", HUB, report]
    return order


def own_tasks(page: str) -> list[str]:
    """Id and title of each task that a briefing gives to its reader, in the page's order."""
    found = []
    for line in page.split("\n"):
        ident, mark, rest = line.removeprefix(_TASK).partition("** ")
        if line.startswith(_TASK) and mark:
            # The phase and the ids of other people's tasks that come first stand behind the title.
            title = rest.rpartition(" (")[0] if rest.endswith(")") else ""
            found.append(f"{ident} {title or rest}".replace("\0", ""))
    return found


def _listed(tasks: list[str]) -> str:
    return "\n\nMy tasks:\n" + "\n".join(tasks) if tasks else ""


def _page(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MOST_READ)
    except OSError:
        return b""  # no briefing there: reading it will say so


def _gist(text: str) -> str:
    """The first line that is not a sender's header."""
    lines = [line.strip() for line in text.split("\n")]
    told = [
        line for line in lines if line and not line.startswith(("[from ", "Stop hook feedback:"))
    ]
    return (told[0] if told else "nothing")[:80]
