"""How much the signs of each team type say, from what was seen and from what the spec asks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from re import Pattern
from re import compile as compiled

from tmux_orch.analysis import words
from tmux_orch.analysis.paths import Paths, first
from tmux_orch.domain.findings import Evidence
from tmux_orch.domain.roles import Indicator, TeamTemplate

SPEC = "spec"
# Many files say more than one, but only where they are a notable part of the project: a web
# application with a folder of Terraform stays a web application.
_MOST_MATCHES = 64
_NOTABLE = 4.0
_BY_DEVELOPERS = 0.4
_DEEP = 0.7


@dataclass(frozen=True, slots=True)
class Seen:
    """A name and the tracked path that it was found in.

    Attributes:
        weak: It says less: only developers need it, or it stands far from the root.
    """

    name: str
    path: str
    weak: bool = False


@dataclass(slots=True)
class Signals:
    """Everything that was read from a repository.

    Attributes:
        paths: The paths that count.
        dependencies: Lower-case name → where.
        facts: Lower-case fact → where.
    """

    paths: Paths
    dependencies: dict[str, Seen] = field(default_factory=dict)
    facts: dict[str, Seen] = field(default_factory=dict)


def files(team: TeamTemplate, signals: Signals) -> list[Evidence]:
    """What the repository says for and against a type."""
    found = (_seen(team.name, one, signals) for one in team.indicators)
    return [one for one in found if one is not None]


def spec(team: TeamTemplate, asked: str, beginning: str) -> list[Evidence]:
    """What a spec (from :func:`words.asked`) says; its ``beginning`` names the work."""
    found = []
    for indicator in team.indicators:
        said = [phrase for phrase in indicator.words if words.has(asked, phrase)]
        if said:
            at_once = any(words.has(beginning, phrase) for phrase in said)
            factor = (1 + 0.35 * (min(len(said), 5) - 1)) * (1.4 if at_once else 1.0)
            name = f"{indicator.name}: {', '.join(said[:4])}"
            found.append(Evidence(team.name, name, SPEC, round(indicator.weight * factor, 2)))
    return found


def _seen(team: str, indicator: Indicator, signals: Signals) -> Evidence | None:
    paths = [p for pattern in indicator.files for p in signals.paths.matching(pattern)]
    names = matching(indicator.dependencies, signals.dependencies)
    names += matching(indicator.facts, signals.facts)
    strength = 0.0
    if paths:
        strength = _of_files(len(paths), signals.paths.count)
    if names:
        surest = 1.0 if any(not one.weak for one in names) else _BY_DEVELOPERS
        nearest = min(one.path.count("/") for one in names)
        near = 1.0 if nearest < 3 else _DEEP
        strength = max(strength, surest * near * (1 + 0.2 * (min(len(names), 6) - 1)))
    if not strength:
        return None
    place = first(paths) if paths else first([one.path for one in names])
    return Evidence(team, indicator.name, place, round(indicator.weight * strength, 2))


def _of_files(matches: int, count: int) -> float:
    share = matches / max(count, 1)
    return 1 + 0.5 * math.log2(min(matches, _MOST_MATCHES)) * min(1.0, _NOTABLE * share)


def matching(globs: Iterable[str], seen: Mapping[str, Seen]) -> list[Seen]:
    """What of ``seen`` any of ``globs`` (lower case) names."""
    found: list[Seen] = []
    for glob in globs:
        if "*" not in glob:
            one = seen.get(glob.lower())
            found += [one] if one else []
        else:
            fits = _glob(glob.lower()).match
            found += [one for name, one in seen.items() if fits(name)]
    return found


@lru_cache(maxsize=2048)
def _glob(glob: str) -> Pattern[str]:
    return compiled(translate(glob))
