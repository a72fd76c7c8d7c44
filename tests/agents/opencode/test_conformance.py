"""The adapter for opencode keeps what every adapter keeps, but for what the program cannot have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.agents.conformance import PROMPT, Conformance, Subject, berth_in, tree
from tests.agents.opencode import recorded
from tmux_orch.agents.adapter import Launch, Program
from tmux_orch.agents.opencode.adapter import OpenCode
from tmux_orch.agents.opencode.launch import CONTENT


def options(launch: Launch) -> dict[str, object]:
    """What our plugin is told."""
    told: dict[str, object] = json.loads(launch.environment[CONTENT])["plugin"][-1][1]
    return told


class TestOpenCode(Conformance):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        berth = berth_in(tmp_path, permission_mode="default", model="standin/standin")
        return Subject(
            adapter=OpenCode(),
            program=Program("opencode", "/opt/opencode/bin/opencode", "1.18.33"),
            berth=berth,
            samples=recorded.SAMPLES,
            outside=(tmp_path / "home",),
        )

    def test_the_program_is_absolute_and_gets_the_conversation(self, subject: Subject) -> None:
        # The program names its sessions itself and takes no id of ours: our plugin keeps it.
        for launch in self.launches(subject, PROMPT):
            assert Path(launch.argv[0]).is_absolute()
            assert options(launch)["conversation"] == subject.berth.conversation_id

    @pytest.mark.parametrize("prompt", [PROMPT, "--help", "-p", "", "a\nb", "@x", "/quit"])
    def test_the_prompt_is_the_last_word_and_only_that(self, subject: Subject, prompt: str) -> None:
        # It has no positional prompt; the word of an option cannot be another option.
        plain = self.launches(subject, "")
        for launch, without in zip(self.launches(subject, prompt), plain, strict=True):
            more = (f"--prompt={prompt}",) if prompt else ()
            assert launch.argv == without.argv + more

    def test_the_persons_own_handed_over_configuration_stands(self, subject: Subject) -> None:
        theirs = {"model": "a/b", "plugin": ["theirs"], "permission": {"bash": "ask"}}
        environment = {**subject.berth.environment, CONTENT: json.dumps(theirs)}
        berth = berth_in(subject.berth.worktree.parent / "other", environment=environment)
        launch = subject.adapter.start(berth, subject.program, PROMPT)
        given = json.loads(launch.environment[CONTENT])
        assert given["plugin"][0] == "theirs" and len(given["plugin"]) == 2
        assert (given["model"], given["permission"]) == ("a/b", {"bash": "ask"})

    def test_every_recorded_dialog_shows_where_its_cursor_stands(self, subject: Subject) -> None:
        for name, cursor in {"external_200": 0, "always_200": 0, "question_200": 0}.items():
            found = subject.adapter.dialog(recorded.screen(name))
            assert found is not None and found.cursor == cursor
            assert "/tmp/demo" not in found.question  # the sidebar is no part of the question

    def test_a_panel_over_the_window_takes_no_message(self, subject: Subject) -> None:
        shown = recorded.screen("palette_200")
        assert subject.adapter.composer(shown).empty is None
        found = subject.adapter.dialog(shown)
        assert found is not None and found.question == "Commands"

    def test_the_list_of_completions_over_the_box_is_no_part_of_the_text(
        self, subject: Subject
    ) -> None:
        found = subject.adapter.composer(recorded.screen("at_popup_200"))
        assert found.text == "[from pm · msg 44444444] look at @a.txt"

    def test_an_unknown_mode_is_refused_and_nothing_is_written(self, subject: Subject) -> None:
        from dataclasses import replace

        from tmux_orch.domain.errors import BadInput

        berth = replace(subject.berth, permission_mode="dontAsk")
        before = tree(berth.private)
        with pytest.raises(BadInput, match="no permission mode"):
            subject.adapter.start(berth, subject.program, PROMPT)
        assert tree(berth.private) == before
