"""One agent's pages, shown to a person or given to the agent anew."""

from __future__ import annotations

from tmux_orch.briefing import render
from tmux_orch.briefing.facts import Variant
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.seat import Seat
from tmux_orch.store.projects import Project
from tmux_orch.team import pages, stop
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM


def of(parts: Parts, project: Project, word: str) -> Seat:
    """The seat that ``word`` means: an agent's name, or a role (or alias) that one agent has.

    Raises:
        BadInput: none or several; with the names.
    """
    seats = stop.chosen(parts, project, [])
    named = [seat for seat in seats if seat.name == word]
    role = parts.templates_of(project).aliases().get(word, "")
    found = named or [seat for seat in seats if seat.role == role]
    if len(found) == 1:
        return found[0]
    names = ", ".join(seat.name for seat in found or seats)
    what = "several agents" if found else "no agent"
    raise BadInput(f"{project.name} has {what} {word[:60]!r}", f"name one of {names}")


def shown(parts: Parts, project: Project, seat: Seat) -> str:
    """The briefing as the agent would get it now; nothing is written."""
    plan = parts.plan_of(project)
    about = pages.reader(parts, project, plan, seat, Variant.REBRIEF)
    overrides = pages.overrides(parts.berth(seat).environment)
    return render.page("briefing", about, overrides)


def again(parts: Parts, project: Project, seat: Seat) -> str:
    """Write the agent's pages anew and tell it to read them; the message's id."""
    plan = parts.plan_of(project)
    berth = parts.berth(seat)
    if not berth.worktree.is_dir():
        raise BadInput(f"the worktree of {seat.name} is not there", "auto-orchestrate --resume")
    about = pages.reader(parts, project, plan, seat, Variant.REBRIEF)
    overrides = pages.overrides(berth.environment)
    pages.write_first(berth.worktree, berth.role_page, plan, about, overrides)
    return parts.courier.accept(SYSTEM, seat.key, render.rebrief_text()).id
