"""``tmux-orch top`` in a real terminal (a tmux of the test's own), with a real team and daemon."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator

import pytest

from tests.whole.conftest import BIN, Place, wait_until


class Terminal:
    """A terminal of 80x24 that a person sits at."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.socket = place.root / "person.sock"

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), "-f", "/dev/null", *words], env=self.place.environment,
            cwd=self.place.project, capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        return done.stdout

    def start(self, *words: str) -> None:
        command = f"{shlex.join([str(BIN / words[0]), *words[1:]])}; echo ended $?; cat"
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", "-s", "person", command)

    def type(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "person", *keys)

    def shown(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "person")

    def until(self, text: str, deadline_s: float = 20) -> str:
        wait_until(lambda: text in self.shown(), deadline_s, f"{text!r} on the screen")
        return self.shown()


def holder(place: Place) -> str:
    """The daemon's process by its lock; empty in the moment in which it is written."""
    return (place.registry / "run/daemon.lock").read_text().strip()


@pytest.fixture
def terminal(place: Place) -> Iterator[Terminal]:
    terminal = Terminal(place)
    yield terminal
    terminal.tmux("kill-server")


def test_a_team_is_seen_written_to_and_sat_down_at(place: Place, terminal: Terminal):
    place.up("--roles", "developer")
    terminal.start("tmux-orch", "top")
    shown = terminal.until("> orchestrator")
    assert "developer" in shown
    assert shown.splitlines()[23].startswith("Enter attach")

    terminal.type("j")
    terminal.until("> developer")
    terminal.type("m")
    terminal.until("message to developer")
    terminal.type("-l", "please look [red]here")
    terminal.type("Enter")
    terminal.until("delivered to developer")
    assert any(m["text"] == "please look [red]here" for m in place.messages())

    terminal.type("e")
    terminal.until("=> ")
    terminal.type("Escape")
    terminal.until("> developer")

    before = holder(place)
    place.kill_daemon()  # nobody asks for it but the view
    wait_until(lambda: holder(place) not in ("", before), 20, "the view starts another")
    wait_until(lambda: "! the daemon" not in terminal.shown(), 20, "the view goes on")

    terminal.type("Enter")
    terminal.until("please look [red]here")  # the agent's own window
    terminal.type("C-b", "d")
    terminal.until("> developer")
    terminal.type("q")
    terminal.until("ended 0")
