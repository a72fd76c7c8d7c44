from dataclasses import replace

from tmux_orch.briefing import render
from tmux_orch.briefing.render import Mate, Reader

ME = Mate("developer", "Developer", "Writes the code.", "/w/developer", "orch/0a1b2c/developer")
HUB = Mate("orchestrator", "Orchestrator", "Leads.", "/w/o", "orch/0a1b2c/orchestrator")
ABOUT = Reader(
    me=ME,
    responsibilities=("write code",),
    hub="orchestrator",
    project="sample",
    title="Make it speak",
    tasks=("one", "two"),
    spec_file=".orch/spec.md",
    starting_branch="main",
    base="0123456789abcdef",
    mates=(HUB,),
    last={"branch": "orch/0a1b2c/developer"},
)


def test_a_briefing_names_the_goal_the_team_the_branch_and_how_to_report():
    text = render.page("briefing", ABOUT)
    for part in ("Make it speak", "- [ ] one", "orch/0a1b2c/developer", "main", "scm orchestrator"):
        assert part in text


def test_the_hub_is_told_that_it_is_the_hub_and_the_others_to_report_to_it():
    assert "You are the hub" in render.page("briefing", replace(ABOUT, me=HUB, mates=(ME,)))
    assert "Report to the hub" in render.page("briefing", ABOUT)


def test_template_syntax_in_a_spec_is_text_and_nothing_is_run():
    hostile = "{{ 7 * 7 }}{% for x in y %}{{ self.__init__.__globals__ }}"
    text = render.page("briefing", replace(ABOUT, title=hostile, tasks=(hostile,)))
    assert text.count(hostile) == 2


def test_a_page_for_one_that_comes_back_says_where_it_was_and_does_not_brief_again():
    text = render.page("resume", ABOUT)
    assert "branch: orch/0a1b2c/developer" in text
    assert "[brief " not in text


def test_a_detached_start_names_no_branch_to_merge_into():
    assert "the starting branch" in render.page("briefing", replace(ABOUT, starting_branch=""))


def test_the_first_prompt_is_one_line_with_the_marker_and_the_resume_prompt_has_none():
    first = render.first_prompt("0badcafe")
    assert render.brief_marker("0badcafe") in first
    assert "\n" not in first + render.resume_prompt("0a1b2c.2")
    assert "[brief" not in render.resume_prompt("0a1b2c.2")
