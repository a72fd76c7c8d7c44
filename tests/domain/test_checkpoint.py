"""Names of checkpoint pages, and who is asked for one."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain import checkpoint
from tmux_orch.domain.states import AgentState

AT = datetime(2026, 5, 4, 14, 30)


def test_the_page_is_named_after_the_agent_and_the_minute() -> None:
    assert checkpoint.page_name("developer-2", AT) == "DEVELOPER-2_CHECKPOINT_20260504_1430.md"


def test_the_newest_page_is_the_agents_own_and_the_latest_by_its_name() -> None:
    names = [
        "DEVELOPER_CHECKPOINT_20260504_1430.md", "DEVELOPER_CHECKPOINT_20260504_0900.md",
        "DEVELOPER_CHECKPOINT_20260503.md", "DEVELOPER-2_CHECKPOINT_20260601_0900.md",
        "DEVELOPER_CHECKPOINT_20260702_0900.md.swp", "X_DEVELOPER_CHECKPOINT_20260702_0900.md",
        "DEVELOPER_CHECKPOINT_.md", "DEVELOPER_CHECKPOINT_soon.md", "briefing.md",
    ]  # fmt: skip
    assert checkpoint.newest("developer", names) == names[0]
    assert checkpoint.newest("developer", names[2:3]) == names[2]
    assert checkpoint.newest("tester", names) is None


@given(st.lists(st.text(max_size=40)))
def test_no_name_is_taken_that_could_stand_for_anything_else(names: list[str]) -> None:
    found = checkpoint.newest("dev", names)
    assert found is None or found.startswith("DEV_CHECKPOINT_")


@pytest.mark.parametrize(
    ("state", "dirty", "asked"),
    [
        (AgentState.WORKING, None, True), (AgentState.STUCK, 0, True), (AgentState.IDLE, 3, True),
        (AgentState.IDLE, 0, False), (AgentState.IDLE, None, False),
        (AgentState.COMPLETE, 1, True), (AgentState.WAITING_PERMISSION, 3, False),
        (AgentState.USAGE_LIMITED, 3, False), (AgentState.EXITED, 3, False),
        (AgentState.UNKNOWN, 3, False),
    ],
)  # fmt: skip
def test_who_works_or_has_files_to_commit_is_asked(
    state: AgentState, dirty: int | None, asked: bool
) -> None:
    assert checkpoint.is_worth(state, dirty) is asked


def test_the_request_says_why_how_long_and_what_to_write() -> None:
    text = checkpoint.request(".orch/DEV_CHECKPOINT_20260504_1430.md", "you are being stopped", 30)
    assert "you are being stopped. You have about 30 seconds." in text
    assert ".orch/DEV_CHECKPOINT_20260504_1430.md" in text
    assert all(word in text for word in ("commit", "task", "branch", "last", "next steps"))
    assert "10 minutes" in checkpoint.request("x", "y", 600)
