"""Scores the reading of limits over labelled screens: ``python -m tests.eval_limits [FILE]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tmux_orch.agents.conditions.read import Found, read

CORPUS = Path(__file__).parent / "data/limits.jsonl"
Entry = dict[str, Any]


@dataclass
class Figure:
    """A share, and its target: at most or at least."""

    name: str
    target: float
    at_most: bool
    hits: int = 0
    of: int = 0

    @property
    def share(self) -> float:
        if not self.of:
            return 0.0 if self.at_most else 1.0
        return self.hits / self.of

    @property
    def missed(self) -> bool:
        return self.share > self.target if self.at_most else self.share < self.target


@dataclass
class Scored:
    """Every figure, and every entry that was read wrongly."""

    figures: dict[str, Figure]
    wrong: list[dict[str, Any]] = field(default_factory=list)

    @property
    def missed(self) -> bool:
        return any(figure.missed for figure in self.figures.values())


def _figures() -> dict[str, Figure]:
    table = (
        ("false_alarms", 0.0, True),
        ("blocked_limits_as_none", 0.02, True),
        ("label_lenient", 0.95, False),
        ("label_strict", 0.0, False),
        ("blocked_right", 0.0, False),
        ("reset_right", 0.97, False),
        ("reset_wrong", 0.01, True),
    )
    return {name: Figure(name, target, most) for name, target, most in table}


def entries(path: Path = CORPUS) -> list[Entry]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def by_reader(entry: Entry) -> Found:
    now = datetime.fromisoformat(entry["now"])
    return read(entry["cli"], entry["text"], now, ZoneInfo(entry["tz"]))


def score(wanted: Iterable[Entry], ask: Callable[[Entry], Found] = by_reader) -> Scored:
    """The figures over these entries."""
    scored = Scored(_figures())
    for entry in wanted:
        _score(scored, entry, ask(entry))
    return scored


def _score(scored: Scored, entry: Entry, found: Found) -> None:
    label, accepted = entry["label"], entry.get("acceptable") or [entry["label"]]
    got = str(found.condition)
    lenient = got in accepted
    add = _adder(scored)
    if label == "none":
        add("false_alarms", got == "usage_limit")
    if label == "usage_limit" and entry["blocked"]:
        add("blocked_limits_as_none", got == "none")
    add("label_lenient", lenient)
    add("label_strict", got == label)
    if label != "none" and lenient:
        add("blocked_right", found.blocked == entry["blocked"])
    moment = "none"
    if entry["reset"]["expected"] is not None:
        moment = _moment(found.reset_at, entry["reset"])
        add("reset_right", moment == "right")
    elif found.reset_at is not None:
        moment = "wrong"
    if entry["reset"]["expected"] is not None or moment == "wrong":
        add("reset_wrong", moment == "wrong")
    if not lenient or moment in ("wrong", "missing"):
        scored.wrong.append(
            {
                "id": entry["id"],
                "found": got,
                "expected": accepted,
                "rule": found.rule,
                "reset_found": found.reset_at.isoformat() if found.reset_at else None,
                "reset_expected": entry["reset"]["expected"],
                "reset": moment,
            }
        )


def _adder(scored: Scored) -> Callable[[str, bool], None]:
    def add(name: str, hit: bool) -> None:
        scored.figures[name].of += 1
        scored.figures[name].hits += hit

    return add


def _moment(got: datetime | None, reset: dict[str, Any]) -> str:
    if got is None:
        return "missing"
    for text in (reset["expected"], *reset.get("also_accept", ())):
        away_s = (got - datetime.fromisoformat(text)).total_seconds()
        if abs(away_s) <= reset["tolerance_s"]:
            return "right"
    return "wrong"


def half(entry: Entry) -> str:
    return "odd" if int(entry["id"].rpartition("-")[2]) % 2 else "even"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Scores the reading of limits on screens.")
    parser.add_argument("file", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--half", choices=("odd", "even"), default="", help="by entry number")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(arguments)
    scored = score(e for e in entries(asked.file) if not asked.half or half(e) == asked.half)
    if asked.json:
        figures = [asdict(f) | {"share": f.share} for f in scored.figures.values()]
        json.dump({"figures": figures, "wrong": scored.wrong, "missed": scored.missed}, sys.stdout)
        print()
        return int(scored.missed)
    for figure in scored.figures.values():
        sign = "!" if figure.missed else " "
        bound = f"target {'<=' if figure.at_most else '>='} {figure.target:.2f}"
        told = bound if figure.target or figure.at_most else ""
        print(
            f"{sign} {figure.name:<23} {figure.share:5.3f}  {figure.hits:>3}/{figure.of:<3} {told}"
        )
    for wrong in scored.wrong:
        print(
            f"  {wrong['id']}: {wrong['found']} ({wrong['rule'] or '-'}), not "
            f"{'/'.join(wrong['expected'])}; reset {wrong['reset']}: "
            f"{wrong['reset_found']}, not {wrong['reset_expected']}"
        )
    return int(scored.missed)


if __name__ == "__main__":
    sys.exit(main())
