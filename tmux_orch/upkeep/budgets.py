"""Budgets while the team works: what is used up holds, and the hub and the person are told once.

A running turn is never interrupted: nothing more is sent or handed over, so it is the last one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from tmux_orch.domain.budget import TEAM, Budget, Period, Stage, Unit, used, words
from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.names import split_key
from tmux_orch.domain.roles import HUB_ROLE
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.usage import Used
from tmux_orch.domain.usage import used as used_per_day
from tmux_orch.store.budgets import Ceilings
from tmux_orch.store.projects import Project
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM
from tmux_orch.team.usage import day_of

_log = logging.getLogger(__name__)

#: How long an agent whose budget is used up has for its checkpoint.
CHECKPOINT_S = 300.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget and how far it is used now.

    Attributes:
        budget: As stored.
        term: The period now: a day or a run.
        used: ``None`` when no program has told.
        stage: How far that is.
    """

    budget: Budget
    term: str
    used: float | None
    stage: Stage

    @property
    def percent(self) -> int | None:
        """The used part, rounded down so that 99.9 % is not all."""
        limit = self.budget.limit(self.term)
        return None if self.used is None else int(self.used * 100 / limit)


class Budgets:
    """Looks at every budget when asked, and remembers what is used up.

    Args:
        parts: The rooms' objects.
        read_usage: Writes down what the programs tell now.
        ask: Asks an agent that still works for its checkpoint, when its budget is used up.
    """

    def __init__(
        self,
        parts: Parts,
        read_usage: Callable[[], None] = lambda: None,
        ask: Callable[..., object] = lambda *_, **__: None,
    ) -> None:
        self.parts = parts
        self.ceilings = Ceilings(parts.database)
        self._read_usage = read_usage
        self.ask = ask
        self._lock = threading.RLock()
        # By agent or project: read without a lock, replaced whole.
        self._notable: Mapping[str, tuple[Standing, ...]] = {}

    def held(self, seat: Seat) -> str | None:
        """Why nothing may be sent to this agent: its own budget or its team's is used up.

        Costs nothing; a day's budget frees itself at midnight, before anybody looks.
        """
        for one in self._of(seat.key, seat.project):
            if one.stage is Stage.HELD:
                return one.budget.used_up(one.term)
        return None

    def alert(self, key: str) -> str:
        """What a person should know of this agent's budget; the hub stands for the team's."""
        if not self._notable:
            return ""
        seat = self.parts.seats.get(key)
        places = (key, seat.project) if seat is not None and seat.role == HUB_ROLE else (key,)
        found = sorted(self._of(*places), key=lambda one: -one.stage)
        return _line(found[0]) if found else ""

    def look(self, *, fresh: bool = False) -> None:
        """Compare every budget with what was used; tell what is news.

        Args:
            fresh: Ask the programs' figures first.
        """
        if fresh:
            self._read_usage()
        with self._lock:
            known = {project.name: project for project in self.parts.projects.all()}
            notable: dict[str, tuple[Standing, ...]] = {}
            used_up: list[tuple[Project, Standing]] = []
            for name, of_project in groupby(self.ceilings.all(), lambda one: one.project):
                project = known.get(name)
                if project is None or not project.run:
                    continue
                for one in self.standings(project, of_project):
                    if one.stage is not Stage.BELOW:
                        place = one.budget.agent or name
                        notable[place] = (*notable.get(place, ()), one)
                    if self._edge(project, one) and one.stage is Stage.HELD:
                        used_up.append((project, one))
            freed = {place for place, ones in self._notable.items() if _holds(ones)}
            self._notable = notable
            freed -= {place for place, ones in notable.items() if _holds(ones)}
        for project, one in used_up:
            self._ask_for_checkpoints(project, one)
        for place in freed:
            for seat in self.parts.seats.of_project(split_key(place)[0]):
                if place in (seat.key, seat.project):
                    self.parts.courier.kick(seat.key)

    def standings(self, project: Project, budgets: Iterable[Budget]) -> list[Standing]:
        """How far these budgets of one project are used now."""
        today = day_of(self.parts.clock.now())
        rows: dict[date, list[Used]] = {}
        found = []
        for budget in budgets:
            first = today if budget.period is Period.DAY else self._first_day(project, today)
            if first not in rows:
                rows[first] = used_per_day(self.parts.usage.since(project.name, first), first)
            term = today.isoformat() if budget.period is Period.DAY else project.run
            spent = used(rows[first], budget, first)
            found.append(Standing(budget, term, spent, budget.stage(spent, term)))
        return found

    def change(self, act: Callable[[], None]) -> None:
        """Change budgets by ``act`` while nobody looks at them, then look."""
        with self._lock:
            act()
            self.look(fresh=True)

    def blind(self, project: Project, agent: str, unit: Unit) -> list[str]:
        """Agents whose programs tell nothing of this unit, with their program's name."""
        today = day_of(self.parts.clock.now())
        rows = used_per_day(self.parts.usage.since(project.name, today), today)
        told = {row.agent: row for row in rows}
        found = []
        for seat in self.parts.seats.of_project(project.name):
            if agent not in (TEAM, seat.key) or seat.desired is Desired.REMOVED:
                continue
            tells = getattr(self.parts.adapter(seat), "tells_use", ())
            row = told.get(seat.key)
            # A person's own status line in place of ours: tokens come, but never a cost.
            silent = unit is Unit.USD and row is not None and row.cost_usd is None
            if unit not in tells or (silent and row is not None and row.input_tokens is not None):
                found.append(f"{seat.name} ({seat.adapter})")
        return found

    def _of(self, *places: str) -> Iterable[Standing]:
        notable = self._notable
        if not notable:
            return
        today = day_of(self.parts.clock.now()).isoformat()
        for place in places:
            for one in notable.get(place, ()):
                if one.budget.period is not Period.DAY or one.term == today:
                    yield one

    def _first_day(self, project: Project, today: date) -> date:
        """The day on which the run began; of an unknown one today."""
        step = self.parts.journal.last(project.name, None, "plan")
        return day_of(step.begun_at) if step is not None and step.run == project.run else today

    def _edge(self, project: Project, one: Standing) -> bool:
        """Write down an edge, once; before it is written, the hub has been told.

        Returns:
            Whether it is used further than was told before.
        """
        budget, stage = one.budget, one.stage
        before = budget.told_stage(one.term)
        freed = budget.was_held and stage is not Stage.HELD
        if stage is before and not freed:
            return False
        if stage > before:
            self._tell_hub(project, one)
        payload = _payload(one)
        kind = "budget.held" if stage is Stage.HELD else "budget.warned"
        with self.parts.database.write() as c:
            self.ceilings.put(budget.telling(stage, one.term), c)
            key = budget.agent or None
            if freed:
                self.parts.events.append("budget.freed", project.name, key, payload, connection=c)
            if stage > before:
                self.parts.events.append(kind, project.name, key, payload, connection=c)
        return stage > before

    def _ask_for_checkpoints(self, project: Project, one: Standing) -> None:
        """Who still works is asked to come to an end; once for this limit."""
        budget = one.budget
        why = f"{budget.name(one.term)} is used up"
        occasion = f"budget:{budget.unit}:{one.term}:{budget.limit(one.term):.15g}"
        for seat in self.parts.seats.of_project(project.name):
            if budget.agent in (TEAM, seat.key):
                self.ask(seat, why, CHECKPOINT_S, occasion=occasion)

    def _tell_hub(self, project: Project, one: Standing) -> None:
        """One message, however often a daemon dies on the way; a held hub reads none."""
        budget = one.budget
        hub = next(
            (s for s in self.parts.seats.of_project(project.name) if s.role == HUB_ROLE), None
        )
        if hub is None or hub.desired is not Desired.UP:
            return
        if one.stage is Stage.HELD and budget.agent in (TEAM, hub.key):
            return
        limit = f"{budget.limit(one.term):.15g}"
        scope = budget.agent or project.name
        mark = f"budget:{scope}:{budget.period}:{budget.unit}:{one.term}:{limit}:{one.stage.name}"
        if self.parts.outbox.by_client_key(SYSTEM, mark) is not None:
            return
        try:
            self.parts.courier.accept(SYSTEM, hub.key, _message(one), client_key=mark)
        except OrchError as error:
            _log.warning("%s was not told of its budget: %s", hub.key, error.line())


def _holds(ones: Iterable[Standing]) -> bool:
    return any(one.stage is Stage.HELD for one in ones)


def _message(one: Standing) -> str:
    if one.stage is Stage.HELD:
        return (
            f"{_line(one)}. Nothing more is sent to it until the user extends the budget"
            f"{' or the day ends' if one.budget.period is Period.DAY else ''}; give its open work "
            "to others."
        )
    return (
        f"{_line(one)}. Spend the rest on what matters most, and tell the user what will not fit."
    )


def _line(one: Standing) -> str:
    if one.stage is Stage.HELD:
        return one.budget.used_up(one.term)
    return f"{one.percent} % of {one.budget.name(one.term)} is used"


def _payload(one: Standing) -> dict[str, Any]:
    budget = one.budget
    return {
        "budget": budget.name(one.term, of="its" if budget.agent else ""),
        "unit": str(budget.unit),
        "period": str(budget.period),
        "limit": budget.limit(one.term),
        "used": one.used,
        "words": words(one.used, budget.unit) if one.used is not None else "nothing told",
        "percent": one.percent,
        "do": "" if one.stage is Stage.BELOW else "tmux-orch budget extend",
    }
