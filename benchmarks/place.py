"""Where a benchmark runs: a registry, a home and a repository of its own, on tmpfs if there is one.

On ext4 files are made up to 25 times slower for five minutes after a mass delete (its inode
allocator skips recently deleted inodes), so nothing is deleted between rounds.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import quiet, until
from tmux_orch.domain.errors import OrchError
from tmux_orch.rpc import client

BIN = Path(sys.executable).parent
# Agents that do nothing but take what they are told, ours and the baselines' alike.
STILL = {
    "REHEARSAL_WORK_S": "0",
    "REHEARSAL_ON_BRIEF": '{"say": "Read."}',
    "REHEARSAL_ON_MESSAGE": '{"say": "Read."}',
}


class Place:
    """One registry with its daemon.

    Args:
        root: The directory of everything.
        name: The registry's.
    """

    def __init__(self, root: Path, name: str = "r") -> None:
        self.root = root
        self.registry = root / name
        home = root / "home"
        home.mkdir(exist_ok=True)
        (home / ".gitconfig").write_text("[user]\n\tname = B\n\temail = b@example.invalid\n")
        self.agents_home = root / f"rehearsal-{name}"
        self.environment = {
            "HOME": str(home),
            "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TMUX_ORCH_REGISTRY": str(self.registry),
            "REHEARSAL_HOME": str(self.agents_home),
            **STILL,
        }

    def run(self, *words: str) -> str:
        """One of our commands, which must succeed; what it printed."""
        argv = [str(BIN / words[0]), *words[1:]]
        return quiet(argv, env=self.environment, cwd=self.root).stdout

    def up(self, project: Path, spec: Path, agents: int) -> str:
        """``auto-orchestrate``: a new team; what it printed."""
        return self.run(
            "auto-orchestrate", "--project", str(project), "--spec", str(spec), "--agent",
            "rehearsal", "--roles", f"developer:{agents - 1}", "--plan", "console",
            "--planner", "offline", "--json",
        )  # fmt: skip

    def ask(self, verb: str, **body: Any) -> dict[str, Any]:
        """One request to the daemon."""
        return client.call(verb, body, environ=self.environment)

    def tmux(self, *words: str) -> str:
        """Our tmux server asked directly."""
        argv = ["tmux", "-S", str(self.registry / "run/tmux.sock"), *words]
        return quiet(argv, env=self.environment).stdout

    def until_quiet(self) -> None:
        """Wait until every agent is idle and no message is open."""
        until(self._quiet, "idle agents", 0.02)

    def _quiet(self) -> bool:
        agents = self.ask("status")["agents"]
        return all(a["state"] == "idle" and not a["held_messages"] for a in agents)

    def daemon_pid(self) -> int:
        """The running daemon's process."""
        return int(self.ask("ping")["pid"])

    def close(self) -> None:
        """End the team and the daemon."""
        try:
            self.ask("stop", all=True)
            self.ask("shutdown")
        except OrchError as error:
            print(f"closing: {error.line()}", file=sys.stderr)


@contextmanager
def ground() -> Iterator[Path]:
    """A directory that is removed at the very end."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    root = Path(tempfile.mkdtemp(prefix="orchb-", dir=base))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def team(root: Path, agents: int) -> Iterator[tuple[Place, Path]]:
    """A place with a team of so many idle agents, and its project."""
    place, project = Place(root), repository(root / "p" / "sample", 20)
    spec = root / "spec.md"
    spec.write_text("# Benchmark\n\nDo nothing in particular.\n")
    try:
        place.up(project, spec, agents)
        place.until_quiet()
        yield place, project
    finally:
        place.close()


def repository(path: Path, files: int) -> Path:
    """A repository with ``files`` files of about 800 bytes in one commit."""
    path.mkdir(parents=True)
    run = ["git", "-c", "user.name=B", "-c", "user.email=b@example.invalid", "-C", str(path)]
    subprocess.run([*run, "init", "-q", "-b", "main"], check=True)
    for number in range(files):
        directory = path / f"d{number % 40}"
        directory.mkdir(exist_ok=True)
        (directory / f"f{number}").write_bytes(base64.encodebytes(os.urandom(600)))
    subprocess.run([*run, "add", "."], check=True)
    subprocess.run([*run, "commit", "-q", "-m", "Start"], check=True)
    return path
