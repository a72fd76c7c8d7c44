"""The Anthropic planner against a stand-in of the API: what it says is a plan, or it is offline."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.analysis.planning import KEY, SMALL, answer, fails, make, says
from tmux_orch import external
from tmux_orch.domain.implementation import PlannerSettings

TEXT = "# Bookshop\n- List books\n- Test the list\n"


def offline():
    return make(TEXT)


def test_a_good_answer_becomes_the_plan_and_says_what_it_cost(standin, person, said, monkeypatch):
    calls = []
    run = external.run
    monkeypatch.setattr(
        external, "run", lambda argv, **more: calls.append((argv, more)) or run(argv, **more)
    )
    standin.queue.append(says(answer(), usage={"input_tokens": 1200, "output_tokens": 300}))
    made = make(
        TEXT, planner="anthropic", environ={**person, "AWS_SECRET": "x"}, progress=said.append
    )
    assert made.planner == "anthropic"
    assert [(t.id, t.role, t.depends_on) for t in made.tasks] == [
        ("T1", "developer", ()),
        ("T2", "tester", ("T1",)),
        ("T3", "testrunner", ("T2",)),
    ]
    assert re.match(
        r"claude-sonnet-5-5: 1,200 tokens in, \d+ out, about \$0.00\d\d at list", made.note
    )
    assert said[0] == "planning with anthropic, at most 20 s"
    assert said[-1].startswith("planned with claude-sonnet-5-5: 1,200 tokens in")
    ((argv, more),) = calls
    assert KEY not in " ".join(argv)
    assert TEXT not in " ".join(argv)
    assert set(more["environment"]) == {*person, "PYTHONPATH", "PYTHONUTF8"}


def test_the_spec_reaches_the_model_as_fenced_data_with_a_new_boundary_each_time(
    standin, person, near
):
    for _ in range(2):
        standin.queue.append(says(answer()))
        make(TEXT, planner="auto", environ=person)
    words = []
    for request in standin.requests:
        found = re.search(
            r"=== specification (\w{32}) begins.*?\n(.*)\n=== specification \1 ends",
            request["prompt"],
            re.S,
        )
        assert found is not None
        assert found.group(2) == TEXT.strip()
        assert all(f"- {name}: " in request["prompt"] for name in SMALL)
        assert "data" in request["system_head"] + request["system_tail"]
        words.append(found.group(1))
    assert words[0] != words[1]


def test_the_model_and_the_number_of_tries_come_from_the_settings(standin, person, near):
    standin.queue += [fails(529, times=1, headers={"retry-after-ms": "1"}), says(answer())]
    settings = PlannerSettings("claude-unknown-9", 20, 1)
    made = make(TEXT, planner="anthropic", environ=person, settings=settings)
    assert made.planner == "anthropic"
    assert [request["model"] for request in standin.requests] == ["claude-unknown-9"] * 2
    assert "unknown price" in made.note


def without(key: str) -> dict[str, Any]:
    body = answer()
    del body[key]
    return body


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (says("Here is your plan: build it."), "the plan is not JSON: line 1, column 1"),
        (says(json.dumps(answer())[:300]), "the plan is not JSON"),
        (says(""), "the plan is not JSON"),
        (says("[" * 5000), "the plan is not JSON"),
        (says(without("tasks")), "the plan: tasks is missing"),
        (says([]), "the plan: must be an object"),
        (says({**answer(), "tasks": []}), "tasks: has 0 entries"),
        (says({**answer(), "tasks": answer()["tasks"][:2]}), "there is none for testrunner"),
        (says(answer(), stop_reason="max_tokens"), "was cut off (max_tokens)"),
        (says("", stop_reason="refusal"), "refused to plan this spec"),
        (says("I will not.", stop_reason="refusal"), "refused to plan this spec"),
        (fails(400, message="bad schema"), "did not accept the question (400): "),
        (fails(401, message=f"invalid x-api-key {KEY}"), "refused the key (401)"),
        (fails(403), "does not allow this to the key (403)"),
        (fails(404), "does not know the model claude-sonnet-5-5 (404): set planner_model"),
        (fails(413), "too long for the Anthropic API (413)"),
        (fails(429), "the limit of the Anthropic API is reached (429)"),
        (fails(500), "the Anthropic API failed (500)"),
        (fails(529), "the Anthropic API is overloaded (529)"),
        (says("a b c d e f", stream_error={"type": "overloaded_error", "message": "x"}), "(529)"),
        (says("a b c d e f", abort_after=3), "cut the connection"),
    ],
)  # fmt: skip
def test_what_is_no_plan_falls_back_to_offline_and_says_which_and_why(
    rule, words, standin, person, near, said
):
    standin.queue.append(copy.deepcopy(rule))
    made = make(TEXT, planner="anthropic", environ=person, progress=said.append)
    assert made.planner == "offline"
    assert made.tasks == offline().tasks
    assert made.note.startswith("Planned offline, because ")
    assert words in made.note, made.note
    assert KEY not in made.note
    assert said[-1].startswith("planning offline: ")
    assert all("\n" not in line for line in [made.note, *said])


def test_a_late_answer_is_not_waited_for_and_the_child_is_ended(standin, person):
    standin.queue.append(says(answer(), hang=30))
    settings = PlannerSettings(timeout_s=3, retries=0)
    made = make(TEXT, planner="anthropic", environ=person, settings=settings)
    assert made.planner == "offline"
    assert "gave no answer within 3 s" in made.note
    assert len(standin.requests) == 1


def test_a_refused_key_is_named_by_the_real_child_too(standin, person):
    standin.queue.append(fails(401, message="invalid x-api-key"))
    made = make(TEXT, planner="anthropic", environ=person)
    assert "refused the key (401): check ANTHROPIC_API_KEY" in made.note


def test_nobody_at_the_address_falls_back_to_offline(person, near):
    made = make(
        TEXT, planner="anthropic", environ={**person, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    )
    assert made.planner == "offline"
    assert "could not be reached" in made.note


def test_a_child_that_dies_falls_back_to_offline_without_the_key(person, monkeypatch):
    died = external.Completed((), 1, b"", f"Traceback\nKeyError: {KEY}\x1b[31m".encode(), 0.1)
    monkeypatch.setattr(external, "run", lambda *given, **more: died)
    made = make(TEXT, planner="anthropic", environ=person)
    assert made.planner == "offline"
    assert "the Anthropic client failed: KeyError: (hidden)" in made.note
    assert "\x1b" not in made.note


def test_a_long_wait_says_that_it_goes_on(standin, person, near, said, monkeypatch):
    monkeypatch.setattr("tmux_orch.analysis.planners.answer.patiently.__defaults__", (0.05,))
    standin.queue.append(says(answer(), first_delay=0.5))
    make(TEXT, planner="anthropic", environ=person, progress=said.append)
    assert "still planning (0 s)" in said


PROBE = """
import sys
from tests.analysis.planning import make
import tmux_orch.cli.main, tmux_orch.cli.auto_orchestrate, tmux_orch.analysis.plan_page
assert make("# A\\n- Add b").tasks
heavy = {"anthropic", "httpx2", "pydantic", "jinja2", "sqlalchemy"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_client_is_imported_by_nobody_but_the_child():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_spec_too_long_for_a_model_is_cut_and_that_is_said(standin, person, near):
    standin.queue.append(says(answer()))
    made = make(TEXT + "- more\n" * 40_000, planner="anthropic", environ=person)
    assert made.planner == "anthropic"
    assert made.note.endswith("The spec was too long to be sent whole.")
    assert len(standin.requests[0]["prompt"]) < 210_000


def test_the_name_of_a_model_steers_no_terminal(standin, person, near, said):
    standin.queue.append(says(answer()))
    settings = PlannerSettings("claude\x1b[31m-x", 20, 0)
    made = make(TEXT, planner="anthropic", environ=person, settings=settings, progress=said.append)
    assert all(line.isprintable() for line in [made.note, *said])
