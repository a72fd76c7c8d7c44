"""Ten minutes of a team of 50 that works: what grows, and what it costs. Only when asked for."""

from __future__ import annotations

import random
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import psutil

from benchmarks.measure import Figure
from benchmarks.place import BIN, Place, ground, team

AGENTS, FOLLOWERS = 50, 5
MINUTES, WARM_MINUTES = 10, 2
EVERY_S, SAMPLE_S = 1.0, 5.0
# Fault catalogue B17: growth after minute 2 below 5 %, no new descriptors, 30 % of one core.
GROWTH, CPU = 5.0, 30.0


@dataclass
class Samples:
    """What was read of the daemon every few seconds."""

    memory: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    zombies: int = 0


def figures() -> Iterator[Figure]:
    """The rows of the soak."""
    with ground() as root, team(root, AGENTS) as (place, _project), ExitStack() as stack:
        for _ in range(FOLLOWERS):
            words = [str(BIN / "tmux-orch"), "watch", "--json"]
            follower = subprocess.Popen(
                words, env=place.environment, cwd=root, stdout=subprocess.DEVNULL
            )
            stack.callback(follower.kill)
        daemon = psutil.Process(place.daemon_pid())
        over = threading.Event()
        talker = threading.Thread(target=_talk, args=(place, over))
        talker.start()
        stack.callback(talker.join)
        stack.callback(over.set)
        _sampled(daemon, WARM_MINUTES)
        used, started = _cpu_s(daemon), time.monotonic()
        found = _sampled(daemon, MINUTES - WARM_MINUTES)
        share = 100 * (_cpu_s(daemon) - used) / (time.monotonic() - started)
        yield from _rows(found, share, place)


def _rows(found: Samples, share: float, place: Place) -> Iterator[Figure]:
    part = max(1, len(found.memory) // 8)
    first, last = (statistics.median(x) for x in (found.memory[:part], found.memory[-part:]))
    yield Figure("50 busy agents: memory growth after minute 2", 100 * (last / first - 1), GROWTH,
                 "%", f"{first:.1f} → {last:.1f} MB")  # fmt: skip
    early, late = max(found.descriptors[:part]), max(found.descriptors[-part:])
    yield Figure("the same: descriptors more than at minute 2", late - early, 0, "", f"{late} open")
    yield Figure("the same: zombies", found.zombies, 0, "")
    buffers = len(place.tmux("list-buffers").splitlines())
    yield Figure("the same: tmux buffers left", buffers, 0, "")
    yield Figure("the same: daemon and its children, of one core", share, CPU, "%")


def _talk(place: Place, over: threading.Event) -> None:
    """One message a second to anybody."""
    while not over.wait(EVERY_S):
        number = random.randrange(2, AGENTS)
        place.run("scm", "--no-wait", f"developer-{number}", f"message at {time.time():.0f}")


def _sampled(daemon: psutil.Process, minutes: float) -> Samples:
    found, end, before = Samples(), time.monotonic() + minutes * 60, set[int]()
    while time.monotonic() < end:
        time.sleep(SAMPLE_S)
        found.memory.append(daemon.memory_info().rss / 2**20)
        # The most of a few looks in a row is what stands: a request takes one for a moment.
        found.descriptors.append(min(daemon.num_fds() for _ in range(5)))
        # One that is there at two looks: a child that ended this moment is reaped the next.
        dead = {c.pid for c in daemon.children() if c.status() == psutil.STATUS_ZOMBIE}
        found.zombies = max(found.zombies, len(dead & before))
        before = dead
    return found


def _cpu_s(daemon: psutil.Process) -> float:
    return float(sum(daemon.cpu_times()[:4]))
