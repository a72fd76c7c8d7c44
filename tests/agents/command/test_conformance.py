"""A described program keeps what every adapter keeps, as far as it can have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.conformance import Conformance, Samples, Subject, berth_in
from tmux_orch.agents.adapter import Program
from tmux_orch.agents.command.adapter import Command
from tmux_orch.agents.registry import adapters
from tmux_orch.domain.agent_program import AgentProgram, Shown, ShownDialog

SMALL = AgentProgram(
    name="small",
    command=("small", "--session", "{conversation_id}", ("--model", "{model}"), "{prompt}"),
    resume=("small", "--resume", "{conversation_id}", "{prompt}"),
    composer="^> ?",
    busy=Shown("^Thinking", "tail"),
    dialogs=(ShownDialog("run", r"\(y/n\)", "tail", "waiting_permission"),),
)


class TestCommand(Conformance):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        return Subject(
            adapter=Command(SMALL),
            program=Program("small", "/opt/small", "1.0"),
            berth=berth_in(tmp_path),
            samples=Samples(
                empty=(
                    "hello\n> \n\n",
                    "> what I said\nI have read it.\n>\n",
                    "> rm\nRun this command? (y/n) y\n> \n",
                ),
                drafts=(("hello\n> half a sentence\n", "half a sentence"),),
                boxless=("", "$ ls\n", "> what I said\nThinking...\n"),
            ),
            outside=(tmp_path / "home",),
        )

    def test_it_is_known_by_its_name(self, subject: Subject) -> None:
        known = adapters(lambda: {"small": SMALL})
        assert isinstance(known["small"], Command) and "small" in known
        assert known["small"] is known["small"]

    def test_a_question_is_a_dialog_and_no_box(self, subject: Subject) -> None:
        shown = "> rm it\nRun this command? (y/n) "
        found = subject.adapter.dialog(shown)
        assert found is not None and found.state == "waiting_permission"
        assert "Run this command?" in found.question and found.options == ()
        assert subject.adapter.composer(shown).empty is None

    def test_a_group_of_words_is_left_out_when_what_it_names_is_empty(
        self, subject: Subject
    ) -> None:
        start = subject.adapter.start(subject.berth, subject.program, "go").argv
        assert start == ("/opt/small", "--session", subject.berth.conversation_id, "go")

    def test_it_has_a_past_once_it_was_started(self, subject: Subject) -> None:
        subject.adapter.start(subject.berth, subject.program, "go")
        assert subject.adapter.has_conversation(subject.berth)


def test_a_program_described_no_more_is_not_listed_and_never_types(tmp_path: Path) -> None:
    described = {"small": SMALL}
    known = adapters(lambda: described)
    kept = known["small"]
    described = {}
    assert "small" not in known and known["small"] is kept
    other = adapters(lambda: described)["small"]
    assert other.composer("> ").empty is None
    with pytest.raises(Exception, match="not described any more"):
        other.locate({"PATH": str(tmp_path)})
