"""Pages stay below their limits and lose nothing in silence."""

import pytest

from tests.briefing.team import PHASES, ROLES, plan_of, reader_of, tasks, typical
from tmux_orch.briefing import fit, render
from tmux_orch.briefing.facts import LastWork, Tool, Tools, Variant
from tmux_orch.domain.implementation import Implementation

BRIEFINGS = [v for v in Variant if v not in (Variant.RESUME, Variant.LIMIT)]


@pytest.mark.parametrize("role", ROLES)
def test_a_plan_of_sixty_tasks_is_cut_with_a_pointer_to_the_whole(role: str):
    made = Implementation("s", PHASES, tasks(role, each=60))
    for variant in BRIEFINGS:
        plan = typical(role, implementation=made)
        reader = reader_of(plan, role, variant)
        text = render.page("briefing", reader)
        assert len(text.encode()) <= 8000
        assert len(render.page("role", reader).encode()) <= 4000
        shown = sum(f"**{task.id}** " in text for task in reader.tasks)
        if reader.tasks:
            assert shown >= 8
            assert f"{len(reader.tasks) - shown} more" in text
            assert ".orch/plan.md" in text
    resume = render.page("resume", reader_of(plan, role, Variant.RESUME))
    assert len(resume.encode()) <= 8000


@pytest.mark.parametrize("letter", ["x", "\U0001f600", "`", "# "])
@pytest.mark.parametrize("role", ["orchestrator", "researcher"])
def test_huge_texts_leave_a_page_below_its_limit_that_still_has_its_rules(role: str, letter: str):
    huge = letter * 20_000
    wanted = dict.fromkeys(ROLES, 3)
    plan = plan_of(wanted, each=60, text=huge, starting_branch=huge)
    last = LastWork(huge, huge, 10**9, (huge,) * 50, (huge,) * 5000, 10**9, "")
    tools = Tools((Tool(huge, huge, huge, huge),) * 500, (huge,) * 50)
    for variant in (Variant.JOINED, Variant.AGAIN):
        reader = reader_of(plan, role, variant, last=last, tools=tools, label=huge, remote=huge)
        for page, limit in (("briefing", 8000), ("resume", 8000), ("role", 4000)):
            text = render.page(page, reader)
            assert len(text.encode()) <= limit
            assert "orchestrator" in text


@pytest.mark.parametrize("letter", ["x", "\U0001f600"])
def test_a_briefing_with_everything_huge_keeps_its_team_git_and_questions(letter: str):
    huge = letter * 20_000
    plan = plan_of({"orchestrator": 1, "developer": 1}, each=60, text=huge)
    text = render.page("briefing", reader_of(plan, "developer"))
    for heading in ("## Your tasks", "## The team", "## Git", "## Your rhythm", "## When to ask"):
        assert heading in text


def test_less_room_never_makes_a_longer_page():
    reader = reader_of(plan_of(dict.fromkeys(ROLES, 3), each=60), "researcher", Variant.JOINED)
    whole = [len(_page(reader, room)) for room in fit.ROOMS]
    assert whole == sorted(whole, reverse=True)


def _page(reader, room: fit.Room) -> str:
    return render.templates.renderer("researcher", None)(
        render._context(reader, room.share) | {"room": room}
    )


def test_what_fits_nowhere_is_cut_at_a_line_with_a_pointer():
    text = fit.fitted(lambda room: "```\n" + "line\n" * 1000, 100, "… see there")
    assert len(text) <= 100
    assert text.endswith("line\n```\n… see there\n")
