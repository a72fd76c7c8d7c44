"""Facts about the work that decide which further roles it needs, each with what it was seen in."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from tmux_orch.analysis import words
from tmux_orch.analysis.paths import first
from tmux_orch.analysis.score import Signals, matching
from tmux_orch.domain.findings import Conditions

# Team types whose work is by its nature about running things; other types have to show it.
_RUNS = frozenset({"system_deployment", "infrastructure_as_code"})
_STORES = "data_pipeline"
_KEEPS_DATA = "web_application"
_DEFAULT = "general"


@dataclass(frozen=True, slots=True)
class Sign:
    """What makes a condition true: any of these."""

    files: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def _signs() -> Mapping[str, Sign]:
    """Name → sign, the engines as ``engine:NAME``; database engines that need care, no caches."""
    file = resources.files("tmux_orch.analysis").joinpath("conditions.toml")
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    named = {f"engine:{name}": sign for name, sign in document.pop("engines").items()}
    return {name: _sign(sign) for name, sign in (document | named).items()}


def _sign(table: Mapping[str, list[str]]) -> Sign:
    return Sign(**{kind: tuple(globs) for kind, globs in table.items()})


def _engine_signs() -> dict[str, Sign]:
    start = "engine:"
    return {n.removeprefix(start): s for n, s in _signs().items() if n.startswith(start)}


def find(
    team_type: str,
    signals: Signals,
    asked: str,
    refused: str,
    services: int,
    *,
    overruled: bool,
) -> Conditions:
    """The conditions of the work.

    Args:
        team_type: What the project was found to be.
        signals: What its files say.
        asked: The spec, from :func:`words.asked`.
        refused: What it does not want, from :func:`words.ruled_out`.
        services: How many services the files describe.
        overruled: The spec asks for other work than the files suggest: then files that are not
            part of that work do not count.
    """
    files = not (overruled and team_type == _DEFAULT)
    why: dict[str, str] = {}
    engines = _engines(signals, asked, files=files)
    stored = _stored(team_type, engines, signals, asked, files=files)
    if not stored and _keeps_data(team_type, signals, refused):
        stored = "a web application keeps what people enter"
    if stored:
        why["has_database"] = stored
    complexity = "none"
    if stored:
        clustered = _said(_signs()["cluster"].words, asked) if engines else ""
        complexity = "high" if len(engines) > 1 or clustered else "low"
        why["database_complexity"] = clustered or ", ".join(engines) or stored
    production = _production(team_type, signals, asked, files=files)
    found = {
        "production_deployment": production,
        "handles_sensitive_data": _any(_signs()["handles_sensitive_data"], signals, asked),
        "compliance_required": _any(_signs()["compliance_required"], signals, asked),
        "requires_sla": _any(_signs()["requires_sla"], signals, asked),
    }
    why |= {name: seen for name, seen in found.items() if seen}
    if services:
        why["service_count"] = "compose services, workloads, units and processes in the files"
    return Conditions(
        has_database=bool(stored),
        database_complexity=complexity,
        production_deployment=bool(production),
        handles_sensitive_data=bool(found["handles_sensitive_data"]),
        compliance_required=bool(found["compliance_required"]),
        service_count=services,
        requires_sla=bool(found["requires_sla"]),
        why=why,
    )


def _engines(signals: Signals, asked: str, *, files: bool) -> list[str]:
    return [
        name
        for name, sign in _engine_signs().items()
        if _said(sign.words, asked) or (files and _in_files(sign, signals, strong=True))
    ]


def _stored(
    team_type: str, engines: list[str], signals: Signals, asked: str, *, files: bool
) -> str:
    """Where a database was seen; empty when there is none to care for."""
    said = next((s for sign in _engine_signs().values() if (s := _said(sign.words, asked))), "")
    if team_type == _DEFAULT:
        # A library that speaks to databases is tested against them; it has none.
        runs = files and _in_files(Sign(facts=("image:*",)), signals, strong=True)
        mapper = files and _in_files(Sign(_signs()["store"].files), signals, strong=True)
        return said or (f"{', '.join(engines)}" if engines and runs and mapper else "")
    if engines:
        return said or ", ".join(engines)
    if team_type == _STORES:
        return "a data pipeline writes to a store"
    mapper = files and _in_files(_signs()["store"], signals, strong=True)
    if team_type in _RUNS:
        return mapper if mapper and not team_type.startswith("infra") else ""
    return mapper or _said(_signs()["store"].words, asked) or _said(_signs()["keeps"].words, asked)


def _keeps_data(team_type: str, signals: Signals, refused: str) -> bool:
    """Whether a web application that is not begun yet will have a database."""
    begun = signals.dependencies or signals.facts
    return team_type == _KEEPS_DATA and not begun and not words.has(refused, "database*")


def _production(team_type: str, signals: Signals, asked: str, *, files: bool) -> str:
    plainly = _said(_signs()["plainly_production"].words, asked)
    if team_type == _DEFAULT:
        return plainly
    if team_type in _RUNS:
        return plainly or f"{team_type.replace('_', ' ')} is work on what runs"
    seen = _in_files(_signs()["production"], signals, strong=True) if files else ""
    return plainly or _said(_signs()["production"].words, asked) or seen


def _any(sign: Sign, signals: Signals, asked: str) -> str:
    return _said(sign.words, asked) or _in_files(sign, signals, strong=True)


def _said(phrases: Iterable[str], asked: str) -> str:
    found = next((one for one in phrases if words.has(asked, one)), "")
    return f"the spec: {found.rstrip('*')}" if found else ""


def _in_files(sign: Sign, signals: Signals, *, strong: bool) -> str:
    for glob in sign.files:
        if paths := signals.paths.matching(glob):
            return first(paths)
    names = matching(sign.dependencies, signals.dependencies)
    names += matching(sign.facts, signals.facts)
    named = next((one for one in names if not (strong and one.weak)), None)
    return f"{named.path} ({named.name})" if named else ""
