"""A team that stands: the daemon's return after its death, its cost at rest, deaths it notices."""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from benchmarks.measure import Figure, ms, quantile, until, wall
from benchmarks.place import Place, ground, team

AGENTS = 20
RETURNS, RETURN_S = 7, 2.0
REST_S, REST_CPU, REST_MB = 30.0, 2.0, 120.0
DYING, DEATH_ROUNDS, TO_POLL = 10, 3, 0.1
POLL_S = 1.0
_TICKS = os.sysconf("SC_CLK_TCK")


def figures() -> Iterator[Figure]:
    """The rows of a standing team."""
    with ground() as root, team(root, AGENTS) as (place, project):
        taken = [_return(place, number) for number in range(RETURNS)]
        worst = f"worst {max(taken):.2f} s"
        yield Figure("daemon killed; 20 agents re-adopted, one proved reached",
                     statistics.median(taken), RETURN_S, "s", worst)  # fmt: skip
        place.until_quiet()
        share, megabytes = _at_rest(place.daemon_pid())
        yield Figure("daemon at rest, 20 idle agents: of one core", share, REST_CPU, "%")
        yield Figure("daemon at rest, 20 idle agents: memory", megabytes, REST_MB, "MB")
        noticed: list[float] = []
        polled: list[float] = []
        for _ in range(DEATH_ROUNDS):
            mine, theirs = _deaths(place)
            noticed += mine
            polled += theirs
            place.run("auto-orchestrate", "--resume", "--project", str(project), "--json")
            place.until_quiet()
        ours, poll = quantile(noticed, 0.95), quantile(polled, 0.95)
        yield Figure("death of 10 of 20 noticed / pane_dead at 1 Hz, p95", ours / poll, TO_POLL,
                     detail=ms([ours], [poll]))  # fmt: skip


def _return(place: Place, number: int) -> float:
    """From the daemon's death until a message is proved delivered and all agents are there."""
    before = {a["name"]: a["pid"] for a in place.ask("status")["agents"]}
    pid = place.daemon_pid()

    def act() -> None:
        os.kill(pid, signal.SIGKILL)
        place.run("scm", f"developer-{2 + number}", f"are you there, {number}?")

    took = wall(act)
    # It listens only when every agent was taken up; git's part of the status is not part of that.
    agents = place.ask("status")["agents"]
    assert {a["name"]: a["pid"] for a in agents} == before
    assert all(a["state"] in ("idle", "working") for a in agents), agents
    place.until_quiet()
    return took


def _at_rest(pid: int) -> tuple[float, float]:
    """Percent of a core that the daemon and the programs it runs use, and its resident memory."""
    time.sleep(3)
    before, started = _cpu_s(pid), time.monotonic()
    time.sleep(REST_S)
    share = 100 * (_cpu_s(pid) - before) / (time.monotonic() - started)
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
    return share, int(kilobytes) / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS  # own and of reaped children


def _deaths(place: Place) -> tuple[list[float], list[float]]:
    """Seconds until the daemon, and until a poll of tmux, saw each of the deaths."""
    agents = {a["name"]: a for a in place.ask("status")["agents"]}
    chosen = random.sample([name for name in agents if name != "orchestrator"], DYING)
    died: dict[str, float] = {}
    seen: dict[str, float] = {}
    by_pane = {agents[name]["pane_id"]: name for name in chosen}
    over = threading.Event()

    def poll() -> None:
        while not over.wait(POLL_S):
            lines = place.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_dead}").splitlines()
            now = time.time()
            for pane, _, dead in (line.partition(" ") for line in lines):
                if dead == "1" and pane in by_pane:
                    seen.setdefault(by_pane[pane], now)

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        for name in chosen:
            time.sleep(random.uniform(0.1, 0.5))
            died[name] = time.time()
            os.kill(agents[name]["pid"], signal.SIGKILL)
        until(lambda: len(seen) == DYING, "the poll of all deaths", 0.1)
    finally:
        over.set()
        poller.join()
    noticed = _exits(place, set(chosen), min(died.values()))
    return ([noticed[n] - died[n] for n in chosen], [seen[n] - died[n] for n in chosen])


def _exits(place: Place, names: set[str], after: float) -> dict[str, float]:
    """When the daemon wrote down that each agent has ended."""
    found: dict[str, float] = {}

    def all_there() -> bool:
        for path in sorted((place.registry / "logs/events").glob("*.jsonl")):
            for line in path.read_text().splitlines():
                event = json.loads(line)
                at = datetime.fromisoformat(event["at"]).timestamp()
                ended = event["kind"] == "agent.state" and event["payload"]["state"] == "exited"
                name = str(event["agent"]).rpartition("/")[2]
                if ended and at >= after and name in names:
                    found.setdefault(name, at)
        return found.keys() == names

    until(all_there, "the daemon's word of all deaths", 0.1)
    return found
