"""Histories of a real program: every reading the watch took, and when; recorded and replayed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tmux_orch.domain.states import AgentState, Fused, Reading, Source
from tmux_orch.watch.fusion import fuse
from tmux_orch.watch.readings import Readings

#: Looks at a pane that did not change are not recorded: its screen is known to be this old at most.
LOOK_S = 1.0
TICK_S = 1.0


class Recorder:
    """While it is entered, every reading that any live seat takes is written down."""

    METHODS = ("with_fact", "with_hook", "with_level", "with_screen")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps: list[dict[str, Any]] = []
        self._begun = time.time()
        self._real: dict[str, Callable[..., Readings]] = {}

    def __enter__(self) -> Recorder:
        for name in self.METHODS:
            self._real[name] = getattr(Readings, name)
            setattr(Readings, name, self._noted(name, self._real[name]))
        return self

    def __exit__(self, *_: object) -> None:
        for name, method in self._real.items():
            setattr(Readings, name, method)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n ".join(json.dumps(step, ensure_ascii=False) for step in self._steps)
        self._path.write_text(f"[{lines}]\n", encoding="utf-8")

    def _noted(self, name: str, real: Callable[..., Readings]) -> Callable[..., Readings]:
        def noted(facts: Readings, *given: Any) -> Readings:
            after = real(facts, *given)
            if after != facts:
                told = [g.isoformat() if isinstance(g, datetime) else self._plain(g) for g in given]
                at_s = round(time.time() - self._begun, 3)
                self._steps.append({"at_s": at_s, "do": name, "given": told})
            return after

        return noted

    def _plain(self, given: Any) -> Any:
        if not isinstance(given, Reading):
            return given
        return {
            "source": str(given.source),
            "state": str(given.state) if given.state else None,
            "at_s": round(given.at.timestamp() - self._begun, 3),
            "rule": given.rule,
            "until_s": round(given.until_at.timestamp() - self._begun) if given.until_at else None,
        }


def replay(
    path: Path, gone: frozenset[str] = frozenset()
) -> Iterator[tuple[float, Readings, Fused]]:
    """Each step's instant, the readings after it, and the state they make.

    Args:
        path: A recorded history.
        gone: Kinds of steps to leave out, as if that source had failed.
    """
    start = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    facts, before, looked_s, last_s = Readings(), None, 0.0, 0.0
    for step in json.loads(path.read_text("utf-8")):
        if step["do"] in gone:
            continue
        now_s = step["at_s"]
        while now_s - last_s > TICK_S:  # time alone changes states too
            last_s += TICK_S
            aged = _aged(facts, last_s, looked_s)
            before = fuse(aged, before, start + timedelta(seconds=last_s))
            yield last_s, aged, before
        last_s = now_s
        given = [_reading(g, start) if isinstance(g, dict) else g for g in step["given"]]
        facts = getattr(facts, step["do"])(*given)
        if step["do"] == "with_screen":
            looked_s = now_s
        aged = _aged(facts, now_s, looked_s)
        before = fuse(aged, before, start + timedelta(seconds=now_s))
        yield now_s, aged, before


def _aged(facts: Readings, now_s: float, looked_s: float) -> Readings:
    still_s = now_s - looked_s
    return replace(facts, age_s=now_s, screen_age_s=min(LOOK_S, still_s), still_s=still_s)


def _reading(given: dict[str, Any], start: datetime) -> Reading:
    until_s = given["until_s"]
    return Reading(
        Source(given["source"]),
        AgentState(given["state"]) if given["state"] else None,
        start + timedelta(seconds=given["at_s"]),
        given["rule"],
        "",
        start + timedelta(seconds=until_s) if until_s is not None else None,
    )
