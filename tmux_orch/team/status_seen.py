"""The fields of the status that come from watching: work, use, loads, words and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tmux_orch.domain.roles import Templates
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.usage import plus
from tmux_orch.domain.work import Load
from tmux_orch.store.projects import Project
from tmux_orch.team import tasks
from tmux_orch.team.parts import Parts
from tmux_orch.team.tasks import Planned


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked at once for all agents of a team."""

    parts: Parts
    templates: Templates
    planned: Planned
    loads: Mapping[str, Load]

    @classmethod
    def of(cls, parts: Parts, project: Project, seats: Sequence[Seat]) -> Seen:
        """One look at what all of them share."""
        pids = {seat.key: seat.pid for seat in seats if seat.pid}
        return cls(
            parts,
            parts.templates_of(project),
            tasks.planned(parts, project, seats),
            parts.work.loads.of(pids),
        )

    def fields(self, seat: Seat) -> dict[str, Any]:
        """The fields of one agent; what could not be told is ``None``."""
        work = tasks.progress(self.parts, seat, self.templates, self.planned)
        load = self.loads.get(seat.key)
        return {
            "progress_done": work.done if work is not None else None,
            "progress_total": work.total if work is not None else None,
            "progress_source": work.source if work is not None else None,
            "cpu_percent": load.cpu_percent if load is not None else None,
            "memory_bytes": load.memory_bytes if load is not None else None,
        }


def told(parts: Parts, seat: Seat) -> dict[str, Any]:
    """The fields that cost nothing: what the program told of its use, last words, alerts."""
    live = parts.board.seat(seat.key)
    figures = parts.work.figures(live) if live is not None else None
    return {
        "context_percent": figures.context_percent if figures is not None else None,
        "input_tokens": figures.input_tokens if figures is not None else None,
        "output_tokens": figures.output_tokens if figures is not None else None,
        "cost_usd": figures.cost_usd if figures is not None else None,
        "hold": parts.keeper.shown(seat),
        "last_line": parts.work.of(seat.key).words.last_line or None,
        "attention": [
            {
                "kind": str(alert.kind),
                "since_at": alert.since_at.isoformat(),
                "detail": alert.detail,
            }
            for alert in parts.work.alerts.of(seat.key)
        ],
    }


def totals(agents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums over a team; what nobody tells is ``None``."""
    found: dict[str, Any] = {}
    for name in (
        "progress_done", "progress_total", "input_tokens", "output_tokens", "cost_usd",
        "cpu_percent", "memory_bytes", "dirty_files", "commits_ahead", "held_messages",
    ):  # fmt: skip
        whole: float | None = None
        for agent in agents:
            whole = plus(whole, agent[name])
        found[name] = round(whole, 6) if isinstance(whole, float) else whole
    found["attention"] = sum(1 for agent in agents if agent["attention"])
    return found
