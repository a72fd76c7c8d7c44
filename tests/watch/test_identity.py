"""Who a caller is: by its ancestors, by the mark in its environment, or the person."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.watch.conftest import eventually
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.watch import identity, process
from tmux_orch.watch.hooks import called_by

Start = Callable[..., "subprocess.Popen[bytes]"]


def panes(program: subprocess.Popen[bytes], key: str) -> dict[int, tuple[int, str]]:
    start = process.start_tick(program.pid)
    assert start is not None
    return {program.pid: (start, key)}


def child_of(program: subprocess.Popen[bytes]) -> int:
    """The pid that the program printed."""
    assert program.stdout is not None
    return int(program.stdout.readline())


def test_a_grandchild_of_a_pane_is_that_agent(programs: Start) -> None:
    shell = programs(
        "/bin/sh", "-c", "sh -c 'sleep 600 & echo $!; wait' ; true", stdout=subprocess.PIPE
    )
    assert identity.agent_of(child_of(shell), panes(shell, "shop/dev")) == "shop/dev"


def test_the_pane_process_itself_is_that_agent(programs: Start) -> None:
    program = programs()
    assert identity.agent_of(program.pid, panes(program, "shop/dev")) == "shop/dev"


def test_a_background_child_in_a_session_of_its_own_is_known_by_its_mark(programs: Start) -> None:
    pane = programs(
        "/bin/sh",
        "-c",
        "setsid sh -c 'sleep 600 >/dev/null & echo $!' ; exec sleep 600",
        stdout=subprocess.PIPE,
        env={**os.environ, "ORCH_AGENT": "shop/dev"},
    )
    child = child_of(pane)
    try:
        # Its parent has ended: nothing in the process tree leads to the pane any more.
        eventually(lambda: pane.pid not in dict(identity.ancestors(child)))
        eventually(lambda: Path(f"/proc/{child}/environ").read_bytes())  # its exec is over
        assert identity.agent_of(child, panes(pane, "shop/dev")) == "shop/dev"
    finally:
        os.kill(child, 9)


def test_a_process_without_mark_and_pane_is_the_person(programs: Start) -> None:
    assert identity.agent_of(programs(env={"X": "1"}).pid, {}) is None


def test_the_place_in_the_tree_counts_more_than_the_claim(programs: Start) -> None:
    program = programs(env={"ORCH_AGENT": "shop/orchestrator"})
    assert identity.agent_of(program.pid, panes(program, "shop/dev")) == "shop/dev"


def test_a_used_again_pid_is_not_taken_for_the_pane(programs: Start) -> None:
    program = programs(env={"X": "1"})
    start = process.start_tick(program.pid)
    assert start is not None
    assert identity.agent_of(program.pid, {program.pid: (start - 1, "shop/dev")}) is None


def test_a_caller_that_is_gone_is_not_the_person(programs: Start) -> None:
    program = programs("/bin/true")
    program.wait()
    with pytest.raises(CouldNotTell):
        identity.agent_of(program.pid, {})


@pytest.mark.parametrize("mark", ["x", "../../etc", "shop/../dev", "shop/dev\nx", "Shop/Dev"])
def test_a_mark_that_is_no_agent_is_not_the_person(programs: Start, mark: str) -> None:
    program = programs(env={"ORCH_AGENT": mark})
    with pytest.raises(CouldNotTell):
        identity.agent_of(program.pid, {})


def test_a_process_that_wiped_its_environment_is_not_the_person(programs: Start) -> None:
    program = programs("/usr/bin/env", "-i", "/bin/sleep", "600", begun=False)
    eventually(lambda: not Path(f"/proc/{program.pid}/environ").read_bytes())
    with pytest.raises(CouldNotTell):
        identity.agent_of(program.pid, {})


def test_a_mark_elsewhere_in_the_environment_is_no_mark(programs: Start) -> None:
    program = programs(env={"X": "ORCH_AGENT=shop/dev", "NOT_ORCH_AGENT": "shop/dev"})
    assert identity.agent_of(program.pid, {}) is None


def test_a_process_name_with_parentheses_and_spaces_is_read_right(
    tmp_path: Path, programs: Start
) -> None:
    name = tmp_path / ") R 1 2 (x"
    name.symlink_to(sys.executable)
    # paced: the process under test only has to be there; nothing waits for it
    program = programs(str(name), "-c", "import time; time.sleep(600)")
    found = eventually(lambda: process.stat(program.pid))
    assert (found.parent, found.ended) == (os.getpid(), False)


def test_a_zombie_has_ended(programs: Start) -> None:
    program = programs("/bin/true")
    eventually(lambda: process.start_tick(program.pid) is None)
    found = process.stat(program.pid)
    assert found is not None
    assert found.ended


def test_the_age_of_a_process_is_its_own(programs: Start) -> None:
    start = process.start_tick(programs().pid)
    assert start is not None
    assert -0.1 < process.age_s(start) < 10


def test_asking_costs_little(programs: Start) -> None:
    """No timing is asserted tightly: a hundred askings may not take the time of one start."""
    program = programs(env={"X": "1"})
    began = time.monotonic()
    for _ in range(100):
        identity.agent_of(program.pid, {})
    assert time.monotonic() - began < 1.0


def test_a_hook_called_through_a_shell_is_the_programs_own(programs: Start) -> None:
    pane = programs(
        sys.executable,
        "-c",
        "import subprocess; subprocess.run(['sh', '-c', 'sleep 600 & echo $!; wait'])",
        stdout=subprocess.PIPE,
    )
    assert called_by(child_of(pane), pane.pid)
    assert called_by(pane.pid, pane.pid)


def test_a_hook_of_a_program_that_the_agent_started_is_not_its_own(programs: Start) -> None:
    inner = "import subprocess; subprocess.run(['sh', '-c', 'sleep 600 & echo $!; wait'])"
    pane = programs(
        "/bin/sh", "-c", '"$0" -c "$1"; true', sys.executable, inner, stdout=subprocess.PIPE
    )
    assert not called_by(child_of(pane), pane.pid)
