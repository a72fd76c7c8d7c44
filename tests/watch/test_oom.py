"""The kernel's counters of kills for want of memory, read from files that a test writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tmux_orch.watch.oom import OomKills

EVENTS = "low 0\nhigh 2\nmax 9\noom 3\noom_kill {}\noom_group_kill 0\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/vmstat").write_text("nr_free_pages 1\noom_kill 5\n")
    return tmp_path


def group(machine: Path, line: str = "0::/user.slice/tmux.scope") -> Path:
    (machine / "proc/7/cgroup").write_text(f"1:name=systemd:/x\n{line}\n")
    place = machine / "sys/fs/cgroup/user.slice/tmux.scope"
    place.mkdir(parents=True, exist_ok=True)
    (place / "memory.events").write_text(EVENTS.format(1))
    return place / "memory.events"


def test_the_process_s_own_group_counts_and_not_the_machine(machine: Path) -> None:
    events, kills = group(machine), OomKills(machine)
    mark = kills.mark(7)
    assert mark is not None and mark.kills == 1
    (machine / "proc/vmstat").write_text("oom_kill 99\n")
    assert not kills.grew(mark)
    events.write_text(EVENTS.format(2))
    assert kills.grew(mark)


def test_without_a_group_of_version_2_the_machine_counts(machine: Path) -> None:
    kills = OomKills(machine)
    for line in ("2:memory:/docker/x", "0::/../../outside", "0::/gone.scope"):
        group(machine, line)
        mark = kills.mark(7)
        assert mark is not None and mark.kills == 5, line
    (machine / "proc/vmstat").write_text("oom_kill 6\n")
    assert kills.grew(mark)


@pytest.mark.parametrize("rubbish", ["", "oom_kill\n", "oom_kill x\n", "oom_kill_x 3\n", "\xff"])
def test_a_counter_that_cannot_be_read_counts_nothing(machine: Path, rubbish: str) -> None:
    kills = OomKills(machine)
    mark = kills.mark(7)
    assert mark is not None
    (machine / "proc/vmstat").write_text(rubbish)
    assert kills.mark(7) is None
    assert not kills.grew(mark)
    (machine / "proc/vmstat").unlink()
    assert kills.mark(7) is None
    assert not kills.grew(mark)


def test_this_machine_s_counters_are_read_or_are_not_there() -> None:
    kills = OomKills()
    mark = kills.mark(os.getpid())
    assert mark is None or not kills.grew(mark) or mark.kills >= 0
