"""A registry of its own with the real commands, daemon, tmux server and git, per test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import make_repository
from tmux_orch.domain.errors import OrchError
from tmux_orch.rpc import client

BIN = Path(sys.executable).parent


@dataclass
class Place:
    """One registry and one project, driven as a person drives them."""

    root: Path
    project: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def registry(self) -> Path:
        return self.root / "r"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "TMUX_ORCH_REGISTRY": str(self.registry),
            "REHEARSAL_HOME": str(self.root / "rehearsal"),
            **self.extra,
        }

    def run(
        self,
        *words: str,
        cwd: Path | None = None,
        check: bool = True,
        timeout: float = 60,
        **more: Any,
    ) -> subprocess.CompletedProcess[str]:
        """One of our commands; with ``check`` it must end with 0."""
        done = subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            cwd=cwd or self.project,
            env={**self.environment, **more.pop("env", {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            **more,
        )
        if check:
            assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """``auto-orchestrate --spec spec.md --agent rehearsal`` and more."""
        spec = self.project.parent / "spec.md"
        spec.write_text("# Sample work\n\n- [ ] do the thing\n")
        return self.run(
            "auto-orchestrate", "--spec", str(spec), "--agent", "rehearsal", *words, **more
        )

    def status(self) -> dict[str, Any]:
        return json.loads(self.run("tmux-orch", "status", "--json").stdout)

    def agents(self) -> dict[str, dict[str, Any]]:
        return {agent["name"]: agent for agent in self.status()["agents"]}

    def messages(self) -> list[dict[str, Any]]:
        done = self.run("tmux-orch", "messages", "--limit", "1000", "--json")
        return json.loads(done.stdout)["messages"]

    def daemon_pid(self) -> int:
        return int((self.registry / "run/daemon.lock").read_text().split()[0])

    def kill_daemon(self, number: int = signal.SIGKILL) -> None:
        """Kill the daemon and wait until it is gone."""
        pid = self.daemon_pid()
        os.kill(pid, number)
        wait_until(lambda: not Path(f"/proc/{pid}").exists() or is_zombie(pid))

    def tmux(self, *words: str) -> str:
        """Our tmux server asked directly."""
        done = subprocess.run(
            ["tmux", "-S", str(self.registry / "run/tmux.sock"), *words],
            capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        return done.stdout

    def ask(self, verb: str, **body: Any) -> dict[str, Any]:
        """One request to the daemon, as the commands make it."""
        return client.call(verb, body, environ=self.environment)

    def dead_stay_dead(self) -> None:
        """Before the daemon starts: what ends is brought back by hand only, as the test wants."""
        unsupervised(self.root / "config")
        self.extra["XDG_CONFIG_HOME"] = str(self.root / "config")

    def close(self) -> None:
        if (self.registry / "run").exists():
            try:
                self.ask("stop", all=True)
                self.ask("shutdown")
            except OrchError:
                pass  # the test left it in a bad state on purpose: what is left ends below
            self.tmux("kill-server")
        end_marked(self.registry)


def unsupervised(config: Path) -> None:
    """Write a person's configuration below ``config`` by which nobody is started again."""
    (config / "tmux-orch").mkdir(parents=True, exist_ok=True)
    (config / "tmux-orch/config.yaml").write_text("restarts: never\n")


def end_marked(registry: Path) -> None:
    """End whatever of this registry still runs, so that one test's failure stays its own."""
    mark = f"TMUX_ORCH_REGISTRY={registry}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return True


def wait_until(
    condition: Callable[[], Any], deadline_s: float = 30.0, what: str = "the condition"
) -> Any:
    """Look until ``condition`` holds; what it returned. Fails at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not hold within {deadline_s} s"
        time.sleep(0.02)  # paced: the condition is another process's state


@pytest.fixture
def place() -> Iterator[Place]:
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    place = Place(root, make_repository(root / "p" / "sample"))
    yield place
    place.close()
    shutil.rmtree(root, ignore_errors=True)
