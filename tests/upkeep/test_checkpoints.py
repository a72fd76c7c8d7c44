"""Who is asked for a checkpoint, how often, and which page is the newest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.briefing.team import LAST, plan_of, reader_of, seats
from tmux_orch.briefing import render
from tmux_orch.briefing.facts import Variant
from tmux_orch.domain.errors import BadInput, Refused
from tmux_orch.domain.message import Priority
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.upkeep.checkpoints import Checkpoints
from tmux_orch.worktrees.checkpoint_page import newest_page

PLAN = plan_of({"orchestrator": 1, "developer": 1})
NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
NAME = "DEVELOPER_CHECKPOINT_20260504_1000.md"


class Office:
    """One agent in some state, and what it was asked."""

    def __init__(self, worktree: Path) -> None:
        self.state = AgentState.WORKING
        self.hold: str | None = None
        self.hooks = True
        self.full = False
        self.sent: dict[str, tuple[str, Priority]] = {}
        self.events: list[str] = []
        self.seat: Seat = replace(seats(PLAN)[1], worktree=str(worktree))
        live = SimpleNamespace(
            fused=lambda: SimpleNamespace(state=self.state),
            hold=lambda: self.hold,
            busy_with_hooks=lambda: self.hooks,
        )
        parts: Any = SimpleNamespace(
            board=SimpleNamespace(seat=lambda _key: live),
            clock=SimpleNamespace(now=lambda: NOW, monotonic=lambda: 0.0),
            outbox=SimpleNamespace(by_client_key=lambda _sender, key: self.sent.get(key)),
            courier=SimpleNamespace(accept=self.accept),
            events=SimpleNamespace(append=lambda kind, *_: self.events.append(kind)),
        )
        self.desk = Checkpoints(parts)

    def accept(self, _sender: str, _to: str, text: str, *, priority: Priority, client_key: str):
        if self.full:
            raise Refused("1000 messages wait already")
        self.sent[client_key] = (text, priority)
        return SimpleNamespace(id="0a1b2c3d")

    def ask(self, why: str = "the weekly limit is near", **more: Any) -> bool:
        return self.desk.ask(self.seat, why, 300, **more)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_an_agent_is_asked_once_for_each_occasion_and_at_its_next_tool(office: Office) -> None:
    assert office.ask(occasion="hold:7")
    assert not office.ask("in other words", occasion="hold:7")
    assert office.ask(occasion="hold:8")
    assert office.ask()
    assert not office.ask()
    assert office.events == ["checkpoint.asked"] * 3
    text, priority = office.sent[f"checkpoint:{office.seat.key}:hold:7"]
    assert priority is Priority.HIGH
    assert ".orch/DEVELOPER_CHECKPOINT_2026" in text
    assert (Path(office.seat.worktree) / ".orch/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    "state",
    [
        AgentState.EXITED, AgentState.WAITING_PERMISSION, AgentState.USAGE_LIMITED,
        AgentState.NEEDS_LOGIN, AgentState.UNKNOWN, AgentState.INITIALIZING,
    ],
)  # fmt: skip
def test_who_cannot_answer_is_not_asked(office: Office, state: AgentState) -> None:
    office.state = state
    assert not office.ask()
    assert not office.sent


def test_a_held_agent_is_asked_only_while_it_works_and_can_be_handed_something(
    office: Office,
) -> None:
    office.hold = "the budget is used up"
    assert office.ask(occasion="a")
    office.hooks = False
    assert not office.ask(occasion="b")


def test_a_link_in_place_of_our_directory_is_not_followed(office: Office, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".orch").symlink_to("elsewhere")
    assert not office.ask()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_full_queue_is_no_failure_of_whoever_wanted_the_checkpoint(office: Office) -> None:
    office.full = True
    assert not office.ask()


@pytest.mark.parametrize("within", [None, -1, 601, "30", float("nan")])
def test_a_wait_that_is_none_is_refused(office: Office, within: object) -> None:
    with pytest.raises(BadInput):
        office.desk.before_stop([], {"within_s": within}, lambda _e: None, lambda: False)


def test_the_newest_page_is_found_in_both_places_and_never_behind_a_link(tmp_path: Path) -> None:
    assert newest_page(tmp_path, "developer") is None
    ours = tmp_path / ".orch"
    ours.mkdir()
    (ours / NAME).write_text("x")
    assert newest_page(tmp_path, "developer") == f".orch/{NAME}"
    later = "DEVELOPER_CHECKPOINT_20260505_1000.md"
    (tmp_path / later).write_text("x")
    assert newest_page(tmp_path, "developer") == later
    (ours / "DEVELOPER_CHECKPOINT_20270101_0000.md").symlink_to("/etc/passwd")
    (ours / "DEVELOPER_CHECKPOINT_20270102_0000.md").mkdir()
    assert newest_page(tmp_path, "developer") == later
    (tmp_path / later).unlink()
    assert newest_page(tmp_path, "developer") == f".orch/{NAME}"
    ours.rename(tmp_path / "other")
    ours.symlink_to("other")
    assert newest_page(tmp_path, "developer") is None


def test_the_resume_page_names_the_checkpoint_and_quotes_nothing_of_it() -> None:
    last = replace(LAST, checkpoint=f".orch/{NAME}")
    text = render.page("resume", reader_of(PLAN, "developer", Variant.RESUME, last=last))
    assert f"read `.orch/{NAME}` first" in text
    without = render.page("resume", reader_of(PLAN, "developer", Variant.RESUME, last=LAST))
    assert "checkpoint" not in without.lower()


def test_requests_that_nobody_was_told_in_time_are_taken_back(office: Office) -> None:
    moved: list[str] = []

    def message(key: str | None, age_s: float, sender: str = "orch") -> Any:
        return SimpleNamespace(
            id=f"{key}-{age_s}", client_key=key, sender=sender, state="held",
            accepted_at=NOW - timedelta(seconds=age_s),
        )  # fmt: skip

    waiting = [
        message("checkpoint:a", 601), message("checkpoint:a", 599), message("other", 9000),
        message(None, 9000), message("checkpoint:a", 9000, "user"),
    ]  # fmt: skip
    outbox: Any = office.desk._parts.outbox
    outbox.targets_with_open = lambda: ["shop/dev"]
    outbox.open_for = lambda _target: waiting
    office.desk._parts.courier.expire = lambda wanted, _why: moved.append(wanted)
    office.desk.expire()
    assert moved == ["checkpoint:a-601"]
