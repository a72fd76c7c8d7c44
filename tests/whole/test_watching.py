"""Watching a real team: nothing left out and nothing twice over a killed daemon; ends in time."""

from __future__ import annotations

import json
import subprocess
import threading

from tests.whole.conftest import BIN, Place, wait_until
from tmux_orch.domain.errors import Unreachable
from tmux_orch.rpc import client


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
        self.said = ""
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        for line in self.process.stderr or ():
            self.said += line

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.events.append(json.loads(line))

    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    def arrived(self) -> int:
        """Messages of the person's that they saw arrive."""
        return sum(
            event["kind"] == "message.delivered" and event["payload"]["from"] == "user"
            for event in self.events
        )

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def answers(place: Place) -> bool:
    """Whether a daemon answers, without starting one."""
    try:
        return bool(client.call("ping", start_daemon=False, environ=place.environment))
    except Unreachable:
        return False


def written(place: Place) -> list[int]:
    """The numbers of all events there are."""
    found = place.run("tmux-orch", "log", "--since", "0", "--limit", "1000", "--json").stdout
    return [event["seq"] for event in json.loads(found)["events"]]


def test_a_watch_goes_on_over_killed_and_stopped_daemons_without_gap_or_repeat(place: Place):
    place.up("--roles", "developer")
    watch = Watch(place, "--since", "0")
    narrow = Watch(place, "--since", "0", "--agent", "developer", "--kind", "message")
    try:
        wait_until(lambda: watch.events, 10, "the first event")
        place.kill_daemon()
        # It died: the watch starts the next one, as every command does.
        wait_until(lambda: answers(place), 15, "a daemon that only the watch can have started")
        place.run("scm", "developer", "are you there?")
        for one in (watch, narrow):
            wait_until(lambda one=one: one.arrived() > 0, 15, "both watches are back")
        place.run("tmux-orch", "daemon", "stop")
        # It ended of itself: the watch says so and waits for somebody else's.
        wait_until(lambda: "has ended" in watch.said, 15, "the watch says that it waits")
        assert not answers(place)
        place.run("scm", "developer", "one more")
        wait_until(lambda: written(place) == watch.seqs(), 15, "every event once, in order")
        assert {"agent.state", "message.delivered"} <= {event["kind"] for event in watch.events}
        meant = [
            event["seq"]
            for event in watch.events
            if event["agent"] == "sample/developer" and event["kind"].startswith("message.")
        ]
        wait_until(lambda: narrow.seqs() == meant, 5, "the narrower watch has those it is for")
    finally:
        watch.close()
        narrow.close()


def test_nobody_is_watched_for_ever_who_is_not_there(place: Place):
    place.up("--roles", "developer")
    done = place.run("tmux-orch", "watch", "--agent", "nobody", check=False, timeout=20)
    assert (done.returncode, done.stdout) == (2, "")
    assert "sample has no agent 'nobody'" in done.stderr
    assert done.stderr.count("\n") == 1
