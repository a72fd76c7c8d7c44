"""A team as rows of cells: what is shown of each agent, made plain, and how wide. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from rich.cells import cell_len, set_cell_size

from tmux_orch.cli import plain, when
from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState

#: Sign, what it means; readable without colour and in any font.
SIGNS = (
    ("?", "waits for your answer"),
    ("!", "stuck, or in error"),
    ("*", "a turn runs"),
    ("-", "idle"),
    ("+", "complete: all done, committed"),
    ("z", "usage limited"),
    (">", "starts"),
    ("x", "its program has ended"),
    ("~", "unknown"),
)
_SIGN = {
    **{str(state): ("*", "busy") for state in BUSY},
    **{str(state): ("?", "look") for state in WAITING},
    **{str(state): ("-", "good") for state in READY},
    str(AgentState.COMPLETE): ("+", "good"),
    str(AgentState.STUCK): ("!", "bad"),
    str(AgentState.ERROR): ("!", "bad"),
    str(AgentState.EXITED): ("x", "bad"),
    str(AgentState.USAGE_LIMITED): ("z", "look"),
    str(AgentState.INITIALIZING): (">", ""),
}
TITLES = ("AGENT", "STATE", "FOR", "TASKS", "CTX", "COST", "HELD", "ATTENTION", "LAST LINE")
_RIGHT = frozenset({2, 4, 5, 6})
# Columns that are cut, the last first, and what they keep of their width.
_LEAST = {0: 11, 1: 11, 7: 9, 8: 12}
_BAR = 6
# Below this many columns there is no bar, gaps are single, and what needs attention stands in the
# place of the last line.
_WIDE = 110
_SERVER = {
    "hung": "the tmux server does not answer: nothing is typed until it does",
    "lost": "the tmux server is gone: auto-orchestrate --resume brings the team back",
}


class Cell(NamedTuple):
    """One plain line, and how it is meant: good, look, bad, busy, dim, or nothing."""

    text: str
    tone: str = ""


def line(value: object) -> str:
    """Outside text as one plain line; nothing for what is absent."""
    return "" if value is None else plain.line(str(value))


def number(value: object) -> float | None:
    """A number of the status, or ``None`` for what is absent or something else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def row(agent: Mapping[str, Any], now: datetime, room: int) -> tuple[Cell, ...]:
    """The cells of one agent, in the order of :data:`TITLES`."""
    state = line(agent.get("state"))
    sign, tone = _SIGN.get(state, ("~", "dim"))
    context, cost = number(agent.get("context_percent")), number(agent.get("cost_usd"))
    held = number(agent.get("held_messages")) or 0
    needs, says = attention(agent), Cell(line(agent.get("last_line")), "dim")
    if isinstance(hold := agent.get("hold"), Mapping):
        says = Cell(line(when.held(hold, now)), "look")
    urgent = Cell(f"! {needs}", "look") if needs else says
    return (
        Cell(line(agent.get("name"))),
        Cell(f"{sign} {state}", tone),
        Cell(when.ago(agent.get("state_since_at"), now), "dim"),
        Cell(tasks(agent, bar=room >= _WIDE)),
        Cell("" if context is None else f"{context:.0f}%", "look" if (context or 0) >= 80 else ""),
        Cell("" if cost is None else f"${cost:.2f}"),
        Cell(f"{held:.0f}" if held else "", "look"),
        *((Cell(needs, "look"), says) if room >= _WIDE else (Cell(""), urgent)),
    )


def tasks(agent: Mapping[str, Any], *, bar: bool = False) -> str:
    """``3/7``, before it a bar where there is room; empty when nobody counted."""
    done, total = number(agent.get("progress_done")), number(agent.get("progress_total"))
    if done is None or not total:
        return ""
    text = f"{done:.0f}/{total:.0f}"
    if not bar:
        return text
    full = max(0, min(_BAR, int(_BAR * done / total)))
    return f"{'#' * full}{'.' * (_BAR - full)} {text}"


def attention(agent: Mapping[str, Any]) -> str:
    """Why a person should look, shortly."""
    return ", ".join(line(one.get("kind")).replace("_", " ") for one in objects(agent, "attention"))


def objects(found: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """The objects of a list in the status; none for what is absent or something else."""
    value = found.get(field)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def matches(agent: Mapping[str, Any], wanted: str) -> bool:
    """Whether a filter's text is in what the row shows of the agent, or in its role."""
    shown = [line(agent.get(field)) for field in ("name", "role", "state", "adapter", "last_line")]
    return wanted.casefold() in " ".join([*shown, attention(agent)]).casefold()


def widths(rows: Sequence[Sequence[Cell]], room: int) -> list[int]:
    """The columns' widths, 0 for one in which nothing stands; together at most ``room``."""
    found = []
    for column, title in enumerate(TITLES):
        longest = max((cell_len(one[column].text) for one in rows), default=0)
        # Agent and state are always there: an empty team still has a heading.
        found.append(max(longest, len(title)) if longest or column < 2 else 0)
    over = sum(found) + len(gap(room)) * (sum(map(bool, found)) - 1) - room
    for column in sorted(_LEAST, reverse=True):
        if over > 0 and found[column]:
            spare = max(0, found[column] - _LEAST[column])
            found[column] -= min(spare, over)
            over -= min(spare, over)
    return found


def gap(room: int) -> str:
    """What stands between two columns."""
    return "  " if room >= _WIDE else " "


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """``text`` in exactly ``width`` columns, an ellipsis in the place of what is missing."""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…" if width else ""
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)


def pieces(cells: Sequence[Cell], columns: Sequence[int], room: int) -> list[Cell]:
    """A row as padded pieces that stand side by side."""
    used = [column for column, width in enumerate(columns) if width]
    return [
        Cell(
            fitted(cells[column].text, columns[column], right=column in _RIGHT)
            + (gap(room) if column != used[-1] else ""),
            cells[column].tone,
        )
        for column in used
    ]


def headline(status: Mapping[str, Any]) -> str:
    """One line for the whole team: who, how many, in which states, at what cost."""
    project, agents = status.get("project") or {}, status.get("agents") or []
    states = [str(agent.get("state")) for agent in agents]
    counts = [
        (sum(state in BUSY for state in states), "working"),
        (sum(state in READY for state in states), "idle"),
        (sum(state in WAITING for state in states), "waiting for you"),
        (sum(state in ("exited", "error") for state in states), "down"),
    ]
    said = [f"{count} {word}" for count, word in counts if count]
    costs = [cost for agent in agents if (cost := number(agent.get("cost_usd"))) is not None]
    if costs:
        said.append(f"${sum(costs):.2f}")
    name = line(project.get("name"))
    team = f"{len(agents)} agent{'' if len(agents) == 1 else 's'}"
    return f"{name}  {': '.join(filter(None, [team, ', '.join(said)]))}"


def trouble(status: Mapping[str, Any]) -> str:
    """What is wrong with the whole team; empty when nothing is."""
    project = status.get("project")
    if isinstance(project, Mapping) and project.get("live") is False:
        return "the team is stopped: auto-orchestrate --resume brings it back"
    return _SERVER.get(str(status.get("tmux_server")), "")
