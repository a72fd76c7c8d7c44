"""What a screen says by a program's rules. Pure."""

from __future__ import annotations

import operator
import re

from tmux_orch.agents.adapter import ScreenReading
from tmux_orch.agents.screens.items import MAX_ITEM
from tmux_orch.agents.screens.regions import Regions, regions
from tmux_orch.agents.screens.rules import Patterns, Rule, Rules
from tmux_orch.domain.states import AgentState

#: The one rule for every program, because tmux writes that line.
DEAD = "screen.dead"
_COMPARES = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


def read(rules: Rules, capture: str, title: str, version: str = "") -> ScreenReading:
    """The state that the first matching rule gives; no rule, no state: never "idle" by default.

    Args:
        rules: The program's rules.
        capture: The visible screen, with or without escapes.
        title: The pane's title; empty when unknown.
        version: The program's version, for rules of some versions only; empty tries them all.
    """
    return read_regions(rules, regions(rules.layout, capture, title), version)


def read_regions(rules: Rules, cut: Regions, version: str = "") -> ScreenReading:
    """The same for a screen that is already cut."""
    if cut.dead:
        told = cut.tail.split("\n")[-1]
        return ScreenReading(state=AgentState.EXITED, rule=DEAD, evidence=told, region="tail")
    for rule in rules.rules:
        evidence = matched(rule, cut, version)
        if evidence is not None:
            return ScreenReading(
                state=rule.state, rule=rule.id, evidence=evidence, region=rule.region
            )
    return ScreenReading()


def matched(rule: Rule, cut: Regions, version: str = "") -> str | None:
    """The text by which the rule holds for this screen; ``None`` when it does not."""
    if not _of_version(rule, version) or not all(_gate(gate, cut) for gate in rule.gates):
        return None
    evidence = ""
    for region, patterns in rule.all.items():
        for pattern in patterns:
            line = _line(pattern, getattr(cut, region))
            if line is None:
                return None
            evidence = evidence or line
    if rule.any:
        found = _first(rule.any, cut)
        if found is None:
            return None
        evidence = evidence or found
    if _first(rule.none, cut) is not None:
        return None
    return evidence


def _first(patterns: Patterns, cut: Regions) -> str | None:
    for region, ones in patterns.items():
        for pattern in ones:
            line = _line(pattern, getattr(cut, region))
            if line is not None:
                return line
    return None


def _line(pattern: re.Pattern[str], text: str) -> str | None:
    """The region's line in which the pattern is found."""
    for line in text.split("\n"):
        if pattern.search(line[:MAX_ITEM]):
            return line.strip()[:MAX_ITEM]
    return None


def _gate(gate: str, cut: Regions) -> bool:
    match gate:
        case "composer" | "no_composer":
            return cut.has_composer is (gate == "composer")
        case "dialog" | "no_dialog":
            return bool(cut.dialog) is (gate == "dialog")
        case "busy" | "quiet":
            return cut.busy is (gate == "busy")
        case "fresh":
            return cut.fresh
        case "colourless":
            return cut.colourless
    return False


def _of_version(rule: Rule, version: str) -> bool:
    return not version or not rule.versions or any(_within(one, version) for one in rule.versions)


def _within(wanted: str, version: str) -> bool:
    """Whether a version is one of ``2.1.*``, ``>=2.1.300``, ``<2.2`` or ``2.1.329``."""
    if wanted.endswith(".*"):
        return f"{version}.".startswith(wanted[:-1])
    have = _numbers(version)
    for sign in _COMPARES:
        if wanted.startswith(sign):
            than = _numbers(wanted[len(sign) :])
            return {">=": have >= than, "<=": have <= than, ">": have > than, "<": have < than}[
                sign
            ]
    return have == _numbers(wanted)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
