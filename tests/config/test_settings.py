"""Settings come from the file or the environment, and it is known which."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tmux_orch.config.settings import config_directory, load_settings
from tmux_orch.domain.attention import DEFAULTS
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.implementation import PlannerSettings


def environment(tmp_path: Path, text: str, **more: str) -> dict[str, str]:
    (tmp_path / "tmux-orch").mkdir(exist_ok=True)
    (tmp_path / "tmux-orch/config.yaml").write_text(text)
    return {"XDG_CONFIG_HOME": str(tmp_path), **more}


def test_without_a_file_everything_is_the_default(tmp_path: Path) -> None:
    settings = load_settings({"XDG_CONFIG_HOME": str(tmp_path)})
    assert (settings.database_url, settings.branch_prefix) == ("", "orch")
    assert settings.planner == PlannerSettings(model="", timeout_s=300, retries=2)
    assert set(settings.origins.values()) == {"default"}
    assert set(settings.origins) == {
        "database_url",
        "branch_prefix",
        "planner_model",
        "planner_timeout_s",
        "planner_retries",
        "attention",
        "hub_may_answer",
        "answer_deadline_s",
        "answer_deadline_outcome",
        "check_ins",
        "credit_mirror",
        "restarts",
    }


def test_the_file_sets_and_its_line_is_the_origin(tmp_path: Path) -> None:
    text = "# mine\nbranch_prefix: team/x\ndatabase_url: sqlite:////data/orch.db\n"
    settings = load_settings(environment(tmp_path, text))
    assert (settings.database_url, settings.branch_prefix) == ("sqlite:////data/orch.db", "team/x")
    file = tmp_path / "tmux-orch/config.yaml"
    assert settings.origins["database_url"] == f"{file}:3"
    assert settings.origins["branch_prefix"] == f"{file}:2"
    assert settings.origins["planner_model"] == "default"


def test_the_planner_is_set_in_the_file(tmp_path: Path) -> None:
    text = "planner_model: claude-opus-5-5\nplanner_timeout_s: 60\nplanner_retries: 0\n"
    settings = load_settings(environment(tmp_path, text))
    assert settings.planner == PlannerSettings("claude-opus-5-5", 60, 0)
    assert settings.origins["planner_retries"] == f"{tmp_path}/tmux-orch/config.yaml:3"


def test_the_environment_is_stronger_than_the_file(tmp_path: Path) -> None:
    settings = load_settings(
        environment(
            tmp_path,
            "database_url: sqlite:////data/orch.db\n",
            TMUX_ORCH_DATABASE_URL="postgresql://me@host/orch",
        )
    )
    assert settings.database_url == "postgresql://me@host/orch"
    assert settings.origins["database_url"] == "TMUX_ORCH_DATABASE_URL"


def test_the_configuration_directory_follows_xdg() -> None:
    assert config_directory({"XDG_CONFIG_HOME": "/c"}) == Path("/c/tmux-orch")
    assert config_directory({"XDG_CONFIG_HOME": "c", "HOME": "/h"}) == Path("/h/.config/tmux-orch")
    assert config_directory({}).is_absolute()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour: red\n", ["colour", "known are database_url, branch_prefix"]),
        ("branch_prefix: 5\n", ["must be text"]),
        ("branch_prefix: ../x\n", ["not a branch name"]),
        ("branch_prefix: -x\n", ["not a branch name"]),
        ("branch_prefix: 'a b'\n", ["not a branch name"]),
        ("branch_prefix: a..b\n", ["not a branch name"]),
        ("branch_prefix: x/\n", ["not a branch name"]),
        ("branch_prefix: x.lock\n", ["not a branch name"]),
        ('branch_prefix: "a\\nb"\n', ["not a branch name"]),
        ("branch_prefix: ''\n", ["branch_prefix"]),
        ("database_url: mysql://u:hunter22@h/x\n", ["database_url", "postgresql://"]),
        ("database_url: /some/file\n", ["database_url"]),
        ("planner_model: ''\n", ["planner_model"]),
        ("planner_model: a b\n", ["not a model's name"]),
        ("planner_model: --debug\n", ["not a model's name"]),
        ("planner_model: 5\n", ["must be text"]),
        ("planner_timeout_s: 4\n", ["4 is out of range", "from 5 to 1800"]),
        ("planner_timeout_s: 1801\n", ["out of range"]),
        ("planner_timeout_s: soon\n", ["must be a whole number"]),
        ("planner_timeout_s: 1.5\n", ["planner_timeout_s"]),
        ("planner_retries: -1\n", ["from 0 to 5"]),
        ("planner_retries: 6\n", ["out of range"]),
        ("planner_retries: true\n", ["must be a whole number"]),
        ("- a\n", ["a mapping"]),
        ("a: *b\n", ["anchors"]),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        load_settings(environment(tmp_path, text))
    said = caught.value.line()
    assert said.startswith(f"{tmp_path}/tmux-orch/config.yaml:1: ")
    assert "\n" not in said
    assert "hunter22" not in said
    for word in words:
        assert word in said


def test_thresholds_of_attention_are_set_in_the_file(tmp_path: Path) -> None:
    text = "attention:\n  stuck_s: 60\n  silent_s: 0\n"
    settings = load_settings(environment(tmp_path, text))
    assert settings.attention == replace(DEFAULTS, stuck_s=60, silent_s=0)
    assert settings.origins["attention"] == f"{tmp_path}/tmux-orch/config.yaml:1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("attention:\n  stuck_s: -1\n", "give 0 (never), or a number from 1 to 86400"),
        ("attention:\n  context_percent: 101\n", "from 1 to 100"),
        ("attention:\n  stuck: 60\n", "not a key that is known here"),
        ("attention:\n  stuck_s: 1.5\n", "must be a whole number"),
        ("attention: off\n", "must be a mapping"),
    ],
)
def test_a_threshold_that_is_none_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadInput, match=re.escape(told)):
        load_settings(environment(tmp_path, text))


def test_who_may_answer_and_until_when_is_set_in_the_file(tmp_path: Path) -> None:
    text = (
        "hub_may_answer: [trust, question]\nanswer_deadline_s: 600\nanswer_deadline_outcome: deny\n"
    )
    rules = load_settings(environment(tmp_path, text)).answers
    assert (sorted(rules.hub_may), rules.deadline_s, rules.outcome) == (
        ["question", "trust"],
        600,
        "deny",
    )
    nothing = load_settings({"XDG_CONFIG_HOME": str(tmp_path / "none")}).answers
    assert (nothing.hub_may, nothing.deadline_s, nothing.outcome) == (frozenset(), None, "stay")


@pytest.mark.parametrize(
    "text",
    [
        "answer_deadline_outcome: allow",
        "answer_deadline_outcome: 'yes'",
        "answer_deadline_outcome: true",
        "answer_deadline_outcome: approve",
        "answer_deadline_outcome: ''",
        "answer_deadline_s: 5",
        "answer_deadline_s: -60",
        "answer_deadline_s: 1e9",
        "answer_deadline_s: 99999999",
        "answer_deadline_s: soon",
        "hub_may_answer: [login]",
        "hub_may_answer: [other]",
        "hub_may_answer: [resume]",
        "hub_may_answer: [all]",
        "hub_may_answer: permission",
        "hub_may_answer: [1]",
        "hub_may_answer: ['']",
        "hub_may_answer: {permission: true}",
    ],
)
def test_a_policy_or_a_deadline_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput) as raised:
        load_settings(environment(tmp_path, text + "\n"))
    assert "config.yaml:1" in raised.value.line() and "\n" not in raised.value.line()


@pytest.mark.parametrize("word", ["sometimes", '""', "Always", "on", "[always]", "1"])
def test_restarts_are_always_or_never(tmp_path: Path, word: str) -> None:
    assert load_settings(environment(tmp_path, "restarts: never\n")).restarts == "never"
    with pytest.raises(BadInput, match=r"config.yaml:1.*restarts"):
        load_settings(environment(tmp_path, f"restarts: {word}\n"))
