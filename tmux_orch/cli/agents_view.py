"""The agents of a team as a table, and below it who needs a person."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tmux_orch.cli import plain, screen, when
from tmux_orch.cli.table import Column, cut, table

Agent = Mapping[str, Any]

_COLOURS = {
    "idle": "green",
    "complete": "green",
    "thinking": "cyan",
    "reading": "cyan",
    "working": "cyan",
    "testing": "cyan",
    "compacting": "cyan",
    "waiting_permission": "yellow",
    "waiting_answer": "yellow",
    "needs_trust": "yellow",
    "needs_login": "yellow",
    "retrying": "yellow",
    "usage_limited": "yellow",
    "stuck": "red",
    "error": "red",
    "exited": "red",
    "unknown": "dim",
}
#: States in which the reason says more than the agent's last words.
_EVIDENT = frozenset(
    {"initializing", "waiting_permission", "waiting_answer", "needs_trust", "needs_login",
     "retrying", "usage_limited", "stuck", "complete", "error", "exited", "unknown"}
)  # fmt: skip
#: Columns of the terminal from which on the column is shown: what a person needs first fits 80.
_WIDE, _WIDER = 100, 116


def _colour(state: str) -> str:
    return _COLOURS.get(state, "")


def rows(agents: Sequence[Agent]) -> list[str]:
    """The table; more columns on a wider terminal, and none in which nothing stands."""
    room = screen.width()
    columns = [(column, cell) for least, column, cell in _COLUMNS if room >= least]
    cells = [[cell(agent) for _, cell in columns] for agent in agents]
    return table([column for column, _ in columns], cells)


def needs(agents: Sequence[Agent]) -> list[str]:
    """Who needs a person, one line for each reason; nothing when nobody does."""
    lines = []
    for agent in agents:
        for alert in agent.get("attention") or ():
            head = f"{agent['name']}: {alert['kind']} ({when.ago(alert['since_at'])})"
            lines += _told(plain.line(f"{head}: {alert['detail']}"))
    return ["", "Needs a look:", *lines] if lines else []


def _told(text: str) -> list[str]:
    """A reason on two lines at most: its end often is what to type."""
    room = screen.width() - 2
    first, *rest = textwrap.wrap(text, room, break_on_hyphens=False)
    parts = [first, *([f"  {' '.join(rest)}"] if rest else [])]
    return [f"  {screen.paint(cut(part, room), 'yellow')}" for part in parts]


def held(agents: Sequence[Agent]) -> list[str]:
    """Until when whom an account's limit holds, one line for each hold; nothing when nobody is."""
    names: dict[str, list[str]] = {}
    for agent in agents:
        if agent.get("hold"):
            names.setdefault(when.held(agent["hold"]), []).append(str(agent["name"]))
    lines = [plain.line(f"{said}: {', '.join(whom)}") for said, whom in names.items()]
    shown = [screen.paint(cut(line, screen.width()), "yellow") for line in lines]
    return ["", *shown, "see tmux-orch credits status"] if shown else []


def tasks(agent: Agent) -> str:
    """``2/5``; nothing for an agent without tasks."""
    done, total = agent.get("progress_done"), agent.get("progress_total")
    return f"{done}/{total}" if total else ""


def _percent(number: float | None) -> str:
    return "" if number is None else f"{number:.0f}%"


def _memory(size: int | None) -> str:
    if size is None:
        return ""
    return f"{size / 2**30:.1f}G" if size >= 2**30 else f"{size / 2**20:.0f}M"


def _known(count: object) -> object:
    return "?" if count is None else count or ""


def _latest(agent: Agent) -> str:
    if agent.get("git_trouble"):
        return str(agent["git_trouble"])
    if agent.get("hold"):
        return when.held(agent["hold"])
    said = agent.get("last_line")
    if said and agent["state"] not in _EVIDENT:
        return str(said)
    # "source: rule (detail)": what it says first, for a narrow column; explain has all of it.
    evidence = str(agent["evidence"])
    _, _, detail = evidence.partition(" (")
    return detail.removesuffix(")") or evidence


def _cost(agent: Agent) -> str:
    cost = agent.get("cost_usd")
    return "" if cost is None else f"${cost:.2f}"


_COLUMNS: tuple[tuple[int, Column, Callable[[Agent], object]], ...] = (
    (0, Column("AGENT", 12), lambda agent: agent["name"]),
    (0, Column("STATE", colour=_colour), lambda agent: agent["state"]),
    (0, Column("SINCE", right=True), lambda agent: when.ago(agent["state_since_at"])),
    (0, Column("TASKS", right=True), tasks),
    (_WIDE, Column("CONTEXT", right=True), lambda agent: _percent(agent.get("context_percent"))),
    (_WIDE, Column("COST", right=True), _cost),
    (0, Column("COMMITS", right=True), lambda agent: _known(agent["commits_ahead"])),
    (_WIDER, Column("BEHIND", right=True), lambda agent: agent.get("commits_behind") or ""),
    (0, Column("DIRTY", right=True), lambda agent: _known(agent["dirty_files"])),
    (0, Column("HELD", right=True), lambda agent: agent["held_messages"] or ""),
    (_WIDER, Column("CPU", right=True), lambda agent: _percent(agent.get("cpu_percent"))),
    (_WIDER, Column("MEMORY", right=True), lambda agent: _memory(agent.get("memory_bytes"))),
    (0, Column("LATEST", 10), _latest),
)
