"""Supervision in a daemon of this process: short waits, injected counters, real tmux and agents."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import make_repository
from tests.whole.conftest import Place, wait_until
from tests.whole.traffic import QUIET
from tmux_orch.config.registry import Registry
from tmux_orch.daemon import Daemon
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.restart import Cause, Death, Restart, RestartState, backoff_s
from tmux_orch.domain.seat import Seat
from tmux_orch.rpc import lock
from tmux_orch.upkeep.supervise import Supervise, Timing
from tmux_orch.watch.oom import OomKills

KEY, HUB = "sample/developer", "sample/orchestrator"
FASTER = 20


class Oom(OomKills):
    """The kernel's counters, in files of the test's."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        (root / "proc").mkdir()
        self.file = root / "proc/vmstat"
        self.kills = 0
        self.say(4)

    def say(self, kills: int) -> None:
        self.file.write_text(f"nr_free_pages 17\noom_kill {kills}\n")


class House:
    """A team of two under a daemon in this process."""

    def __init__(self, root: Path) -> None:
        self.place = Place(root, make_repository(root / "p" / "sample"))
        self.registry = Registry(self.place.registry)
        self.registry.prepare()
        self.oom = Oom(root)
        self.lock = lock.take(self.registry.lock)
        self.begin()

    def begin(self, **how: Any) -> None:
        """A daemon; again, as after the death of the one before."""
        self.daemon = Daemon(self.registry)
        timing = Timing(backoff_s=lambda n: backoff_s(n) / FASTER)
        supervise = Supervise(self.daemon.up, oom=self.oom, **{"timing": timing, **how})
        self.daemon.upkeep.supervise = supervise
        self.daemon.notes.on_state = supervise.state
        self.daemon.start()

    def close(self) -> None:
        self.place.ask("stop", all=True)
        self.daemon.stop()
        self.lock.release()
        self.place.tmux("kill-server")
        shutil.rmtree(self.place.root, ignore_errors=True)

    @property
    def parts(self) -> Any:
        return self.daemon.parts

    def seat(self) -> Seat:
        found = self.parts.seats.get(KEY)
        assert found is not None
        return found

    def agent(self) -> dict[str, Any]:
        return self.place.agents()["developer"]

    def row(self) -> Restart | None:
        return self.parts.restarts.get(KEY)

    def death(self) -> Death:
        found = self.parts.deaths.of(KEY, 1)
        assert found
        return found[0]

    def fresh(self) -> Seat:
        """The agent runs, and nothing is counted against it."""
        self.place.ask("restart", project="sample", agents=["developer"])
        row = self.row()
        assert row is not None and row.attempts == 0
        return self.seat()

    def do(self, **directive: Any) -> None:
        self.place.run("scm", "--no-wait", "developer", f"REHEARSAL{json.dumps(directive)}")

    def back(self, before: Seat) -> Seat:
        def look() -> Seat | None:
            seat, live = self.seat(), self.parts.board.seat(KEY)
            up = live is not None and live.fused().state in ("idle", "working", "thinking")
            return seat if up and seat.pid != before.pid and seat.pid else None

        after: Seat = wait_until(look, 20, "it is back")
        assert after.conversation_id == before.conversation_id
        assert after.incarnation == before.incarnation + 1
        return after

    def events(self, kind: str, after: int) -> list[dict[str, Any]]:
        found = self.parts.events.since(after, 10_000)
        return [event.payload for event in found if event.kind == kind]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    # The daemon's own environment, which its agents are found in.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMUX_ORCH_REGISTRY", str(root / "r"))
        house = House(root)
        house.place.extra = dict(QUIET)
        house.place.up("--roles", "developer")
        yield house
        house.close()


@pytest.mark.parametrize(
    ("number", "cause", "status", "name"),
    [
        (signal.SIGKILL, Cause.SIGNAL, None, "SIGKILL"),
        (signal.SIGTERM, Cause.SIGNAL, 143, "SIGTERM"),
        (signal.SIGSEGV, Cause.SIGNAL, None, "SIGSEGV"),
    ],
)
def test_a_signal_is_told_by_its_name_and_the_agent_is_back(
    house: House, number: int, cause: Cause, status: int | None, name: str
) -> None:
    before = house.fresh()
    os.kill(before.pid, number)
    house.back(before)
    death = house.death()
    assert death.incarnation == before.incarnation
    assert (death.end.cause, death.end.signal) == (cause, name)
    assert death.end.exit_status in (status, None)
    screen = Path(death.screen)
    assert screen.stat().st_mode & 0o777 == 0o600
    assert "rehearsal" in screen.read_text()


def test_the_hub_hears_of_the_first_start_and_not_of_those_that_follow_it(house: House) -> None:
    before, known = house.fresh(), len(told_of_starts(house))
    for _ in range(3):
        os.kill(before.pid, signal.SIGKILL)
        before = house.back(before)
        wait_until(lambda: (r := house.row()) and r.state is RestartState.UP, 10)
    assert len(told_of_starts(house)) == known + 1
    before = house.fresh()
    known = len(told_of_starts(house))
    os.kill(before.pid, signal.SIGKILL)
    house.back(before)
    wait_until(lambda: len(told_of_starts(house)) == known + 1, 10)


def told_of_starts(house: House) -> list[dict[str, Any]]:
    return [m for m in house.place.messages() if "Started again" in m["text"]]


def test_a_kill_for_want_of_memory_is_told_apart_from_any_other(house: House) -> None:
    before = house.fresh()
    marks = house.daemon.upkeep.supervise.ends._marks
    wait_until(lambda: marks.get((KEY, before.tag)), 10, "the counter was read")
    house.oom.say(5)
    os.kill(before.pid, signal.SIGKILL)
    house.back(before)
    assert house.death().end.cause is Cause.OOM
    assert house.death().end.signal == "SIGKILL"


def test_an_exit_status_is_kept(house: House) -> None:
    before = house.fresh()
    house.do(exit=3)
    house.back(before)
    assert (house.death().end.cause, house.death().end.exit_status) == (Cause.EXIT, 3)


def test_what_a_person_ended_at_its_terminal_stays_down_until_he_says_otherwise(
    house: House,
) -> None:
    before, seq = house.fresh(), house.parts.events.last()
    wait_until(lambda: house.agent()["state"] == "idle", 10)
    house.place.tmux("send-keys", "-t", before.pane_id, "/exit", "Enter")
    row = wait_until(lambda: (r := house.row()) and r.state is RestartState.LEFT and r, 15)
    assert house.death().end.cause is Cause.BY_PERSON
    assert "restart.planned" not in str(house.parts.events.since(seq, 1000))
    agent = house.agent()
    assert agent["state"] == "exited"
    assert "tmux-orch restart developer" in agent["evidence"]
    house.daemon.upkeep.supervise.round()
    assert house.row() == row
    after = house.fresh()
    assert after.pid and after.conversation_id == before.conversation_id


def test_an_agent_that_ends_at_once_is_started_five_times_and_then_left_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, seq = house.fresh(), house.parts.events.last()
    stored = house.registry.project("sample").environment
    kept = stored.read_bytes()
    broken = json.loads(kept)
    broken["REHEARSAL_START_EXIT"] = "7"
    stored.write_bytes(json.dumps(broken).encode())
    os.kill(before.pid, signal.SIGKILL)
    row = wait_until(lambda: (r := house.row()) and r.state is RestartState.GIVEN_UP and r, 30)
    stored.write_bytes(kept)
    planned = house.events("restart.planned", seq)
    # Its healthy start was the first of the five.
    assert [one["in_s"] * FASTER for one in planned] == [1, 2, 4, 8]
    assert [one["cause"] for one in planned] == ["signal", "exit", "exit", "exit"]
    assert house.seat().incarnation == before.incarnation + 4
    assert house.death().end.exit_status == 7
    (given_up,) = house.events("restart.given_up", seq)
    assert "status 7" in given_up["why"]
    agent = house.agent()
    assert agent["state"] == "error"
    assert "started five times within a minute" in agent["evidence"]
    assert "tmux-orch restart developer" in agent["evidence"]
    told = house.place.run("tmux-orch", "explain", "developer").stdout
    assert "started five times" in told
    for _ in range(3):
        house.daemon.upkeep.supervise.round()
    assert house.row() == row
    assert house.seat().incarnation == before.incarnation + 4
    hub = [m for m in house.place.messages() if "stays down" in m["text"]]
    assert len(hub) == 1
    assert hub[0]["to"] == HUB
    after = house.fresh()
    assert after.conversation_id == before.conversation_id
    assert house.agent()["state"] in ("idle", "working", "thinking")


def test_a_held_agent_is_started_when_its_hold_ends(house: House) -> None:
    before = house.fresh()
    house.parts.board.held = lambda seat: "held until 9pm" if seat.key == KEY else None
    try:
        os.kill(before.pid, signal.SIGKILL)
        wait_until(lambda: (r := house.row()) and r.state is RestartState.WAITING, 15)
        for _ in range(3):
            house.daemon.upkeep.supervise._due[KEY] = 0.0
            house.daemon.upkeep.supervise.round()
            row = house.row()
            assert row is not None and row.state is RestartState.WAITING
        assert house.seat().incarnation == before.incarnation
    finally:
        house.parts.board.held = lambda _seat: None
    house.back(before)


def test_a_person_s_act_on_the_project_puts_a_restart_off_and_it_is_not_counted(
    house: House,
) -> None:
    before = house.fresh()
    with house.daemon.up.holds.hold(str(house.place.project)):
        os.kill(before.pid, signal.SIGKILL)
        live = house.parts.board.seat(KEY)
        wait_until(lambda: live.fused().state == "exited", 10)
        house.daemon.upkeep.supervise.round()
        row = house.row()
        assert row is not None and row.state is RestartState.UP
    house.back(before)
    row = wait_until(lambda: (r := house.row()) and r.state is RestartState.UP and r, 10)
    assert row.attempts == 1


def test_a_stopped_agent_stays_stopped_and_restart_refuses_it(house: House) -> None:
    before = house.fresh()
    house.place.run("tmux-orch", "stop", "developer", "--yes")
    house.daemon.upkeep.supervise.round()
    assert house.row() is None
    assert house.seat().pid == 0
    done = house.place.run("tmux-orch", "restart", "developer", check=False)
    assert done.returncode == 2
    assert "was stopped by you" in done.stderr and "--resume" in done.stderr
    house.place.run("auto-orchestrate", "--resume")
    assert house.seat().conversation_id == before.conversation_id


@pytest.mark.parametrize(
    "name",
    ["nobody", "", "DEVELOPER", "developer ", "../developer", "sample/developer", "%0", "#(id)",
     "$(id)", "developer\n", "\x1b[2J", "x" * 5000, "0"],
)  # fmt: skip
def test_a_name_that_is_no_agent_is_refused_and_nothing_is_done(house: House, name: str) -> None:
    before = house.place.agents()
    for names in ([name], ["developer", name]):
        with pytest.raises(BadInput, match="has no agent"):
            house.place.ask("restart", project="sample", agents=names)
    assert {n: a["pid"] for n, a in house.place.agents().items()} == {
        n: a["pid"] for n, a in before.items()
    }


def test_nobody_and_everybody_with_names_are_refused(house: House) -> None:
    for body in ({"agents": []}, {"agents": ["developer"], "all": True}, {}):
        with pytest.raises(BadInput, match="name the agents"):
            house.place.ask("restart", project="sample", **body)


def test_restart_of_everybody_keeps_every_conversation(house: House) -> None:
    before = house.place.agents()
    done = house.place.run("tmux-orch", "restart", "--all", "--json")
    told = json.loads(done.stdout)
    assert [agent["was_running"] for agent in told["agents"]] == [True, True]
    after = house.place.agents()
    for name, agent in before.items():
        assert after[name]["conversation_id"] == agent["conversation_id"]
        assert after[name]["pid"] != agent["pid"]


def test_a_lost_server_brings_everybody_back_in_one_go(house: House) -> None:
    house.place.ask("restart", project="sample", all=True)
    before = house.place.agents()
    house.place.tmux("kill-server")

    def all_back() -> bool:
        now = house.place.agents()
        return all(
            now[name]["state"] in ("idle", "working", "thinking")
            and now[name]["pid"] not in (0, agent["pid"])
            for name, agent in before.items()
        )

    wait_until(all_back, 30, "everybody is back")
    assert house.death().end.cause is Cause.SERVER_LOST
    deaths = [house.parts.deaths.of(key, 1)[0] for key in (KEY, HUB)]
    assert [death.end.cause for death in deaths] == [Cause.SERVER_LOST] * 2
    for name, agent in house.place.agents().items():
        assert agent["conversation_id"] == before[name]["conversation_id"]


def test_a_daemon_finds_dead_what_lived_when_it_ended_and_starts_it_once(house: House) -> None:
    before, seq = house.fresh(), house.parts.events.last()
    house.daemon.stop()
    os.kill(before.pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{before.pid}/exe").exists(), 10)
    house.begin()
    house.back(before)
    assert len(house.events("restart.planned", seq)) == 1
    wait_until(lambda: len(house.events("restart.done", seq)) == 1, 10, "it is told")


def test_with_never_a_dead_agent_stays_dead_and_its_end_is_kept(house: House) -> None:
    before, seq = house.fresh(), house.parts.events.last()
    house.daemon.stop()
    house.begin(always=False)
    try:
        os.kill(before.pid, signal.SIGKILL)
        wait_until(lambda: house.death().incarnation == before.incarnation, 15)
        house.daemon.upkeep.supervise.round()
        assert house.seat().incarnation == before.incarnation
        assert house.agent()["state"] == "exited"
        assert not house.events("restart.planned", seq)
    finally:
        house.daemon.stop()
        house.begin()
    house.fresh()


def test_ten_healthy_minutes_begin_the_waits_anew(house: House) -> None:
    before = house.fresh()
    os.kill(before.pid, signal.SIGKILL)
    house.back(before)
    row = wait_until(lambda: (r := house.row()) and r.state is RestartState.UP and r, 10)
    assert row.attempts == 1
    house.daemon.upkeep.supervise._timing = Timing(healthy_s=0.0)
    try:
        house.daemon.upkeep.supervise.round()
        assert house.row() is None
    finally:
        house.daemon.upkeep.supervise._timing = Timing(backoff_s=lambda n: backoff_s(n) / FASTER)


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_jumps_makes_nobody_wait_longer(
    house: House, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.daemon.upkeep.supervise, "_timing", Timing(backoff_s=lambda _n: 0.5))
    before = house.fresh()
    os.kill(before.pid, signal.SIGKILL)
    wait_until(lambda: (r := house.row()) and r.state is RestartState.WAITING, 15)
    jump = timedelta(hours=hours)
    monkeypatch.setattr(house.parts.clock, "now", lambda: datetime.now(UTC) + jump)
    house.back(before)


def test_a_clock_set_back_while_the_daemon_was_down_makes_nobody_wait_longer(house: House) -> None:
    before = house.fresh()
    house.daemon.stop()
    os.kill(before.pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{before.pid}/exe").exists(), 10)
    later = datetime.now(UTC) + timedelta(days=1)
    with closing(sqlite3.connect(house.registry.database)) as base, base:
        base.execute(
            "insert or replace into restarts (agent, project, state, attempts, incarnation, "
            "since_at, next_at, reason) values (?, 'sample', 'waiting', 1, ?, ?, ?, 'ended')",
            (KEY, before.incarnation, later.isoformat(), later.isoformat()),
        )
    house.begin()
    house.back(before)


def test_one_whose_conversation_is_open_elsewhere_is_left_until_it_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = house.fresh()
    adapter = house.parts.adapters["rehearsal"]
    monkeypatch.setattr(adapter, "owner", lambda berth: 1 if berth.key == KEY else None)
    os.kill(before.pid, signal.SIGKILL)
    row = wait_until(lambda: (r := house.row()) and "another process" in r.reason and r, 15)
    assert (row.state, row.attempts) == (RestartState.WAITING, 0)
    assert house.seat().incarnation == before.incarnation
    assert "another process" in house.agent()["evidence"]
    monkeypatch.undo()
    house.daemon.upkeep.supervise._due[KEY] = 0.0
    house.back(before)


def test_starts_under_an_earlier_daemon_are_counted_by_the_alert(house: House) -> None:
    before = house.fresh()
    os.kill(before.pid, signal.SIGKILL)
    house.back(before)
    house.daemon.stop()
    house.begin()
    wait_until(lambda: len(house.parts.work.of(KEY).starts) >= 2, 15, "they are remembered")
