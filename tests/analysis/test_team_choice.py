"""The team: who joins, who does not, and why; for every mix of roles, types, sizes and plans."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmux_orch.analysis.seating import needed
from tmux_orch.analysis.team import MANAGED_FROM, MANAGER, Asked, Chosen, add, choose
from tmux_orch.config.templates import load_templates
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.findings import Conditions, Findings
from tmux_orch.domain.roles import HUB_ROLE, Templates

TEMPLATES = load_templates({"HOME": "/nonexistent"})
ROLES = tuple(TEMPLATES.roles)
TYPES = tuple(TEMPLATES.teams)
SIZES = tuple(TEMPLATES.sizes)
PLANS = tuple(TEMPLATES.subscriptions)
DEFAULT_FIVE = ["orchestrator", "project_manager", "developer", "tester", "testrunner"]


def found(team_type: str = "general", size: str = "small", **conditions: object) -> Findings:
    held = Conditions(**conditions)  # type: ignore[arg-type]
    return Findings(team_type, 0.9, (), "", size, 100, held)


def team(asked: Asked | None = None, findings: Findings | None = None) -> Chosen:
    return choose(TEMPLATES, findings or found(), asked or Asked())


def names(chosen: Chosen) -> list[str]:
    return [agent.name for agent in chosen.agents]


def why_not(chosen: Chosen, role: str) -> str:
    return next(one.why for one in chosen.omitted if one.role == role)


# -- what holds for every team ----------------------------------------------------------------

HELD = [
    Conditions(),
    Conditions(has_database=True, why={"has_database": "compose.yaml"}),
    Conditions(has_database=True, database_complexity="high", production_deployment=True,
               handles_sensitive_data=True, compliance_required=True, service_count=9,
               requires_sla=True),
]  # fmt: skip


def check(findings: Findings, asked: Asked) -> bool:
    """Whether there is a team; it or its refusal is as it must be."""
    try:
        chosen = choose(TEMPLATES, findings, asked)
    except BadInput as refused:
        check_refusal(refused, findings, asked)
        return False
    present = {agent.role for agent in chosen.agents}
    plan = TEMPLATES.subscriptions[asked.subscription or "max5"]
    assert len(chosen.agents) <= plan.cap
    assert chosen.agents[0].name == HUB_ROLE
    assert [agent.role for agent in chosen.agents].count(HUB_ROLE) == 1
    assert [agent.slot for agent in chosen.agents] == list(range(len(chosen.agents)))
    assert len({agent.name for agent in chosen.agents}) == len(chosen.agents)
    for role in present:
        assert set(needed(TEMPLATES, role)) <= present
    for reason in [agent.reason for agent in chosen.agents] + [one.why for one in chosen.omitted]:
        assert reason.strip()
        assert "\n" not in reason
    left_out = [one.role for one in chosen.omitted]
    assert len(set(left_out)) == len(left_out)
    assert not set(left_out) & present
    expected = {*TEMPLATES.team(chosen.team_type).core, *TEMPLATES.team(chosen.team_type).optional}
    assert expected | {MANAGER} <= present | set(left_out)
    assert chosen.team_type == (asked.team_type or findings.team_type)
    assert chosen.size == (asked.size or findings.size)
    assert chosen.token_multiplier == TEMPLATES.sizes[chosen.size].token_multiplier
    for role, count in [*(asked.roles or {}).items(), *asked.added.items()]:
        assert [agent.role for agent in chosen.agents].count(role) >= count
    if asked.roles is None:
        assert (MANAGER in present) == (plan.cap >= MANAGED_FROM or MANAGER in asked.added)
    assert chosen == choose(TEMPLATES, findings, asked)
    return True


def check_refusal(refused: BadInput, findings: Findings, asked: Asked) -> None:
    """It names the smallest plan that works: that one does, and none below."""
    said = refused.line()
    assert "\n" not in said
    if "one orchestrator" in said:
        return
    assert f"carries {TEMPLATES.subscriptions[asked.subscription or 'max5'].cap}" in said
    works = []
    for plan in sorted(TEMPLATES.subscriptions.values(), key=lambda plan: plan.cap):
        try:
            choose(TEMPLATES, findings, replace(asked, subscription=plan.name))
            works.append(plan.name)
        except BadInput:
            assert not works, "a larger plan carries whatever a smaller one does"
    named = f"use --plan {works[0]} " if works else "no plan carries so many"
    assert named in refused.next_step


@pytest.mark.parametrize("team_type", TYPES)
def test_every_type_size_plan_and_flag_gives_a_sound_team_or_a_way_out(team_type: str) -> None:
    # Every role with each flag, and every pair of roles with one of the flags and conditions.
    flags = [Asked(), *(Asked(roles={role: 1}) for role in ROLES)]
    flags += [Asked(added={role: 1}) for role in ROLES]
    teams = 0
    for size, plan, asked in product(SIZES, PLANS, flags):
        for conditions in HELD:
            findings = replace(found(team_type, size), conditions=conditions)
            teams += check(findings, replace(asked, subscription=plan))
    for plan, (first, second) in product(PLANS, product(ROLES, ROLES)):
        pair = {first: 1, second: 2}
        findings = replace(found(team_type, "large"), conditions=HELD[2])
        teams += check(findings, Asked(roles=pair, subscription=plan))
        teams += check(findings, Asked(roles={first: 1}, added={second: 1}, subscription=plan))
    assert teams > 1000


COUNTS = st.dictionaries(st.sampled_from(ROLES), st.integers(1, 4), max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    findings=st.builds(
        found,
        st.sampled_from(TYPES),
        st.sampled_from(SIZES),
        has_database=st.booleans(),
        database_complexity=st.sampled_from(["none", "low", "high"]),
        production_deployment=st.booleans(),
        handles_sensitive_data=st.booleans(),
        compliance_required=st.booleans(),
        service_count=st.integers(0, 20),
        requires_sla=st.booleans(),
    ),
    asked=st.builds(
        Asked,
        team_type=st.sampled_from(["", *TYPES]),
        roles=st.none() | COUNTS,
        added=COUNTS,
        size=st.sampled_from(["", *SIZES]),
        subscription=st.sampled_from(["", *PLANS]),
        agent=st.sampled_from(["", "claude", "rehearsal"]),
    ),
)
def test_any_mix_of_flags_gives_a_sound_team_or_a_way_out(findings: Findings, asked: Asked) -> None:
    check(findings, asked)


# -- the core and the cap ---------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_default_team_is_the_five(size: str) -> None:
    assert names(team(findings=found(size=size))) == DEFAULT_FIVE


@pytest.mark.parametrize(
    ("team_type", "plan", "expected"),
    [
        ("general", "pro", ["orchestrator", "developer", "tester"]),
        ("web_application", "pro", ["orchestrator", "developer", "tester"]),
        ("web_application", "max5", DEFAULT_FIVE),
        ("system_deployment", "pro", ["orchestrator", "sysadmin", "devops"]),
        (
            "system_deployment",
            "max5",
            ["orchestrator", "project_manager", "sysadmin", "devops", "securityops"],
        ),
        ("data_pipeline", "pro", ["orchestrator", "developer", "devops"]),
        (
            "data_pipeline",
            "max5",
            ["orchestrator", "project_manager", "developer", "databaseops", "sysadmin"],
        ),
        ("infrastructure_as_code", "pro", ["orchestrator", "devops", "sysadmin"]),
    ],
)
def test_the_core_is_cut_in_the_types_stated_order(
    team_type: str, plan: str, expected: list[str]
) -> None:
    assert names(team(Asked(subscription=plan), found(team_type))) == expected


def test_a_role_that_does_not_fit_with_what_it_needs_says_so() -> None:
    chosen = team(Asked(subscription="pro"), found("data_pipeline"))
    assert "sysadmin, which it needs" in why_not(chosen, "databaseops")
    assert why_not(chosen, "sysadmin") == (
        "plan pro carries 3 agents, and the data_pipeline team's cutting order lets it go"
    )


def test_below_five_agents_the_hub_does_the_project_managers_work() -> None:
    assert "the hub does its work" in why_not(team(Asked(subscription="pro")), MANAGER)


def test_a_cap_too_small_names_the_smallest_plan_that_works() -> None:
    with pytest.raises(BadInput) as refused:
        team(Asked(roles={"testrunner": 1}, subscription="pro"))
    said = refused.value.line()
    assert "orchestrator, developer, tester, testrunner" in said
    assert "pro carries 3" in said
    assert "use --plan max5 " in said


def test_a_type_that_cannot_do_without_more_than_the_plan_carries_is_refused() -> None:
    rigid = replace(TEMPLATES.team("data_pipeline"), cut_order=())
    templates = replace(TEMPLATES, teams={"data_pipeline": rigid})
    with pytest.raises(BadInput) as refused:
        choose(templates, found("data_pipeline"), Asked())
    assert "a data_pipeline team needs 6 agents" in refused.value.line()
    assert "use --plan max20 " in refused.value.next_step


def test_more_than_any_plan_carries_names_no_plan() -> None:
    with pytest.raises(BadInput) as refused:
        team(Asked(roles={"developer": 50}))
    assert "no plan carries so many" in refused.value.next_step


# -- conditional and optional roles -----------------------------------------------------------


def test_any_condition_brings_its_role_with_what_it_needs_and_where_it_was_seen() -> None:
    held = found("web_application", has_database=True, why={"has_database": "compose.yaml"})
    chosen = team(Asked(subscription="max20"), held)
    reasons = {agent.role: agent.reason for agent in chosen.agents}
    assert reasons["databaseops"] == "the project has a database (compose.yaml)"
    assert reasons["sysadmin"].startswith("databaseops needs it: ")


def test_more_conditions_go_first() -> None:
    # Five of the core leave three seats: two such roles, and the one that both need.
    held = found(
        "web_application", "small", has_database=True, requires_sla=True, service_count=6,
        production_deployment=True, handles_sensitive_data=True, compliance_required=True,
    )  # fmt: skip
    chosen = team(Asked(subscription="max20"), held)
    assert names(chosen)[5:] == ["sysadmin", "securityops", "monitoringops"]
    assert "a database, but plan max20 carries 8" in why_not(chosen, "databaseops")


def test_a_condition_that_does_not_hold_is_told() -> None:
    chosen = team(findings=found(service_count=5))
    assert "more than 5 services or a promised service level" in why_not(chosen, "monitoringops")


def test_optional_roles_join_by_size_within_what_the_plan_recommends() -> None:
    counts = {
        (size, plan): len(team(Asked(subscription=plan), found("web_application", size)).agents)
        for size, plan in product(SIZES, PLANS)
    }
    assert [counts[size, "pro"] for size in SIZES] == [3, 3, 3, 3]
    assert [counts[size, "max5"] for size in SIZES] == [5, 5, 5, 5]
    assert [counts[size, "max20"] for size in SIZES] == [5, 7, 8, 8]
    assert [counts[size, "console"] for size in SIZES] == [5, 8, 10, 10]


def test_the_size_asked_for_stands_over_the_one_that_was_found() -> None:
    chosen = team(Asked(size="large", subscription="max20"))
    assert (chosen.size, chosen.token_multiplier, len(chosen.agents)) == ("large", 20, 8)


# -- what was asked for -----------------------------------------------------------------------


def test_asked_for_roles_replace_the_team_and_nobody_else_joins_but_hub_and_needs() -> None:
    held = found("web_application", "large", has_database=True)
    chosen = team(Asked(roles={"tester": 1}, subscription="console"), held)
    assert names(chosen) == ["orchestrator", "tester", "developer"]
    assert chosen.agents[2].reason.startswith("tester needs it: Code to test")
    assert "--roles did not name it" in why_not(chosen, MANAGER)
    assert "a database, but --roles" in why_not(chosen, "databaseops")


def test_a_role_named_after_one_that_needs_it_is_there_once() -> None:
    chosen = team(Asked(roles={"tester": 1, "developer": 1}))
    assert names(chosen) == ["orchestrator", "tester", "developer"]
    assert chosen.agents[2].reason == "asked for with --roles"


def test_counts_are_kept_and_named_apart() -> None:
    chosen = team(Asked(roles={"developer": 2}, added={"developer": 1}))
    assert names(chosen) == ["orchestrator", "developer", "developer-2", "developer-3"]


def test_an_added_role_is_there_before_what_the_core_can_do_without() -> None:
    chosen = team(Asked(added={"researcher": 1}))
    assert names(chosen) == [
        "orchestrator", "project_manager", "developer", "tester", "researcher",
    ]  # fmt: skip
    assert "max5 carries 5" in why_not(chosen, "testrunner")


def test_an_added_role_of_the_core_is_a_second_one() -> None:
    chosen = team(Asked(added={"developer": 1}, subscription="max20"))
    assert names(chosen)[2:4] == ["developer", "developer-2"]
    reasons = [agent.reason for agent in chosen.agents[2:4]]
    assert reasons == ["core of the general team", "asked for with --add-roles"]


def test_a_project_manager_that_is_asked_for_is_not_there_twice() -> None:
    assert names(team(Asked(added={MANAGER: 1}))).count(MANAGER) == 1
    assert MANAGER in names(team(Asked(roles={"developer": 1}, added={MANAGER: 1})))


@pytest.mark.parametrize(
    ("asked", "accepted"),
    [
        (Asked(team_type="website"), "web_application"),
        (Asked(size="tiny"), "small, medium, large, enterprise"),
        (Asked(subscription="free"), "pro, max5, max20, console"),
        (Asked(roles={"gopher": 1}), "developer"),
        (Asked(added={"gopher": 1}), "developer"),
        (Asked(roles={"orchestrator": 2}), "once"),
        (Asked(added={"orchestrator": 1}), "once"),
    ],
)
def test_what_is_not_known_is_answered_with_what_is(asked: Asked, accepted: str) -> None:
    with pytest.raises(BadInput) as refused:
        team(asked)
    assert accepted in refused.value.line()
    assert "\n" not in refused.value.line()


# -- programs of their own --------------------------------------------------------------------


def mixed() -> Templates:
    own = {
        "developer": replace(TEMPLATES.role("developer"), agent="claude", model="opus"),
        "tester": replace(TEMPLATES.role("tester"), agent="rehearsal", model="slow"),
        "testrunner": replace(TEMPLATES.role("testrunner"), model="small"),
    }
    return replace(TEMPLATES, roles={**TEMPLATES.roles, **own})


def programs(agent: str) -> list[tuple[str, str]]:
    chosen = choose(mixed(), found(), Asked(agent=agent))
    return [(one.agent, one.model) for one in chosen.agents]


def test_a_role_keeps_the_program_and_model_of_its_own() -> None:
    assert programs("") == [
        ("", ""), ("", ""), ("claude", "opus"), ("rehearsal", "slow"), ("", "small"),
    ]  # fmt: skip


def test_the_program_asked_for_stands_over_the_roles_own_and_their_models() -> None:
    assert programs("rehearsal") == [("", ""), ("", ""), ("", ""), ("", "slow"), ("", "small")]


# -- joining a team that exists ---------------------------------------------------------------


def test_whoever_joins_later_brings_what_it_needs_and_is_not_doubled() -> None:
    present = team(Asked(subscription="max20")).agents
    joined = add(present, {"databaseops": 1}, TEMPLATES, "max20")
    assert [(one.name, one.slot) for one in joined] == [("sysadmin", 5), ("databaseops", 6)]
    assert joined[0].reason.startswith("databaseops needs it")
    again = add((*present, *joined), {"securityops": 1}, TEMPLATES, "max20")
    assert [one.name for one in again] == ["securityops"]


def test_a_team_that_is_full_names_the_plan_that_carries_one_more() -> None:
    with pytest.raises(BadInput) as refused:
        add(team().agents, {"researcher": 1}, TEMPLATES)
    assert "6 agents; plan max5 carries 5; use --plan max20 " in refused.value.line()


def test_a_removed_seat_leaves_its_place_but_not_its_name() -> None:
    (joined,) = add(team().agents, {"tester": 1}, TEMPLATES, gone={"tester"})
    assert (joined.name, joined.slot) == ("tester-2", 5)
