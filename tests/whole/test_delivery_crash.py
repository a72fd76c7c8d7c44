"""Bar B3: the daemon is killed at its delivery steps; `scm` goes on, and nothing arrives twice.

The N-th write and the N-th external call of a daemon kill it while one message after the other is
sent to an agent through the real `scm`, which starts the next daemon and asks again by its own id.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable

import pytest

from tests.whole.conftest import Place, wait_until
from tests.whole.test_crash_points import daemon_with
from tests.whole.traffic import QUIET, canaries, check, heard, outbox, scm, still_open
from tmux_orch.config.registry import Registry
from tmux_orch.rpc import start

AGENT = "developer"
# What a message passes: accepted, gate, composing, submitted, delivered, each a write; look, paste,
# look, Enter, each a call. A daemon's own start has some more of both, and ticks have calls.
# Here every second write; --full has them all. How many writes a message makes depends on whether
# it is typed or handed over, so the last points are not always reached; the first ones are.
WRITES, CALLS = range(1, 12, 2), range(3, 8)
REACHED = 6


def team(place: Place) -> None:
    place.extra = dict(QUIET)
    place.up("--roles", AGENT)
    wait_until(lambda: not still_open(place), 30, "the team has its first messages")


def begin(place: Place, point: str) -> subprocess.Popen[bytes]:
    """A daemon that listens and will die at ``point``, if it has not died on the way already."""
    (place.registry / "run/daemon.sock").unlink(missing_ok=True)  # a killed one leaves it
    process = daemon_with(place, ORCH_CRASH_AT=point)
    registry = Registry(place.registry)
    wait_until(lambda: process.poll() is not None or start.listens(registry), 30, "it listens")
    return process


def end(place: Place, process: subprocess.Popen[bytes]) -> bool:
    """End whatever daemon runs; whether ``process`` was killed at its point."""
    place.run("tmux-orch", "daemon", "stop", check=False)
    process.wait(30)
    assert process.stderr is not None
    process.stderr.close()
    return process.returncode == -signal.SIGKILL


def crash_at(place: Place, points: Iterable[str], first: int = 0) -> None:
    states: Counter[str] = Counter()
    died: list[str] = []
    conversation = place.agents()[AGENT]["conversation_id"]
    place.run("tmux-orch", "daemon", "stop")
    for number, point in enumerate(points, first):
        process = begin(place, point)
        sent = scm(place, 0, number, AGENT, "--json", "--wait", "30")
        row = next(row for row in outbox(place) if row.key == sent.key)
        if end(place, process):
            died.append(point)
        assert sent.code in (0, 5), sent
        said = json.loads(sent.out)
        assert (said["id"], said["state"]) == (row.id, row.state), (point, said, row)
        assert row.state == "delivered" or (row.state == "unknown" and row.reason), (point, row)
        states[row.state] += 1
        times = sum(text.count(f"· msg {row.id}]") for text in heard(place, conversation))
        assert times <= 1, f"{point}: {times} times"
    tally = check(place)
    assert not tally.faults(), tally.faults()
    assert not canaries(place)
    print(f"\nB3: killed at {len(died)} of {sum(states.values())} points "
          f"({' '.join(died)}): {dict(states)}")  # fmt: skip
    assert len(died) >= REACHED, "the points were not reached"


def test_killed_at_a_delivery_step_each_message_arrives_once_or_is_shown(place: Place):
    team(place)
    crash_at(place, [f"write:{n}" for n in WRITES] + [f"call:{n}" for n in CALLS])


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("turn", range(5))
def test_killed_at_many_delivery_steps_each_message_arrives_once_or_is_shown(
    place: Place, turn: int
):
    team(place)
    points = [f"write:{n}" for n in range(1, 17)] + [f"call:{n}" for n in range(1, 9)]
    crash_at(place, points, first=100 * turn)
