"""Roles and teams: what is shipped is whole, and every mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmux_orch.config.templates import load_templates, shipped
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import is_name


def environment(tmp_path: Path, text: str | None = None) -> dict[str, str]:
    if text is not None:
        (tmp_path / "tmux-orch").mkdir()
        (tmp_path / "tmux-orch/team_templates.yaml").write_text(text)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_the_default_team_is_shipped_whole(tmp_path: Path) -> None:
    templates = load_templates(environment(tmp_path))
    team = templates.team("general")
    assert team.core == ("orchestrator", "project_manager", "developer", "tester", "testrunner")
    for name in team.core:
        role = templates.role(name)
        assert role.title
        assert role.purpose
        assert role.responsibilities
        assert is_name(role.window)
        assert name == "orchestrator" or "orchestrator" in role.talks_to
    assert "user" in templates.role("orchestrator").talks_to
    intervals = {name: templates.role(name).check_in_s // 60 for name in team.core}
    assert intervals == {
        "orchestrator": 45,
        "project_manager": 45,
        "developer": 60,
        "tester": 60,
        "testrunner": 90,
    }


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("orc", "orchestrator"),
        ("hub", "orchestrator"),
        ("pm", "project_manager"),
        ("dev", "developer"),
        ("test", "tester"),
        ("qa", "tester"),
        ("runner", "testrunner"),
        ("developer", "developer"),
    ],
)
def test_a_role_is_found_by_its_aliases(tmp_path: Path, word: str, role: str) -> None:
    templates = load_templates(environment(tmp_path))
    assert templates.role(word).name == role
    assert templates.aliases()[word] == role


def test_an_unknown_role_or_team_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    templates = load_templates(environment(tmp_path))
    with pytest.raises(BadInput, match=r"no role 'de'") as caught:
        templates.role("de")
    assert "developer" in caught.value.next_step
    with pytest.raises(BadInput) as caught:
        templates.team("rocket")
    assert "general" in caught.value.next_step


def test_the_shipped_file_is_the_one_beside_the_package() -> None:
    assert shipped().name == "team_templates.yaml"
    assert shipped().is_file()


def test_the_users_file_changes_what_it_names_and_adds_what_is_new(tmp_path: Path) -> None:
    text = """\
templates: 1
roles:
  developer:
    title: Gopher
    aliases: [dev, go]
  painter:
    title: Painter
    purpose: Paints.
    responsibilities: [Paint.]
    talks_to: [orchestrator]
    branch_prefix: paint/
    check_in_s: 1800
"""
    templates = load_templates(environment(tmp_path, text))
    assert templates.role("go").title == "Gopher"
    assert templates.role("go").branch_prefix == "feature/"
    assert templates.role("painter").branch_prefix == "paint/"
    assert templates.role("tester").title == "Tester"
    assert "developer" in templates.team("general").core


def test_a_mistake_in_the_users_file_names_that_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load_templates(environment(tmp_path, "templates: 1\nroles:\n  Painter: {}\n"))
    assert caught.value.line().startswith(f"{tmp_path}/tmux-orch/team_templates.yaml:3: ")
