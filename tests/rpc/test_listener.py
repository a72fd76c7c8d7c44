"""The daemon's end holds against slow, huge, foreign and vanished clients."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from tmux_orch.domain.errors import BadInput, Busy
from tmux_orch.rpc import connection, request, server, socket_file
from tmux_orch.rpc.connection import Connection, Lost, Silent
from tmux_orch.rpc.server import Listener, standing
from tmux_orch.rpc.wire import END, frame

from .conftest import until


def ask(verb: str, version: str = "1.0.0", protocol: str = "1", **frames: bytes) -> bytes:
    parts = [frame("orch", f"{protocol} {version}".encode()), frame("verb", verb.encode())]
    return b"".join(parts + [frame(n, p) for n, p in frames.items()]) + END


def answer(path, data: bytes) -> list[tuple[str, bytes]]:
    speaks = Connection(os.fspath(path))
    try:
        speaks.send(data)
        got = []
        while one := speaks.receive():
            got.append(one)
        return got
    finally:
        speaks.close()


def handle(req, reply):
    if req.verb == "wait":
        for _ in range(2000):
            if req.gone():
                gone.set()
                return
            release.wait(0.02)
            if release.is_set():
                break
    elif req.verb == "follow":
        reply.only_follows()
        release.wait(20)
    elif req.verb == "work":
        release.wait(20)
    elif req.verb == "bad":
        raise BadInput("no", "say yes")
    elif req.verb == "fault":
        raise KeyError("x")
    elif req.verb == "flood":
        for _ in range(200):
            reply.out(b"x" * (1 << 20))
        gone.set()
    elif req.verb == "peer":
        reply.result({"pid": req.peer.pid, "uid": req.peer.uid})
    reply.out(b"served " + req.verb.encode())


release, gone = threading.Event(), threading.Event()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "daemon.sock"


@pytest.fixture
def listener(path):
    release.clear()
    gone.clear()
    one = Listener(path, handle, "1.0.0", lambda _request, _error: "the report is R")
    one.start()
    yield one
    release.set()
    one.stop(3)


def test_the_socket_is_private_and_gone_after_a_stop(path, listener):
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["daemon.sock"]
    listener.stop(1)
    assert not path.exists()


def test_a_request_is_answered_with_greeting_output_exit_and_end(path, listener):
    assert answer(path, ask("hello")) == [
        ("orch", b"1 1.0.0 ok"),
        ("out", b"served hello"),
        ("exit", b"0"),
    ]


def test_the_peer_is_what_the_kernel_says(path, listener):
    got = dict(answer(path, ask("peer")))
    assert json.loads(got["result"]) == {"pid": os.getpid(), "uid": os.geteuid()}


def test_an_expected_failure_travels_whole(path, listener):
    got = dict(answer(path, ask("bad")))
    assert json.loads(got["error"]) == {
        "kind": "bad_input",
        "message": "no",
        "next_step": "say yes",
        "exit_code": 2,
    }
    assert got["exit"] == b"2"


def test_a_fault_of_ours_is_answered_as_internal_and_the_next_request_is_served(path, listener):
    got = dict(answer(path, ask("fault")))
    error = json.loads(got["error"])
    assert (error["kind"], error["exit_code"], error["next_step"]) == (
        "internal",
        7,
        "the report is R",
    )
    assert answer(path, ask("hello"))[1][1] == b"served hello"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        frame("verb", b"hello") + END,
        frame("verb", b"x") + frame("orch", b"1 1.0.0") + END,
        ask("hello", to=b"a")[: -len(END)] + frame("to", b"b") + END,
        frame("orch", b"1 1.0.0") + frame("verb", b"x") + b"text 2000000\n",
        frame("orch", b"1 1.0.0") + frame("verb", b"x") + b"body 104857600\n",
        END,
        frame("orch", b"1 1.0.0") * 100,
    ],
)
def test_what_is_not_a_request_of_ours_is_refused_before_any_handler(path, listener, data):
    got = dict(answer(path, data))
    assert json.loads(got["error"])["kind"] == "bad_input"
    assert "out" not in got


def test_a_body_of_100_mb_is_refused_from_its_header_while_it_is_sent(path, listener):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(os.fspath(path))
        client.sendall(frame("orch", b"1 1.0.0") + frame("verb", b"x") + b"body 104857600\n")
        with pytest.raises(OSError):
            for _ in range(100):
                client.sendall(b"x" * (1 << 20))


def test_a_thousand_idle_clients_do_not_delay_one_that_asks(path, listener):
    idle = []
    for _ in range(1000):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(10)
        one.connect(os.fspath(path))
        idle.append(one)
    started = time.monotonic()
    assert answer(path, ask("hello"))[1][1] == b"served hello"
    assert time.monotonic() - started < 1
    until(lambda: listener.working == 0)
    assert len(listener._unfinished) <= server.MAX_UNFINISHED
    for one in idle:
        one.close()


def test_a_client_that_drips_bytes_is_let_go_at_the_deadline(path, listener, monkeypatch):
    monkeypatch.setattr(server, "REQUEST_S", 0.3)
    monkeypatch.setattr(server, "TICK_S", 0.05)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0.02)
        client.connect(os.fspath(path))
        client.sendall(frame("orch", b"1 1.0.0") + b"text 100000\n")
        sent, let_go = 0, False
        while not let_go:
            assert sent < 500, "500 drops were taken"
            try:
                sent += client.send(b"x")
                let_go = client.recv(100) == b""
            except TimeoutError:
                continue
            except OSError:
                let_go = True
    assert sent > 3
    assert answer(path, ask("hello"))[1][1] == b"served hello"


def test_silence_is_ended_at_the_deadline(path, listener, monkeypatch):
    monkeypatch.setattr(server, "REQUEST_S", 0.3)
    monkeypatch.setattr(server, "TICK_S", 0.05)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(os.fspath(path))
        client.sendall(b"orch 7\n1 1.")
        assert client.recv(1) == b""


def test_a_client_that_does_not_read_holds_up_nobody_and_is_given_up(path, listener, monkeypatch):
    monkeypatch.setattr(server, "SEND_S", 0.3)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(os.fspath(path))
        client.sendall(ask("flood"))
        assert answer(path, ask("hello"))[1][1] == b"served hello"
        assert gone.wait(10)


def test_a_handler_learns_that_its_client_has_gone(path, listener):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(os.fspath(path))
        client.sendall(ask("wait"))
        until(lambda: listener.working == 1)
    assert gone.wait(5)


def test_beats_keep_a_client_waiting_and_their_absence_tells_of_a_hung_daemon(
    path, listener, monkeypatch
):
    monkeypatch.setattr(server, "BEAT_S", 0.1)
    monkeypatch.setattr(server, "TICK_S", 0.05)
    monkeypatch.setattr(connection, "SILENCE_S", 0.6)
    timer = threading.Timer(1.5, release.set)
    timer.start()
    assert ("out", b"served wait") in answer(path, ask("wait"))
    monkeypatch.setattr(server, "BEAT_S", 100)
    release.clear()
    with pytest.raises(Silent):
        answer(path, ask("wait"))


def test_a_daemon_that_is_stopped_by_a_signal_is_silent_not_absent(toy, registry, monkeypatch):
    monkeypatch.setattr(connection, "SILENCE_S", 0.4)
    pid = toy()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(Silent):
        answer(registry.socket, ask("ping"))
    os.kill(pid, signal.SIGCONT)


def test_a_daemon_killed_in_the_middle_is_lost_not_an_answer(toy, registry):
    toy()
    with pytest.raises(Lost):
        answer(registry.socket, ask("scm", "0.1.0", to=b"a", text=b"die"))


@pytest.mark.parametrize(
    ("mine", "protocol", "theirs", "said"),
    [
        ("1.2.3", "1", "1.2.3", "ok"),
        ("1.2.3", "1", "1.10.0", "older"),
        ("1.10.0", "1", "1.2.3", "newer"),
        ("1.2.3", "2", "1.2.3", "older"),
        ("1.2.3", "0", "1.2.3", "newer"),
        ("1.2.3", "", "", "newer"),
        ("1.2.3", "x", "9.9.9", "newer"),
    ],
)
def test_the_standing_of_two_versions(mine, protocol, theirs, said):
    assert standing(mine, protocol, theirs) == said


def test_an_older_daemon_serves_nothing_but_ping_shutdown_and_hooks(path, listener):
    assert answer(path, ask("hello", "2.0.0"))[0] == ("orch", b"1 1.0.0 older")
    assert len(answer(path, ask("hello", "2.0.0"))) == 2
    for verb in ("ping", "shutdown", "hook"):
        assert answer(path, ask(verb, "2.0.0"))[0] == ("orch", b"1 1.0.0 ok")


def test_a_stopping_daemon_says_so_and_lets_what_runs_end(path, listener):
    got = []
    asking = threading.Thread(target=lambda: got.extend(answer(path, ask("work"))))
    asking.start()
    until(lambda: listener.working == 1)
    calm = []
    stopping = threading.Thread(target=lambda: calm.append(listener.stop(10)))
    stopping.start()
    assert listener.stopping.wait(5)
    assert answer(path, ask("hello"))[0] == ("orch", b"1 1.0.0 stopping")
    release.set()
    stopping.join(10)
    asking.join(10)
    assert calm == [True]
    assert ("out", b"served work") in got


def test_what_only_waits_ends_when_the_daemon_stops(path, listener):
    asking = threading.Thread(target=lambda: answer(path, ask("wait")))
    asking.start()
    until(lambda: listener.working == 1)
    assert listener.stop(10)
    assert gone.is_set()
    asking.join(5)


def test_what_only_follows_is_no_work_that_keeps_the_daemon(path, listener):
    threading.Thread(target=lambda: answer(path, ask("work")), daemon=True).start()
    until(lambda: listener.working == 1)
    following = threading.Thread(target=lambda: answer(path, ask("follow")), daemon=True)
    following.start()
    until(lambda: len(listener._working) == 2 and listener.working == 1)
    release.set()
    until(lambda: listener.working == 0)
    following.join(5)


def test_a_live_socket_is_never_taken_over(path, listener):
    with pytest.raises(Busy):
        Listener(path, handle, "1.0.0").start()
    assert answer(path, ask("hello"))[1][1] == b"served hello"


def test_a_dead_socket_is_replaced(path):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(os.fspath(path))
    dead.close()
    one = Listener(path, handle, "1.0.0")
    one.start()
    assert answer(path, ask("hello"))[1][1] == b"served hello"
    one.stop(1)


def test_a_stop_leaves_a_successors_socket_alone(path, listener):
    path.unlink()
    successor = Listener(path, handle, "1.0.0")
    successor.start()
    listener.stop(1)
    assert answer(path, ask("hello"))[1][1] == b"served hello"
    successor.stop(1)


def test_another_user_is_refused_without_a_word(path, listener, monkeypatch):
    monkeypatch.setattr(socket_file, "peer", lambda _: request.Peer(1, os.geteuid() + 1, 0))
    with pytest.raises(Lost):
        answer(path, ask("hello"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_real_other_user_is_refused_even_where_the_file_would_let_him():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "s"
        one = Listener(path, handle, "1.0.0")
        one.start()
        path.parent.chmod(0o711)
        path.chmod(0o666)
        code = (
            "import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(5);"
            f"s.connect({os.fspath(path)!r}); s.sendall({ask('hello')!r}); print(s.recv(100))"
        )
        done = subprocess.run(
            ["/usr/bin/env", "python3", "-c", code], user=65534, group=65534, extra_groups=[],
            cwd="/", capture_output=True, timeout=20, env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        one.stop(1)
    assert b"1.0.0" not in done.stdout
    refused = (b"ConnectionResetError", b"BrokenPipeError")
    assert done.stdout == b"b''\n" or any(e in done.stderr for e in refused), done.stderr
