"""The machine is restarted: everything is gone, the kernel has another boot id, files are left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import make_repository
from tests.whole.conftest import Place, end_marked, wait_until
from tmux_orch.config import service_file
from tmux_orch.config.registry import Registry
from tmux_orch.config.service_file import ServiceFile
from tmux_orch.domain.boot import OnBoot

UP = ("idle", "working")


@pytest.fixture
def team(place: Place) -> Place:
    """A team of three on a machine whose boot id is a file."""
    place.extra = {
        "TMUX_ORCH_BOOT_ID_FILE": str(place.root / "boot_id"),
        "REHEARSAL_ON_BRIEF": '{"say": "ready"}',
    }
    new_boot_id(place)
    place.up("--roles", "developer,tester")
    return place


def new_boot_id(place: Place) -> None:
    (place.root / "boot_id").write_text(f"{uuid.uuid4()}\n")


def policy(place: Place, on_boot: OnBoot) -> None:
    service_file.write(Registry(place.registry), ServiceFile(on_boot))


def kill_everything(place: Place) -> None:
    """As a power cut: daemon, tmux server and agents at once; the sockets are gone."""
    pids = [place.daemon_pid(), int(place.tmux("display-message", "-p", "#{pid}"))]
    pids += [int(pid) for pid in place.tmux("list-panes", "-a", "-F", "#{pane_pid}").split()]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    end_marked(place.registry)
    wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids), what="all dead")
    (place.registry / "run/tmux.sock").unlink(missing_ok=True)


def restart_machine(place: Place) -> None:
    kill_everything(place)
    new_boot_id(place)


def events(place: Place, kind: str) -> list[dict[str, Any]]:
    done = place.run("tmux-orch", "log", "--limit", "1000", "--json")
    return [e for e in json.loads(done.stdout)["events"] if e["kind"] == kind]


def hold_ended(place: Place) -> int:
    """Where in the record the first hold ended; a hold is no project's."""
    database = sqlite3.connect(f"file:{place.registry / 'orch.db'}?mode=ro", uri=True)
    (seq,) = database.execute("select min(seq) from events where kind = 'hold.ended'").fetchone()
    database.close()
    return int(seq)


def all_up(place: Place) -> bool:
    return all(agent["state"] in UP for agent in place.agents().values())


@contextmanager
def one_core() -> Iterator[None]:
    """Whatever is started in the block may use one core: two agents at once."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def plan(place: Place) -> dict[str, Any]:
    return place.ask("boot-plan")


def lives(place: Place) -> dict[str, tuple[str, int]]:
    return {n: (a["conversation_id"], a["pid"]) for n, a in place.agents().items()}


def test_resume_brings_everybody_back_with_their_own_conversations_and_once(team: Place) -> None:
    policy(team, OnBoot.RESUME)
    before = lives(team)
    assert [k for wave in plan(team)["waves"] for k in wave] == [f"sample/{n}" for n in before]
    restart_machine(team)
    with one_core():
        planned = plan(team)["waves"]
        wait_until(lambda: plan(team)["phase"] == "settled", 60, "everybody is dealt with")
    wait_until(lambda: all_up(team), what="all are up")
    after = lives(team)
    assert {n: c for n, (c, _) in after.items()} == {n: c for n, (c, _) in before.items()}
    assert all(after[n][1] != before[n][1] for n in before)
    assert len(events(team, "boot.returning")) == 1
    told = [event["payload"]["agents"] for event in events(team, "boot.wave")]
    assert told == [["sample/orchestrator", "sample/developer"], ["sample/tester"]]
    everybody = [key for wave in told for key in wave]
    left = [key for wave in planned for key in wave]  # when we asked
    assert left == everybody[len(everybody) - len(left) :]
    first, second = (event["seq"] for event in events(team, "boot.wave"))
    ready = [e for e in events(team, "agent.state") if e["payload"]["state"] in UP]
    assert {e["agent"] for e in ready if first < e["seq"] < second} == set(told[0])
    # A second daemon of the same start of the machine does nothing.
    team.kill_daemon()
    assert lives(team) == after
    assert len(events(team, "boot.returning")) == 1
    assert team.status()["notice"] == ""


def left_down(place: Place) -> list[str]:
    """Those whom nobody starts again, as the record says."""
    database = sqlite3.connect(f"file:{place.registry / 'orch.db'}?mode=ro", uri=True)
    rows = database.execute("select agent from restarts where state = 'left'").fetchall()
    database.close()
    return sorted(agent for (agent,) in rows)


def test_status_says_it_and_starts_nothing_until_the_person_does(team: Place) -> None:
    before = lives(team)
    restart_machine(team)
    shown = team.run("tmux-orch", "status").stdout
    assert "the machine was restarted; bring the team back: auto-orchestrate --resume" in shown
    (event,) = events(team, "boot.down")
    assert event["payload"]["agents"] == list(before)
    team.kill_daemon()
    assert team.status()["notice"]  # told again by the next daemon, but noted once
    assert len(events(team, "boot.down")) == 1
    assert team.tmux("list-panes", "-a") == ""
    team.run("auto-orchestrate", "--resume")
    wait_until(lambda: plan(team)["phase"] == "settled", what="the restart is dealt with")
    assert team.status()["notice"] == ""
    assert {n: c for n, (c, _) in lives(team).items()} == {n: c for n, (c, _) in before.items()}


def test_a_daemon_that_starts_again_on_the_same_start_of_the_machine_touches_nobody(
    team: Place,
) -> None:
    policy(team, OnBoot.RESUME)
    before = lives(team)
    team.kill_daemon()
    assert lives(team) == before
    # Another id with a tmux server that lives is no restart either.
    team.kill_daemon()
    new_boot_id(team)
    assert lives(team) == before
    assert events(team, "boot.returning") == []


def test_nothing_is_nothing_for_the_supervision_of_the_dead_as_well(team: Place) -> None:
    policy(team, OnBoot.NOTHING)
    restart_machine(team)
    assert team.status()["notice"] == ""
    assert plan(team)["phase"] == "settled"
    assert events(team, "boot.down") == events(team, "boot.returning") == []
    assert left_down(team) == sorted(f"sample/{n}" for n in team.agents())
    assert team.tmux("list-panes", "-a") == ""


@pytest.mark.full
def test_a_daemon_killed_in_the_middle_is_followed_by_one_that_goes_on(team: Place) -> None:
    policy(team, OnBoot.RESUME)
    before = lives(team)
    restart_machine(team)
    team.ask("ping")
    wait_until(lambda: "sample/" in team.tmux("list-panes", "-a", "-F", "#{@orch_agent}"), 30)
    team.kill_daemon()
    wait_until(lambda: plan(team)["phase"] == "settled", 60, "the next daemon ends it")
    wait_until(lambda: all_up(team), what="all are up")
    panes = team.tmux("list-panes", "-a", "-F", "#{@orch_agent}").split()
    assert sorted(panes) == sorted(f"sample/{n}" for n in before)
    assert {n: c for n, (c, _) in lives(team).items()} == {n: c for n, (c, _) in before.items()}


def test_whoever_is_held_stays_down_until_the_hold_ends(team: Place) -> None:
    policy(team, OnBoot.RESUME)
    before = lives(team)
    team.run("tmux-orch", "credits", "hold", "rehearsal")
    restart_machine(team)
    assert sorted(plan(team)["held"]) == sorted(f"sample/{n}" for n in before)
    assert plan(team)["phase"] == "returning"
    assert team.tmux("list-panes", "-a") == ""
    team.run("tmux-orch", "credits", "wake", "rehearsal")
    wait_until(lambda: plan(team)["phase"] == "settled", 60, "everybody is dealt with")
    wait_until(lambda: all_up(team), what="all are up")
    assert {n: c for n, (c, _) in lives(team).items()} == {n: c for n, (c, _) in before.items()}
    assert events(team, "boot.wave")[0]["seq"] > hold_ended(team)


def test_a_project_whose_directory_vanished_is_said_and_the_others_go_on(team: Place) -> None:
    policy(team, OnBoot.RESUME)
    other = make_repository(team.root / "p" / "other")
    team.up("--roles", "developer", cwd=other)
    kill_everything(team)
    new_boot_id(team)
    shutil.rmtree(team.project)
    team.project = other
    wait_until(lambda: plan(team)["phase"] == "settled", 60, "everybody is dealt with")
    done = team.run("tmux-orch", "log", "--project", "sample", "--json")
    (left,) = [e for e in json.loads(done.stdout)["events"] if e["kind"] == "boot.left"]
    assert "there is no directory" in left["payload"]["reason"]
    assert all_up(team)
