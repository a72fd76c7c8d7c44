"""Starting single agents of a live team again, without anybody having asked for it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tmux_orch.store.projects import Project
from tmux_orch.team.parts import Progress
from tmux_orch.team.reconcile import Outcome, Reconcile
from tmux_orch.team.up import Up
from tmux_orch.worktrees.repository import inspect


def bring_back(
    up: Up,
    project: Project,
    keys: Collection[str],
    *,
    why: str,
    untold: Collection[str] = (),
    progress: Progress = lambda _event: None,
) -> list[Outcome]:
    """Start these agents again, each with its worktree and its conversation; for who holds it.

    Whoever of them lives is only taken up; whoever is not wanted up any more is left alone; nobody
    else of the team is touched. The hub is told who is back.

    Args:
        up: The main job.
        project: Their project, as somebody read it; it is read again. The caller holds it.
        keys: Keys of the agents.
        why: In a few words, for the journal and the hub ("it was killed by signal 9").
        untold: Keys of those of whom the hub hears nothing.
        progress: As for ``Up.run``.

    Returns:
        One outcome per agent that was still to be brought back, in slot order.

    Raises:
        OrchError: nothing was started.
    """
    parts = up.parts
    repository = inspect(
        Path(project.path),
        None,
        starting=False,
        branch_prefix=parts.branch_prefix,
        ours_below=parts.registry.projects,
    )
    fresh = parts.projects.by_path(project.path)
    if fresh is None or not fresh.live:
        return []
    plan = parts.plan_of(fresh)
    seats = [s for s in parts.seats.of_project(fresh.name) if s.key in keys]
    programs = up.programs(fresh, {seat.adapter for seat in seats})
    for seat in seats:
        parts.journal.note(fresh.name, plan.run, seat.key, "bring-back", {"why": why})
    act = Reconcile(
        parts, fresh, plan, repository, programs, progress,
        trust=None, rebrief=False, only=set(keys),
    )  # fmt: skip
    outcomes = act.run()
    back = [one for one in outcomes if not one.trouble and one.seat.key not in untold]
    up.tell_hub(plan, fresh, back, f"Started again ({why})")
    return outcomes
