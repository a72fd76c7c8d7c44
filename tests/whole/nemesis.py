"""Who disturbs a running team: what people, kernels and terminals do to it, one act at a time."""

from __future__ import annotations

import os
import pty
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.whole.conftest import BIN, Place, wait_until
from tests.whole.traffic import CANARY
from tmux_orch.domain.errors import OrchError

EVERY_S = 2.0
DRAFT = "half a thought of a person"


class Nemesis:
    """Does one thing after the other to the team until it is stopped; every act at least once."""

    def __init__(self, place: Place, agents: tuple[str, ...], seed: int) -> None:
        self._place = place
        self._dice = random.Random(seed)
        self._agents = agents
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.done: list[str] = []
        self.trouble: list[BaseException] = []

    def start(self) -> Nemesis:
        self._thread.start()
        return self

    def stop(self) -> None:
        """End after the round that runs; what it found wrong is raised."""
        self._stop.set()
        self._thread.join(180)
        assert not self._thread.is_alive()
        for trouble in self.trouble:
            raise trouble

    def _run(self) -> None:
        acts: list[Callable[[str], None]] = [
            self.copy_mode, self.busy, self.agent_killed, self.renamed, self.daemon_stopped,
            self.daemon_killed, self.typing,
        ]  # fmt: skip
        try:
            while True:
                self._dice.shuffle(acts)
                for act in acts:
                    name = self._dice.choice(self._agents)
                    act(name)
                    self.done.append(f"{act.__name__} {name}")
                    time.sleep(EVERY_S)  # paced: one disturbance every two seconds is the bar
                if self._stop.is_set():
                    return
        except BaseException as error:
            self.trouble.append(error)

    def _pane(self, name: str) -> tuple[str, int]:
        """The agent's pane and process, from tmux itself."""
        line = "#{@orch_agent} #{pane_id} #{pane_pid} #{pane_dead}"
        for row in self._place.tmux("list-panes", "-a", "-F", line).splitlines():
            agent, pane, pid, dead = row.split(" ")
            if agent == f"sample/{name}" and dead == "0":
                return pane, int(pid)
        raise AssertionError(f"{name} has no living pane")

    # -- acts ------------------------------------------------------------------------------------

    def copy_mode(self, name: str) -> None:
        self._place.tmux("copy-mode", "-t", self._pane(name)[0])

    def busy(self, name: str) -> None:
        order = 'REHEARSAL{"work_s":1,"say":"worked"}'
        self._place.run("scm", "--no-wait", name, order)

    def agent_killed(self, name: str) -> None:
        os.kill(self._pane(name)[1], signal.SIGKILL)
        resume(self._place)

    def renamed(self, name: str) -> None:
        pane = self._pane(name)[0]
        # tmux runs #(…) in the words of a rename; written so, the name has it literally.
        self._place.tmux("rename-window", "-t", pane, f"##(touch {CANARY})")
        self._place.tmux("move-window", "-s", pane, "-t", f":{self._dice.randint(20, 90)}")
        self._place.tmux("move-window", "-r", "-t", "=sample:")

    def daemon_stopped(self, _name: str) -> None:
        pid = self._place.ask("ping")["pid"]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1)  # paced: stopped for a second is the bar
        os.kill(pid, signal.SIGCONT)

    def daemon_killed(self, _name: str) -> None:
        self._place.ask("ping")
        self._place.kill_daemon()

    def typing(self, name: str) -> None:
        """A person at a terminal writes half a line, thinks for a second, and clears it."""
        with terminal(self._place, self._pane(name)[0]) as keys:
            for sign in DRAFT:
                os.write(keys, sign.encode())
                time.sleep(0.03)  # paced: a person types, also between our look and our paste
            time.sleep(1)  # paced: a person thinks
            os.write(keys, b"\x15")
            time.sleep(0.2)  # paced: the key has left the terminal before it is closed


@contextmanager
def terminal(place: Place, pane: str) -> Iterator[int]:
    """A person's terminal attached to the window of ``pane``; bytes written are typed."""
    pid, descriptor = pty.fork()
    if pid == 0:
        socket = str(place.registry / "run/tmux.sock")
        os.execvp("tmux", ["tmux", "-S", socket, "attach", "-t", "=sample", ";",
                           "select-window", "-t", pane])  # fmt: skip
    reader = threading.Thread(target=_drain, args=(descriptor,), daemon=True)
    reader.start()
    try:
        line = "#{pane_id} #{client_pid}"
        wait_until(
            lambda: f"{pane} {pid}" in place.tmux("list-clients", "-F", line), 20, "it is attached"
        )
        yield descriptor
    finally:
        os.kill(pid, signal.SIGHUP)
        os.waitpid(pid, 0)
        os.close(descriptor)


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 65536):
            pass
    except OSError:
        return  # the terminal was closed


def resume(place: Place) -> None:
    """``auto-orchestrate --resume`` until it says that all are there."""

    def done() -> bool:
        try:
            words = [str(BIN / "auto-orchestrate"), "--resume"]
            ended = subprocess.run(words, cwd=place.project, env=place.environment, timeout=90,
                                   capture_output=True, stdin=subprocess.DEVNULL)  # fmt: skip
        except OrchError:
            return False
        assert ended.returncode in (0, 1, 6, 75), ended.stderr.decode()
        return ended.returncode == 0

    wait_until(done, 90, "--resume brings the team back")
