"""``tmux-orch daemon``: with the real daemon, on a registry of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tmux_orch.rpc import lock, start

from .conftest import ENTRIES, until


@pytest.fixture
def real(house):
    yield house
    if house.registry.root.exists():
        house.run("tmux-orch", "daemon", "stop")
        lock.take_within(house.registry.lock, 20).release()


def test_start_status_stop_and_their_codes(real):
    assert real.run("tmux-orch", "daemon", "status").code == 6
    assert real.started_nothing()
    done = real.run("tmux-orch", "daemon", "start", "--json")
    assert done.code == 0, done.err
    about = json.loads(done.out)
    assert about["running"] is True
    os.kill(about["pid"], 0)
    again = real.run("tmux-orch", "daemon", "start")
    assert (again.code, again.err.count("\n")) == (75, 1)
    assert str(about["pid"]) in again.err
    assert real.run("tmux-orch", "daemon", "status").code == 0
    assert real.run("tmux-orch", "daemon", "stop").out == "stopped\n"
    lock.take(real.registry.lock).release()
    assert not start.listens(real.registry)
    assert real.run("tmux-orch", "daemon", "stop").out == "it was not running\n"


def test_eight_starts_at_once_leave_one_and_seven_say_busy(real):
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", ENTRIES["tmux-orch"], "daemon", "start"],
            env=real.environ, cwd=real.place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(8)
    ]  # fmt: skip
    said = [one.communicate(timeout=60) for one in starts]
    assert sorted(one.returncode for one in starts) == [0] + [75] * 7, said
    assert all(err.count(b"\n") == 1 for out, err in said if not out)


def test_run_stays_in_the_foreground_and_a_second_one_is_75(real):
    first = subprocess.Popen(
        [sys.executable, "-c", ENTRIES["tmux-orch"], "daemon", "run"],
        env=real.environ, cwd=real.place,
    )  # fmt: skip
    real.registry.prepare()
    until(lambda: start.listens(real.registry), 20)
    assert lock.holder_of(real.registry.lock) == first.pid
    second = real.run("tmux-orch", "daemon", "run")
    assert second.code == 75
    assert second.err.count("\n") == 1
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0


def test_a_persons_start_records_the_environment_anew_an_agents_does_not(real):
    real.run("tmux-orch", "daemon", "start", env={"TZ": "Asia/Tokyo"})
    real.run("tmux-orch", "daemon", "stop")
    real.run("tmux-orch", "daemon", "start", env={"TZ": "UTC", "ORCH_AGENT": "p/developer"})
    assert json.loads(real.registry.environment.read_text())["TZ"] == "Asia/Tokyo"
    real.run("tmux-orch", "daemon", "stop")
    real.run("tmux-orch", "daemon", "start", env={"TZ": "UTC"})
    assert json.loads(real.registry.environment.read_text())["TZ"] == "UTC"


def test_a_stopped_daemon_is_named_within_ten_seconds(real):
    pid = json.loads(real.run("tmux-orch", "daemon", "start", "--json").out)["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        done = real.run("tmux-orch", "daemon", "stop")
        assert done.code == 6
        assert str(pid) in done.err
    finally:
        os.kill(pid, signal.SIGCONT)


def test_logs_show_the_end_safely_and_follow_across_a_turn_over(house):
    house.registry.prepare()
    path = house.registry.logs / "daemon.log"
    path.write_text("".join(f"line {n}\n" for n in range(100)) + "bad \x1b[2J\x1b]0;x\x07 line\n")
    done = house.run("tmux-orch", "daemon", "logs", "-n", "2")
    assert done.out == "line 99\nbad [2J]0;x line\n"
    following = subprocess.Popen(
        [sys.executable, "-c", ENTRIES["tmux-orch"], "daemon", "logs", "-n", "1", "-f"],
        env=house.environ, cwd=house.place, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert following.stdout is not None
    assert following.stdout.readline() == b"bad [2J]0;x line\n"
    with path.open("a") as file:
        file.write("more\n")
    assert following.stdout.readline() == b"more\n"
    path.rename(path.with_suffix(".1"))
    path.write_text("turned over\n")
    assert following.stdout.readline() == b"turned over\n"
    following.send_signal(signal.SIGINT)
    assert following.wait(10) == 130
