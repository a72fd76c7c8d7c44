"""In which phases tasks stand and which wait for which: no circles, by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tmux_orch.analysis.planners.work import BUILD, VERIFY
from tmux_orch.domain.implementation import Phase, Task

_NAMES = {
    0: Phase("Prepare", "What the other tasks rest on is known and written down."),
    1: Phase("Foundations", "What the work runs on and stores its data in is there."),
    2: Phase("Build", "Everything that the spec asks for is made."),
    3: Phase("Verify", "It was shown that the work holds to the spec, and it is written down."),
    4: Phase("Deliver", "The work can be put into use, watched and taken back."),
}
_OF_STAGE = (0, 1, 2, 3, 3, 4, 4)
_MOST_PHASES = 12
_MOST_BUILD_PHASES = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task comes from.

    Attributes:
        stage: Of its kind of work.
        section: Heading of the spec that it stands under.
        phase: Heading of the spec that names a phase.
        own: Whether the spec asked for it; else it is what a role always does.
    """

    stage: int
    section: str
    phase: str
    own: bool


def arrange(
    tasks: Sequence[Task], places: Sequence[Place]
) -> tuple[tuple[Phase, ...], tuple[Task, ...]]:
    """Phases in order, and the tasks in order with ids, phases and what they wait for.

    The spec's own phases are kept when it has at least two. Else work is ordered by what it is:
    preparation, foundations, building (by the spec's sections), verification, delivery.
    """
    named = list(dict.fromkeys(p.phase for p in places if p.phase))
    if len(named) >= 2:
        ranks, phases = _as_named(places, named[:_MOST_PHASES])
    else:
        ranks, phases = _by_stage(places)
    turns = sorted(range(len(tasks)), key=lambda i: (ranks[i], places[i].stage, i))
    steps = [(ranks[i] if len(named) >= 2 else 0, places[i].stage) for i in turns]
    waits = _waits(steps, [places[i] for i in turns])
    done = [
        replace(
            tasks[i],
            id=f"T{number}",
            phase=phases[ranks[i]].name,
            depends_on=tuple(f"T{other + 1}" for other in waits[number - 1]),
        )
        for number, i in enumerate(turns, 1)
    ]
    used = sorted(set(ranks))
    return tuple(phases[rank] for rank in used), tuple(done)


def _as_named(places: Sequence[Place], named: list[str]) -> tuple[list[int], dict[int, Phase]]:
    """What the spec put under no phase comes with its first one, or with its last if it checks."""
    last = len(named) - 1
    ranks = [
        min(named.index(p.phase), last) if p.phase in named else 0 if p.stage < VERIFY else last
        for p in places
    ]
    phases = {
        rank: Phase(name, f"Everything under “{name}” in the spec is done.")
        for rank, name in enumerate(named)
    }
    return ranks, phases


def _by_stage(places: Sequence[Place]) -> tuple[list[int], dict[int, Phase]]:
    sections = list(dict.fromkeys(p.section for p in places if p.stage == BUILD and p.own))
    apart = [name for name in sections if name][:_MOST_BUILD_PHASES] if len(sections) > 1 else []
    # Room between the stages for the sections that are phases of their own.
    ranks = [
        _OF_STAGE[p.stage] * 100
        + (1 + apart.index(p.section) if p.stage == BUILD and p.section in apart else 0)
        for p in places
    ]
    phases = {stage * 100: phase for stage, phase in _NAMES.items()}
    for number, name in enumerate(apart, 1):
        phases[_OF_STAGE[BUILD] * 100 + number] = Phase(
            f"Build: {name}"[:80], f"Everything under “{name}” in the spec is made."
        )
    return ranks, phases


def _waits(steps: Sequence[tuple[int, int]], places: Sequence[Place]) -> list[tuple[int, ...]]:
    """For each task (in order of steps) the earlier ones it waits for.

    A task waits for whatever of the earlier steps nobody waits for yet, so that it comes after all
    of them. A test that stands beside what it tests in the spec waits for that alone.
    """
    waits: list[tuple[int, ...]] = []
    ends: set[int] = set()

    for number, step in enumerate(steps):
        if number and step != steps[number - 1]:
            group = [other for other in range(number) if steps[other] == steps[number - 1]]
            ends = (ends - {w for other in group for w in waits[other]}) | set(group)
        near = {
            other
            for other in ends
            if places[number].own
            and places[number].stage == VERIFY
            and places[number].section
            and places[other].section == places[number].section
        }
        waits.append(tuple(sorted(near or ends)))
    return waits
