"""``tmux-orch teams``: what there is, whether files are right, what they change; no daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tmux_orch.cli import failure, main
from tmux_orch.cli.teams import teams

from .conftest import Done, House

MINE = """\
templates: 1
roles:
  developer:
    title: Gopher
    aliases: [dev, go]
    restrictions: null
  painter:
    title: Painter
    purpose: Paints what the others have built, so that a person sees at once what belongs together.
    responsibilities: [Paint.]
    talks_to: [orchestrator]
    branch_prefix: paint/
    check_in_s: 1800
"""
ITS = """\
templates: 1
teams:
  general:
    optional: [researcher, painter]
"""


def mine(house: House, text: str = MINE) -> Path:
    path = house.place.parent / "home/.config/tmux-orch/team_templates.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def its(house: House, text: str = ITS) -> Path:
    subprocess.run(["git", "init", "-q", house.place], check=True, timeout=20)
    path = house.place / ".tmux-orch/team_templates.yaml"
    path.parent.mkdir()
    path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def inside(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """``house.run`` within this process, which is ten times as fast; test_help runs real ones."""

    def run(command: str, *argv: str, cwd: Path = house.place) -> Done:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", [command, *argv])
        code = failure.guarded(command, main._run)
        return Done(code, *capsys.readouterr())

    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(house, "run", run)


def said(house: House, *argv: str) -> str:
    done = house.run("tmux-orch", "teams", *argv)
    assert (done.code, done.err) == (0, ""), done.both
    assert house.started_nothing()
    return done.out


SHOWN = [
    ("list",), ("show",), ("show", "data_pipeline"), ("show", "general"), ("show", "developer"),
    ("show", "dba"), ("show", "painter"), ("check",), ("diff",),
]  # fmt: skip


@pytest.mark.parametrize("argv", SHOWN, ids=" ".join)
def test_everything_that_is_shown_fits_80_columns_and_no_daemon_starts(
    house: House, argv: tuple[str, ...]
) -> None:
    mine(house)
    its(house)
    lines = said(house, *argv).splitlines()
    assert lines
    # A path is never cut, because it is for copying; the places of this test are long ones.
    wide = [line for line in lines if len(line) > 80 and "/tmux-orch/" not in line]
    assert not [line for line in wide if "team_templates.yaml" not in line]


@pytest.mark.parametrize("argv", SHOWN, ids=" ".join)
def test_everything_is_there_as_json_with_its_schema(house: House, argv: tuple[str, ...]) -> None:
    mine(house)
    body = json.loads(said(house, *argv, "--json"))
    assert body["schema"] == f"tmux-orch/teams/{argv[0]}/1"


def test_list_names_every_type_role_size_and_plan(house: House) -> None:
    out = said(house, "list")
    for word in ("web_application", "infrastructure_as_code", "databaseops", "enterprise", "max5*"):
        assert word in out
    body = json.loads(said(house, "list", "--json"))
    assert len(body["roles"]) == 15
    assert len(body["teams"]) == 5
    assert body["default_plan"] == "max5"


def test_a_type_is_shown_with_its_team_under_each_plan(house: House) -> None:
    out = said(house, "show", "data_pipeline")
    assert "pro (3)         developer, devops\n" in out
    assert "goes first      sysadmin, devops, databaseops\n" in out


def test_a_role_is_found_by_its_alias_and_shown_whole(house: House) -> None:
    out = said(house, "show", "dba")
    assert out.startswith("Database Administrator (databaseops, specialist)\n")
    assert "sysadmin: The database server's packages" in out
    role = json.loads(said(house, "show", "dba", "--json"))["role"]
    assert role["name"] == "databaseops"
    assert role["needs"][0]["role"] == "sysadmin"


def test_a_name_that_is_neither_is_answered_with_the_known_ones(house: House) -> None:
    done = house.run("tmux-orch", "teams", "show", "website")
    assert done.code == 2
    assert "web_application" in done.err
    assert "documentation_writer" in done.err
    assert done.err.count("\n") == 1


def test_diff_shows_both_files_with_lines_and_values(house: House) -> None:
    yours, projects = mine(house), its(house)
    out = said(house, "diff")
    assert out.index(str(yours)) < out.index(str(projects))
    assert "line 4: roles.developer.title\n    - Developer\n    + Gopher\n" in out
    assert "line 5: roles.developer.aliases\n    + go\n" in out
    assert "line 4: teams.general.optional\n    - code_reviewer\n" in out
    assert "    + painter\n" in out
    body = json.loads(said(house, "diff", "--json"))
    first = body["changes"][0]
    assert first == {
        "path": "roles.developer.title", "file": str(yours), "line": 4,
        "before": "Developer", "after": "Gopher",
    }  # fmt: skip


def test_diff_without_files_says_so(house: House) -> None:
    assert said(house, "diff") == "no file of yours or of the project changes anything\n"
    assert json.loads(said(house, "diff", "--json"))["changes"] == []


def test_check_names_the_files_that_are_in_use(house: House) -> None:
    yours, projects = mine(house), its(house)
    lines = said(house, "check").splitlines()
    assert lines[0].endswith("team_templates.yaml")
    assert lines[1:] == [f"ok {yours}", f"ok {projects}", "5 team types, 16 roles"]


def test_check_reads_a_file_in_the_place_of_yours(house: House) -> None:
    mine(house, "templates: 2\n")  # yours is broken; what is checked is another
    (house.place / "new.yaml").write_text(MINE)
    assert "ok new.yaml\n" in said(house, "check", "new.yaml")
    (house.place / "new.yaml").write_text(MINE.replace("title: Gopher", "titel: Gopher"))
    done = house.run("tmux-orch", "teams", "check", "new.yaml")
    assert done.code == 2
    assert "new.yaml:4: roles.developer.titel: is not a key that is known here" in done.err
    assert "known are title, purpose" in done.err
    assert done.err.count("\n") == 1


def test_a_file_in_a_projects_directory_is_checked_as_a_projects(house: House) -> None:
    its(house, "templates: 1\ndefault_plan: console\n")
    for argv in (("check",), ("check", ".tmux-orch/team_templates.yaml"), ("list",), ("diff",)):
        done = house.run("tmux-orch", "teams", *argv)
        assert done.code == 2, argv
        assert "team_templates.yaml:2: default_plan: a project's file cannot set this" in done.err


def test_another_project_is_named_by_its_directory(house: House, tmp_path: Path) -> None:
    mine(house)
    its(house)
    other = tmp_path / "other"
    other.mkdir()
    out = house.run("tmux-orch", "teams", "show", "general", cwd=other).out
    assert "researcher, painter" not in out
    done = house.run("tmux-orch", "teams", "show", "general", "--project", "../place", cwd=other)
    assert "researcher, painter" in done.out


@pytest.mark.parametrize(
    "argv",
    [
        ("bogus",), ("list", "extra"), ("list", "--project", "missing"), ("list", "--project", ""),
        ("show", "a", "b"), ("show", ""), ("show", "../x"), ("show", "x\x1b[2J"),
        ("check", "missing.yaml"), ("check", "."), ("check", "/dev/zero"), ("check", ""),
        ("check", "a", "b"), ("check", "fifo"), ("diff", "x"), ("diff", "--bogus"),
        ("--bogus",), ("list", "--json=1"), ("list", "--project", "fifo"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_changes_nothing(house: House, argv: tuple[str, ...]) -> None:
    os.mkfifo(house.place / "fifo")
    before = sorted(house.place.rglob("*"))
    done = house.run("tmux-orch", "teams", *argv)
    assert done.code == 2, done.both
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert "\x1b" not in done.err
    assert sorted(house.place.rglob("*")) == before
    assert house.started_nothing()


def test_a_hostile_text_in_a_file_cannot_steer_the_terminal(house: House) -> None:
    mine(house, MINE.replace("Gopher", '"Go\\e[2Jpher\\u202e"'))
    for argv in (("list",), ("show", "developer"), ("diff",)):
        out = said(house, *argv)
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_every_command_of_the_family_explains_itself(house: House) -> None:
    for name in teams.commands:
        done = house.run("tmux-orch", "teams", name, "--help")
        assert (done.code, done.err) == (0, "")
        assert max(len(line) for line in done.out.splitlines()) <= 80
