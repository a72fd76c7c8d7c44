"""Several files as one: key by key, whole lists, null takes away; a project's grants nothing."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmux_orch.config import template_schema
from tmux_orch.config.template_diff import changes
from tmux_orch.config.template_file import DEFAULT_RIGHTS, read_templates
from tmux_orch.config.template_merge import merge
from tmux_orch.config.templates import load_templates, shipped
from tmux_orch.config.yaml_strict import Document, load, parse
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.findings import NAMES
from tmux_orch.domain.names import is_name
from tmux_orch.domain.roles import HUB_ROLE, Templates

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = load(shipped())
PAINTER = """\
templates: 1
roles:
  painter:
    title: Painter
    purpose: Paints.
    responsibilities: [Paint.]
    talks_to: [orchestrator]
    branch_prefix: paint/
    check_in_s: 1800
"""


def over(text: str, name: str = "mine.yaml") -> Document:
    return parse(f"templates: 1\n{text}".encode(), name)


def together(*texts: str, project: str | None = None) -> Templates:
    own = None if project is None else over(project, "project.yaml")
    return read_templates([SHIPPED, *(over(text) for text in texts)], own)


def refusal(*texts: str, project: str | None = None) -> str:
    with pytest.raises(BadInput) as caught:
        together(*texts, project=project)
    said = caught.value.line()
    assert "\n" not in said
    return said


# -- what is shipped --------------------------------------------------------------------------


def test_the_fifteen_roles_are_whole() -> None:
    templates = together()
    assert len(templates.roles) == 15
    for role in templates.roles.values():
        assert role.title
        assert role.capabilities
        assert role.restrictions
        assert role.directories
        assert role.rights
        assert is_name(role.window)
        assert role.briefing == role.name
        assert 3 <= len(role.responsibilities) <= 8
        expected = 2700 if role.kind == "primary" else 5400 if role.name == "testrunner" else 3600
        assert role.check_in_s == expected
        for need in role.needs:
            assert need.tasks
    prefixes = [role.branch_prefix for role in templates.roles.values()]
    assert len(set(prefixes)) == 15


def test_only_the_leading_roles_coordinate_and_nobody_ends_a_session() -> None:
    for role in together().roles.values():
        assert ("agent:coordinate" in role.rights) == (role.kind == "primary")
        assert ("session:create" in role.rights) == (role.name == HUB_ROLE)
        assert "session:delete" not in role.rights
        assert ("user" in role.talks_to) == (role.name == HUB_ROLE)


def test_the_roles_of_system_operations_need_an_administrator() -> None:
    templates = together()
    for name in ("securityops", "networkops", "monitoringops", "databaseops"):
        assert [need.role for need in templates.role(name).needs] == ["sysadmin"]


@pytest.mark.parametrize("kind", list(together().teams))
def test_whoever_may_write_to_a_role_can_be_answered_by_it(kind: str) -> None:
    templates = together()
    for role in templates.roles.values():
        for mate in role.mates(kind):
            if mate != "user":
                assert role.name in templates.role(mate).mates(kind), (kind, role.name, mate)
        if role.name != HUB_ROLE:
            assert HUB_ROLE in role.mates(kind)


def test_types_sizes_plans_and_conditions_are_there() -> None:
    templates = together()
    assert list(templates.teams) == [
        "web_application", "system_deployment", "data_pipeline", "infrastructure_as_code",
        "general",
    ]  # fmt: skip
    multipliers = {name: size.token_multiplier for name, size in templates.sizes.items()}
    assert multipliers == {"small": 10, "medium": 15, "large": 20, "enterprise": 25}
    ends = [size.lines_below for size in templates.sizes.values()]
    assert ends == [5_000, 50_000, 300_000, None]
    caps = {name: plan.cap for name, plan in templates.subscriptions.items()}
    assert caps == {"pro": 3, "max5": 5, "max20": 8, "console": 50}
    assert templates.default_subscription == "max5"
    named = {name for one in templates.conditional for name in one.conditions}
    assert named <= set(NAMES)


# -- merging ----------------------------------------------------------------------------------


def test_mappings_are_merged_key_by_key_at_every_depth() -> None:
    text = "roles: {testrunner: {needs: {developer: [Code to run.]}, check_in_s: 1800}}"
    role = together(text).role("testrunner")
    assert [need.role for need in role.needs] == ["tester", "developer"]
    assert (role.check_in_s, role.title) == (1800, "Test Runner")


def test_everything_else_replaces() -> None:
    role = together("roles: {tester: {aliases: [prober], title: Prober}}").role("prober")
    assert (role.title, role.aliases) == ("Prober", ("prober",))


def test_null_takes_away_a_field_a_need_a_plan_or_a_role() -> None:
    text = (
        "roles: {tester: {needs: {developer: null}, directories: null}, logtracker: null}\n"
        "plans: {pro: null}\n"
        "teams: {general: {optional: []}, web_application: {optional: [devops]},"
        " system_deployment: null, data_pipeline: {optional: []}}"
    )
    said = refusal(text)
    assert "no role 'logtracker', which was taken away at mine.yaml:2" in said
    others = [name for name in together().roles if "logtracker" in together().role(name).talks_to]
    gone = ", ".join(f"{name}: {{talks_to: [orchestrator], talks_to_in: null}}" for name in others)
    said = refusal(text.replace("logtracker: null", f"logtracker: null, {gone}"))
    assert "talks_to_in" in said  # a role that has none cannot lose it
    templates = together("roles: {tester: {needs: {developer: null}, directories: null}}")
    assert templates.role("tester").needs == ()
    assert templates.role("tester").directories == ()
    assert "pro" not in together("plans: {pro: null}").subscriptions


def test_the_projects_file_comes_last() -> None:
    templates = together(
        "roles: {tester: {title: Mine, check_in_s: 600}}", project="roles: {tester: {title: Its}}"
    )
    assert (templates.role("tester").title, templates.role("tester").check_in_s) == ("Its", 600)


def test_a_role_of_ones_own_gets_modest_rights() -> None:
    role = read_templates([SHIPPED, parse(PAINTER.encode(), "t.yaml")]).role("painter")
    assert role.rights == DEFAULT_RIGHTS
    assert role.briefing == "painter"


def test_a_file_that_says_nothing_changes_nothing() -> None:
    assert together("") == together()
    assert together("", project="") == together()


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(0, 9) | st.text("abc", max_size=3) | st.lists(st.integers(0, 9)),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=4),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES, max_size=4)


def document(data: dict[str, Any]) -> Document:
    return parse(json.dumps({"templates": 1} | data).encode(), "t.yaml")


@given(MAPPINGS, MAPPINGS)
def test_any_two_files_are_merged_by_the_three_sentences(a: dict[str, Any], b: dict[str, Any]):
    def expected(low: Any, high: Any) -> Any:
        if not (isinstance(low, dict) and isinstance(high, dict)):
            return high
        both = {key: expected(low[key], high[key]) for key in low if key in high}
        return low | high | both

    first, second = document(a), document(b)
    merged = merge([first, second])
    assert merged.data == expected(first.data, second.data)
    assert first.data == document(a).data, "the documents are left as they were"
    assert merge([first, second, second]).data == merged.data


KEYS = st.sampled_from([
    "roles", "teams", "developer", "tester", "orchestrator", "painter", "general", "title", "core",
    "optional", "cut_order", "indicators", "needs", "talks_to", "talks_to_in", "check_in_s",
    "rights", "agent", "model", "restrictions", "directories", "aliases", "window", "pro", "cap",
    "recommended", "small", "lines_below", "base", "has_database", "service_count",
])  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers(-9, 10**6) | KEYS
    | st.text('a é:[{#\n\t\x7f', max_size=5)
    | st.lists(KEYS | st.none() | st.integers(0, 9) | st.dictionaries(KEYS, KEYS), max_size=4)
)  # fmt: skip
INNER = st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)
LIKE_OURS = st.fixed_dictionaries(
    {}, optional={
        "roles": st.dictionaries(KEYS, st.dictionaries(KEYS, INNER, max_size=3) | LEAVES),
        "teams": st.dictionaries(KEYS, st.dictionaries(KEYS, INNER, max_size=3) | LEAVES),
        "sizes": INNER, "plans": INNER, "conditional": INNER, "default_plan": INNER,
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(LIKE_OURS, st.booleans())
def test_whatever_a_second_file_holds_it_is_read_or_refused_in_one_line(
    data: dict[str, Any], own: bool
) -> None:
    second = document(data)
    try:
        files = ([SHIPPED], second) if own else ([SHIPPED, second], None)
        templates = read_templates(*files)
    except BadInput as refused:
        assert len(refused.line().splitlines()) == 1
        assert re.match(r"\S+:[0-9]+: ", refused.line())
        return
    shipped_rights = {role.name: role.rights for role in together().roles.values()}
    if own:
        for role in templates.roles.values():
            assert role.rights == shipped_rights.get(role.name, DEFAULT_RIGHTS)
            assert (role.agent, role.model) == ("", "")


# -- mistakes across files --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("roles: {tester: {titel: null}}", 2, ["roles.tester.titel", "nothing to take away"]),
        ("roles: {gopher: null}", 2, ["roles.gopher", "nothing to take away"]),
        ("roles: {tester: {title: null}}", 2, ["roles.tester.title", "missing"]),
        ("roles: {gopher: {title: Gopher}}", 2, ["roles.gopher.purpose", "missing"]),
        ("roles: {tester: {needs: [developer]}}", 2, ["needs", "a mapping"]),
        ("roles:\n  tester: x", 3, ["roles.tester", "a mapping"]),
        ("roles: {orchestrator: null}", 2, ["no role 'orchestrator'", "taken away at mine.yaml:2"]),
        ("roles: null", 2, ["roles", "missing"]),
        ("plans: {max5: null}", 2, ["no plan 'max5'", "pro, max20"]),
        ("default_plan: free", 2, ["no plan 'free'", "pro, max5"]),
        ("sizes: {small: null}", 2, ["small is missing"]),
        ("sizes: {small: {lines_below: 60000}}", 2, ["not more than small's 60000"]),
        ("plans: {pro: {cap: 1}}", 2, ["recommended", "more than the cap of 1"]),
        ("roles: {developer: {needs: {tester: [Tests.]}}}", 2, ["circle"]),
        ("roles: {developer: {aliases: [qa]}}", 2, ["qa is an alias of developer already"]),
        ("roles: {developer: {window: tester}}", 2, ["window of developer"]),
        ("teams: {general: {core: [orchestrator, testrunner]}}", 2, ["testrunner needs tester"]),
        ("roles: {tester: {needs: {devops: [A place.]}}}", 2, ["tester needs devops", "in core"]),
        ("teams: {general: {optional: [tester]}}", 2, ["tester is in core"]),
        ("teams: {general: {core: [orchestrator, developer]}}", 2, ["cannot go"]),
        ("teams: {mine: {purpose: x, core: [orchestrator, ghost]}}", 2, ["no role 'ghost'"]),
        ("conditional: {ghost: {has_database: true}}", 2, ["no role 'ghost'"]),
        ("conditional: {databaseops: {has_database: 'yes'}}", 2, ["true or false"]),
    ],
)
def test_a_mistake_between_files_names_the_line_it_was_made_on(
    text: str, line: int, words: list[str]
) -> None:
    said = refusal(text)
    assert f"mine.yaml:{line}" in said
    for word in words:
        assert word in said, said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", ["templates", "missing"]),
        (b"roles: {}\n", ["templates", "missing"]),
        (b"[1]\n", ["a mapping"]),
        (b"templates: 2\n", ["templates"]),
        (b"templates: 1\ntemplates: 1\n", ["there already"]),
        (b"templates: 1\nroles: &a {}\n", ["anchors"]),
        (b"\xff\n", ["UTF-8"]),
    ],
)
def test_a_second_file_is_as_strict_as_the_first(text: bytes, words: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        read_templates([SHIPPED, parse(text, "mine.yaml")])
    assert caught.value.line().startswith("mine.yaml")
    for word in words:
        assert word in caught.value.line()


# -- the project's file -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("roles: {tester: {rights: [session:delete]}}", ["roles.tester.rights"]),
        ("roles: {tester: {rights: null}}", ["roles.tester.rights"]),
        ("roles: {tester: {agent: rehearsal}}", ["roles.tester.agent"]),
        ("roles: {tester: {model: opus}}", ["roles.tester.model"]),
        ("roles: {tester: {attention: {stuck_s: 0}}}", ["roles.tester.attention"]),
        ("plans: {max5: {cap: 50}}", ["plans"]),
        ("plans: {huge: {title: x, cap: 50, recommended: [1, 50]}}", ["plans"]),
        ("default_plan: console", ["default_plan"]),
        ("roles: {tester: {restrictions: []}}", ["roles.tester.restrictions", "lift"]),
        ("roles: {tester: {restrictions: null}}", ["roles.tester.restrictions", "lift"]),
        ("roles: {tester: {talks_to: [orchestrator, user]}}", ["talks_to", "the user"]),
        ("roles: {tester: {talks_to_in: {general: [user]}}}", ["talks_to_in.general", "the user"]),
        (PAINTER[13:].replace("[orch", "[user, orch"), ["roles.painter.talks_to", "the user"]),
        (PAINTER[13:] + "    rights: [command:execute]", ["roles.painter.rights"]),
        (PAINTER[13:] + "    agent: claude", ["roles.painter.agent"]),
        ("roles: {tester: {check_in_s: 3599}}", ["roles.tester.check_in_s", "at least 3600"]),
        (PAINTER[13:].replace("1800", "1799"), ["roles.painter.check_in_s", "at least 1800"]),
    ],
)
def test_a_projects_file_grants_nothing(text: str, words: list[str]) -> None:
    said = refusal(project=text)
    assert said.startswith("project.yaml:")
    for word in ("a project's file cannot", *words):
        assert word in said
    # What the person's own file says is the person's word.
    if "rights: null" not in text:
        together(text)


def test_a_projects_file_may_describe_and_tighten() -> None:
    kept = json.dumps([*together().role("tester").restrictions, "Touches no network."])
    own = f"roles: {{tester: {{restrictions: {kept}, directories: [spec/]}}}}"
    templates = together(project=own)
    assert templates.role("tester").restrictions[-1] == "Touches no network."
    assert templates.role("tester").directories == ("spec/",)
    painter = together(project=PAINTER[13:]).role("painter")
    assert painter.rights == DEFAULT_RIGHTS
    assert (painter.agent, painter.model) == ("", "")


def place(tmp_path: Path, text: str) -> Path:
    (tmp_path / "project/.tmux-orch").mkdir(parents=True)
    (tmp_path / "project/.tmux-orch/team_templates.yaml").write_text(text)
    return tmp_path / "project"


def test_the_projects_file_is_found_at_its_top(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    project = place(tmp_path, PAINTER)
    assert "painter" in load_templates(environ, project).roles
    assert "painter" not in load_templates(environ).roles
    assert "painter" not in load_templates(environ, tmp_path).roles


@pytest.mark.parametrize("way", ["file", "directory", "loop"])
def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path, way: str) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "else").mkdir()
    (tmp_path / "else/team_templates.yaml").write_text(PAINTER)
    own = tmp_path / "project/.tmux-orch"
    if way == "directory":
        own.symlink_to(tmp_path / "else")
    else:
        own.mkdir()
        target = "team_templates.yaml" if way == "loop" else tmp_path / "else/team_templates.yaml"
        (own / "team_templates.yaml").symlink_to(target)
    with pytest.raises(BadInput) as caught:
        load_templates({"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path / "project")
    assert "\n" not in caught.value.line()


def test_a_pipe_in_place_of_the_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / ".tmux-orch").mkdir()
    os.mkfifo(tmp_path / ".tmux-orch/team_templates.yaml")
    with pytest.raises(BadInput, match="not a regular file"):
        load_templates({"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path)


# -- differences and the schema ---------------------------------------------------------------


def test_a_difference_is_told_with_its_place_and_both_values() -> None:
    mine = over("roles:\n  tester:\n    title: Prober\n    check_in_s: 3600\n")
    own = over("roles:\n  tester:\n    title: Its\n  logtracker: null\n", "project.yaml")
    first, second, third = changes([SHIPPED, mine], own)
    assert (first.file, first.line) == ("mine.yaml", 4)
    assert (first.before, first.after) == ("Tester", "Prober")
    assert (second.file, second.before, second.after) == ("project.yaml", "Prober", "Its")
    assert third.path == ("roles", "logtracker")
    assert third.after is None
    assert third.before["title"] == "Log Tracker"


def test_the_published_schema_is_the_models_and_named_in_the_file() -> None:
    published = ROOT / "docs/team_templates.schema.json"
    assert published.read_text("utf-8") == template_schema.text()
    first = shipped().read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=docs/team_templates.schema.json"


def test_the_schema_asks_a_partial_file_for_nothing_but_the_version() -> None:
    schema = template_schema.schema()
    assert schema["required"] == ["templates"]
    assert schema["additionalProperties"] is False
    role = schema["$defs"]["RoleEntry"]
    assert "required" not in role
    assert {"type": "null"} in role["properties"]["title"]["anyOf"]
    assert schema["$defs"]["IndicatorEntry"]["required"] == ["name", "weight"]
