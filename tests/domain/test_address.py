from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.address import Address, Known, home, parse, resolve
from tmux_orch.domain.errors import BadInput

TEAM = [
    Known("shop", "orchestrator", "orchestrator", ("orc", "hub"), "Orchestrator", 0, "%1"),
    Known("shop", "developer", "developer", ("dev",), "Developer", 1, "%2"),
    Known("shop", "developer-2", "developer", ("dev",), "Developer-2", 2, "%3"),
    Known("shop", "tester", "tester", ("test", "qa"), "Tester", 3, "%4"),
    Known("blog", "tester", "tester", ("test", "qa"), "Tester", 0, "%5"),
    Known("tester-kit", "developer", "developer", ("dev",), "Developer", 1, "%6"),
]


def meant(target: str, project: str | None = "shop") -> str:
    return resolve(parse(target), TEAM, project).key


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("tester", "shop/tester"),
        ("TESTER", "shop/tester"),
        ("qa", "shop/tester"),
        ("hub", "shop/orchestrator"),
        ("developer", "shop/developer"),
        ("developer-2", "shop/developer-2"),
        ("tester:0", "shop/tester"),
        ("qa:0", "shop/tester"),
        ("shop:tester", "shop/tester"),
        ("shop:0", "shop/orchestrator"),
        ("shop:3", "shop/tester"),
        ("shop:Developer-2.0", "shop/developer-2"),
        ("blog:0", "blog/tester"),
        ("blog/qa", "blog/tester"),
        ("blog/tester:0", "blog/tester"),
        ("%5", "blog/tester"),
        (" %2 ", "shop/developer"),
    ],
)
def test_each_form_of_a_target_means_one_agent(target: str, key: str) -> None:
    assert meant(target) == key


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("dev", "2 agents are meant; use one of: shop/developer, shop/developer-2"),
        ("devel", "there is no agent devel; use one of: developer, developer-2"),
        ("te", "there is no agent te"),
        ("shop:9", "there is no agent shop:9"),
        ("tester:1", "there is no agent tester:1"),
        ("shop:tester.1", "there is no agent shop:tester.1"),
        ("nowhere/tester", "no team is known for project nowhere; use one of: blog, shop"),
        ("%77", "no agent runs in pane %77"),
    ],
)
def test_none_or_several_is_an_error_that_names_the_candidates(target: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        meant(target)
    assert caught.value.line().startswith(said)


def test_a_name_that_is_a_prefix_of_an_agent_is_not_that_agent() -> None:
    team = [Known("shop", "developer", "developer")]
    for prefix in ("d", "dev", "develope"):
        with pytest.raises(BadInput):
            resolve(parse(prefix), team, "shop")


def test_name_and_window_count_only_when_they_name_one_agent() -> None:
    team = [Known("tester", "hub", "hub", slot=0), Known("shop", "tester", "tester", slot=1)]
    with pytest.raises(BadInput, match="2 agents"):
        resolve(parse("tester:0"), team, "shop")


def test_a_bare_name_without_a_project_names_where_it_could_be_meant() -> None:
    with pytest.raises(BadInput) as caught:
        meant("tester", None)
    assert "blog/tester, shop/tester" in caught.value.next_step
    assert meant("blog/tester", None) == "blog/tester"


def test_the_project_is_the_senders_then_the_directorys_then_the_only_live_one() -> None:
    assert home("a", "b", ["c"]) == "a"
    assert home(None, "b", ["c"]) == "b"
    assert home(None, None, ["c"]) == "c"
    assert home(None, None, ["c", "d"]) is None
    assert home(None, None, []) is None


@pytest.mark.parametrize(
    "target",
    ["", " ", ":", ":0", "a:", "a::b", "a/b/c", "/a", "a/", "=dev", "-t", "{last}", "!", "%", "%01",
     "%-1", "$1", "@2", "a.b", "a:b.x", "#(touch x)", "#{pid}", "a:#{pid}", "a\nb", "0", "*", "a*",
     "a:0.0.0", "é", "a" * 42, "%9999999999", "a:b;c", "a:~", "\x1b[2J", "\ud800"],
)  # fmt: skip
def test_what_is_no_target_is_refused_in_one_printable_line(target: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(target)
    assert caught.value.line().isprintable()
    assert len(caught.value.line()) < 250


@given(st.text(max_size=60), st.sampled_from(["shop", "blog", None]))
def test_any_text_means_one_known_agent_or_is_bad_input(target: str, project: str | None) -> None:
    try:
        found = resolve(parse(target), TEAM, project)
    except BadInput as error:
        assert error.line().isprintable()
    else:
        assert found in TEAM


@given(st.sampled_from(TEAM))
def test_every_agent_can_be_reached_by_its_key_and_its_pane(agent: Known) -> None:
    assert resolve(parse(agent.key), TEAM, None) == agent
    assert resolve(parse(agent.pane_id), TEAM, None) == agent


def test_a_target_is_taken_apart() -> None:
    assert parse("Shop/Dev:Win.0") == Address(None, "shop", "dev", "Win", 0)
