"""Memory as the kernel tells it, and what is said of a team that is too large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tmux_orch.agents import memory
from tmux_orch.agents.memory import needed_mb
from tmux_orch.agents.registry import adapters
from tmux_orch.domain.memory import Room, is_hopeless, warning

MEMINFO = """MemTotal:        8000000 kB
MemFree:          100000 kB
MemAvailable:    4000000 kB
HugePages_Total:       0
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text(MEMINFO)
    return tmp_path


def group(root: Path, path: str, **files: str) -> None:
    place = root / "sys/fs/cgroup" / path
    place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (place / f"memory.{name}").write_text(text)


def belongs(root: Path, path: str) -> None:
    (root / "proc/7/cgroup").write_text(f"1:name=systemd:/other\n0::/{path}\n")


def test_without_a_limit_the_machine_itself_is_the_room(machine: Path) -> None:
    assert memory.room(7, machine) == Room(4096, 8192)
    belongs(machine, "user.slice/a.scope")
    group(machine, "user.slice/a.scope", max="max\n", current="1\n")
    assert memory.room(7, machine) == Room(4096, 8192)


def test_the_tightest_group_above_the_process_counts_without_what_can_be_given_up(
    machine: Path,
) -> None:
    belongs(machine, "a/b")
    group(
        machine, "a", max="2000000000", current="1500000000", stat="anon 1\ninactive_file 900000000"
    )
    group(machine, "a/b", max="3000000000", current="100")
    assert memory.room(7, machine) == Room(1400, 2000)


def test_a_container_shows_its_limit_at_the_top(machine: Path) -> None:
    belongs(machine, "")
    group(machine, "", max="1000000000", current="1200000000")
    assert memory.room(7, machine) == Room(0, 1000)


def test_the_limit_on_the_daemons_own_unit_is_not_the_agents(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory.os, "getpid", lambda: 7)
    belongs(machine, "app.slice/tmux-orch.service")
    group(machine, "app.slice/tmux-orch.service", max="500000000", current="1")
    assert memory.room(0, machine) == Room(4096, 8192)
    assert memory.room(7, machine) == Room(499, 500), "a tmux server that runs there is bound by it"


@pytest.mark.parametrize("text", ["", "MemTotal: many kB\n", "MemTotal: 5 kB\n", "\xff\n"])
def test_what_cannot_be_told_is_none(tmp_path: Path, text: str) -> None:
    assert memory.room(7, tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(text)
    assert memory.room(7, tmp_path) is None


def test_a_strange_group_file_limits_nothing(machine: Path) -> None:
    for text in ("", "0::/../../etc\n", "0::relative\n", "garbage"):
        (machine / "proc/7/cgroup").write_text(text)
        assert memory.room(7, machine) == Room(4096, 8192)
    belongs(machine, "x")
    group(machine, "x", max="-5", current="lots", stat="\0")
    assert memory.room(7, machine) == Room(4096, 8192)


def test_a_team_that_does_not_fit_is_told_with_its_figures() -> None:
    room = Room(free_mb=1500, total_mb=8000)
    assert warning([256] * 5, room) == ""
    assert warning([984] * 2, room) == (
        "2 agents need about 2.0 GB of memory, and 1.5 GB of 8.0 GB are free"
    )
    assert warning([2000], room).startswith("1 agent needs about 2.0 GB")
    assert not is_hopeless([984] * 8, room)
    assert is_hopeless([984] * 9, room)


def test_every_program_needs_what_was_measured_of_it() -> None:
    needs = {name: needed_mb(adapter) for name, adapter in adapters().items()}
    assert needs["opencode"] > needs["gemini"] > needs["claude"] > needs["codex"]
    nameless: Any = object()
    assert needed_mb(nameless) == memory.UNKNOWN_MB
