"""docs/TEAMS.md says what team_templates.yaml says."""

from __future__ import annotations

import re
from pathlib import Path

from tmux_orch.config.template_file import read_templates
from tmux_orch.config.templates import shipped
from tmux_orch.config.yaml_strict import load, parse

PAGE = (Path(__file__).resolve().parents[2] / "docs/TEAMS.md").read_text("utf-8")
TEMPLATES = read_templates([load(shipped())])


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading, by what stands first in each."""
    part = PAGE.split(f"\n### {heading}\n", 1)[1].split("\n#", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in part.splitlines()
        if line.startswith("| `")
    ]
    return {row[0].split()[0].strip("`"): row[1:] for row in cells}


def joined(words: tuple[str, ...]) -> str:
    return ", ".join(words)


def test_the_page_has_every_role_as_it_is() -> None:
    assert rows("Roles") == {
        role.name: [
            role.kind,
            joined(role.aliases),
            joined(tuple(need.role for need in role.needs)) or "-",
            f"{role.check_in_s // 60} min",
            joined(tuple(f"`{path}`" for path in role.directories)),
        ]
        for role in TEMPLATES.roles.values()
    }


def test_the_page_has_every_team_type_as_it_is() -> None:
    assert rows("Team types") == {
        team.name: [joined(team.core), joined(team.optional), joined(team.cut_order)]
        for team in TEMPLATES.teams.values()
    }


def test_the_page_has_sizes_plans_and_conditional_roles_as_they_are() -> None:
    assert {name: row[-1] for name, row in rows("Sizes").items()} == {
        name: f"{size.token_multiplier}x" for name, size in TEMPLATES.sizes.items()
    }
    assert {name: row[0] for name, row in rows("Plans").items()} == {
        name: str(plan.cap) for name, plan in TEMPLATES.subscriptions.items()
    }
    assert list(rows("Conditional roles")) == [one.role for one in TEMPLATES.conditional]


def test_the_rule_of_merging_is_three_sentences_and_the_same_in_both_places() -> None:
    told = re.findall(r"^> (.+)$", PAGE, re.MULTILINE)
    assert len(told) == 3
    header = shipped().read_text("utf-8").split("\ntemplates: 1", 1)[0]
    for sentence in told:
        assert f"#   {sentence}" in header


def test_the_example_on_the_page_is_accepted() -> None:
    example = PAGE.split("```yaml\n", 1)[1].split("```", 1)[0]
    templates = read_templates([load(shipped()), parse(example.encode(), "example")])
    assert templates.role("developer").model == "opus"
    assert templates.team("data_pipeline").optional[0] == "analyst"
