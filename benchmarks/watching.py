"""What watching costs beside one process per pane, what hooks cost, how late a change is told."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from benchmarks.measure import Figure, quantile, quiet, until
from benchmarks.place import Place, ground, team

PANES, MANY = 100, 500
PANES_S = 30.0
TO_PROCESSES, MANY_CPU = 0.12, 15.0
SCREEN_MS, HOOK_MS, TOOL_MS = 1200.0, 100.0, 20.0
CALLS, TURNS = 60, 60
_HERE = Path(__file__).parent

Seen = dict[str, float]


def figures() -> Iterator[Figure]:
    """The rows of watching."""
    with ground() as root:
        yield from _screens(root)
    with ground() as root, team(root, 2) as (place, _project):
        yield _late(
            "the hooks of one tool call, seen by the agent, p95", _tool_calls(place), TOOL_MS
        )
        yield _late("a prompt's hook → state event, p95", _turns(place), HOOK_MS)


def _screens(root: Path) -> Iterator[Figure]:
    ours, each = (_watched(how, PANES, root) for how in ("ours", "processes"))
    shares = f"{ours['cpu']:.1f} % / {each['cpu']:.1f} % of a core"
    yield Figure(
        "100 busy panes watched / one capture-pane each, 1 Hz",
        ours["cpu"] / each["cpu"],
        TO_PROCESSES,
        detail=shares,
    )
    detail = f"p50 {ours['p50_ms']:.0f}, worst {ours['worst_ms']:.0f}, {ours['told']:.0f} dialogs"
    what = "a dialog shown → state, 100 busy panes without hooks, p95"
    yield Figure(what, ours["p95_ms"], SCREEN_MS, "ms", detail)
    many = _watched("ours", MANY, root)
    detail = f"{many['memory_mb']:.0f} MB, dialogs told p95 {many['p95_ms']:.0f} ms"
    yield Figure("500 busy panes watched: of one core", many["cpu"], MANY_CPU, "%", detail)


def _late(what: str, taken: list[float], most_ms: float) -> Figure:
    detail = f"p50 {statistics.median(taken) * 1000:.1f} ms of {len(taken)}"
    return Figure(what, quantile(taken, 0.95) * 1000, most_ms, "ms", detail)


def _watched(how: str, panes: int, root: Path) -> Seen:
    """Percent of a core that watching so many busy panes costs, and how late dialogs are told."""
    place = root / f"{how}-{panes}"
    place.mkdir()
    words = [
        sys.executable,
        "-m",
        "benchmarks.busy_panes",
        how,
        str(panes),
        str(place),
        str(PANES_S),
    ]
    answer: Seen = json.loads(quiet(words).stdout.splitlines()[-1])
    return answer


def _tool_calls(place: Place) -> list[float]:
    """Seconds that both hooks of each of many tool calls took, in an agent's own pane."""
    agent = next(a for a in place.ask("status")["agents"] if a["name"] == "developer")
    result = place.root / "hooks.json"
    timer = [
        sys.executable,
        str(_HERE / "hook_timer.py"),
        str(place.registry / "bin/orch-hook"),
    ]
    words = [*timer, agent["conversation_id"], str(CALLS), str(result)]
    place.run("scm", "developer", f"REHEARSAL{json.dumps({'run': words})}")
    until(result.exists, "the timed hooks", 0.1)
    place.until_quiet()
    taken: list[float] = json.loads(result.read_text())
    return taken


def _turns(place: Place) -> list[float]:
    """Seconds from a turn's first transcript line until the event of the new state was written."""
    agent = next(a for a in place.ask("status")["agents"] if a["name"] == "developer")
    first = place.ask("log", limit=1)["events"][-1]["seq"]
    for number in range(TURNS):
        place.run("scm", "developer", f"turn {number}")
        place.until_quiet()
    transcript = next(place.agents_home.rglob(f"{agent['conversation_id']}.jsonl"))
    lines = [json.loads(line) for line in transcript.read_text().splitlines()]
    begun = [
        _instant(x["timestamp"]) for x in lines if x["type"] == "user" and "turn " in json.dumps(x)
    ]
    events = place.ask("log", since=first, limit=1000)["events"]
    told = [
        _instant(e["at"])
        for e in events
        if e["kind"] == "agent.state" and str(e["agent"]).endswith("/developer")
    ]
    # The line is written just before the hook is called; its first event after that is the news.
    return [min(at for at in told if at >= start) - start for start in begun if told[-1] >= start]


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
