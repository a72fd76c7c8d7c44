"""Bar B18: the tmux server is killed, stopped, starved, or loses its socket. No command hangs."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.whole.conftest import BIN, Place, wait_until
from tests.whole.traffic import QUIET, check, still_open

DETECTED_S = 5.0
LONGEST_S = 10.0
COMMANDS = (
    ("tmux-orch", "status"),
    ("scm", "--wait", "1", "developer", "are you there?"),
    ("tmux-orch", "ls"),
    ("tmux-orch", "messages"),
    ("auto-orchestrate", "--resume", "--status-only"),
)

RESUME = ("auto-orchestrate", "--resume")


def team(place: Place) -> dict[str, dict]:
    place.extra |= QUIET
    place.up()
    wait_until(lambda: not still_open(place), 30, "the team has its first messages")
    return place.agents()


def server_pid(place: Place) -> int:
    return int(place.tmux("display-message", "-p", "#{pid}"))


def events(place: Place) -> list[tuple[str, datetime, dict]]:
    """What the record says of the server: kind, instant, payload."""
    database = sqlite3.connect(f"file:{place.registry / 'orch.db'}?mode=ro", uri=True)
    rows = database.execute(
        "select kind, at, payload from events where kind like 'server_%' order by seq"
    ).fetchall()
    database.close()
    return [(kind, datetime.fromisoformat(at), json.loads(payload)) for kind, at, payload in rows]


def kinds(place: Place) -> list[str]:
    return [kind for kind, _, _ in events(place)]


def detected(place: Place, kind: str, since: datetime) -> float:
    """Seconds until the one event of this kind; it names everybody concerned."""
    wait_until(lambda: kind in kinds(place), 20, f"{kind} is told")
    found = [(at, payload) for told, at, payload in events(place) if told == kind]
    assert len(found) == 1, found
    assert len(found[0][1]["agents"]) == 5
    took_s = (found[0][0] - since).total_seconds()
    assert took_s <= DETECTED_S, took_s
    return took_s


@contextmanager
def commands_run(place: Place, *more: tuple[str, ...]) -> Iterator[list[tuple[float, int, str]]]:
    """Commands are run one after the other all the while; none may take long or break."""
    stop, took = threading.Event(), []

    def run() -> None:
        while not stop.is_set():
            for words in (*COMMANDS, *more):
                started = time.monotonic()
                done = subprocess.run(
                    [str(BIN / words[0]), *words[1:]], cwd=place.project, env=place.environment,
                    capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                )  # fmt: skip
                spent_s = time.monotonic() - started
                took.append((spent_s, done.returncode, f"{' '.join(words)}: {done.stderr}"))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield took
    finally:
        stop.set()
        thread.join(90)
    assert len(took) >= len(COMMANDS)
    slow = [one for one in took if one[0] > LONGEST_S]
    assert not slow, slow
    # A resume cannot go on without an answer of tmux: it says so in one line, and changes nothing.
    known = [one for one in took if one[1] in (0, 1, 3, 5) or "tmux did not answer" in one[2]]
    broken = [one for one in took if one not in known or "Traceback" in one[2]]
    assert not broken, broken


def check_restored(place: Place, before: dict[str, dict], *, same: bool) -> None:
    """All are there with their conversations; ``same``: nobody was started again."""
    after = place.agents()
    assert list(after) == list(before)
    for name, agent in before.items():
        assert after[name]["state"] in ("idle", "working"), after[name]
        assert after[name]["conversation_id"] == agent["conversation_id"]
        assert (after[name]["pid"] == agent["pid"]) is same
    wait_until(lambda: not still_open(place), 60, "what was held has arrived")
    tally = check(place)
    assert not tally.faults(), tally.faults()
    assert not tally.undelivered, tally.undelivered


def lose(place: Place, how: str) -> datetime:
    pid, now = server_pid(place), datetime.now(UTC)
    if how == "kill-server":
        place.tmux("kill-server")
    else:
        os.kill(pid, signal.SIGKILL)
    return now


@pytest.mark.parametrize("how", ["kill-server", "SIGKILL"])
def test_a_lost_server_is_one_event_and_one_resume_brings_everybody_back(place: Place, how: str):
    place.dead_stay_dead()
    before = team(place)
    with commands_run(place) as took:
        took_s = detected(place, "server_lost", lose(place, how))
        wait_until(lambda: all(a["state"] == "exited" for a in place.agents().values()), 10)
    started = time.monotonic()
    place.run("auto-orchestrate", "--resume")
    resumed_s = time.monotonic() - started
    check_restored(place, before, same=False)
    assert kinds(place) == ["server_lost"]
    told = place.run("tmux-orch", "log", "--limit", "1000").stdout
    assert re.search(r"^\d+ \S+ \S+ server_lost ", told, re.MULTILINE), told
    slowest = max(one[0] for one in took)
    print(f"\nB18 {how}: told after {took_s:.2f} s, resumed in {resumed_s:.1f} s, "
          f"slowest of {len(took)} commands {slowest:.2f} s")  # fmt: skip


def stopped(place: Place, stopped_s: float) -> None:
    before = team(place)
    pid = server_pid(place)
    with commands_run(place, RESUME) as took:
        now = datetime.now(UTC)
        os.kill(pid, signal.SIGSTOP)
        try:
            took_s = detected(place, "server_hung", now)
            held = place.run("scm", "--json", "--wait", "1", "tester", "later", check=False)
            assert json.loads(held.stdout)["state"] == "held"
            assert "tmux server" in json.loads(held.stdout)["reason"]
            left_s = stopped_s - (datetime.now(UTC) - now).total_seconds()
            time.sleep(max(0.0, left_s))  # paced: so long the server is stopped
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_until(lambda: "server_back" in kinds(place), 20, "it is back")
    check_restored(place, before, same=True)
    assert kinds(place) == ["server_hung", "server_back"]
    slowest = max(took)
    print(f"\nB18 SIGSTOP {stopped_s:g} s: told after {took_s:.2f} s, slowest of {len(took)} "
          f"commands {slowest[0]:.2f} s ({slowest[2].strip()})")  # fmt: skip


def test_a_stopped_server_is_shown_and_holds_messages_until_it_goes_on(place: Place):
    stopped(place, 12)


@pytest.mark.full
def test_a_server_stopped_for_half_a_minute_is_shown_and_holds_messages(place: Place):
    stopped(place, 30)


def test_a_server_whose_socket_was_deleted_gets_it_back_and_loses_nobody(place: Place):
    before = team(place)
    socket = place.registry / "run/tmux.sock"
    with commands_run(place):
        socket.unlink()
        wait_until(socket.is_socket, DETECTED_S, "the socket is there again")
    place.run("auto-orchestrate", "--resume")
    check_restored(place, before, same=True)
    assert "server_lost" not in kinds(place)


def test_a_server_without_a_descriptor_left_is_shown_and_goes_on_when_it_has_some(place: Place):
    before = team(place)
    pid = server_pid(place)
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    with commands_run(place, RESUME):
        now = datetime.now(UTC)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (5, limits[1]))
        try:
            took_s = detected(place, "server_hung", now)
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        wait_until(lambda: kinds(place)[-1] == "server_back", 20, "it is back")
    place.run("auto-orchestrate", "--resume")
    check_restored(place, before, same=True)
    print(f"\nB18 no descriptor: told after {took_s:.2f} s")


def test_a_team_too_large_for_a_server_with_40_descriptors_is_refused_or_reported(place: Place):
    before = team(place)
    pid = server_pid(place)
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (40, limits[1]))
    with commands_run(place):
        words = ("auto-orchestrate", "--resume", "--add-roles", "developer:30", "--plan", "console")
        done = place.run(*words, check=False, timeout=90)
    assert done.returncode in (1, 2, 75), (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    agents = place.agents()
    assert all(agents[name]["pid"] == agent["pid"] for name, agent in before.items())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    place.run("auto-orchestrate", "--resume", timeout=110)
    agents = place.agents()
    assert {agent["state"] for agent in agents.values()} <= {"idle", "working"}
    assert len(agents) in (len(before), len(before) + 30)
    assert server_pid(place) == pid
