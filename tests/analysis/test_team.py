import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.analysis import spec, team
from tmux_orch.analysis.request import MAX_AGENTS, read_roles
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.plan import fill

ALIASES = {
    "orchestrator": "orchestrator", "hub": "orchestrator",
    "developer": "developer", "dev": "developer",
    "tester": "tester", "qa": "tester",
}  # fmt: skip
CORE = ("orchestrator", "project_manager", "developer")


def test_a_role_may_be_named_by_its_alias_and_asked_for_twice():
    assert read_roles("dev:2, qa", ALIASES, "--roles") == {"developer": 2, "tester": 1}


def test_the_same_role_named_twice_counts_twice():
    assert read_roles("dev,developer", ALIASES, "--roles") == {"developer": 2}


@pytest.mark.parametrize(
    "text",
    ["", ",", "dev,", "nobody", "dev:0", "dev:x", "dev:-1", "DEV", "dev:9999", "a/b", "#(touch x)"],
)
def test_what_names_no_role_is_refused_in_one_line_that_names_the_option(text):
    with pytest.raises(BadInput) as raised:
        read_roles(text, ALIASES, "--roles")
    assert raised.value.line().startswith("--roles")
    assert "\n" not in raised.value.line()


def test_more_agents_than_were_ever_measured_are_refused():
    with pytest.raises(BadInput):
        read_roles(f"dev:{MAX_AGENTS + 1}", ALIASES, "--roles")


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        wanted = read_roles(text, ALIASES, "--roles")
    except BadInput:
        return
    assert all(count > 0 for count in wanted.values())
    assert set(wanted) <= set(ALIASES.values())


def test_an_agent_that_joins_later_takes_a_new_name_and_slot():
    present = fill(dict.fromkeys(CORE, 1), dict.fromkeys(CORE, "core"), frozenset(), 0)
    (joined,) = team.add(present, {"developer": 1})
    assert (joined.name, joined.slot) == ("developer-2", 3)


def test_a_spec_is_named_by_its_first_heading_and_lists_its_checkboxes():
    read = spec.read("intro\n# The *thing* #\n- [ ] one\n  * [x] two\n- no\n")
    assert read.title == "The *thing*"
    assert read.tasks == ("one", "two")


@given(st.text())
def test_any_spec_has_a_title_of_one_line(text):
    title = spec.read(text).title
    assert title
    assert len(title) <= 80
    assert len(title.splitlines()) == 1
