"""Toy daemons on registries of their own, ended with the test."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / "tests" / "rpc" / "toy_daemon.py"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A small environment whose registry is the test's own."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "TMUX_ORCH_REGISTRY": str(tmp_path / "reg"),
    }


@pytest.fixture
def registry(environ: dict[str, str]) -> Iterator[object]:
    """The test's registry; whatever daemon holds it at the end is killed."""
    from tmux_orch.config.registry import Registry
    from tmux_orch.rpc import lock

    registry = Registry.find(environ)
    registry.prepare()
    yield registry
    while pid := _holder(registry.lock):
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGKILL)
        lock.take_within(registry.lock, 5).release()


def _holder(path: Path) -> int:
    from tmux_orch.domain.errors import Busy
    from tmux_orch.rpc import lock

    try:
        lock.take(path).release()
    except Busy:
        return lock.holder_of(path)
    return 0


@pytest.fixture
def toy(environ: dict[str, str], registry: object) -> Iterator[Callable[..., int]]:
    """Start a toy daemon, wait until it listens, return its pid."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**extra: str) -> int:
        ours, theirs = os.pipe()
        process = subprocess.Popen(
            [sys.executable, TOY],
            env=environ | extra | {"TMUX_ORCH_READY_FD": str(theirs)},
            pass_fds=(theirs,),
            cwd="/",
        )
        started.append(process)
        os.close(theirs)
        assert select.select([ours], [], [], 20)[0]
        assert os.read(ours, 100) == b"ready\n"
        os.close(ours)
        return process.pid

    yield start
    for process in started:
        process.kill()
        process.wait(5)


@pytest.fixture
def run(environ: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one of the plain scripts as a process of its own."""

    def script(
        name: str, *argv: str, stdin: bytes | None = None, **more: object
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / name, *argv],
            input=stdin if stdin is not None else b"",
            env=environ | more.pop("env", {}),
            capture_output=True,
            timeout=40,
            cwd=more.pop("cwd", tmp_path),
        )
        return subprocess.CompletedProcess(
            done.args,
            done.returncode,
            done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"),
        )

    return script


def until(condition: Callable[[], object], deadline_s: float = 10) -> None:
    """Wait until ``condition`` holds."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        select.select([], [], [], 0.02)
