"""The main job: a request becomes a stored plan, the plan a reconciled team."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tmux_orch.agents.adapter import Program
from tmux_orch.briefing.render import rebrief_text
from tmux_orch.domain.budget import per_day
from tmux_orch.domain.errors import BadInput, Busy, Partly
from tmux_orch.domain.plan import Plan
from tmux_orch.domain.seat import Desired
from tmux_orch.store.projects import Project
from tmux_orch.team import environment, fit, founding, mirrors, pages
from tmux_orch.team.decide import Act
from tmux_orch.team.founding import Wanted
from tmux_orch.team.holds import Holds
from tmux_orch.team.parts import Parts, Progress
from tmux_orch.team.post import SYSTEM
from tmux_orch.team.reconcile import Outcome, Reconcile
from tmux_orch.team.trust import answer_trust
from tmux_orch.worktrees.repository import Repository, inspect
from tmux_orch.worktrees.shown import few


class Up:
    """Starts, resumes and enlarges teams."""

    def __init__(self, parts: Parts, holds: Holds) -> None:
        self.parts = parts
        self.holds = holds

    def run(self, wanted: Wanted, progress: Progress) -> tuple[Project, list[Outcome]]:
        """Do what was asked; progress tells each stage.

        Raises:
            OrchError: nothing was changed, or the line says what was.
        """
        repository = inspect(
            wanted.directory,
            wanted.environment or None,
            starting=not wanted.resume,
            branch_prefix=self.parts.branch_prefix,
            ours_below=self.parts.registry.projects,
        )
        with self.holds.hold(str(repository.root)):
            project = self.parts.projects.by_path(str(repository.root))
            if wanted.resume:
                return self._resume(wanted, project, repository, progress)
            return self._start(wanted, project, repository, progress)

    def _start(
        self, wanted: Wanted, project: Project | None, repository: Repository, progress: Progress
    ) -> tuple[Project, list[Outcome]]:
        if project is not None and project.run:
            kind = "a live team" if project.live else "a stopped team"
            raise Busy(
                f"{project.name} has {kind} (run {project.run})",
                "go on with it: auto-orchestrate --resume [--add-roles ROLE]; "
                "or end it: tmux-orch stop, tmux-orch remove",
            )
        if wanted.budget:
            per_day(wanted.budget)  # refused before anything is planned
        program = founding.program(self.parts, wanted)
        project = project or founding.project(self.parts, wanted, repository)
        self._check_ours(repository)
        if (own := pages.overrides(wanted.environment)) is not None:
            from tmux_orch.briefing.sample import check_overrides

            check_overrides(own)
        plan = founding.plan(self.parts, wanted, project.name, repository, progress)
        if wanted.gone():
            # A planner may take minutes: whoever interrupts it does not want the team any more.
            raise Partly("interrupted while planning; nothing was made", "start again")
        programs = {program.adapter: program}
        for name in {planned.agent for planned in plan.agents} - {"", program.adapter}:
            programs[name] = founding.program(self.parts, replace(wanted, agent=name))
        each = [planned.agent or program.adapter for planned in plan.agents]
        fit.check(self.parts, each, progress, refuse=True)
        for line in (*repository.warnings, *_uncommitted(repository), *self._blind(wanted, each)):
            progress({"event": "note", "text": line})
        founding.store(self.parts, wanted, plan, project, repository, program.adapter)
        return project, self._reconcile(wanted, project, plan, repository, programs, progress)

    def _blind(self, wanted: Wanted, each: list[str]) -> list[str]:
        """Programs of the team that its budget does not count."""
        if not wanted.budget:
            return []
        unit, _ = per_day(wanted.budget)
        known = self.parts.adapters
        blind = [p for p in dict.fromkeys(each) if unit not in getattr(known[p], "tells_use", ())]
        return [f"the budget of {unit} does not count {', '.join(blind)}"] if blind else []

    def _check_ours(self, repository: Repository) -> None:
        """Refuse a repository that tracks files where every agent's pages go."""
        if repository.git().line("ls-tree", "--name-only", repository.head, "--", ".orch"):
            raise BadInput(
                f"{repository.root} tracks .orch, where agents' pages are written",
                "rename it in the repository first",
            )

    def _resume(
        self, wanted: Wanted, project: Project | None, repository: Repository, progress: Progress
    ) -> tuple[Project, list[Outcome]]:
        if project is None or not project.run:
            raise BadInput(
                f"{repository.root} has no team", "start one: auto-orchestrate --spec FILE"
            )
        parts = self.parts
        plan = parts.plan_of(project)
        seats = parts.seats.of_project(project.name)
        adapter = wanted.agent or next((seat.adapter for seat in seats), founding.AGENT)
        programs = self.programs(project, {adapter, *(seat.adapter for seat in seats)})
        if wanted.add_roles:
            plan = self._enlarge(wanted, plan, project, adapter, programs, progress)
        else:
            # Never refused: a team that was there is the person's to bring back.
            fit.check(parts, fit.down(parts, seats), progress, refuse=False)
        if not project.live:
            parts.projects.set_live(project.name, True, project.run)
        outcomes = self._reconcile(wanted, project, plan, repository, programs, progress)
        return project, outcomes

    def programs(self, project: Project, names: Iterable[str]) -> dict[str, Program]:
        """The agent programs of these names, found where the team found them when it was made.

        Raises:
            BadInput: one is not there any more.
        """
        stored = environment.load(self.parts.registry.project(project.name).environment)
        place = Path(project.path)
        return {
            name: founding.program(self.parts, Wanted(place, agent=name, environment=stored))
            for name in names
        }

    def _enlarge(
        self, wanted: Wanted, old: Plan, project: Project, adapter: str,
        programs: dict[str, Program], progress: Progress,
    ) -> Plan:  # fmt: skip
        parts, plan = self.parts, founding.enlarged(self.parts, wanted, old, project)
        programs |= self.programs(project, {a.agent for a in plan.agents} - {"", *programs})
        new = [planned.agent or adapter for planned in plan.agents[len(old.agents) :]]
        down = fit.down(parts, parts.seats.of_project(project.name))
        fit.check(parts, [*down, *new], progress, refuse=True)
        with parts.database.write() as connection:
            parts.plans.put(plan.run, project.name, plan.body(), connection)
            for planned in plan.agents[len(old.agents) :]:
                parts.seats.put(founding.seat(parts, wanted, plan, planned, adapter), connection)
            parts.journal.note(project.name, plan.run, None, "add-roles", connection=connection)
        mirrors.plan(parts, plan)
        return plan

    def _reconcile(
        self, wanted: Wanted, project: Project, plan: Plan, repository: Repository,
        programs: dict[str, Program], progress: Progress,
    ) -> list[Outcome]:  # fmt: skip
        act = Reconcile(
            self.parts, project, plan, repository, programs, progress,
            trust=answer_trust if wanted.trust else None, rebrief=wanted.rebrief_all,
        )  # fmt: skip
        outcomes = act.run()
        if wanted.rebrief_all:
            for outcome in outcomes:
                if outcome.act is Act.ADOPT and outcome.seat.desired is Desired.UP:
                    self.parts.courier.accept(SYSTEM, outcome.seat.key, rebrief_text())
        news = "Back or new" if wanted.resume else "The team is here"
        self.tell_hub(plan, project, outcomes, news)
        return outcomes

    def tell_hub(
        self, plan: Plan, project: Project, outcomes: Sequence[Outcome], news: str
    ) -> None:
        """One line to the hub about who is there, when that changed; ``news`` begins it."""
        changed = [o for o in outcomes if o.act is not Act.ADOPT and o.seat.name != plan.hub]
        if not changed:
            return
        ready = ", ".join(outcome.seat.name for outcome in changed if not outcome.trouble)
        missing = "; ".join(f"{o.seat.name}: {o.trouble}" for o in changed if o.trouble)
        lines = [f"{news}: {ready or 'nobody'}."]
        if missing:
            lines.append(f"Not ready: {missing}.")
        self.parts.courier.accept(SYSTEM, f"{project.name}/{plan.hub}", " ".join(lines))


def _uncommitted(repository: Repository) -> list[str]:
    if not repository.dirty:
        return []
    count = len(repository.dirty)
    files = "1 file is" if count == 1 else f"{count} files are"
    return [f"{files} not committed, so not in the worktrees: {few(repository.dirty)}"]
