"""Specs that ask, in plain words, for other work than the files of the project suggest."""

from __future__ import annotations

from tests.analysis import trees

W, R, D = "web_application", "system_deployment", "data_pipeline"
C, G = "infrastructure_as_code", "general"

FORUM: trees.Tree = {
    **trees.DJANGO,
    **{f"forum/views/v{i}.py": "" for i in range(80)},
    **{f"templates/p{i}.html": "" for i in range(80)},
    **{f"forum/migrations/{i:04}.py": "" for i in range(40)},
    **{f"static/a{i}.css": "" for i in range(30)},
}
NETWORKS: trees.Tree = {
    **trees.TERRAFORM,
    **{f"root_{i}.tf": 'resource "aws_vpc" "x" {}\n' for i in range(60)},
}

CASES: list[tuple[trees.Tree, str, str]] = [
    (
        FORUM,
        R,
        "Take the forum into service for the club. One rented server, users must reach it "
        "under forum.example.org with a valid certificate. Mail goes out over the relay. The "
        "database is saved every night to a second place, and somebody is told when the forum "
        "is down. Write down how to update it.",
    ),
    (
        FORUM,
        R,
        "We want to host this forum ourselves on two virtual machines behind a load balancer. "
        "PostgreSQL on its own machine, Redis for sessions, log rotation, monitoring of "
        "response times. Updates must not interrupt the users.",
    ),
    (
        FORUM,
        D,
        "Produce a monthly report of the forum's activity: take posts, users and topics out "
        "of the database, clean them, and write Parquet files by month to the object store. A "
        "job runs each night; reruns give the same result.",
    ),
    (
        FORUM,
        G,
        "Take the markup parser out of the application and make it a package of its own, "
        "without any dependency on the forum. Documented API, benchmarks, fuzz tests, "
        "semantic versioning.",
    ),
    (
        FORUM,
        C,
        "Everything the forum runs on in Google Cloud shall be described as code: network, "
        "Cloud SQL, Cloud Run, service accounts with least privilege, buckets. Two projects, "
        "state in a bucket, policy checks.",
    ),
    (
        NETWORKS,
        W,
        "A small service with a page where developers type the parts of a resource name and "
        "see the resulting label. Next to it an HTTP endpoint with the same answer. Names can "
        "be saved per team; sign-in with the company account. Tests for both.",
    ),
    (
        NETWORKS,
        W,
        "Build an internal catalogue of these modules: search, a page per module with inputs "
        "and outputs, comments and ratings by signed-in engineers. TypeScript, SQLite, server "
        "rendered pages.",
    ),
    (
        NETWORKS,
        D,
        "Collect the cost exports of all accounts daily, join them with the tags, and publish "
        "tables for finance: cost per team and month. Missing days are reloaded "
        "automatically; tests compare the sums with the invoices.",
    ),
    (
        NETWORKS,
        G,
        "A command that reads plan files and prints a short summary for a code review. "
        "Written in Go, single binary, golden tests, works on Windows too.",
    ),
    (
        NETWORKS,
        R,
        "Set up the bastion host by hand-written playbooks: users, SSH keys, fail2ban, audit "
        "log, unattended upgrades. Ubuntu 24.04.",
    ),
    (
        trees.CLI,
        D,
        "Nightly, collect the process statistics that this tool writes on forty machines, put "
        "them into a warehouse table and compute weekly figures. Bad files are set aside, "
        "late ones are taken the next night.",
    ),
    (
        trees.CLI,
        W,
        "Add a web dashboard to see the running processes: a list with state, a page per "
        "process with live log, start and stop buttons, sign-in with a password.",
    ),
    (
        trees.CLI,
        R,
        "Run the tool as a service on all our hosts: package for Debian, systemd unit, "
        "configuration by Ansible, logs to the central server, alert when it stops.",
    ),
    (
        dict(trees.STACK) | {f"s{i}/Dockerfile": "FROM debian\n" for i in range(20)},
        W,
        "Write a status page application: services with their state, incidents with comments, "
        "subscribers get mail. Admin login. Any web framework with PostgreSQL.",
    ),
    (
        trees.ANSIBLE,
        D,
        "Import the inventory exports of all sites each hour into one history table, find "
        "machines that vanished, and publish a report as CSV and a BigQuery table.",
    ),
    (
        trees.AIRFLOW,
        W,
        "Make a self-service site on top of the data sets: users search, preview the first "
        "rows, request access; owners approve. Flask or Django.",
    ),
    (
        trees.AIRFLOW,
        C,
        "Write the Terraform for the environment the DAGs run in: Composer, networks, service "
        "accounts, buckets, BigQuery data sets, for test and production.",
    ),
]
