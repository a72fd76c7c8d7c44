"""The settings file and the command line of a seat."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from tests.agents.claude import recorded
from tests.agents.conformance import berth_in, tree
from tmux_orch.agents.adapter import Program
from tmux_orch.agents.claude import launch, settings
from tmux_orch.domain.errors import BadInput

PROGRAM = Program("claude", "/opt/claude", "2.1.329")


def test_one_quoted_command_answers_every_event(tmp_path: Path) -> None:
    berth = berth_in(tmp_path)
    hooks = settings.settings(berth, "2.1.329")["hooks"]
    commands = {hook["command"] for event in hooks.values() for hook in event[0]["hooks"]}
    assert {tuple(shlex.split(command)) for command in commands} == {(str(berth.hook),)}


@pytest.mark.parametrize("version", recorded.VERSIONS)
def test_only_events_that_the_version_knows_are_named(tmp_path: Path, version: str) -> None:
    # The program's own list, from its warning about an event that it does not know.
    warning = " ".join(recorded.screen(version, "settings_dialog").split())
    for event in settings.settings(berth_in(tmp_path), "2.1.329")["hooks"]:
        assert event in warning


def test_a_permission_hook_outlasts_a_night_and_the_others_do_not_hang_a_turn(
    tmp_path: Path,
) -> None:
    hooks = settings.settings(berth_in(tmp_path), "2.1.329")["hooks"]
    waits = {event: hook[0]["hooks"][0]["timeout"] for event, hook in hooks.items()}
    # JavaScript's timers overflow above 2**31 ms and fire at once.
    assert 12 * 3600 < waits.pop("PermissionRequest") < 2**31 / 1000
    assert max(waits.values()) <= 30


def test_no_deny_rule_is_one_that_the_program_warns_about(tmp_path: Path) -> None:
    # 2.1.329: "Deny rule Write(...) never matches · use Edit(...)", on every start.
    for rule in settings.settings(berth_in(tmp_path), "2.1.329")["permissions"]["deny"]:
        assert rule.startswith("Edit(//")


def test_a_mates_path_is_no_pattern(tmp_path: Path) -> None:
    berth = berth_in(tmp_path, mates=(Path("/a [b] (c)/d*e?"),))
    permissions = settings.settings(berth, "2.1.329")["permissions"]
    assert permissions["deny"] == [r"Edit(//a \[b\] (c)/d\*e?/**)"]
    assert r"Read(//a \[b\] (c)/d\*e?/**)" in permissions["allow"]


def test_no_allowed_command_can_write_a_file_of_its_choice(tmp_path: Path) -> None:
    allowed = settings.settings(berth_in(tmp_path), "2.1.329")["permissions"]["allow"]
    for command in ("git diff", "git log", "git status", "git"):
        assert f"Bash({command}:*)" not in allowed


def test_nobody_resumes_but_we(tmp_path: Path) -> None:
    assert settings.settings(berth_in(tmp_path), "2.1.329")["autoContinueAtUsageLimit"] is False


def test_settings_are_written_whole_and_private(tmp_path: Path) -> None:
    berth = berth_in(tmp_path)
    path = settings.write(berth, "2.1.329")
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_bytes()) == settings.settings(berth, "2.1.329")
    assert {entry.name for entry in berth.private.iterdir()} == {"role.md", path.name}


@pytest.mark.parametrize("mode", ["default", "acceptEdits", "plan", "bypassPermissions"])
def test_a_mode_is_passed_on(tmp_path: Path, mode: str) -> None:
    argv = launch.start(berth_in(tmp_path, permission_mode=mode), PROGRAM, "go").argv
    assert argv[argv.index("--permission-mode") + 1] == mode


def test_manual_is_said_in_the_word_that_both_versions_know(tmp_path: Path) -> None:
    argv = launch.start(berth_in(tmp_path, permission_mode="manual"), PROGRAM, "go").argv
    assert argv[argv.index("--permission-mode") + 1] == "default"


def test_an_unknown_mode_is_bad_input_and_nothing_is_written(tmp_path: Path) -> None:
    berth = berth_in(tmp_path, permission_mode="yolo")
    before = tree(berth.private)
    with pytest.raises(BadInput, match="yolo") as caught:
        launch.start(berth, PROGRAM, "go")
    assert "acceptEdits" in caught.value.next_step
    assert tree(berth.private) == before


def test_a_model_that_looks_like_an_option_stays_a_model(tmp_path: Path) -> None:
    argv = launch.start(berth_in(tmp_path, model="--help"), PROGRAM, "go").argv
    assert "--help" not in argv
    assert "--model=--help" in argv


def test_what_the_person_chose_of_our_variables_stays(tmp_path: Path) -> None:
    berth = berth_in(tmp_path)
    assert launch.start(berth, PROGRAM, "go").environment["DISABLE_AUTOUPDATER"] == "1"
    chosen = replace(berth, environment={**berth.environment, "DISABLE_AUTOUPDATER": "0"})
    assert launch.start(chosen, PROGRAM, "go").environment["DISABLE_AUTOUPDATER"] == "0"


def test_the_hub_writes_its_notes_without_a_question_and_nobody_else_does(tmp_path: Path) -> None:
    notes = tmp_path / "notes [1]"
    berth = berth_in(tmp_path)
    allowed = settings.settings(replace(berth, notes=notes), "2.1.329")["permissions"]["allow"]
    assert f"Edit(/{tmp_path}/notes \\[1\\]/**)" in allowed
    others = settings.settings(berth, "2.1.329")["permissions"]["allow"]
    assert not [rule for rule in others if rule.startswith("Edit")]
