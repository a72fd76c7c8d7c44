"""What a page says, and to whom."""

from dataclasses import replace

import pytest

from tests.briefing.team import ROLES, plan_of, reader_of, tasks, templates, typical
from tmux_orch.briefing import render
from tmux_orch.briefing.facts import Variant
from tmux_orch.domain.implementation import Implementation

SMALL = {"orchestrator": 1, "developer": 1}


def briefing(roles: dict[str, int], name: str, variant: Variant = Variant.FIRST, **more) -> str:
    return render.page("briefing", reader_of(plan_of(roles), name, variant, **more))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", ["briefing", "role", "resume"])
def test_a_page_holds_the_agents_own_tasks_and_nobody_elses(role: str, page: str):
    plan = typical(role)
    text = render.page(page, reader_of(plan, role, Variant.RESUME))
    shared = page == "resume" and sum(one.role == role for one in plan.agents) > 1
    for other in {agent.role for agent in plan.agents} - {role}:
        assert f"work-of-{other}-" not in text
    assert (f"work-of-{role}-0" in text) is not shared


def test_agents_of_one_role_divide_its_tasks_and_no_task_is_lost_or_given_twice():
    plan = plan_of({"orchestrator": 1, "developer": 3}, each=7)
    names = [one.name for one in plan.agents if one.role == "developer"]
    readers = [reader_of(plan, name) for name in names]
    given = [task.id for reader in readers for task in reader.tasks]
    assert sorted(given) == sorted(task.id for task in plan.implementation.of("developer"))
    assert [reader.number for reader in readers] == [1, 2, 3]
    text = render.page("briefing", readers[1])
    assert "number 2 of 3" in text
    assert "`developer` and `developer-3` have the other tasks" in text


def test_one_that_joins_a_shared_role_asks_which_tasks_are_left():
    plan = plan_of({"orchestrator": 1, "developer": 2})
    text = render.page("briefing", reader_of(plan, "developer-2", Variant.JOINED))
    assert "work-of-developer" not in text
    assert "Ask `orchestrator` which of them are yours" in text
    assert "so far on `orch/0a1b2c/developer`, 3 commits" in text


def test_who_may_not_be_written_to_is_reached_through_the_hub():
    plan = typical("researcher")
    reader = reader_of(plan, "researcher")
    allowed = templates().roles["researcher"].mates(plan.team_type)
    for mate in reader.mates:
        assert mate.direct is (mate.role in allowed or mate.name == "orchestrator")
        assert (f"`scm {mate.name} " in render.page("briefing", reader)) is mate.direct
    assert not all(mate.direct for mate in reader.mates)


def test_the_hub_may_write_to_everybody_and_has_a_place_for_its_notes():
    plan = typical("orchestrator")
    text = render.page("briefing", reader_of(plan, "orchestrator"))
    for agent in plan.agents[1:]:
        assert f"`scm {agent.name} " in text
    assert "/registry/projects/shop/notes" in text
    other = render.page("briefing", reader_of(plan, "developer"))
    assert "/registry/projects/shop/notes" not in other


def test_without_a_remote_nobody_is_told_to_push():
    with_one = briefing(SMALL, "developer", remote="upstream")
    assert "git push -u upstream BRANCH" in with_one
    for name in SMALL:
        text = briefing(SMALL, name, remote="")
        assert "push -u" not in text
    assert "There is no remote" in briefing(SMALL, "developer", remote="")


def test_the_project_manager_merges_where_there_is_one_and_else_the_hub():
    checks = ("tests:", "error handling:", "performance:", "security:", "documentation:",
              "technical debt:", "Verify continuously")  # fmt: skip
    both = {"orchestrator": 1, "project_manager": 1, "developer": 1}
    for roles, merger, other in ((both, "project_manager", "orchestrator"),
                                 (SMALL, "orchestrator", "developer")):  # fmt: skip
        text = briefing(roles, merger)
        assert all(check in text for check in checks)
        assert "Bringing the work together" not in briefing(roles, other)
        assert f"`{merger}` brings the branches together" in briefing(roles, "developer")


def test_the_merge_order_names_the_agents_that_are_there():
    plan = plan_of({"orchestrator": 1, "project_manager": 1, "tester": 1, "developer": 2})
    text = render.page("briefing", reader_of(plan, "project_manager"))
    assert "`developer`, then `developer-2`, then `tester`" in text
    assert "devops" not in text


def test_nobody_is_told_to_merge_into_the_starting_branch_named_or_not():
    assert "Nothing is merged into `main`" in briefing(SMALL, "developer")
    plan = plan_of(SMALL, starting_branch="")
    text = render.page("briefing", reader_of(plan, "developer"))
    assert "Nothing is merged into the branch the work started from" in text


def test_a_plan_of_an_earlier_version_lists_the_specs_open_items():
    plan = plan_of(SMALL, implementation=None, tasks=("one", "two"))
    text = render.page("briefing", reader_of(plan, "developer"))
    assert "- [ ] one" in text
    assert ".orch/plan.md" not in text


def test_a_role_without_tasks_is_told_so():
    plan = plan_of(SMALL, implementation=Implementation("s", (), tasks("developer")))
    assert "no task that is yours alone" in render.page("briefing", reader_of(plan, "orchestrator"))
    plan = plan_of(SMALL, implementation=Implementation("s", (), tasks("orchestrator")))
    assert "no task for you yet" in render.page("briefing", reader_of(plan, "developer"))


def test_an_unknown_role_gets_the_frame():
    reader = replace(reader_of(plan_of(SMALL), "developer"), template="gardener", role="gardener")
    assert "Do one task at a time" in render.page("briefing", reader)


@pytest.mark.parametrize("name", ["role", "resume", "plan", "frame", "_team", "../frame", ""])
def test_a_role_called_like_another_page_gets_the_frame_and_not_that_page(name: str):
    reader = replace(reader_of(plan_of(SMALL), "developer"), template=name)
    assert render.page("briefing", reader).startswith("# Briefing for developer")
    assert "Do one task at a time" in render.page("briefing", reader)


def test_a_page_for_one_that_comes_back_says_where_it_was_and_does_not_brief_again():
    text = render.page("resume", reader_of(plan_of(SMALL), "developer", Variant.RESUME))
    for part in ("feature/T3-login", "3f2a1b0 Check the password", "src/login.py", "follow now",
                 "your program ended", "work-of-developer-1"):  # fmt: skip
        assert part in text
    limited = render.page("resume", reader_of(plan_of(SMALL), "developer", Variant.LIMIT))
    assert "usage limit has ended" in limited
    assert "your program ended" not in limited


def test_the_first_prompt_is_one_line_with_the_marker_and_the_others_have_none():
    first = render.first_prompt("0badcafe")
    others = render.resume_prompt("0a1b2c.2") + render.after_limit_text() + render.rebrief_text()
    assert render.brief_marker("0badcafe") in first
    assert "\n" not in first + others
    assert "[brief" not in others


def test_the_plans_page_has_every_task_with_its_criteria_by_role():
    made = plan_of(SMALL, each=60).implementation
    text = render.plan_page("Build the shop", made)
    assert all(f"**{task.id}** {task.title}" in text for task in made.tasks)
    assert text.count("done when:") == 2 * len(made.tasks)
    assert text.index("## Tasks of orchestrator") < text.index("## Tasks of developer")
