"""The plan that needs nobody: made from the spec's own structure, the same each time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tmux_orch.analysis.plan_check import MAX_CRITERIA, MAX_QUESTIONS, MAX_RISKS, MAX_TASKS
from tmux_orch.analysis.planners import order, work
from tmux_orch.analysis.planners.points import Point, Points, plain, read_points
from tmux_orch.analysis.planners.work import Kind, Workers, stems
from tmux_orch.domain.findings import Conditions, Findings
from tmux_orch.domain.implementation import Implementation, Risk, Task
from tmux_orch.domain.roles import Role

_FIELD = re.compile(r"^[A-Z]{3,20}:\s*")
_LONGEST_TITLE = 200
_LONGEST_LINE = 400


@dataclass(slots=True)
class Draft:
    """A task on its way: a point of the spec, or what a role always does.

    Attributes:
        own: Whether the spec asked for it itself.
    """

    point: Point
    kind: Kind
    role: str
    done: list[str] = field(default_factory=list)
    own: bool = True


def offline(title: str, text: str, findings: Findings, roles: Sequence[Role]) -> Implementation:
    """Phases and tasks for a team, from the spec alone.

    Every role but those that only lead has a task; tests come after what they test, and what is
    put into use comes after the tests. At most as many tasks as a plan may hold: what is over is
    gathered by section, never dropped.

    Args:
        title: What names the spec.
        text: The spec.
        findings: What was found out about the project.
        roles: The roles of the team, each once.
    """
    title = _FIELD.sub("", title) or title
    points = read_points(text)
    _settle_deliverables(points)
    workers = Workers(roles)
    room = MAX_TASKS - len(roles)
    drafts = [_draft(point, workers) for point in _gathered(points, room)]
    drafts += _for_the_idle(drafts, roles, workers, findings.conditions, title)
    spread(points, drafts)
    phases, tasks = order.arrange([_task(draft) for draft in drafts], _placed(drafts))
    return Implementation(
        summary=_summary(title, points, len(tasks), len(phases)),
        phases=phases,
        tasks=tasks,
        risks=_risks(points, drafts, findings.conditions, roles),
        open_questions=_questions(points),
        planner="offline",
    )


def _settle_deliverables(points: Points) -> None:
    """What must be there in the end shows that a task is done; what no task makes is one itself."""
    words = [(point, stems(point.text)) for point in points.asked]
    for delivered in points.delivered:
        said = stems(delivered.text)
        best = max(words, key=lambda pair: len(pair[1] & said), default=None)
        if best is not None and best[1] & said:
            best[0].details.append(delivered.text)
        else:
            points.asked.append(delivered)


def _draft(point: Point, workers: Workers) -> Draft:
    kind = work.kind_of(point)
    return Draft(point, kind, workers.choose(point, kind), list(point.details))


def _gathered(points: Points, room: int) -> list[Point]:
    """At most ``room`` points; of long sections the first stay and the others become one."""
    asked = points.asked
    if len(asked) + points.more <= room:
        return asked
    sections: dict[tuple[str, str], list[Point]] = {}
    for point in asked:
        sections.setdefault((point.phase, point.section), []).append(point)
    groups = list(sections.values())
    if len(groups) > room:  # the last places are for what has none of its own
        groups = [*groups[: room - 1], [one for group in groups[room - 1 :] for one in group]]
    keep = max(k for k in range(room + 1) if sum(min(len(g), k + 1) for g in groups) <= room)
    kept: list[Point] = []
    for group in groups:
        kept += group if len(group) <= keep + 1 else [*group[:keep], _rest(group[keep:], 0)]
    if points.more:
        kept[-1] = _rest([kept[-1]], points.more)
    return kept


def _rest(group: list[Point], more: int) -> Point:
    first = group[0]
    number = len(group) - 1 + more
    text = f"{plain(first.text, _LONGEST_TITLE - 60)} (and {number} more points there)"
    details = [point.text for point in group[1 : MAX_CRITERIA - 1]]
    return replace(first, text=text, details=[*details, "Every further point of it in the spec"])


def _for_the_idle(
    drafts: list[Draft],
    roles: Sequence[Role],
    workers: Workers,
    conditions: Conditions,
    title: str,
) -> list[Draft]:
    """A task for each role that the spec gave none, and the last look of whoever leads."""
    busy = {draft.role for draft in drafts}
    made = []
    for role in roles:
        kinds = work.own_kinds(role)
        leads = work.coordinates(role)
        if role.name in busy or (leads and not kinds and role not in workers.roles):
            continue
        kind = kinds[0] if kinds else work.OWN
        if conditions.production_deployment and work.KIND["deployment"] in kinds:
            kind = work.KIND["deployment"]
        text = kind.task if kinds or not role.responsibilities else role.responsibilities[0]
        made.append(
            Draft(Point(f"{text.rstrip('. ')}: {plain(title, 80)}"), kind, role.name, own=False)
        )
    return made


def spread(points: Points, drafts: list[Draft]) -> None:
    """Give each success criterion of the spec to the tasks it speaks of; the rest to the tests."""
    last_look = [d for d in drafts if d.kind.name in ("test", "integration")] or drafts[-1:]
    words = [(draft, stems(draft.point.text)) for draft in drafts if draft.own]
    for section, criterion in points.criteria[:200]:
        said = stems(criterion)
        near = [(d, w) for d, w in words if d.point.section == section] if section else words
        best = max(((len(said & w), d) for d, w in near), key=lambda pair: pair[0], default=None)
        if best is not None and best[0] >= (1 if section else 2):
            best[1].done.append(criterion)
        else:
            for draft in last_look:
                draft.done.append(criterion)
    for constraint in points.constraints[:MAX_CRITERIA]:
        for draft in last_look:
            draft.done.append(f"It holds: {constraint}")


def _task(draft: Draft) -> Task:
    done = [plain(line, _LONGEST_LINE) for line in draft.done if line.strip()]
    room = MAX_CRITERIA - (1 if done else 0)
    lines = [*done[:room], *(draft.kind.done[:1] if done else draft.kind.done)]
    return Task(
        id="",
        role=draft.role,
        title=plain(draft.point.text, _LONGEST_TITLE).rstrip(".:;, "),
        phase="",
        depends_on=(),
        success_criteria=tuple(dict.fromkeys(lines)),
        files=draft.point.files,
    )


def _placed(drafts: list[Draft]) -> list[order.Place]:
    return [
        order.Place(draft.kind.stage, draft.point.section, draft.point.phase, draft.own)
        for draft in drafts
    ]


def _summary(title: str, points: Points, tasks: int, phases: int) -> str:
    said = points.context if points.context and points.context != title else ""
    begun = f"{plain(title, 100).rstrip('.')}. {said}".strip()
    words = f"{tasks} {'task' if tasks == 1 else 'tasks'}"
    return f"{begun} {words} in {phases} {'phase' if phases == 1 else 'phases'}."


def _questions(points: Points) -> tuple[str, ...]:
    found = list(dict.fromkeys(plain(one, _LONGEST_LINE) for one in points.questions))
    if not points.criteria and not any(point.details for point in points.asked):
        found.append("The spec names no success criteria: how will the user see that it is done?")
    return tuple(found[:MAX_QUESTIONS])


_OF_CONDITIONS: Mapping[str, tuple[str, str]] = {
    "production_deployment": (
        "The work reaches a system in use",
        "Nothing is put into production without a person's word; how to take it back comes first.",
    ),
    "handles_sensitive_data": (
        "The project handles data that must not leak",
        "No real data in tests, logs, commits or messages; made-up data instead.",
    ),
    "compliance_required": (
        "Rules from outside apply to the project",
        "What they demand is written down with its source before the work that it touches.",
    ),
    "requires_sla": (
        "Availability was promised",
        "What the work costs in availability is measured before it is put into use.",
    ),
}


def _risks(
    points: Points, drafts: list[Draft], conditions: Conditions, roles: Sequence[Role]
) -> tuple[Risk, ...]:
    found = [
        Risk(plain(one, _LONGEST_LINE), "The spec names it: look at it before what it touches.")
        for one in dict.fromkeys(points.risks)
    ]
    found += [Risk(*said) for name, said in _OF_CONDITIONS.items() if conditions.value(name)]
    for kind in dict.fromkeys(
        d.kind for d in drafts if d.own and d.kind.name not in ("build", "design")
    ):
        doing = next(d.role for d in drafts if d.own and d.kind is kind)
        if doing not in kind.roles[:1] and not any(kind in work.own_kinds(one) for one in roles):
            found.append(
                Risk(
                    f"Nobody in the team is there for {kind.name} alone: {doing} does it",
                    f"Add the role {kind.roles[0]}, or have this part checked with more care.",
                )
            )
    if len(points.asked) + points.more > MAX_TASKS - len(roles):
        number = len(points.asked) + points.more
        found.append(
            Risk(
                f"The spec asks for {number} things, more than one plan holds",
                "Long sections were gathered into one task each; plan them anew when they begin.",
            )
        )
    return tuple(found[:MAX_RISKS])
