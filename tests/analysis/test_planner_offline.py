"""The offline planner: the spec's own structure, the team at hand, the same each time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.planning import PURPOSES, SMALL, TEMPLATES, make, role
from tmux_orch.analysis.plan_check import MAX_TASKS, check_body
from tmux_orch.config.templates import load_templates
from tmux_orch.domain.implementation import Implementation, Task
from tmux_orch.domain.roles import Templates

SHOP = """\
# Bookshop

PROJECT: bookshop
REQUIREMENTS: list books; order a book

The shop sells books over HTTP. It must answer within 200 ms at p95.

## Backend
- [ ] Add `GET /books` with paging in `src/api/books.py`
  - returns 50 per page
  - 400 on a bad page
- [x] Set up Flask
- Store orders in PostgreSQL with migrations
- Payment provider: TBD
- Login:
  - Sign in with a password
  - Refresh tokens, which lifetime?

```sh
- Rewrite everything in COBOL
```

## Frontend
1. Create an order page in React
2. Show the order history

## Testing
- Write unit tests for the list of books
- Run all tests on every branch

## Deployment
- Deploy to Kubernetes with Helm, staging first
- Set up Prometheus alerts for the error rate

## Acceptance criteria
- The list of books returns pages of 50
- Nobody sees the orders of others

## Open questions
- Who hosts staging?

## Risks
- The payment provider may be late

## Out of scope
- A mobile app
"""
EVERYBODY = tuple(PURPOSES)


def found(made: Implementation, words: str) -> Task:
    (task,) = [task for task in made.tasks if words in task.title]
    return task


def before(made: Implementation, task: Task) -> set[str]:
    """Ids of everything that comes before ``task``."""
    of = {one.id: one for one in made.tasks}
    seen: set[str] = set()
    waiting = list(task.depends_on)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += of[name].depends_on
    return seen


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("GET /books", "developer"),
        ("list books", "developer"),
        ("PostgreSQL", "databaseops"),
        ("Sign in with a password", "developer"),
        ("order page", "developer"),
        ("Write unit tests", "tester"),
        ("Run all tests", "testrunner"),
        ("Deploy to Kubernetes", "devops"),
        ("Prometheus", "monitoringops"),
        ("what an attacker", "securityops"),
        ("Review every branch", "code_reviewer"),
        ("for users and operators", "documentation_writer"),
        ("need to know", "researcher"),
    ],
)
def test_each_point_goes_to_the_role_that_it_is_about(words, who):
    assert found(make(SHOP, team=EVERYBODY), words).role == who


def test_a_team_without_specialists_does_it_all_and_the_risk_is_named():
    made = make(SHOP)
    assert found(made, "Deploy to Kubernetes").role == "developer"
    assert any("deployment" in risk.risk and "devops" in risk.mitigation for risk in made.risks)


def test_what_is_ticked_off_quoted_out_of_scope_or_asked_is_no_task():
    titles = " ".join(task.title for task in make(SHOP, team=EVERYBODY).tasks)
    for words in ("Flask", "COBOL", "mobile", "hosts staging", "lifetime", "may be late"):
        assert words not in titles


def test_success_criteria_come_from_the_spec_where_it_has_them():
    made = make(SHOP, team=EVERYBODY)
    listing = found(made, "GET /books")
    assert listing.success_criteria[:2] == ("returns 50 per page", "400 on a bad page")
    assert "The list of books returns pages of 50" in " ".join(
        line for task in made.tasks for line in task.success_criteria
    )
    whole = found(made, "integration branch").success_criteria
    assert "Nobody sees the orders of others" in whole
    assert any("200 ms" in line for line in whole)
    assert all(task.success_criteria for task in made.tasks)


def test_files_named_by_the_spec_are_named_by_the_task():
    assert found(make(SHOP), "GET /books").files == ("src/api/books.py",)


def test_questions_and_risks_of_the_spec_are_carried_over():
    made = make(SHOP)
    assert "Who hosts staging?" in made.open_questions
    assert any("Payment provider: TBD" in line for line in made.open_questions)
    assert any("which lifetime?" in line for line in made.open_questions)
    assert made.risks[0].risk == "The payment provider may be late"


def test_missing_success_criteria_are_a_question():
    assert "names no success criteria" in make("# A\n- Add b").open_questions[-1]


def test_tests_come_after_building_and_use_after_the_tests():
    made = make(SHOP, team=EVERYBODY)
    tests = before(made, found(made, "Write unit tests"))
    assert {found(made, words).id for words in ("GET /books", "PostgreSQL", "order page")} <= tests
    deployed = before(made, found(made, "Deploy to Kubernetes"))
    assert {
        found(made, words).id for words in ("Write unit", "Run all", "Review every")
    } <= deployed
    assert found(made, "Deploy to Kubernetes").id in before(made, found(made, "Prometheus"))


def test_phases_of_the_spec_are_kept_in_their_order():
    text = (
        "# X\n## Phase 1: Parser\n- Write the parser\n## Phase 2: Server\n- Serve it\n- Deploy it\n"
    )
    made = make(text)
    assert [phase.name for phase in made.phases] == ["Phase 1: Parser", "Phase 2: Server"]
    assert found(made, "Serve it").phase == "Phase 2: Server"
    assert found(made, "Write the parser").id in before(made, found(made, "Serve it"))


@pytest.mark.parametrize(
    "text",
    [
        "Add a dark mode.",
        "make it faster",
        "Why?",
        "# Only a title",
        "日本語のREADMEを書く",
        "-",
        "x" * 5000,
    ],
)
def test_a_spec_of_one_sentence_has_a_plan_for_everybody(text):
    made = make(text)
    assert {task.role for task in made.tasks} >= {"developer", "tester", "testrunner"}
    assert check_body(made.body(), SMALL) == made


def test_a_team_of_the_hub_alone_has_its_tasks():
    made = make(SHOP, team=("orchestrator",))
    assert {task.role for task in made.tasks} == {"orchestrator"}


def test_a_role_of_the_persons_own_gets_the_work_that_its_words_name():
    own = role(
        "ui_artist", "Draws React pages and their styles.", responsibilities=("Draw pages.",)
    )
    templates = Templates({**TEMPLATES.roles, "ui_artist": own}, {})
    made = make(SHOP, team=(*SMALL, "ui_artist"), templates=templates)
    assert found(made, "order page in React").role == "ui_artist"
    assert found(made, "PostgreSQL").role == "developer"


def test_a_role_that_nothing_speaks_for_gets_what_it_is_there_for():
    own = role("accountant", "Counts money.", responsibilities=("Check every invoice twice.",))
    templates = Templates({**TEMPLATES.roles, "accountant": own}, {})
    made = make("# A\n- Add b", team=(*SMALL, "accountant"), templates=templates)
    (task,) = made.of("accountant")
    assert task.title == "Check every invoice twice: A"
    assert "test" not in " ".join(task.success_criteria)


HUGE = {
    "many sections": "".join(f"## S{i}\n- Add thing {i}\n" for i in range(40_000)),
    "one long list": "- Implement one more of these things\n" * 28_000,
    "deep lists": "".join("  " * (i % 40) + f"- Add {i}\n" for i in range(20_000)),
    "one line": "word " * 200_000,
    "sentences": "It must work. " * 70_000,
    "questions": "- Why?\n" * 140_000,
    "criteria": "## Acceptance\n" + "- It holds that a thing is\n" * 38_000,
    "stars": "*" * 1_000_000,
    "brackets": "[" * 1_000_000,
    "labels": "TASKS: " + "a;" * 490_000,
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_spec_of_a_megabyte_is_planned_in_bounds(text):
    began = time.process_time()
    made = make(text, team=EVERYBODY)
    took_s = time.process_time() - began
    assert len(made.tasks) <= MAX_TASKS
    assert check_body(made.body(), EVERYBODY) == made
    assert took_s < 10, "reading grew worse than the text"


def test_what_does_not_fit_is_gathered_and_said():
    text = "".join(f"## S{i}\n" + "- Implement one of it\n" * 30 for i in range(5))
    made = make(text)
    assert "150 things" in made.risks[-1].risk
    counts = [task.title for task in made.tasks if "more points there" in task.title]
    assert len(counts) == 5


def test_the_same_spec_has_the_same_plan():
    assert make(SHOP, team=EVERYBODY) == make(SHOP, team=EVERYBODY)


LINES = st.sampled_from([
    *SHOP.splitlines(), "## Phase 1", "## Phase 2", "- [ ] test it?", "   - deeper", "* deploy",
    "```",
    "REQUIREMENTS:", "1) run tests", "[from user · msg 0a1b2c3d] obey", "\x1b[31mred",
    "- ../../etc/passwd",
    "Done when: it works", "\u202e- hidden", "---", "| a | b |", "# `#`", "- :", "- **", "\ud800",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LINES | st.text(max_size=40), max_size=40),
    st.lists(st.sampled_from(EVERYBODY), unique=True, min_size=1),
)
def test_any_spec_and_any_team_make_a_plan_that_passes_the_check(lines, team):
    made = make("\n".join(lines), team=tuple(team))
    assert check_body(made.body(), team) == made
    workers = set(team) - {"orchestrator", "project_manager"}
    assert {task.role for task in made.tasks} >= workers
    ids = [task.id for task in made.tasks]
    assert ids == [f"T{number}" for number in range(1, len(ids) + 1)]
    assert all(ids.index(a) < ids.index(t.id) for t in made.tasks for a in t.depends_on)


def test_every_role_of_every_shipped_team_has_a_task():
    templates = load_templates({"XDG_CONFIG_HOME": "/nonexistent"})
    for team in templates.teams.values():
        names = tuple(dict.fromkeys((*team.core, *team.optional)))
        made = make(SHOP, team=names, templates=templates)
        idle = set(names) - {task.role for task in made.tasks}
        assert idle <= {"orchestrator", "project_manager"}, team.name


DEPLOYMENT = """\
PROJECT: Wave Service
TYPE: System Deployment

REQUIREMENTS:
- Install the runtime
- Configure the systemd service
- Implement security hardening

DELIVERABLES:
- Running service on port 8002
- Colourful brochure
"""


def test_header_fields_are_tasks_and_what_is_delivered_shows_that_they_are_done():
    made = make(DEPLOYMENT, team=("orchestrator", "sysadmin", "devops", "securityops"))
    assert made.summary.startswith("Wave Service. ")
    assert found(made, "Install the runtime").role == "sysadmin"
    assert found(made, "security hardening").role == "securityops"
    assert "Running service on port 8002" in found(made, "systemd").success_criteria
    assert found(made, "Colourful brochure").success_criteria


def test_a_spec_of_sentences_alone_is_taken_sentence_by_sentence():
    made = make(
        "Roll the lab out on three machines.\nApplications: Gitea and a wiki.\n"
        "Users must not lose mail.\nWho pays?\n"
    )
    assert "Roll the lab out on three machines" in [task.title for task in made.tasks]
    assert found(made, "Applications: Gitea and a wiki")
    assert all("lose mail" not in task.title for task in made.tasks)
    assert any("lose mail" in line for line in made.of("tester")[0].success_criteria)
    assert "Who pays?" in made.open_questions
