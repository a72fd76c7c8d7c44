"""Every shipped rule has a recorded screen, and a file without them is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.agents.screens import corpus
from tests.agents.screens.corpus import said
from tmux_orch.agents.screens import check, load
from tmux_orch.agents.screens.load import PROGRAMS
from tmux_orch.agents.screens.rules import GATES, REGIONS, Layout
from tmux_orch.domain.errors import BadInput

PACKAGE = Path(check.__file__).parents[1]
PAGE = Path(check.__file__).parents[3] / "docs" / "SCREEN_RULES.md"
RULE = '[[rule]]\nid = "{}"\nstate = "{}"\n{}\n'
MINE = 'program = "claude"\n' + RULE.format("mine", "error", "all.footer = ['manual mode on']")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A person's file with one rule and one screen of it."""
    screens = tmp_path / "screens" / "claude"
    screens.mkdir(parents=True)
    (screens / "mine.txt").write_text(corpus.one("2.1.329-idle_fresh-80x24").capture)
    file = tmp_path / "claude.toml"
    file.write_text(MINE.replace('"error"', '"error"\npriority = 99'))
    return file


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_shipped_rule_is_exercised_by_a_recorded_screen(program: str) -> None:
    checked = check.check(program)
    assert [rule.id for rule in checked.rules] == list(checked.screens)
    assert all(checked.screens.values())


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_its_recorded_screen_a_shipped_rule_is_refused(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(PACKAGE / program, tmp_path / program)
    monkeypatch.setattr(check.resources, "files", lambda _package: tmp_path)
    assert check.check(program).screens
    removed = sorted((tmp_path / program / check.DIRECTORY).glob("*.txt"))[0]
    removed.unlink()
    with pytest.raises(BadInput, match="no recorded screen exercises rule"):
        check.check(program)


def test_a_persons_file_with_a_screen_for_every_rule_passes(own: Path) -> None:
    assert check.check(str(own)).screens == {"mine": 1}
    (own.parent / "screens/claude/mine-2.txt").write_text(
        corpus.one("2.1.329-idle_fresh-120x40").capture
    )
    assert check.check(str(own)).screens == {"mine": 2}


def test_a_rule_without_a_screen_is_refused_with_the_place_for_one(own: Path) -> None:
    (own.parent / "screens/claude/mine.txt").unlink()
    with pytest.raises(BadInput) as caught:
        check.check(str(own))
    assert "'mine'" in caught.value.message
    assert "screens/claude/mine.txt" in caught.value.next_step


def test_a_screen_that_another_rule_reads_is_no_exercise(own: Path) -> None:
    (own.parent / "screens/claude/mine.txt").write_text(
        corpus.one("2.1.329-permission_bash-80x24").capture
    )
    with pytest.raises(BadInput, match=r"rule 'claude\.dialog\.permission' reads it"):
        check.check(str(own))


def test_no_rule_may_call_a_recorded_limit_or_question_idle(own: Path) -> None:
    rule = "priority = 99\ngates = ['composer', 'quiet']\nall.{} = ['{}']"
    for region, pattern in (("footer", "Usage limit reached"), ("block", "API Error")):
        text = RULE.format("mine", "idle", rule.format(region, pattern))
        own.write_text(f'program = "claude"\n{text}')
        with pytest.raises(BadInput, match="rule 'mine' says idle of a recorded screen that shows"):
            check.check(str(own))


def test_a_path_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadInput, match=r"no rule file absent\.toml"):
        check.check("absent.toml")


def test_the_titles_of_recorded_screens_count() -> None:
    names = {one.name: one.title for one in check.recordings(PACKAGE / "codex" / check.DIRECTORY)}
    assert any(names.values())


# -- the page ---------------------------------------------------------------------------------


def rows(heading: str) -> set[str]:
    """First cells of the table under a heading."""
    part = PAGE.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([a-z_]+)` \|", part, re.MULTILINE))


def test_the_page_has_every_key_region_gate_and_layout_key_of_the_code() -> None:
    assert rows("A file") == load._RULE_KEYS
    assert rows("Regions") == set(REGIONS)
    assert rows("Gates") == set(GATES)
    part = PAGE.read_text("utf-8").split("## Layout\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", part))
    assert named == {*Layout.__dataclass_fields__, *load._MARKS} - {"marks"}
    text = PAGE.read_text("utf-8")
    for number in (load.MAX_BYTES, load.MAX_RULES, load.MAX_PATTERNS):
        assert f" {number} " in text


def test_the_pages_example_is_a_rule_that_is_shipped() -> None:
    example = re.search(r"^ {4}program.*?(?=\n\n\|)", PAGE.read_text("utf-8"), re.S | re.M)
    assert example is not None
    text = re.sub(r"^ {4}", "", example[0], flags=re.MULTILINE)
    (rule,) = load._rules(load._table(text, "page"), text, "page")
    assert rule in load.rules("claude").rules


def test_recorded_screens_name_no_place_of_a_machine() -> None:
    for path in [*PACKAGE.glob("*/screens/*"), *(corpus.DATA / "screens").rglob("*.txt")]:
        assert "/tmp/a/" not in path.read_text("utf-8"), path
    assert said(corpus.one("2.1.197-idle_fresh-80x24")) == "idle"
