"""A person's own screen rules count in every adapter, and a slip in them blinds nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tmux_orch.agents.registry import adapters
from tmux_orch.agents.screens import load, own
from tmux_orch.domain.states import AgentState

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECORDED = Path(__file__).parents[2] / "data/screens/claude"
RULE = """program = "claude"
[[rule]]
id = "mine.testing"
state = "testing"
priority = 100
gates = ["busy"]
any.footer = ['esc to interrupt']
"""


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "rules").mkdir()
    own.use(tmp_path)
    yield tmp_path / "rules/claude.toml"
    own.use(None)


def state() -> AgentState | None:
    screen = (RECORDED / "2.1.329-thinking_after_read-120x40.txt").read_text()
    return adapters()["claude"].screen(screen, "", NOW, UTC).state


def test_a_file_that_appears_counts_at_the_next_look_and_one_that_goes_no_more(mine: Path) -> None:
    assert state() is AgentState.READING
    mine.write_text(RULE)
    assert state() is AgentState.TESTING
    mine.unlink()
    assert state() is AgentState.READING


def test_a_file_that_is_refused_counts_as_absent_and_is_told_once(
    mine: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine.write_text(RULE.replace("testing", "sleepy"))
    with caplog.at_level(logging.WARNING):
        assert [state(), state()] == [AgentState.READING] * 2
    assert len(caplog.records) == 1
    assert f"{mine}:2" in caplog.text


def test_a_file_that_is_refused_is_read_once_until_it_changes(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    text = load._text
    monkeypatch.setattr(load, "_text", lambda path: read.append(path) or text(path))
    mine.write_text(RULE.replace("testing", "sleepy"))
    assert [state(), state()] == [AgentState.READING] * 2
    assert len(read) == 1
    mine.write_text(RULE)
    assert state() is AgentState.TESTING


def test_words_in_a_persons_file_make_no_agent_look_ready(mine: Path) -> None:
    mine.write_text(
        'program = "claude"\n[[rule]]\nid = "mine.idle"\nstate = "idle"\npriority = 100\n'
        "any.block = ['.']\n"
    )
    assert state() is AgentState.READING
