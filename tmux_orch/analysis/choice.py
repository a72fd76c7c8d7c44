"""The team type that the evidence speaks for, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tmux_orch.domain.findings import Evidence
from tmux_orch.domain.roles import Templates

DEFAULT = "general"
# Points that the default type has before anything was seen: single weak signs do not outweigh it.
_HEAD_START = 3.0
# Points at which the files have said two thirds, and the spec half, of what they can. A few words
# prove little: every spec has some that belong to other work.
_FILES_SCALE = 7.0
_SPEC_SCALE = 4.5
# What the spec says of the type that the files show may only describe what is there.
_DESCRIBED = 0.5
# The person's word counts more than what happens to lie there.
_SPEC_WEIGHT = 2.0
# All types together have so much where plenty was seen, be it in files or in the spec.
_SURE = 1.2
_MOST_EVIDENCE = 24


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision between team types.

    Attributes:
        overruled: The spec asks for another type than the files suggest.
    """

    team_type: str
    confidence: float
    runner_up: str
    overruled: bool


def choose(names: Sequence[str], files: Iterable[Evidence], spec: Iterable[Evidence]) -> Choice:
    """The best fitting of ``names``.

    Args:
        names: All team types; the first of equals wins, the default one before others.
        files: What the repository says; none for an empty one.
        spec: What the spec says.
    """
    seen = _points(names, files)
    said = _points(names, spec)
    if any(seen.values()):
        said[max(names, key=seen.__getitem__)] *= _DESCRIBED
    elif DEFAULT in names and any(said.values()):
        said[DEFAULT] += _HEAD_START
    if seen and DEFAULT in names and any(seen.values()):
        seen[DEFAULT] = seen.get(DEFAULT, 0.0) + _HEAD_START
    by_files = _parts(seen, 1 - math.exp(-max(seen.values()) / _FILES_SCALE))
    most = max(said.values())
    by_spec = _parts(said, most**3 / (most**3 + _SPEC_SCALE**3))
    total = {n: by_files[n] + _SPEC_WEIGHT * by_spec[n] for n in names}
    ranked = sorted(names, key=lambda n: (-total[n], n != DEFAULT))
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else ""
    best_of_files = max(names, key=lambda n: (by_files[n], n == DEFAULT))
    return Choice(
        team_type=best,
        confidence=_confidence(total, best, second),
        runner_up=second if second and total[second] > 0 else "",
        overruled=any(by_files.values()) and best_of_files != best,
    )


def _points(names: Sequence[str], evidence: Iterable[Evidence]) -> dict[str, float]:
    points = dict.fromkeys(names, 0.0)
    for one in evidence:
        points[one.team_type] += one.weight
    return {name: max(0.0, value) for name, value in points.items()}


def _parts(points: Mapping[str, float], strength: float) -> dict[str, float]:
    """Each type's part of the points, all of them scaled by ``strength``."""
    whole = sum(points.values())
    if not whole:
        return dict.fromkeys(points, 0.0)
    return {name: strength * value / whole for name, value in points.items()}


def _confidence(total: Mapping[str, float], best: str, second: str) -> float:
    """1 when one type has all there can be, about a half when two are level, 0 without a sign."""
    if not total[best]:
        return 0.0
    rival = total[second] if second else 0.0
    lead = total[best] / (total[best] + rival)
    known = min(1.0, sum(total.values()) / _SURE)
    return round(lead * (0.5 + 0.5 * known), 2)


def named(templates: Templates, words: Iterable[str]) -> str:
    """The team type that a spec's TYPE field names, in whatever spelling; empty for none."""
    for word in words:
        slug = "_".join("".join(c if c.isalnum() else " " for c in word.lower()).split())
        if slug in templates.teams:
            return slug
        close = [name for name in templates.teams if slug and name.startswith(slug + "_")]
        if len(close) == 1:
            return close[0]
    return ""


def strongest(evidence: Iterable[Evidence], choice: Choice) -> tuple[Evidence, ...]:
    """What speaks of the chosen type and the runner-up, strongest first; then the others."""
    ranked = sorted(
        evidence,
        key=lambda e: (e.team_type not in (choice.team_type, choice.runner_up), -abs(e.weight)),
    )
    return tuple(ranked[:_MOST_EVIDENCE])
