import os
from itertools import count

import pytest

from tests.analysis import trees
from tmux_orch.analysis.detect import analyse
from tmux_orch.config.templates import load_templates
from tmux_orch.domain.findings import NAMES


@pytest.fixture
def ask(tmp_path):
    names = map(str, count())

    def _ask(tree, spec="Do what is on the list.\n"):
        root = trees.make(tmp_path / next(names), tree)
        return analyse(root, os.environ, spec, load_templates({})).conditions

    return _ask


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (trees.DJANGO, True), (trees.RAILS, True), (trees.GO_SITE, True), (trees.DBT, True),
        (trees.STACK, True), (trees.NEXT, False), (trees.CLI, False), (trees.RUST, False),
        (trees.GAME, False), (trees.TERRAFORM, False), (trees.EMPTY, False),
    ],
)  # fmt: skip
def test_a_project_has_a_database_when_one_has_to_be_cared_for(ask, tree, expected):
    found = ask(tree)
    assert found.has_database is expected
    assert ("has_database" in found.why) is expected
    assert found.database_complexity == ("none" if not expected else "low")


def test_several_engines_or_a_cluster_make_a_database_complex(ask):
    two = {"requirements.txt": "django\npsycopg2\npymongo\n", "manage.py": ""}
    assert ask(two).database_complexity == "high"
    assert (
        ask({}, "A web shop on PostgreSQL with streaming replication.").database_complexity
        == "high"
    )
    assert ask({}, "A web shop on PostgreSQL.").database_complexity == "low"


def test_a_database_in_the_tests_of_a_library_is_not_one_of_the_project(ask):
    compose = "services:\n  db:\n    image: postgres\n"
    assert not ask({**trees.CLI, "tests/docker-compose.yml": compose}).has_database


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("A site where patients see their results.", "handles_sensitive_data"),
        ("Customers pay by credit card.", "handles_sensitive_data"),
        ("The export must satisfy the GDPR.", "compliance_required"),
        ("We are audited for SOC 2 in May.", "compliance_required"),
        ("Availability of 99.95 percent, on-call at night.", "requires_sla"),
        ("The SLO is 300 ms at the 95th percentile.", "requires_sla"),
        ("The web site goes to production in June.", "production_deployment"),
        ("A portal on MySQL.", "has_database"),
    ],
)
def test_a_spec_may_ask_for_a_condition(ask, spec, name):
    found = ask({}, spec)
    assert found.value(name) is True
    assert found.why[name].startswith("the spec: ")


def test_a_condition_that_the_spec_rules_out_does_not_hold(ask):
    found = ask({}, "A web page without login, no database, not for production, no personal data.")
    assert [n for n in NAMES if found.value(n) not in (False, "none", 0)] == []
    assert found.why == {}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [(trees.STACK, 3), (trees.HELM, 1), (trees.SYSTEMD, 1), (trees.DJANGO, 0), (trees.EMPTY, 0)],
)
def test_services_are_counted_from_what_describes_them(ask, tree, expected):
    assert ask(tree).service_count == expected


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, False), ({"Procfile": "web: gunicorn\n"}, True), ({"fly.toml": ""}, True),
        ({"compose.prod.yaml": ""}, True), ({"deploy/app.service": ""}, True),
        ({"tests/Procfile": "web: x\n"}, False),
    ],
)  # fmt: skip
def test_configuration_for_running_makes_a_web_application_a_production_one(ask, extra, expected):
    assert ask({**trees.DJANGO, **extra}).production_deployment is expected


def test_a_library_goes_to_production_only_when_its_spec_says_so(ask):
    assert not ask({**trees.CLI, "Dockerfile": "FROM python\n"}).production_deployment
    assert ask(trees.CLI, "Make the library ready for production.").production_deployment


def test_files_of_other_work_than_the_spec_asks_for_are_left_out(ask):
    spec = (
        "A command line tool in Go that lints environment files. Library package plus command,"
        " fuzz tests for the parser, release binaries."
    )
    stack = {**trees.STACK, "db/init.sql": ""}
    assert not ask(stack, spec).has_database
    assert ask(stack).has_database
