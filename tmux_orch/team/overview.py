"""The status of teams for those who keep looking: made once for all, told when it changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.rpc.request import Reply
from tmux_orch.store.projects import Project
from tmux_orch.team import status
from tmux_orch.team.answer import waiting
from tmux_orch.team.parts import Parts
from tmux_orch.team.status_seen import totals

#: Nobody is told more often; the least ``interval_s``.
LEAST_S = 1.0
_MOST_S = 3600.0
#: git and the process table are asked this often while somebody looks: with 20 agents that is one
#: git process every 0.25 s of a few ms each.
COSTLY_S = 5.0


@dataclass(slots=True)
class _Look:
    """One project's status and when (monotonic) its costly and its cheap parts were looked at."""

    shown: dict[str, Any] | None = None
    costly_at: float = 0.0
    at: float = 0.0
    # One for each project: git that is slow in one must not keep the followers of others waiting.
    lock: threading.Lock = field(default_factory=threading.Lock)


class Overview:
    """Looks for all followers of a project together, however many there are."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._looks: dict[str, _Look] = {}
        self._pause = threading.Event()  # never set

    def follow(
        self,
        project: Project,
        body: Mapping[str, Any],
        reply: Reply,
        gone: Callable[[], bool],
    ) -> None:
        """The status object at once, then again whenever it has changed, as progress frames.

        Raises:
            BadInput: ``interval_s`` is not a number from 1 to 3600.
        """
        every_s = body.get("interval_s", LEAST_S)
        if isinstance(every_s, bool) or not isinstance(every_s, int | float):
            raise BadInput(f"--interval {every_s!r}", "give seconds")
        if not LEAST_S <= every_s <= _MOST_S:
            raise BadInput(f"--interval {every_s!r}", "give 1 to 3600 seconds")
        reply.only_follows()
        told: dict[str, Any] = {}
        while not gone():
            shown = self.look(project.name)
            if shown != told:
                told = shown
                reply.progress(told)
            # In pieces, so that a client that has gone is let go soon.
            until = self._parts.clock.monotonic() + every_s
            while not gone() and (left := until - self._parts.clock.monotonic()) > 0:
                self._pause.wait(min(left, LEAST_S))

    def look(self, name: str) -> dict[str, Any]:
        """The status object of a project, at most a second old; work in git at most five."""
        with self._lock:
            look = self._looks.setdefault(name, _Look())
        with look.lock:
            now, shown = self._parts.clock.monotonic(), look.shown
            if shown is not None and now - look.at < LEAST_S / 2:
                return shown
            project = self._project(name)
            seats = self._seats(project)
            fresh = now - look.costly_at < COSTLY_S
            # A new object each time: what was told before must not change under its reader.
            if shown is not None and fresh and _same(shown, project, seats):
                shown = self._quick(shown, project, seats)
            else:
                shown, look.costly_at = status.status(self._parts, project), now
            look.shown, look.at = shown, now
            return shown

    def _project(self, name: str) -> Project:
        project = next((p for p in self._parts.projects.all() if p.name == name), None)
        if project is None:
            raise BadInput(f"the project {name} was removed", "see tmux-orch ls")
        return project

    def _seats(self, project: Project) -> list[Seat]:
        seats = self._parts.seats.of_project(project.name)
        return [seat for seat in seats if seat.desired is not Desired.REMOVED]

    def _quick(
        self, shown: Mapping[str, Any], project: Project, seats: Sequence[Seat]
    ) -> dict[str, Any]:
        """``shown`` with what costs nothing looked at anew."""
        held = self._parts.outbox.count_held(project.name)
        agents = [
            {**agent, **status.quick(self._parts, seat, held.get(seat.key, 0))}
            for agent, seat in zip(shown["agents"], seats, strict=True)
        ]
        return {
            **shown,
            **status.at_large(self._parts),
            "totals": totals(agents),
            "agents": agents,
            "dialogs": waiting(self._parts, project),
        }


def _same(shown: Mapping[str, Any], project: Project, seats: Sequence[Seat]) -> bool:
    """Whether ``shown`` is of the same seats, run and life as now."""
    known, was = [agent["name"] for agent in shown["agents"]], shown["project"]
    return (known, was["run"], was["live"]) == (
        [seat.name for seat in seats], project.run, project.live,
    )  # fmt: skip
