"""``scm`` to proved delivery beside the smallest script that does the same typing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.measure import Figure, ms, process, quantile, ratio, together, until, wall
from benchmarks.place import BIN, Place, ground, team
from tmux_orch.agents.rehearsal.adapter import Rehearsal

# The rehearsal program's paste window is 150 ms; ours waits the adapter's gap, so does the script.
GAP_S = Rehearsal.composer_gap_s
ROUNDS = 40
TO_SCRIPT_P50, TO_SCRIPT_P95 = 1.3, 2.0
SENDERS, EACH, LONG = 20, 5, 3000
MANY_ROUNDS = 3
TO_FLOCK = 1.2


class Receiver:
    """One agent's conversation as it stands in its transcript.

    Args:
        place: Where it runs.
        name: The agent.
    """

    def __init__(self, place: Place, name: str) -> None:
        agents = {agent["name"]: agent for agent in place.ask("status")["agents"]}
        self.place = place
        self.name = name
        self.pane = str(agents[name]["pane_id"])
        self.socket = str(place.registry / "run/tmux.sock")
        found = place.agents_home.rglob(f"{agents[name]['conversation_id']}.jsonl")
        self.transcript = next(iter(found))

    def has(self, *texts: bytes) -> bool:
        """Whether all of them stand in the conversation."""
        data = self.transcript.read_bytes()
        return all(text in data for text in texts)

    def count(self, text: bytes) -> int:
        """How many lines of a person's prompts contain it."""
        lines = self.transcript.read_bytes().splitlines()
        return sum(text in line for line in lines if b'"type":"user"' in line.replace(b" ", b""))


def figures() -> Iterator[Figure]:
    """The rows of delivery."""
    with ground() as root, team(root, 2) as (place, _project):
        receiver = Receiver(place, "developer")
        place.until_quiet()
        mine, script = together([lambda: by_scm(receiver), lambda: by_script(receiver)], ROUNDS)
        yield Figure("scm to an idle agent, proved / minimal script, p50", ratio(mine, script),
                     TO_SCRIPT_P50, detail=ms(mine, script))  # fmt: skip
        tails = quantile(mine, 0.95), quantile(script, 0.95)
        yield Figure("the same, p95", tails[0] / tails[1], TO_SCRIPT_P95,
                     detail=ms([tails[0]], [tails[1]]))  # fmt: skip
        mine, script = together(
            [lambda: many(receiver, _scm), lambda: many(receiver, _script)],
            MANY_ROUNDS,
        )
        yield Figure("20 senders × 5 × 3 kB to one pane / flock script", ratio(mine, script),
                     TO_FLOCK, detail=ms(mine, script))  # fmt: skip


def by_scm(receiver: Receiver) -> float:
    """``scm`` until its receipt says delivered; then until the agent is idle, not timed."""
    took = process(_scm(receiver, f"note {os.urandom(8).hex()}"), receiver.place.environment)
    receiver.place.until_quiet()
    return took


def by_script(receiver: Receiver) -> float:
    """A process that pastes, waits the gap, presses Enter and waits for the receiver."""
    mark = os.urandom(8).hex()
    took = process(_script(receiver, f"note {mark}"), receiver.place.environment)
    receiver.place.until_quiet()
    return took


def many(receiver: Receiver, argv_of: Callable[[Receiver, str], list[str]]) -> float:
    """All senders at once; every text must have arrived exactly once and whole."""
    place = receiver.place
    texts = [[_long(number, turn) for turn in range(EACH)] for number in range(SENDERS)]

    def send_all(own: list[str]) -> None:
        for text in own:
            process(argv_of(receiver, text), place.environment)

    def act() -> None:
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(send_all, texts))
        whole = [text.encode() for own in texts for text in own]
        until(lambda: receiver.has(*whole), "all texts", 0.01)

    took = wall(act)
    for own in texts:
        for text in own:
            assert receiver.count(text.encode()) == 1, "a text arrived twice or torn"
    place.until_quiet()
    return took


def _scm(receiver: Receiver, text: str) -> list[str]:
    # Behind ninety-nine others it waits longer than the ten seconds that are enough for one.
    return [str(BIN / "scm"), "--wait", "80", receiver.name, text]


def _script(receiver: Receiver, text: str) -> list[str]:
    script = str(Path(__file__).with_name("typing_script.py"))
    lock = str(receiver.place.root / "lock")
    return [sys.executable, script, receiver.socket, receiver.pane, str(receiver.transcript),
            lock, str(GAP_S), text]  # fmt: skip


def _long(number: int, turn: int) -> str:
    start = f"s{number}t{turn}{os.urandom(4).hex()} "
    return start + "x" * (LONG - len(start) - 4) + " end"
