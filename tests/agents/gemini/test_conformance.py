"""The adapter for Gemini CLI keeps what every adapter keeps, with recordings of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.conformance import NOW, Conformance, Subject, berth_in
from tests.agents.gemini import recorded
from tmux_orch.agents.adapter import Program
from tmux_orch.agents.gemini import hooks
from tmux_orch.agents.gemini.adapter import Gemini
from tmux_orch.domain.states import AgentState


class TestGemini(Conformance):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        berth = berth_in(tmp_path, permission_mode="default", model="gemini-x", trusted=True)
        theirs = tmp_path / "home" / ".gemini"
        theirs.mkdir()
        (theirs / "settings.json").write_text('{"ui": {"theme": "x"} /* mine */}')
        return Subject(
            adapter=Gemini(),
            program=Program("gemini", "/opt/gemini", "0.61.0"),
            berth=berth,
            samples=recorded.samples(),
            outside=(tmp_path / "home",),
        )


def test_what_is_asked_is_told_with_the_exact_command_and_answered_by_keys() -> None:
    told = {hooks.read(one, NOW).reading.detail for one in recorded.payloads("Notification")}
    assert "Confirm Shell Command: touch approved" in told
    assert any("/tmp/demo1/wt/new.txt" in detail for detail in told)
    states = {hooks.read(one, NOW).reading.state for one in recorded.payloads("Notification")}
    assert states == {AgentState.WAITING_PERMISSION, AgentState.WAITING_ANSWER}
    assert all(hooks.read(one, NOW).asks is None for one in recorded.payloads("Notification"))


def test_after_a_turn_that_failed_nothing_is_handed_over() -> None:
    failed = recorded.payloads("AfterAgent")[-1]
    assert failed["prompt_response"] == "[no response text]"
    found = hooks.read(failed, NOW)
    assert (found.reading.state, found.turn_ended) == (AgentState.IDLE, False)
