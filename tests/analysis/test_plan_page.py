"""The page of a plan says everything that the plan says, and nothing in it is markup."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.planning import SMALL, answer, make
from tmux_orch.analysis.plan_check import check_answer
from tmux_orch.analysis.plan_page import page
from tmux_orch.domain.errors import BadInput

EXPECTED = """\
# Plan: Bookshop

A shop that lists books.

## 1. Build

It works.

| task | role | what | done when | after | files |
|---|---|---|---|---|---|
| T1 | Developer | List books | List books: seen to work | – | src/books.py |

## 2. Check

It holds.

| task | role | what | done when | after | files |
|---|---|---|---|---|---|
| T2 | tester | Test the list | Test the list: seen to work | T1 | – |
| T3 | testrunner | Run the tests | Run the tests: seen to work | T2 | – |

## Risks

| risk | what is done about it |
|---|---|
| The list is long | Page it. |

## Open questions

- How many books?

## How this plan was made

Planner: claude.

By hand.
"""


def test_the_page_reads_like_this():
    made = check_answer(answer(), SMALL, (), "claude", "By hand.")
    assert page(made, "Bookshop", {"developer": "Developer"}) == EXPECTED


def test_a_plan_without_risks_and_questions_says_so():
    made = check_answer({**answer(), "risks": [], "open_questions": []}, SMALL, (), "claude", "")
    assert page(made, "x").count("None found.") == 2


@given(st.text(max_size=80))
def test_no_text_breaks_out_of_its_cell(title):
    body = answer()
    body["tasks"][0]["title"] = title
    try:
        made = check_answer(body, SMALL, (), "claude", "")
    except BadInput:
        return
    (row,) = [line for line in page(made, "x").splitlines() if line.startswith("| T1 ")]
    assert len(re.findall(r"(?<!\\)\|", row.replace("\\\\", ""))) == 7
    assert not re.search(r"(?<!\\)[<*`\[]", row.replace("\\\\", "").replace("<br>", ""))


def test_every_task_of_an_offline_plan_is_on_the_page_once():
    made = make("# A\n## B\n- Add c\n- Test c\n- Deploy c\n")
    shown = page(made, "A")
    assert re.findall(r"^\| (T\d+) ", shown, re.MULTILINE) == [task.id for task in made.tasks]
