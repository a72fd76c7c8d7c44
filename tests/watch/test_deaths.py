"""Deaths of real processes."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.watch.conftest import eventually
from tmux_orch.watch import process
from tmux_orch.watch.deaths import Deaths, Watched

Start = Callable[..., "subprocess.Popen[bytes]"]


class Seen:
    def __init__(self) -> None:
        self.at: set[Watched] = set()
        self.count = 0
        self.deaths = Deaths(self._died)

    def _died(self, watched: Watched) -> None:
        self.at.add(watched)
        self.count += 1


@pytest.fixture
def seen() -> Iterator[Seen]:
    made = Seen()
    yield made
    made.deaths.close()


def watched(program: subprocess.Popen[bytes], name: str = "x") -> Watched:
    start = process.start_tick(program.pid)
    assert start is not None
    return Watched(name, program.pid, start)


def test_ten_of_twenty_deaths_are_noticed_without_a_poll_and_only_those(
    seen: Seen, programs: Start
) -> None:
    running = {
        watched(program, str(n)): program
        for n, program in enumerate([programs() for _ in range(20)])
    }
    for each in running:
        seen.deaths.watch(each)
    killed = set(list(running)[:10])
    for each in killed:
        running[each].kill()
    eventually(lambda: len(seen.at) == 10)
    assert seen.at == killed


def test_a_process_that_is_gone_already_is_reported(seen: Seen, programs: Start) -> None:
    program = programs()
    gone = watched(program)
    program.kill()
    program.wait()
    seen.deaths.watch(gone)
    eventually(lambda: gone in seen.at)


def test_another_process_with_the_same_number_counts_as_a_death(
    seen: Seen, programs: Start
) -> None:
    now = watched(programs())
    before = Watched("x", now.pid, now.start - 1)
    seen.deaths.watch(before)
    eventually(lambda: before in seen.at)


def test_a_forgotten_process_is_not_reported(seen: Seen, programs: Start) -> None:
    program, other = programs(), programs()
    forgotten, kept = watched(program), watched(other)
    for each in (forgotten, kept):
        seen.deaths.watch(each)
    seen.deaths.forget(forgotten)
    program.kill()
    program.wait()
    other.kill()
    eventually(lambda: kept in seen.at)
    assert forgotten not in seen.at


def test_watching_twice_reports_once(seen: Seen, programs: Start) -> None:
    program, last = programs(), programs()
    for each in (watched(program), watched(program), watched(last, "last")):
        seen.deaths.watch(each)
    program.kill()
    program.wait()
    last.kill()
    eventually(lambda: any(each.name == "last" for each in seen.at))
    assert seen.count == 2


def test_without_a_pidfd_the_tick_finds_the_death(
    seen: Seen, programs: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int) -> int:
        raise OSError(24, "Too many open files")

    program = programs()
    monkeypatch.setattr(os, "pidfd_open", refuse)
    each = watched(program)
    seen.deaths.watch(each)
    seen.deaths.look()
    assert seen.deaths.unseen() == [each]
    program.kill()
    program.wait()
    seen.deaths.look()
    eventually(lambda: each in seen.at)
    assert seen.deaths.unseen() == []


def test_a_listener_that_fails_does_not_end_the_watch(programs: Start) -> None:
    told: list[str] = []
    done = threading.Event()

    def listen(each: Watched) -> None:
        told.append(each.name)
        if each.name == "first":
            raise RuntimeError("a fault of the listener")
        done.set()

    deaths = Deaths(listen)
    try:
        first, second = programs(), programs()
        for name, program in (("first", first), ("second", second)):
            deaths.watch(watched(program, name))
        first.kill()
        eventually(lambda: told == ["first"])
        second.kill()
        assert done.wait(5)
    finally:
        deaths.close()


def test_no_descriptor_is_left_behind(programs: Start) -> None:
    before = len(os.listdir("/proc/self/fd"))
    deaths = Deaths(lambda each: None)
    for _ in range(5):
        deaths.watch(watched(programs()))
    deaths.close()
    assert len(os.listdir("/proc/self/fd")) == before
