"""Roles and teams: what is shipped is whole, and every mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmux_orch.config.template_file import read_templates
from tmux_orch.config.templates import load_templates, shipped
from tmux_orch.config.yaml_strict import parse
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import is_name

GOOD = """\
templates: 1
roles:
  lead:
    title: Lead
    purpose: Leads.
    responsibilities: [Lead well.]
    aliases: [boss]
    talks_to: [user, writer]
    branch_prefix: lead/
    check_in_s: 2700
  writer:
    title: Writer
    purpose: Writes.
    responsibilities:
      - Write well.
    talks_to: [lead]
    needs: [lead]
    branch_prefix: text/
    check_in_s: 3600
teams:
  pair:
    purpose: For texts.
    core: [lead, writer]
"""


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


def test_the_users_role_replaces_the_shipped_one_and_new_ones_join(tmp_path: Path) -> None:
    text = """\
templates: 1
roles:
  developer:
    title: Gopher
    purpose: Writes Go.
    responsibilities: [Write Go.]
    aliases: [dev, go]
    talks_to: [orchestrator]
    branch_prefix: go/
    check_in_s: 1800
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
    assert templates.role("painter").branch_prefix == "paint/"
    assert templates.role("tester").title == "Tester"
    assert "developer" in templates.team("general").core


def test_a_mistake_in_the_users_file_names_that_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load_templates(environment(tmp_path, "templates: 1\nroles:\n  Painter: {}\n"))
    assert caught.value.line().startswith(f"{tmp_path}/tmux-orch/team_templates.yaml:3: ")


def change(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_the_text_the_mistakes_are_made_in_is_good() -> None:
    templates = read_templates([parse(GOOD.encode(), "t.yaml")])
    assert list(templates.roles) == ["lead", "writer"]
    assert templates.role("boss").name == "lead"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("roles: {}\n", 1, ["templates", "missing"]),
        (change("templates: 1", "templates: 2"), 1, ["templates"]),
        (change("templates: 1", "templates: '1'"), 1, ["templates"]),
        (change("templates: 1", "templates: 1\ncolour: red"), 2, ["colour", "roles, teams"]),
        (change("    title: Lead", "    titel: Lead"), 3, ["roles.lead.title", "missing"]),
        (
            change("    title: Lead", "    title: Lead\n    colour: red"),
            5,
            ["roles.lead.colour", "known are title, purpose"],
        ),
        (change("purpose: For texts.", "purpose: x\n    size: 3"), 23, ["known are purpose, core"]),
        (change("check_in_s: 2700", "check_in_s: 12:30"), 10, ["check_in_s", "whole number"]),
        (change("check_in_s: 2700", "check_in_s: 1.5"), 10, ["check_in_s", "whole number"]),
        (change("check_in_s: 2700", "check_in_s: -5"), 10, ["check_in_s", "60"]),
        (change("check_in_s: 2700", "check_in_s: 999999999"), 10, ["check_in_s"]),
        (change("check_in_s: 2700", "check_in_s: true"), 10, ["check_in_s", "whole number"]),
        (change("branch_prefix: lead/", "branch_prefix: ../x/"), 9, ["branch_prefix"]),
        (change("branch_prefix: lead/", "branch_prefix: lead"), 9, ["branch_prefix"]),
        (change("title: Lead", "title: on\n    title: x"), 5, ["there already"]),
        (change("title: Lead", 'title: "a\\nb"'), 4, ["title"]),
        (change("title: Lead", "title: ''"), 4, ["title"]),
        (change("title: Lead", "title: [a]"), 4, ["title", "must be text"]),
        (change("responsibilities: [Lead well.]", "responsibilities: Lead."), 6, ["a list"]),
        (change("responsibilities: [Lead well.]", "responsibilities: []"), 6, ["responsibilities"]),
        (change("responsibilities: [Lead well.]", "responsibilities: [1]"), 6, ["must be text"]),
        (change("aliases: [boss]", "aliases: [writer]"), 7, ["writer", "name of a role"]),
        (change("aliases: [boss]", "aliases: [boss, boss]"), 7, ["alias of lead"]),
        (change("aliases: [boss]", "aliases: [user]"), 7, ["something else"]),
        (change("aliases: [boss]", "aliases: [lead-2]"), 7, ["something else"]),
        (change("aliases: [boss]", "aliases: ['#(id)']"), 7, ["aliases"]),
        (change("talks_to: [user, writer]", "talks_to: [writter]"), 8, ["writter", "known are"]),
        (change("talks_to: [user, writer]", "talks_to: [user, user]"), 8, ["twice"]),
        (change("talks_to: [user, writer]", "talks_to: []"), 8, ["talks_to"]),
        (change("needs: [lead]", "needs: [writer]"), 17, ["circle"]),
        (
            change("    check_in_s: 2700", "    check_in_s: 2700\n    needs: [writer]"),
            11,
            ["circle", "lead needs writer needs lead"],
        ),
        (change("needs: [lead]", "needs: [nobody]"), 17, ["nobody"]),
        (change("core: [lead, writer]", "core: [writer]"), 23, ["writer needs lead"]),
        (change("core: [lead, writer]", "core: [lead, lead]"), 23, ["twice"]),
        (change("core: [lead, writer]", "core: [lead, ghost]"), 23, ["ghost"]),
        (change("core: [lead, writer]", "core: []"), 23, ["core"]),
        (
            change("core: [lead, writer]", "core: [lead]\n    optional: [lead]"),
            24,
            ["lead is in core"],
        ),
        (change("  lead:\n", "  Lead Dev:\n"), 3, ["not a name"]),
        (change("  lead:\n", "  'a\\tb':\n"), 3, ["not a name"]),
        (change("  lead:\n", f"  {'l' * 37}:\n"), 3, ["at most 36"]),
        (change("  lead:\n", "  lead-2:\n"), 3, ["something else"]),
        (change("  lead:\n", "  user:\n"), 3, ["something else"]),
        (change("  pair:\n", "  '../pair':\n"), 21, ["not a name"]),
        (
            change("    title: Writer", "    title: Writer\n    window: lead"),
            13,
            ["window of lead"],
        ),
        ("templates: 1\nroles: [a]\n", 2, ["roles", "a mapping"]),
        ("templates: 1\nroles:\n", 2, ["roles", "a mapping"]),
        ("[1, 2]\n", 1, ["a mapping"]),
        ("just words\n", 1, ["a mapping"]),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_accepted(
    text: str, line: int, words: list[str]
) -> None:
    with pytest.raises(BadInput) as caught:
        read_templates([parse(text.encode(), "t.yaml")])
    said = caught.value.line()
    assert "\n" not in said
    assert said.startswith(f"t.yaml:{line}: "), said
    for word in words:
        assert word in said


def test_ten_thousand_roles_are_refused_quickly() -> None:
    rows = "".join(f"  r{n}x: {{title: x}}\n" for n in range(9_000))
    with pytest.raises(BadInput):
        read_templates([parse(f"templates: 1\nroles:\n{rows}".encode(), "t.yaml")])
