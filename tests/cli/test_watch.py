"""``watch``: a line per event, at once, plain, and nothing twice or left out over a new daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import ENTRIES, until


def event(seq: int, kind: str = "agent.state", **more):
    payload = {"state": "idle", "evidence": f"look {seq}"}
    row = {"seq": seq, "at": "2026-01-02T03:04:05+00:00", "kind": kind, "project": "sample",
           "agent": "sample/developer", "payload": payload}  # fmt: skip
    return row | more


@pytest.fixture
def hold() -> Iterator[Any]:
    """Makes a daemon's answer: the rows, then an end; asked again it waits as a follower does."""
    over = threading.Event()

    def make(*rows):
        asked = iter([[*rows, {}]])

        def answer(body):
            first = next(asked, None)
            if first is None:
                over.wait(20)
            return first or {}

        return answer

    yield make
    over.set()


class Watching:
    """``tmux-orch watch`` as a process."""

    def __init__(self, house, *words: str):
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENTRIES["tmux-orch"], "watch", *words], env=house.environ,
            cwd=house.place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err


def test_each_event_is_one_line_in_words_and_ctrl_c_ends_it_with_130(served, hold):
    hostile = event(2, payload={"state": "idle", "evidence": "x\x1b]0;y\x07\u202e\n[red]z"})
    served.answers["log"] = hold(event(1), hostile, event(3, "new.kind", payload={"a": "b"}))
    watching = Watching(served)
    # Out at once, through a pipe: read before its end.
    out = [watching.process.stdout.readline() for _ in range(4)]
    until(lambda: len(served.asked) > 1)  # the daemon ended the answer: asked again from there on
    code, rest, err = watching.end()
    assert (code, rest) == (130, "")
    assert out[0].startswith("2026-01-0")
    assert [line.rstrip("\n").split("  ", 1)[1] for line in out[1:]] == [
        "developer        is idle (look 1)",
        "developer        is idle (x]0;y [red]z)",
        "developer        new.kind a=b",
    ]
    assert "\x1b" not in "".join(out)
    said = "tmux-orch: the daemon has ended; waiting until a command starts it again"
    assert err.strip() == said
    assert [body["since"] for _, body in served.asked[:2]] == [None, 3]


def test_what_is_asked_for_reaches_the_daemon(served, hold):
    served.answers["log"] = hold(event(1))
    watching = Watching(
        served, "--agent", "tester", "--kind", "message", "--kind", "agent.state", "--since", "7"
    )
    until(lambda: served.asked)
    watching.end()
    verb, body = served.asked[0]
    assert verb == "log"
    assert body["kinds"] == ["message", "agent.state"]
    assert (body["agent"], body["since"], body["follow"]) == ("tester", 7, True)


@pytest.mark.parametrize("words", [("--kind", "nonsense"), ("--since", "-1"), ("--kind", "")])
def test_bad_options_are_refused_and_nothing_is_started(house, words):
    done = house.run("tmux-orch", "watch", *words)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert house.started_nothing()


def test_json_is_one_object_per_line(served, hold):
    served.answers["log"] = hold(event(1), event(2))
    watching = Watching(served, "--json")
    first = watching.process.stdout.readline()
    assert json.loads(first) == event(1)
    watching.end()


def test_colours_are_for_terminals_and_can_be_turned_off(served, hold):
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        served.answers["log"] = hold(event(1))
        shown = on_terminal_until(served, "is idle", **env)
        assert ("\x1b[32m" in shown) is coloured


def on_terminal_until(house, text: str, **env: str) -> str:
    import pty
    import select

    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(house.place)
        environ = house.environ | {"TERM": "xterm-256color"} | env
        os.execve(sys.executable, [sys.executable, "-c", ENTRIES["tmux-orch"], "watch"], environ)
    shown = b""
    while text.encode() not in shown:
        assert select.select([fd], [], [], 10)[0], shown
        shown += os.read(fd, 65536)
    os.write(fd, b"\x03")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    os.close(fd)
    return shown.decode()


def test_a_reader_that_has_left_ends_it(served):
    rows = [event(n) for n in range(1, 2000)]
    served.answers["log"] = lambda body: [*rows[body["since"] or 0 :][:500], {}]
    process = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "$0" watch | head -1', ENTRIES["tmux-orch"]],
        env=served.environ, cwd=served.place, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert process.stdout.startswith("2026-01-0")
    assert "Traceback" not in process.stderr
