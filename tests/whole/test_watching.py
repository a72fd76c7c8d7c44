"""Watching a real team: nothing left out and nothing twice over a killed daemon; ends in time."""

from __future__ import annotations

import json
import subprocess
import threading

from tests.whole.conftest import BIN, Place, wait_until


class Watch:
    """``tmux-orch watch --json`` as a process, its events as they come."""

    def __init__(self, place: Place, *words: str) -> None:
        self.process = subprocess.Popen(
            [str(BIN / "tmux-orch"), "watch", "--json", *words], cwd=place.project,
            env=place.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.events: list[dict] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.events.append(json.loads(line))

    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def written(place: Place) -> list[int]:
    """The numbers of all events there are."""
    found = place.run("tmux-orch", "log", "--since", "0", "--limit", "1000", "--json").stdout
    return [event["seq"] for event in json.loads(found)["events"]]


def test_a_watch_goes_on_over_killed_daemons_without_gap_or_repeat(place: Place):
    place.up("--roles", "developer")
    watch = Watch(place, "--since", "0")
    try:
        wait_until(lambda: watch.events, 10, "the first event")
        for number in range(2):
            place.kill_daemon()
            place.run("scm", "developer", f"message {number}")
        wait_until(lambda: written(place) == watch.seqs(), 15, "every event once, in order")
        assert {"agent.state", "message.delivered"} <= {event["kind"] for event in watch.events}
    finally:
        watch.close()


def test_a_watch_of_one_agent_and_kind_brings_the_others_events_not(place: Place):
    place.up("--roles", "developer")
    watch = Watch(place, "--since", "0", "--agent", "developer", "--kind", "message")
    try:
        place.run("scm", "developer", "hello")
        wait_until(lambda: any(e["kind"] == "message.delivered" for e in watch.events), 15)
        assert {event["agent"] for event in watch.events} == {"sample/developer"}
        assert all(event["kind"].startswith("message.") for event in watch.events)
    finally:
        watch.close()
