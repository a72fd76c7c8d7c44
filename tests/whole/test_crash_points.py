"""Bar B4: killed at any step of a bootstrap, the next resume reaches the same team.

The N-th journal step, database or file write, and external call of the daemon each kill it once
(`ORCH_CRASH_AT`), and so do random moments. Shortened here; every point with --full.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import git
from tests.whole.conftest import Place, wait_until
from tmux_orch.domain.errors import BadInput, OrchError, Unreachable
from tmux_orch.rpc import client

TEAM = ("orchestrator", "project_manager", "developer", "tester", "testrunner")
SPEC = "# Sample work\n\n- [ ] do the thing\n"


def up(place: Place, **more: object) -> dict:
    body = {
        "project": str(place.project),
        "agent": "rehearsal",
        "environment": agents_environment(place),
    }
    return client.call("up", {**body, **more}, environ=place.environment)


def agents_environment(place: Place) -> dict[str, str]:
    names = ("HOME", "PATH", "LANG", "REHEARSAL_HOME")
    return {name: place.environment[name] for name in names}


def daemon_with(place: Place, **variables: str) -> subprocess.Popen[bytes]:
    """A daemon of this registry with variables that the recorded environment does not have."""
    client_registry = place.registry
    process = subprocess.Popen(
        [sys.executable, "-m", "tmux_orch.daemon"],
        env={**place.environment, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_until(lambda: (client_registry / "run/daemon.sock").exists() or process.poll() is not None)
    return process


def bootstrap_until_killed(place: Place, **variables: str) -> bool:
    """Start a team with a daemon that dies on the way; whether it did die."""
    process = daemon_with(place, **variables)
    try:
        up(place, spec_text=SPEC, spec_path="spec.md")
        process.terminate()
    except OrchError:
        pass  # it died, which is what was asked for
    assert process.stderr is not None
    process.stderr.close()
    return process.wait(20) == -signal.SIGKILL


def resumed(place: Place) -> dict:
    try:
        return up(place, resume=True)
    except BadInput:  # it died before the plan was stored: then there must be nothing at all
        assert git(place.project, "worktree", "list").count("\n") == 0
        assert not git(place.project, "for-each-ref", "refs/heads/orch")
        return up(place, spec_text=SPEC, spec_path="spec.md")


def check_converged(place: Place) -> None:
    result = resumed(place)
    assert not result["trouble"]
    agents = {a["name"]: a for a in result["agents"]}
    assert set(agents) == set(TEAM)
    states = {a["state"]: a["evidence"] for a in agents.values()}
    assert set(states) <= {"idle", "working"}, states
    panes = place.tmux("list-panes", "-a", "-F", "#{@orch_agent} #{pane_dead} #{pane_pid}").split(
        "\n"
    )
    tagged = sorted(line for line in panes if line)
    assert tagged == sorted(f"sample/{a['name']} 0 {a['pid']}" for a in agents.values())
    worktrees = git(place.project, "worktree", "list", "--porcelain")
    assert worktrees.count("worktree ") == 1 + len(TEAM)
    assert "locked" not in worktrees
    branches = git(place.project, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    assert sorted(branches) == sorted(["main", *(a["home_branch"] for a in agents.values())])
    assert git(place.project, "status", "--porcelain") == ""
    check_processes(place)
    check_briefed_once(place, agents)
    again = {a["name"]: a for a in up(place, resume=True)["agents"]}
    for name, agent in agents.items():
        assert (again[name]["pid"], again[name]["pane_id"]) == (agent["pid"], agent["pane_id"])


def check_processes(place: Place) -> None:
    """At most one agent program per seat carries the seat's mark.

    A program that has just forked for a command or hook looks like two until its child execs.
    """
    wait_until(lambda: set(programs(place).values()) <= {1}, 10, "each agent runs once")


def programs(place: Place) -> Counter[bytes]:
    """How many agent programs of this registry run, by agent."""
    mark = f"TMUX_ORCH_REGISTRY={place.registry}".encode()
    found: Counter[bytes] = Counter()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if mark in environment and b"rehearsal" in command and b"--session-id" in command:
            found.update(e for e in environment if e.startswith(b"ORCH_AGENT="))
    return found


def check_briefed_once(place: Place, agents: dict[str, dict]) -> None:
    for agent in agents.values():
        found = list((place.root / "rehearsal").rglob(f"{agent['conversation_id']}.jsonl"))
        assert len(found) == 1, agent["name"]
        lines = [json.loads(line) for line in found[0].read_text().splitlines() if line]
        briefs = [
            line for line in lines if line.get("type") == "user" and "[brief " in json.dumps(line)
        ]
        assert len(briefs) == 1, (agent["name"], briefs)


# A bootstrap of five has at least 13 journal steps, 16 external calls and 70 writes (more when the
# windows open in several lists); each of these points is reached in every run.
POINTS = [f"step:{n}" for n in (1, 2, 3, 4, 6, 8, 10, 12)] + [f"call:{n}" for n in (3, 7, 11)]
POINTS += [f"write:{n}" for n in range(6, 62, 9)]
FULL = [f"{kind}:{n}" for kind, last in (("step", 22), ("call", 30), ("write", 140))
        for n in range(1, last)]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_the_next_resume_reaches_the_same_team(place: Place, point: str):
    assert bootstrap_until_killed(place, ORCH_CRASH_AT=point), "the point was not reached"
    check_converged(place)


@pytest.mark.full
@pytest.mark.parametrize("point", FULL)
def test_killed_at_every_point_the_next_resume_reaches_the_same_team(place: Place, point: str):
    bootstrap_until_killed(place, ORCH_CRASH_AT=point)
    check_converged(place)


def killed_after(place: Place, delay_s: float) -> None:
    process = daemon_with(place)
    waiter = subprocess.Popen(["sh", "-c", f"sleep {delay_s}; kill -9 {process.pid}"])
    try:
        up(place, spec_text=SPEC, spec_path="spec.md")
    except (Unreachable, OrchError):
        pass  # killed on the way
    waiter.wait(20)
    assert process.stderr is not None
    process.stderr.close()
    process.wait(20)
    check_converged(place)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_a_random_moment_the_next_resume_reaches_the_same_team(place: Place, seed: int):
    killed_after(place, random.Random(seed).uniform(0.05, 0.7))


@pytest.mark.full
@pytest.mark.parametrize("seed", range(3, 34))
def test_killed_at_many_random_moments_the_resume_reaches_the_same_team(place: Place, seed: int):
    killed_after(place, random.Random(seed).uniform(0.02, 0.9))
