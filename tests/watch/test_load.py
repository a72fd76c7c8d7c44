"""Processor and memory of whole process trees, from one pass over all processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.watch.conftest import eventually
from tmux_orch.watch.load import Loads

BUSY = "while True: pass"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"


@pytest.fixture
def tree() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for a child that computes."""
    started = subprocess.Popen([sys.executable, "-c", PARENT])
    eventually(lambda: psutil.Process(started.pid).children())
    yield started
    for child in psutil.Process(started.pid).children():
        child.kill()
    started.kill()
    started.wait()


def test_a_childs_work_and_memory_are_its_agents(tree: subprocess.Popen[bytes]) -> None:
    loads = Loads()
    loads.of({"a": tree.pid}, 0)

    def busy() -> bool:
        return loads.of({"a": tree.pid}, 0)["a"].cpu_percent > 20

    end = time.monotonic() + 10
    while not busy():
        assert time.monotonic() < end
        time.sleep(0.2)  # paced: processor time is counted in ticks of 10 ms
    load = loads.of({"a": tree.pid}, 0)["a"]
    whole = psutil.Process(tree.pid)
    memory = whole.memory_info().rss + sum(c.memory_info().rss for c in whole.children())
    assert load.processes == 2
    assert 0.7 * memory < load.memory_bytes < 1.4 * memory


def test_a_process_that_is_gone_has_no_load_and_a_fresh_pass_is_used_again() -> None:
    loads = Loads()
    found = loads.of({"me": os.getpid(), "gone": 2**22 + 1})
    assert set(found) == {"me"}
    assert loads.of({"me": os.getpid()}, 60) == found
