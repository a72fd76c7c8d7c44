import os
from pathlib import Path

import pytest

from tests.analysis import other_work, plain_work, short_work, trees
from tmux_orch.analysis.detect import analyse
from tmux_orch.config.templates import load_templates
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.findings import Findings

WEB, RUN, DATA = "web_application", "system_deployment", "data_pipeline"
CLOUD, GENERAL = "infrastructure_as_code", "general"
VAGUE = "Do what is in the list of open points.\n"


@pytest.fixture(scope="module")
def templates():
    return load_templates({})


@pytest.fixture
def ask(tmp_path: Path, templates):
    def _ask(tree: trees.Tree, spec: str = VAGUE) -> Findings:
        return analyse(trees.make(tmp_path / "p", tree), os.environ, spec, templates)

    return _ask


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param(trees.DJANGO, WEB, id="a Django shop"),
        pytest.param(trees.NEXT, WEB, id="a Next.js application"),
        pytest.param(trees.RAILS, WEB, id="a Rails application"),
        pytest.param(trees.GO_SITE, WEB, id="a site in Go"),
        pytest.param(trees.DBT, DATA, id="a dbt project"),
        pytest.param(trees.AIRFLOW, DATA, id="Airflow DAGs"),
        pytest.param(trees.SPARK, DATA, id="Spark jobs"),
        pytest.param(trees.TERRAFORM, CLOUD, id="a Terraform module"),
        pytest.param(trees.CDK, CLOUD, id="a CDK application"),
        pytest.param(trees.ANSIBLE, RUN, id="Ansible playbooks"),
        pytest.param(trees.HELM, RUN, id="a Helm chart"),
        pytest.param(trees.SYSTEMD, RUN, id="systemd units"),
        pytest.param(trees.STACK, RUN, id="a compose stack"),
        pytest.param(trees.CLI, GENERAL, id="a command line tool"),
        pytest.param(trees.RUST, GENERAL, id="a Rust library"),
        pytest.param(trees.GAME, GENERAL, id="a game"),
        pytest.param(trees.ANDROID, GENERAL, id="an Android app"),
        pytest.param(trees.EMPTY, GENERAL, id="nothing at all"),
    ],
)
def test_a_project_is_known_by_its_files_when_the_spec_says_little(ask, tree, expected):
    assert ask(tree).team_type == expected


CONFLICTS = [
    (
        trees.DJANGO,
        RUN,
        "The shop is done and stays as it is. Deploy it to two Debian servers with Ansible: "
        "gunicorn under systemd, nginx with certificates, nightly backups and alerts.",
    ),
    (
        trees.RAILS,
        CLOUD,
        "Describe the AWS accounts of this product in Terraform: VPC, RDS, an ECS cluster and "
        "the roles of the pipeline. Remote state per environment.",
    ),
    (
        trees.NEXT,
        DATA,
        "Load the click logs of the site into BigQuery every night. dbt models for sessions "
        "and conversion, partitioned by day, with data quality checks.",
    ),
    (
        trees.TERRAFORM,
        WEB,
        "Write a small web application where teams order a network: a form, a list of their "
        "requests, sign-in with OAuth, an admin page. React and FastAPI.",
    ),
    (
        trees.ANSIBLE,
        GENERAL,
        "Write a command line tool in Rust that lints inventories. A library crate, a parser "
        "with fuzz tests, JSON output, and binaries for three platforms.",
    ),
    (
        trees.DBT,
        WEB,
        "Build a portal in Django where customers log in, see their figures as pages with "
        "charts, and download them. Accounts are created by admins.",
    ),
    (
        trees.CLI,
        DATA,
        "Build an ingestion of the usage reports: a DAG that fetches the files each hour, "
        "deduplicates the rows and loads them into the warehouse, with a backfill.",
    ),
    (
        trees.RUST,
        WEB,
        "Build a web site for the project with a browser demo: a page with an upload form, a "
        "REST API behind it, and user accounts.",
    ),
    (
        trees.STACK,
        CLOUD,
        "Replace the machine by cloud resources written in Pulumi: a VNet, a managed "
        "database, a container service and key vault, in stacks for staging and production.",
    ),
    (
        trees.AIRFLOW,
        RUN,
        "The DAGs stay untouched. Install Airflow on three Ubuntu virtual machines: systemd "
        "units, a reverse proxy with TLS, backups of the metadata database, a runbook.",
    ),
    (
        trees.HELM,
        GENERAL,
        "Develop a small library in Go that renders values files, with a public API, table "
        "tests and benchmarks, and a command on top of it.",
    ),
    (
        trees.DJANGO,
        DATA,
        "Neue Datenpipeline: täglich die Bestellungen mit Airflow ins Warehouse laden, mit "
        "dbt aufbereiten, Historie nachladen.",
    ),
]


@pytest.mark.parametrize(("tree", "expected", "spec"), CONFLICTS + other_work.CASES)
def test_a_spec_that_asks_for_other_work_than_the_files_suggest_wins(ask, tree, expected, spec):
    assert ask(tree, spec).team_type == expected


ALONE = [
    (WEB, "# Club membership\n\nMembers sign up, pay the yearly fee and change their address on a"
     " page. The board gets an admin area with search. Vue front end, Laravel API, MySQL."),
    (RUN, "Set up a mail server on a virtual machine with Debian 12: Postfix, Dovecot, rspamd,"
     " certificates, firewall, backups every night, and a runbook for restoring."),
    (DATA, "Every night the files of 12 suppliers are fetched, checked, normalised and loaded into"
     " Snowflake. History is kept. Late files are loaded the next night."),
    (CLOUD, "Write OpenTofu modules for our three AWS accounts: network, EKS, IAM roles for"
     " workloads and budgets. Remote state, drift check every day."),
    (GENERAL, "A Python library that reads tide tables and predicts heights. Type hints, property"
     " tests, documentation with examples, published on PyPI."),
    (GENERAL, "Ein Kommandozeilenprogramm in Rust, das Bilder nach Ähnlichkeit ordnet."),
    (RUN, "Instala y configura Nextcloud en un servidor Debian: systemd, certificados, firewall y"
     " copias de seguridad."),
    (GENERAL, "A turn-based strategy game in Unity for Android and iOS, no server. Save games are"
     " local files."),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "spec"), ALONE)
def test_an_empty_directory_is_what_its_spec_asks_for(ask, expected, spec):
    assert ask({}, spec).team_type == expected


@pytest.mark.parametrize(("tree", "expected", "spec"), plain_work.CASES + short_work.CASES)
def test_a_request_in_plain_words_leaves_a_project_what_it_is(ask, tree, expected, spec):
    assert ask(tree, spec).team_type == expected


def test_the_type_field_of_a_spec_decides_against_everything_else(ask):
    spec = "PROJECT: Shop\nTYPE: System Deployment\nDELIVERABLES:\n- a React page with a form\n"
    found = ask(trees.DJANGO, spec)
    assert (found.team_type, found.confidence) == (RUN, 1.0)
    assert found.runner_up == WEB
    assert found.evidence[0].indicator == "the spec's TYPE field"


def test_a_type_field_that_names_no_team_leaves_the_decision_to_the_evidence(ask):
    assert ask(trees.DJANGO, "TYPE: a nice thing\n").team_type == WEB


def test_work_that_a_spec_rules_out_does_not_count(ask):
    spec = "A library that parses invoices. No web application, no server, without a database."
    found = ask({}, spec)
    assert found.team_type == GENERAL
    assert not found.conditions.has_database


def test_every_reason_says_what_was_seen_and_where(ask):
    found = ask(trees.AIRFLOW, "Add a DAG for returns.\n")
    assert all(one.indicator and one.path and one.weight for one in found.evidence)
    seen = {one.path for one in found.evidence if one.team_type == DATA}
    assert "spec" in seen
    assert seen - {"spec"} <= {*trees.AIRFLOW}
    assert found.confidence > 0.8


def test_tests_and_examples_of_a_tool_do_not_make_it_what_they_show(ask):
    tree = trees.CLI | {f"tests/fixtures/{i}/site.yml": trees.ANSIBLE["site.yml"] for i in range(9)}
    tree |= {"examples/web/manage.py": "", "docs/requirements.txt": "django\n"}
    assert ask(tree).team_type == GENERAL


def test_a_collection_of_examples_is_what_they_show(ask):
    tree = {f"examples/{i}/{name}": text for i in range(3) for name, text in trees.AIRFLOW.items()}
    assert ask(tree).team_type == DATA


def test_a_folder_of_terraform_does_not_make_a_web_application_infrastructure(ask):
    tree = trees.DJANGO | {f"infra/{name}": text for name, text in trees.TERRAFORM.items()}
    tree |= {f"shop/views/page{i}.py": "" for i in range(40)}
    assert ask(tree).team_type == WEB


def test_a_directory_that_is_no_repository_is_one_line(tmp_path, templates):
    with pytest.raises(CouldNotTell) as raised:
        analyse(tmp_path, os.environ, VAGUE, templates)
    assert "\n" not in raised.value.line()


def test_the_same_project_gives_the_same_findings_twice(ask, tmp_path, templates):
    found = ask(trees.DJANGO)
    assert analyse(tmp_path / "p", os.environ, VAGUE, templates) == found
