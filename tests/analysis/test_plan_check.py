"""A plan that is stored, answered or edited is checked whole, and nothing in it is repaired."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.planning import SMALL, answer
from tmux_orch.analysis.plan_check import MAX_TASKS, check_answer, check_body, parse
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.implementation import Implementation


def task(number: int = 0, **more):
    body = copy.deepcopy(answer())
    body["tasks"][number].update(more)
    return body


def many(count: int):
    first = answer()["tasks"][0]
    tasks = [{**first, "id": f"T{n + 1}", "depends_on": []} for n in range(count)]
    return {**answer(), "tasks": tasks}


def test_a_stored_plan_is_read_back_as_it_was():
    made = check_answer(answer(), SMALL, ("developer",), "claude", "by hand")
    assert check_body(made.body(), SMALL) == made
    assert check_body(json.loads(json.dumps(made.body())), SMALL) == made
    assert Implementation.from_body(json.loads(json.dumps(made.body()))) == made


def test_an_edited_plan_may_leave_out_who_made_it_and_the_files():
    body = answer()
    del body["tasks"][0]["files"]
    made = check_body(body, SMALL)
    assert (made.planner, made.note, made.tasks[0].files) == ("offline", "", ())


def test_an_answer_must_name_the_files_and_give_every_worker_a_task():
    body = answer()
    del body["tasks"][0]["files"]
    with pytest.raises(BadInput, match=r"tasks\[0\]: files is missing"):
        check_answer(body, SMALL, (), "claude", "")
    with pytest.raises(BadInput, match="there is none for devops"):
        check_answer(answer(), (*SMALL, "devops"), ("developer", "devops"), "claude", "")


def test_white_space_and_control_characters_are_all_that_is_changed():
    made = check_body(task(title="  List\n\tthe \x07books\u200b "), SMALL)
    assert made.tasks[0].title == "List the books"


def test_as_many_tasks_as_a_plan_holds_are_accepted():
    assert len(check_body(many(MAX_TASKS), SMALL).tasks) == MAX_TASKS


WRONG = [
    (None, "the plan: must be an object"),
    ([], "the plan: must be an object"),
    ({}, "the plan: summary is missing"),
    ({**answer(), "extra": 1}, "the plan: \"extra\" is not known here"),
    ({**answer(), "summary": ""}, "summary: is empty"),
    ({**answer(), "summary": "\u200b \x00"}, "summary: is empty"),
    ({**answer(), "summary": 5}, "summary: must be text"),
    ({**answer(), "summary": "x" * 801}, "summary: is 801 characters long"),
    ({**answer(), "summary": "x" * 100_000}, "summary: is 100000 characters long"),
    ({**answer(), "planner": "magic"}, "planner: \"magic\" is not a planner"),
    ({**answer(), "planner": ["claude"]}, "planner: "),
    ({**answer(), "note": 1}, "note: must be text"),
    ({**answer(), "phases": []}, "phases: has 0 entries"),
    ({**answer(), "phases": {}}, "phases: must be a list"),
    ({**answer(), "phases": ["Build"]}, "phases[0]: must be an object"),
    ({**answer(), "phases": [{"name": "Build"}]}, "phases[0]: goal is missing"),
    ({**answer(), "phases": answer()["phases"] * 2}, "phases: the name \"Build\" is there twice"),
    ({**answer(), "phases": answer()["phases"] * 7}, "phases: has 14 entries"),
    ({**answer(), "tasks": None}, "tasks: must be a list"),
    ({**answer(), "tasks": []}, "tasks: has 0 entries"),
    (many(MAX_TASKS + 1), f"tasks: has {MAX_TASKS + 1} entries"),
    ({**answer(), "tasks": [answer()["tasks"][0]] * 2}, "tasks: the id \"T1\" is there twice"),
    (task(id="t1"), "tasks[0].id: \"t1\" is not an id"),
    (task(id="T01"), "is not an id"),
    (task(id=1), "tasks[0].id: 1 is not an id"),
    (task(id="T1\n"), "is not an id"),
    (task(role="root"), "tasks[0] (T1).role: \"root\" is not in the team"),
    (task(role="Developer"), "is not in the team"),
    (task(role=None), "tasks[0] (T1).role: null is not in the team"),
    (task(title=""), "tasks[0] (T1).title: is empty"),
    (task(title="x" * 201), "tasks[0] (T1).title: is 201 characters long"),
    (task(phase="Dream"), "tasks[0] (T1).phase: no phase is called \"Dream\""),
    (task(depends_on="T2"), "tasks[0] (T1).depends_on: must be a list"),
    (task(depends_on=["T8"]), "tasks[0] (T1).depends_on: there is no task T8"),
    (task(depends_on=["T1"]), "wait for each other"),
    (task(depends_on=["T2"]), "tasks: T1, T2, T3 wait for each other"),
    (task(depends_on=[2]), "tasks[0] (T1).depends_on[0]: 2 is not an id"),
    (task(success_criteria=[]), "tasks[0] (T1).success_criteria: has 0 entries"),
    (task(success_criteria=["x"] * 13), "success_criteria: has 13 entries"),
    (task(success_criteria=[" "]), "success_criteria[0]: is empty"),
    (task(success_criteria=["x" * 401]), "success_criteria[0]: is 401 characters long"),
    (task(files=["/etc/passwd"]), "tasks[0] (T1).files[0]: \"/etc/passwd\" is not a path inside"),
    (task(files=["a/../../b"]), "is not a path inside the repository"),
    (task(files=["~/x"]), "is not a path inside the repository"),
    (task(files=["C:\\x"]), "is not a path inside the repository"),
    (task(files=["C:/x"]), "is not a path inside the repository"),
    (task(files=["."]), "is not a path inside the repository"),
    (task(files=["./.git/config"]), "belongs to git"),
    (task(files=["a"] * 21), "files: has 21 entries"),
    (task(files=[None]), "files[0]: must be text"),
    (task(rights=["x"]), "tasks[0]: \"rights\" is not known here"),
    ({**answer(), "risks": [{"risk": "x"}]}, "risks[0]: mitigation is missing"),
    ({**answer(), "risks": ["x"]}, "risks[0]: must be an object"),
    ({**answer(), "open_questions": "why?"}, "open_questions: must be a list"),
    ({**answer(), "open_questions": ["?"] * 21}, "open_questions: has 21 entries"),
    ({**answer(), "\x1b[31m": 1}, "is not known here"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), WRONG)
def test_what_is_wrong_is_one_line_that_says_where(body, words):
    with pytest.raises(BadInput) as raised:
        check_body(body, SMALL)
    said = raised.value.line()
    assert words in said
    assert "\n" not in said
    assert said.isprintable()
    assert len(said) < 500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1, column 1"),
        ('{"a": 1,\n  b: 2}', "line 2, column 3"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ('{"a": NaN}', "NaN is not a number"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_text_that_is_no_json_is_named_with_its_place(text, words):
    with pytest.raises(BadInput) as raised:
        parse(text)
    assert words in raised.value.line()
    assert "\n" not in raised.value.line()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*answer(), *answer()["tasks"][0], "x"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([*answer(), ""]), st.sampled_from([*answer()["tasks"][0], ""]))
def test_any_data_is_a_plan_or_bad_input(value, key, of_task):
    body = answer() if key or of_task else value
    if key:
        body[key] = value
    if of_task and isinstance(body["tasks"], list) and key != "tasks":
        body["tasks"][1][of_task] = value
    try:
        made = check_body(body, SMALL)
    except BadInput as error:
        assert "\n" not in error.line()
    else:
        assert check_body(made.body(), SMALL) == made
