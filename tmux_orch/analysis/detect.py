"""What a project is and what its spec asks for: reads tracked files with git, never the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tmux_orch.analysis import choice, conditions, facts, manifests, score, size, spec, words
from tmux_orch.analysis.paths import Paths
from tmux_orch.analysis.score import Seen, Signals
from tmux_orch.analysis.tree import MOST_BYTES, Reader, tracked
from tmux_orch.domain.findings import Evidence, Findings
from tmux_orch.domain.roles import Templates

# So many files of a kind are read: enough to know what a project is, and as fast for a large one.
_MOST_MANIFESTS = 100
_MOST_FACTS = {"yaml": 200, "json": 50, "terraform": 100, "python": 80, "runtime": 40}
_FACT_BYTES = 48 * 1024
_BEGINNING = 400
_WORKLOADS = (
    "kind:deployment",
    "kind:statefulset",
    "kind:daemonset",
    "kind:helmrelease",
    "kind:application",
)


def analyse(
    root: Path, environ: Mapping[str, str], spec_text: str, templates: Templates
) -> Findings:
    """What the project in ``root`` is, how large, and what conditions the work has.

    Args:
        root: Directory in a git repository; only tracked files below it count.
        environ: The person's environment; its ``GIT_*`` are dropped.
        spec_text: The spec; it wins where it asks for other work than the files suggest.
        templates: The team types and the indicators by which each is known.

    Raises:
        CouldNotTell: git is missing or cannot read the repository.
    """
    paths = tracked(root, environ)
    reader = Reader(root)
    with ThreadPoolExecutor(1) as beside:  # git counts while we read
        counting = beside.submit(size.lines, root, environ, Reader(root))
        signals, services = _signals(paths, reader)
        lines = counting.result()
    return _findings(signals, services, lines, spec.read(spec_text), templates)


def _findings(
    signals: Signals, services: int, lines: int, said: spec.Spec, templates: Templates
) -> Findings:
    """The decision; reads nothing."""
    asked = words.asked(said.text)
    beginning = words.asked(f"{said.title}\n{said.text[:_BEGINNING]}")
    teams = list(templates.teams.values())
    seen = [one for team in teams for one in score.files(team, signals)]
    wanted = [one for team in teams for one in score.spec(team, asked, beginning)]
    chosen = choice.choose([team.name for team in teams], seen, wanted)
    if kind := choice.named(templates, said.header.get("TYPE", ())):
        runner_up = chosen.runner_up if chosen.team_type == kind else chosen.team_type
        overruled = chosen.overruled or (bool(seen) and chosen.team_type != kind)
        chosen = choice.Choice(kind, 1.0, runner_up, overruled)
        wanted.append(Evidence(kind, "the spec's TYPE field", score.SPEC, 20.0))
    empty = not any(size.is_code(path.rpartition("/")[2]) for path in signals.paths.all())
    return Findings(
        team_type=chosen.team_type,
        confidence=chosen.confidence,
        evidence=choice.strongest([*wanted, *seen], chosen),
        runner_up=chosen.runner_up,
        size=size.of(lines, said.breadth, empty and not lines, templates.sizes),
        lines=lines,
        conditions=conditions.find(
            chosen.team_type,
            signals,
            asked,
            words.ruled_out(said.text),
            services,
            overruled=chosen.overruled,
        ),
    )


def _signals(paths: Iterable[str], reader: Reader) -> tuple[Signals, int]:
    """What the files say, and how many services they describe."""
    signals = Signals(Paths.of(paths))
    wanted: list[str] = []
    by_kind: dict[str, list[str]] = {}
    for path in signals.paths.all():
        name = path.rpartition("/")[2].lower()
        if manifests.is_manifest(name):
            wanted.append(path)
        elif kind := facts.kind(name):
            by_kind.setdefault(kind, []).append(path)
    for path in _some(wanted, _MOST_MANIFESTS):
        _read_manifest(path, reader, signals)
    workloads = 0
    for kind, several in by_kind.items():
        for path in _some(several, _MOST_FACTS[kind]):
            found = facts.read(path, reader.text(path, _FACT_BYTES))
            workloads += any(fact in _WORKLOADS for fact in found)
            for fact in found:
                signals.facts.setdefault(fact, Seen(fact, path))
    composed = sum(fact.startswith("compose:") for fact in signals.facts)
    processes = sum(fact.startswith("process:") for fact in signals.facts)
    units = len(signals.paths.matching("*.service"))
    return signals, max(composed, workloads, processes, units)


def _read_manifest(path: str, reader: Reader, signals: Signals) -> None:
    found = manifests.read(path.rpartition("/")[2], reader.text(path, MOST_BYTES))
    for name in found.dependencies:
        known = signals.dependencies.get(name)
        if known is None or known.weak:
            signals.dependencies[name] = Seen(name, path)
    for name in found.development:
        signals.dependencies.setdefault(name, Seen(name, path, weak=True))
    for fact in found.facts:
        signals.facts.setdefault(fact, Seen(fact, path))


def _some(paths: list[str], most: int) -> list[str]:
    """At most ``most`` of them: the least deep ones, and a spread over the rest."""
    ordered = sorted(paths, key=lambda p: (p.count("/"), p))
    if len(ordered) <= most:
        return ordered
    near, rest = ordered[: most // 2], ordered[most // 2 :]
    step = len(rest) / (most - len(near))
    return near + [rest[int(i * step)] for i in range(most - len(near))]
