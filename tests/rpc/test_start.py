"""The daemon is started once, by whoever needs it first, and is nobody's child."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import Internal, Unreachable
from tmux_orch.rpc import client, environment, lock, start

from .conftest import ROOT, TOY, until

TOY_ARGV = [sys.executable, os.fspath(TOY)]
CALLER = """
import os, sys
sys.path.insert(0, {root!r})
from tmux_orch.config.registry import Registry
from tmux_orch.rpc import start
os.read(0, 1)
print(start.ensure(Registry.find(os.environ), os.environ, {argv!r}))
"""


@pytest.fixture(autouse=True)
def toy_is_the_daemon(monkeypatch):
    monkeypatch.setattr(start, "daemon_argv", lambda: TOY_ARGV)


def starts(registry) -> int:
    return len((registry.logs / "starts").read_text().splitlines())


def asks(environ, verb, **body):
    return client.call(verb, body, environ=environ)


def test_twenty_callers_at_once_start_one(environ, registry):
    code = CALLER.format(root=os.fspath(ROOT), argv=TOY_ARGV)
    gate_r, gate_w = os.pipe()
    callers = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environ, stdin=gate_r, stdout=subprocess.PIPE
        )
        for _ in range(20)
    ]
    os.write(gate_w, b"x" * 20)
    said = [one.communicate(timeout=60)[0] for one in callers]
    assert sorted(said) == [b"False\n"] * 19 + [b"True\n"]
    assert [one.returncode for one in callers] == [0] * 20
    assert starts(registry) == 1


def test_eight_daemons_at_a_barrier_leave_one_and_the_others_say_busy(environ, registry):
    daemons = [subprocess.Popen(TOY_ARGV, env=environ) for _ in range(8)]
    until(lambda: sum(one.poll() is not None for one in daemons) == 7, 40)
    assert sorted(one.poll() for one in daemons if one.poll() is not None) == [75] * 7
    alive = next(one for one in daemons if one.poll() is None)
    until(lambda: start.listens(registry))
    assert asks(environ, "ping")["pid"] == alive.pid
    alive.terminate()
    assert alive.wait(10) == 0


def test_the_daemon_has_a_clean_environment_and_nothing_of_its_callers(environ, registry, tmp_path):
    theirs = {
        "GIT_DIR": "/x", "TMUX": "/y,1,2", "ORCH_AGENT": "p/developer", "LD_LIBRARY_PATH": "/z",
        "ANTHROPIC_API_KEY": "secret", "PYTHONSTARTUP": "/x", "LC_ALL": "C.UTF-8", "TZ": "UTC",
        "BASH_FUNC_x%%": "() { :; }", "TMUX_ORCH_READY_FD": "9",
    }  # fmt: skip
    fd = os.open(tmp_path / "callers", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(fd, True)
    client.call("ping", environ=environ | theirs)
    os.close(fd)
    seen = asks(environ, "environment")
    assert set(seen["environment"]) - {"LC_CTYPE"} == {
        "HOME", "PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "TMUX_ORCH_REGISTRY",
    }  # fmt: skip
    assert seen["cwd"] == "/"
    assert seen["sid"] != os.getsid(0)
    assert seen["ppid"] != os.getpid()
    names = {
        os.readlink(f"/proc/{seen['pid']}/fd/{n}") for n in os.listdir(f"/proc/{seen['pid']}/fd")
    }
    ours = ("/dev/null", os.fspath(registry.root), "socket:", "anon_inode:", "pipe:")
    assert not [name for name in names if not name.startswith(ours)]


def test_the_first_environment_is_recorded_and_used_again(environ, registry):
    asks(environ | {"TZ": "Asia/Tokyo"}, "ping")
    assert registry.environment.stat().st_mode & 0o777 == 0o600
    asks(environ, "shutdown")
    until(lambda: not start.listens(registry))
    seen = asks(environ | {"TZ": "UTC", "PATH": "/agents/own:/usr/bin"}, "environment")
    assert seen["environment"]["TZ"] == "Asia/Tokyo"
    assert seen["environment"]["PATH"] == environ["PATH"]


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b"{}", b"null"])
def test_a_record_cut_short_is_made_again(environ, registry, rubbish):
    registry.environment.write_bytes(rubbish)
    registry.environment.chmod(0o600)
    assert environment.recorded(registry, environ)["PATH"] == environ["PATH"]
    assert json.loads(registry.environment.read_bytes())["PATH"] == environ["PATH"]


def test_what_a_refusing_daemon_says_is_the_callers_error(environ, registry):
    with pytest.raises(Internal, match="the database is not ours") as caught:
        asks(environ | {"TMUX_ORCH_TOY_REFUSES": "1"}, "ping")
    assert caught.value.next_step == "move it away"


def test_a_daemon_that_dies_at_its_start_is_named_with_its_last_words(environ, registry):
    argv = [sys.executable, "-c", "raise SystemExit('no such library')"]
    with pytest.raises(Unreachable, match=r"did not start \(no such library\)"):
        start.ensure(registry, environ, argv)
    with pytest.raises(Unreachable, match="/no/such/program"):
        start.ensure(registry, environ, ["/no/such/program"])


DIES = [sys.executable, "-c", "raise SystemExit('no such library')"]


def dies(environ, registry, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unreachable, match="did not start"):
            start.ensure(registry, environ, DIES)


def test_a_daemon_that_died_five_times_in_a_minute_is_not_started_by_a_command(environ, registry):
    dies(environ, registry, 5)
    with pytest.raises(Unreachable, match=r"died 5 times .* \(no such library\)") as caught:
        asks(environ, "ping")
    assert caught.value.next_step.endswith("then: tmux-orch daemon start")
    assert not (registry.logs / "starts").exists()
    start.forgive(registry)
    assert asks(environ, "ping")["pid"]


def test_deaths_of_more_than_a_minute_ago_or_before_a_start_that_worked_are_forgotten(
    environ, registry, monkeypatch
):
    dies(environ, registry, 4)
    asks(environ, "ping")
    asks(environ, "shutdown")
    until(lambda: not start.listens(registry))
    dies(environ, registry, 5)
    later = time.time() + 61
    monkeypatch.setattr(start.time, "time", lambda: later)
    assert asks(environ, "ping")["pid"]


@pytest.mark.parametrize("rubbish", [b"", b"x y z", b"\xff", b"nan nan nan nan nan"])
def test_a_damaged_record_of_deaths_stops_nobody(environ, registry, rubbish):
    (registry.run / "daemon.died").write_bytes(rubbish)
    assert asks(environ, "ping")["pid"]


def test_a_daemon_that_says_why_it_does_not_start_is_asked_again_each_time(environ, registry):
    for _ in range(7):
        with pytest.raises(Internal, match="the database is not ours"):
            asks(environ | {"TMUX_ORCH_TOY_REFUSES": "1"}, "ping")


def test_a_killed_daemon_is_started_again_by_the_next_command(environ, registry):
    first = asks(environ, "ping")["pid"]
    os.kill(first, signal.SIGKILL)
    second = asks(environ, "ping")["pid"]
    assert second != first
    assert starts(registry) == 2


def test_a_new_daemon_waits_for_the_end_of_the_old_one(environ, registry):
    held = lock.take(registry.lock)
    done = []
    asking = threading.Thread(target=lambda: done.append(asks(environ, "ping")))
    asking.start()
    asking.join(0.5)
    assert asking.is_alive()
    held.release()
    asking.join(20)
    assert done


def test_an_older_daemon_is_asked_to_stop_and_ours_takes_its_place(environ, registry, toy):
    old = toy(TMUX_ORCH_TOY_VERSION="0.0.9")
    got = asks(environ, "environment")
    assert got["pid"] != old
    assert starts(registry) == 2


def test_a_newer_daemon_is_left_alone_and_the_line_says_so(environ, registry, toy):
    new = toy(TMUX_ORCH_TOY_VERSION="99.0")
    with pytest.raises(Unreachable, match=r"version 99\.0, this command is"):
        asks(environ, "steps")
    assert asks(environ, "ping")["pid"] == new


def test_progress_comes_in_order_before_the_result(environ, registry, toy):
    toy()
    steps = []
    got = client.call("steps", {"a": ["é", "\udcff"]}, on_progress=steps.append, environ=environ)
    assert steps == [{"step": 0}, {"step": 1}, {"step": 2}]
    assert got == {"frames": ["body", "cwd"], "body": {"a": ["é", "\udcff"]}}


def test_without_leave_to_start_an_absent_daemon_is_unreachable(environ, registry):
    with pytest.raises(Unreachable, match="not running"):
        client.call("ping", environ=environ, start_daemon=False)
    assert not (registry.logs / "starts").exists()


def test_a_registry_path_too_long_for_a_socket_works(environ, tmp_path):
    deep = environ | {"TMUX_ORCH_REGISTRY": str(tmp_path / ("x" * 90) / "reg")}
    registry = Registry.find(deep)
    pid = asks(deep, "ping")["pid"]
    assert len(os.fsencode(registry.socket)) <= 100
    os.kill(pid, signal.SIGKILL)
    lock.take_within(registry.lock, 5).release()
    for left in registry.run.iterdir():
        left.unlink()
    registry.run.rmdir()
