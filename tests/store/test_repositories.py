"""Projects, seats, plans and the journal keep what they are given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.store.database import Database
from tmux_orch.store.journal import Journal, StepState
from tmux_orch.store.plans import Plans
from tmux_orch.store.projects import Project, Projects
from tmux_orch.store.seats import Seats

from .conftest import FixedClock

SEAT = Seat(
    project="shop",
    name="developer",
    role="developer",
    run="abc123",
    slot=1,
    adapter="claude",
    worktree="/state/projects/shop/worktrees/developer",
    branch="orch/abc123/developer",
    base="1" * 40,
    incarnation=0,
    conversation_id="5f0c1c9e-0000-4000-8000-000000000000",
    brief_id="0badcafe",
)


def test_a_project_is_found_by_name_and_by_path(projects: Projects, project: Project) -> None:
    assert projects.by_name("shop") == project
    assert projects.by_path("/src/shop") == project
    assert projects.all() == [project]
    assert projects.by_name("other") is None
    assert projects.by_path("/src/sho") is None


def test_a_second_project_at_the_same_path_is_refused(projects: Projects, project: Project) -> None:
    with pytest.raises(BadInput):
        projects.add(replace(project, name="shop-2", common_dir="/elsewhere"))
    assert projects.all() == [project]


def test_a_path_that_is_not_utf8_comes_back_the_same(projects: Projects, project: Project) -> None:
    odd = replace(
        project,
        name="odd",
        path="/src/\udcff\n$(id)",
        common_dir="bytes:not hex",
        starting_branch="caf\udce9",
    )
    projects.add(odd)
    assert projects.by_path(odd.path) == odd


def test_a_project_goes_live_and_keeps_its_run_when_it_stops(
    projects: Projects, project: Project
) -> None:
    projects.set_live("shop", True, "abc123")
    assert projects.by_name("shop") == replace(project, live=True, run="abc123")
    projects.set_live("shop", False)
    assert projects.by_name("shop") == replace(project, live=False, run="abc123")
    with pytest.raises(Absent):
        projects.set_live("other", True, "abc123")


def test_a_removed_project_takes_its_seats_and_plans_along(
    projects: Projects, seats: Seats, plans: Plans, project: Project
) -> None:
    seats.put(SEAT)
    plans.put("abc123", "shop", {"agents": []})
    projects.remove("shop")
    assert seats.all() == []
    assert plans.get("abc123") is None


def test_a_seat_comes_back_whole(seats: Seats, project: Project) -> None:
    full = replace(
        SEAT,
        pane_id="%3",
        window_id="@2",
        server="17:1700000000",
        pid=4_194_304,
        pid_start=2**40,
        desired=Desired.STOPPED,
        model="opus",
        permission_mode="acceptEdits",
        briefed=True,
        worktree="/w/\udcff",
    )
    seats.put(full)
    assert seats.get("shop/developer") == full
    assert seats.of_project("shop") == [full]
    assert seats.all() == [full]
    assert seats.get("shop/tester") is None


def test_seats_come_in_the_order_of_their_slots(seats: Seats, project: Project) -> None:
    seats.put(replace(SEAT, name="zeta", slot=0))
    seats.put(SEAT)
    seats.put(replace(SEAT, name="alpha", slot=2))
    assert [seat.name for seat in seats.of_project("shop")] == ["zeta", "developer", "alpha"]


def test_putting_a_seat_again_replaces_it_and_keeps_its_state(
    seats: Seats, project: Project, clock: FixedClock
) -> None:
    seats.put(SEAT)
    fused = Fused(AgentState.IDLE, clock.now(), "hook: stop")
    seats.set_state(SEAT.key, fused)
    seats.put(replace(SEAT, incarnation=1))
    assert seats.all() == [replace(SEAT, incarnation=1)]
    assert seats.state(SEAT.key) == fused


def test_a_seat_of_an_unknown_project_is_refused(seats: Seats) -> None:
    with pytest.raises(BadInput):
        seats.put(SEAT)


def test_updating_a_seat_changes_those_fields_only(seats: Seats, project: Project) -> None:
    seats.put(SEAT)
    changed = seats.update(SEAT.key, pid=7, desired=Desired.REMOVED)
    assert changed == replace(SEAT, pid=7, desired=Desired.REMOVED) == seats.get(SEAT.key)
    with pytest.raises(TypeError):
        seats.update(SEAT.key, name="other")
    with pytest.raises(TypeError):
        seats.update(SEAT.key, colour="red")
    with pytest.raises(Absent):
        seats.update("shop/nobody", pid=7)


def test_a_new_seat_has_no_state(seats: Seats, project: Project) -> None:
    seats.put(SEAT)
    assert seats.state(SEAT.key) is None
    assert seats.state("shop/nobody") is None


def test_the_latest_plan_is_the_newest_runs(plans: Plans, project: Project) -> None:
    plans.put("aaaaaa", "shop", {"n": 1})
    plans.put("bbbbbb", "shop", {"n": 2, "odd": "\udcff"})
    plans.put("aaaaaa", "shop", {"n": 3})
    assert plans.get("aaaaaa") == {"n": 3}
    assert plans.latest("shop") == {"n": 2, "odd": "\udcff"}
    assert plans.latest("other") is None


def test_a_step_is_open_until_it_is_ended(journal: Journal) -> None:
    first = journal.begin("shop", "abc123", "shop/developer", "worktree", {"path": "/w"})
    second = journal.begin("shop", "abc123", None, "server")
    assert [step.id for step in journal.open_steps("shop")] == [first, second]
    journal.done(first, {"state": "created"})
    journal.failed(second, "no tmux")
    assert journal.open_steps("shop") == []
    done = journal.last("shop", "shop/developer", "worktree")
    assert done is not None
    assert (done.state, done.detail, done.result) == (
        StepState.DONE,
        {"path": "/w"},
        {"state": "created"},
    )
    failed = journal.last("shop", None, "server")
    assert failed is not None
    assert (failed.state, failed.reason) == (StepState.FAILED, "no tmux")
    assert journal.last("shop", "shop/tester", "worktree") is None


def test_many_steps_are_begun_and_done_in_one_commit(journal: Journal) -> None:
    keys = [f"shop/agent-{n}" for n in range(5)]
    ids = journal.begin_many("shop", "abc123", [(key, "window", {}) for key in keys])
    assert [step.agent for step in journal.open_steps("shop")] == keys
    journal.done_many([(step, {}) for step in ids])
    assert journal.open_steps("shop") == []


def test_done_many_with_one_unknown_step_changes_none(journal: Journal) -> None:
    step = journal.begin("shop", "abc123", None, "server")
    with pytest.raises(Absent):
        journal.done_many([(step, {}), (step + 1, {})])
    assert len(journal.open_steps("shop")) == 1


def test_writes_that_share_a_transaction_are_undone_together(
    database: Database, seats: Seats, plans: Plans, journal: Journal, project: Project
) -> None:
    class Stop(Exception):
        pass

    with pytest.raises(Stop), database.write() as connection:
        seats.put(SEAT, connection)
        assert seats.get(SEAT.key, connection) == SEAT
        plans.put("abc123", "shop", {}, connection)
        journal.begin("shop", "abc123", None, "server", {}, connection)
        raise Stop
    assert seats.all() == []
    assert plans.latest("shop") is None
    assert journal.open_steps("shop") == []


def test_a_write_inside_a_write_that_is_not_passed_on_says_so_instead_of_hanging(
    database: Database, seats: Seats, project: Project
) -> None:
    with database.write(), pytest.raises(RuntimeError):
        seats.put(SEAT)


def test_seats_read_again_after_every_kind_of_write_show_it(seats: Seats, project: Project) -> None:
    assert seats.all() == []
    seats.put(SEAT)
    assert seats.all() == [SEAT]
    seats.update(SEAT.key, pid=7)
    assert [seat.pid for seat in seats.all()] == [7]
    seats.all().clear()
    assert len(seats.all()) == 1
    seats.remove(SEAT.key)
    assert seats.all() == []


def test_rows_read_while_a_write_is_open_are_not_remembered_beyond_it(
    seats: Seats, project: Project, database: Database
) -> None:
    seats.put(SEAT)
    with database.write() as connection:
        seats.update(SEAT.key, connection, pid=8)
        assert [seat.pid for seat in seats.all()] == [SEAT.pid]
    assert [seat.pid for seat in seats.all()] == [8]
