"""The team as a person sees it: state from the board, work from git, waiting messages."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.store.projects import Project
from tmux_orch.team import given_up
from tmux_orch.team.answer import waiting
from tmux_orch.team.parts import Parts
from tmux_orch.team.status_seen import Seen, told, totals
from tmux_orch.worktrees.activity import Activity, activity, tip_of

SCHEMA = "tmux-orch/status/1"


def status(
    parts: Parts, project: Project, unasked: Collection[str] = frozenset()
) -> dict[str, Any]:
    """The status object of one project (schema ``tmux-orch/status/1``).

    Args:
        parts: The rooms' objects.
        project: Which one.
        unasked: Keys of seats whose work git is not asked about (``null`` then): agents that were
            started a moment ago. One answer costs 10 ms per 2,000 files.
    """
    parts.board.watched()
    seats = [s for s in parts.seats.of_project(project.name) if s.desired is not Desired.REMOVED]
    held = parts.outbox.count_held(project.name)
    asked = [seat for seat in seats if seat.key not in unasked]
    with ThreadPoolExecutor(5) as pool:
        tip = pool.submit(_tip, project) if asked else None
        done = pool.map(lambda seat: _work(seat, tip.result if tip is not None else None), asked)
        work = dict(zip((seat.key for seat in asked), done, strict=True))
    known = Seen.of(parts, project, seats)
    agents = [
        _agent(parts, seat, work.get(seat.key), held.get(seat.key, 0)) | known.fields(seat)
        for seat in seats
    ]
    return {
        "schema": SCHEMA,
        "project": {"name": project.name, "path": project.path, "run": project.run,
                    "live": project.live, "starting_branch": project.starting_branch},
        **at_large(parts),
        "totals": totals(agents),
        "agents": agents,
        "dialogs": waiting(parts, project),
    }  # fmt: skip


def at_large(parts: Parts) -> dict[str, Any]:
    """What is no agent's and costs nothing to look at; followers have it anew each second."""
    return {"tmux_server": str(parts.board.server_state())}


def quick(parts: Parts, seat: Seat, held: int) -> dict[str, Any]:
    """The fields of an agent that cost nothing; followers have them anew each second."""
    now = fused(parts, seat)
    return {
        "state": str(now.state),
        "state_since_at": now.since_at.isoformat(),
        "evidence": now.evidence,
        "conflict": now.conflict,
        "window_id": seat.window_id,
        "pane_id": seat.pane_id,
        "pid": seat.pid,
        "conversation_id": seat.conversation_id,
        "held_messages": held,
        **told(parts, seat),
    }


def fused(parts: Parts, seat: Seat) -> Fused:
    """The state of a seat: the board's while it is watched, else what is stored."""
    live, planned = parts.board.seat(seat.key), parts.restarts.get(seat.key)
    if live is not None:
        return given_up.shown(planned, live.fused(), parts.clock.now())
    stored = parts.seats.state(seat.key)
    if seat.desired is Desired.STOPPED:
        since_at = stored.since_at if stored else parts.clock.now()
        return Fused(AgentState.EXITED, since_at, "stopped by you; worktree and branch are kept")
    now = parts.clock.now()
    return given_up.shown(
        planned, stored or Fused(AgentState.UNKNOWN, now, "never seen running"), now
    )


def _tip(project: Project) -> str:
    try:
        return tip_of(Path(project.path), project.starting_branch)
    except OrchError:
        return ""  # asking each worktree says what is wrong


def _work(seat: Seat, tip: Callable[[], str] | None) -> Activity | str:
    try:
        return activity(Path(seat.worktree), seat.base, tip=tip)
    except OrchError as error:
        return error.line()


def _agent(parts: Parts, seat: Seat, work: Activity | str | None, held: int) -> dict[str, Any]:
    known = work if isinstance(work, Activity) else None
    return {
        "name": seat.name,
        "role": seat.role,
        "adapter": seat.adapter,
        **quick(parts, seat, held),
        "worktree": seat.worktree,
        "branch": (known.branch if known else None) or seat.branch,
        "home_branch": seat.branch,
        "dirty_files": known.dirty_files if known else None,
        "commits_ahead": known.commits_ahead if known else None,
        "commits_behind": known.commits_behind if known else None,
        "last_commit_at": _iso(known.last_commit_at) if known else None,
        "git_trouble": work if isinstance(work, str) else None,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def summary(parts: Parts, project: Project) -> dict[str, Any]:
    """One line of ``tmux-orch ls``."""
    seats = [s for s in parts.seats.of_project(project.name) if s.desired is not Desired.REMOVED]
    down = {AgentState.EXITED, AgentState.ERROR, AgentState.UNKNOWN}
    up = sum(1 for seat in seats if fused(parts, seat).state not in down)
    return {
        "name": project.name,
        "path": project.path,
        "run": project.run,
        "live": project.live,
        "agents": len(seats),
        "up": up,
    }


def next_steps(project: Project) -> list[str]:
    """What a person types next."""
    where = f"--project {project.name}"
    return [
        f"look at the team:  tmux-orch attach {where}",
        f'talk to the hub:   scm {project.name}/orchestrator "message"',
        f"see what they do:  tmux-orch status {where}",
        f"stop the team:     tmux-orch stop {where}",
    ]
