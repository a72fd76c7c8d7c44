"""Short and unusual requests, alone or to a project."""

from __future__ import annotations

from tests.analysis import trees

W, R, D = "web_application", "system_deployment", "data_pipeline"
C, G = "infrastructure_as_code", "general"

CASES: list[tuple[trees.Tree, str, str]] = [
    (
        trees.EMPTY,
        W,
        "Volunteer roster for the food bank. Coordinators plan shifts for four weeks; "
        "volunteers swap shifts among each other on their phone. Mail the evening before. "
        "Ruby on Rails, PostgreSQL, deployed on Render.",
    ),
    (
        trees.EMPTY,
        W,
        "A wiki for recipes: full text search, tags, photos, versions with undo. Server in "
        "Elixir with Phoenix, no JavaScript framework. 5 editors, 2000 readers a day.",
    ),
    (
        trees.EMPTY,
        W,
        "Internal tool to record machine downtimes on the shop floor. Operators scan a code "
        "on a tablet, choose a reason and a comment. Shift leaders see today's list. ASP.NET "
        "Core with SQL Server.",
    ),
    (
        trees.EMPTY,
        D,
        "Scrape the timetables of 14 bus companies each morning, turn them into one GTFS "
        "feed, check it with the validator and put it on S3. Alarm when a company has no "
        "departures.",
    ),
    (
        trees.EMPTY,
        D,
        "Real-time fraud features: card transactions from Kafka, sliding windows per card and "
        "merchant in Flink, results in Redis and in the lake as Iceberg tables. 20,000 events "
        "per second.",
    ),
    (
        trees.EMPTY,
        D,
        "Replace the hand-run Excel sheets of the controlling by dbt on BigQuery: sources "
        "from SAP exports, staging, marts for margin and stock, tests, documentation site, "
        "freshness alerts.",
    ),
    (
        trees.EMPTY,
        C,
        "Landing zone for a hospital on Azure: management groups, policy assignments, hub "
        "network with firewall, log archive, private DNS. Bicep, deployed by pipelines with "
        "what-if in every pull request. HIPAA applies.",
    ),
    (
        trees.EMPTY,
        C,
        "Rebuild our hand-made GCP project with Terraform: Cloud Run services, Cloud SQL, "
        "secrets, a load balancer with managed certificate, and staging as a copy. Import "
        "what exists, no recreation.",
    ),
    (
        trees.EMPTY,
        R,
        "Migrate the file server of the school from Windows to Samba on Rocky Linux 9: users "
        "from AD, quotas, snapshots, offsite backup with restic, firewall. Weekend cut-over "
        "with a way back.",
    ),
    (
        trees.EMPTY,
        R,
        "Set up three k3s nodes in the basement with Longhorn, MetalLB, cert-manager, and "
        "move Paperless, Immich and Forgejo there from docker compose without losing data.",
    ),
    (
        trees.EMPTY,
        R,
        "PostgreSQL 16 in high availability on four Debian machines with Patroni and HAProxy. "
        "pgBackRest to S3, alerting, and a rehearsal of a failover each quarter.",
    ),
    (
        trees.EMPTY,
        G,
        "vim plugin in Lua that shows git blame next to the line, with caching and a floating "
        "window. Works on Neovim 0.9 and later.",
    ),
    (
        trees.EMPTY,
        G,
        "A header-only C++ library for fixed-point arithmetic: constexpr, overflow policies, "
        "benchmarks, doxygen pages, conan and vcpkg packages.",
    ),
    (
        trees.EMPTY,
        G,
        "A macOS menu bar app that shows the battery of Bluetooth devices. Swift, signed and "
        "notarised, updates through Sparkle.",
    ),
    (
        trees.EMPTY,
        G,
        "GitHub Action that comments the size difference of a build on pull requests. "
        "TypeScript, no server, tests with recorded responses.",
    ),
    (
        trees.EMPTY,
        G,
        "Simulate evacuation of buildings with 10,000 agents: Cwith Burst, batch runs from "
        "the command line, CSV results, and a viewer.",
    ),
    (
        trees.EMPTY,
        G,
        "Discord bot in Python for a chess club: ratings, pairings, reminders. SQLite file, "
        "one process.",
    ),
    (
        trees.EMPTY,
        W,
        "Erstelle eine Webseite für die Feuerwehr: Einsätze, Termine, Mitgliederbereich mit "
        "Anmeldung, Bilder. Symfony, MariaDB.",
    ),
    (
        trees.EMPTY,
        D,
        "Necesitamos un proceso diario que recoja las ventas de cada tienda, limpie los datos "
        "y los cargue en Redshift, con informes de calidad.",
    ),
    (
        trees.EMPTY,
        C,
        "Décrire l'infrastructure AWS avec Terraform : réseau, cluster EKS, base RDS, rôles "
        "IAM, deux environnements.",
    ),
    (
        trees.CLI,
        W,
        "Put a small web front end before the tool: upload a file, see the result, download "
        "it. FastAPI and plain templates. Single sign-on.",
    ),
    (
        trees.DJANGO,
        C,
        "Only the infrastructure, please: OpenTofu for Hetzner Cloud with network, two "
        "servers, volume, firewall and DNS records. Remote state, plan in CI.",
    ),
    (
        trees.RAILS,
        R,
        "Install the application on the new bare metal server with Ansible: Ruby, Puma under "
        "systemd, PostgreSQL 16, nginx, certbot, backups. Document the restore.",
    ),
    (
        trees.HELM,
        W,
        "We need a small portal next to the charts where teams see which version runs in "
        "which cluster, request upgrades, and approve them. Vue and Go, sign-in with OIDC.",
    ),
    (
        trees.STACK,
        G,
        "Write a shell-completion generator for the scripts, as a small Go program with "
        "tests; nothing is deployed.",
    ),
    (
        trees.SPARK,
        R,
        "Install a three-node Spark cluster on Ubuntu for these jobs: systemd services, "
        "shared storage, firewall, monitoring with Prometheus, and a playbook for adding a "
        "node.",
    ),
    (
        trees.NEXT,
        G,
        "Extract the date picker from this application into an npm package of its own: typed "
        "API, no dependencies, accessibility tests, storybook, semantic versions.",
    ),
    (
        trees.EMPTY,
        W,
        "Parking permits. Residents apply for a permit and upload a proof of address; clerks "
        "check and approve or refuse with a reason. Fees are paid by card. Java with Spring "
        "Boot, Thymeleaf, PostgreSQL. Accessible, two languages, audit trail.",
    ),
    (
        trees.EMPTY,
        W,
        "A multiplayer drawing game in the browser: rooms with a code, one draws, others "
        "guess, points. WebSockets, Node, no accounts. It has to run on a small server.",
    ),
    (
        trees.EMPTY,
        W,
        "GraphQL API for our warehouse stock app: products, locations, movements, "
        "reservations. NestJS, PostgreSQL, JWT. Load test with 200 requests per second.",
    ),
    (
        trees.EMPTY,
        D,
        "Collect tweets about our brand every 15 minutes, detect language and sentiment, "
        "store daily aggregates in ClickHouse, keep the raw JSON for a year on S3. "
        "Orchestrated by Dagster.",
    ),
    (
        trees.EMPTY,
        D,
        "Train the demand forecast weekly: extract three years of orders, build features, "
        "fit, compare with last week's model, write predictions back for the planners. "
        "Everything must be reproducible.",
    ),
    (
        trees.EMPTY,
        D,
        "Migrate 40 Informatica mappings to PySpark on Databricks. Same results, checked row "
        "by row for a month; orchestrated by workflows; one notebook per domain for analysts.",
    ),
    (
        trees.EMPTY,
        C,
        "Module collection in Terraform for our five product teams: S3 buckets with "
        "encryption, SQS queues with dead letters, Lambda with alarms. Examples, terraform- "
        "docs, version tags, tests with terratest.",
    ),
    (
        trees.EMPTY,
        C,
        "Move the CloudFormation stacks of the payment platform to CDK in Python, one stack "
        "per service, without replacing a single resource. cdk-nag must pass, PCI rules "
        "apply.",
    ),
    (
        trees.EMPTY,
        R,
        "Replace the old Jenkins machine. New VM with Debian 12, Jenkins in Docker, agents on "
        "two more machines, configuration as code, restore of the jobs, and nightly backups. "
        "Access over VPN only.",
    ),
    (
        trees.EMPTY,
        R,
        "Roll out wazuh agents and central logging to 200 Linux hosts with Ansible, in waves "
        "of 20. Inventory from NetBox. Report of hosts that failed, and a playbook to undo "
        "it.",
    ),
    (
        trees.EMPTY,
        R,
        "Our club needs a Matrix server: Synapse, Element, coturn, bridges to IRC, on one "
        "rented VPS. Certificates, backups, upgrade procedure for volunteers.",
    ),
    (
        trees.EMPTY,
        G,
        "tmux plugin that saves and restores pane layouts with running commands. Bash only, "
        "works on macOS and Linux, tests with bats.",
    ),
    (
        trees.EMPTY,
        G,
        "Lightweight PDF table extractor as a Python package with command line: detect lines, "
        "merge cells, export CSV. No machine learning. Benchmarks on 200 public PDFs.",
    ),
    (
        trees.EMPTY,
        G,
        "A roguelike in Rust for the terminal: field of view, inventory, save files, ten "
        "levels, deterministic seeds for tests.",
    ),
    (
        trees.EMPTY,
        G,
        "Tree-sitter grammar and Emacs mode for our configuration language, with corpus tests "
        "and highlighting queries.",
    ),
    (
        trees.EMPTY,
        G,
        "Kernel module and user-space tool that expose the fan speed of our embedded board "
        "through sysfs.",
    ),
    (
        trees.DJANGO,
        W,
        "Return labels: the customer can ask for one on the order page, support approves it, "
        "a PDF is mailed. Limit of 30 days.",
    ),
    (
        trees.DJANGO,
        R,
        "Nothing about the code. We rented a server at a hoster; the shop has to run there by "
        "Friday, with HTTPS, a database that is backed up, and somebody who is told when it "
        "fails.",
    ),
    (
        trees.CLI,
        G,
        "Release 2.0: remove the deprecated options, write the migration guide, add shell "
        "completion for fish.",
    ),
    (
        trees.TERRAFORM,
        C,
        "Flow logs are missing. Add them as an option, off by default, to CloudWatch or S3.",
    ),
    (
        trees.AIRFLOW,
        D,
        "Upgrade to the next major version, replace removed operators, and make the tests run "
        "without a connection to the warehouse.",
    ),
    (
        trees.ANSIBLE,
        R,
        "Support Debian 13 and drop 11. Test both with molecule in CI.",
    ),
    (
        trees.AIRFLOW,
        G,
        "Cut the file parser out into a small library that others can install; typed, tested, "
        "no Airflow in it, published to our package index.",
    ),
    (
        trees.TERRAFORM,
        R,
        "Write playbooks that harden the instances created here: SSH, auditd, automatic "
        "updates, a firewall. CIS benchmark level 1.",
    ),
    (
        trees.STACK,
        D,
        "Copy the sales data of the shop in this stack to a warehouse each night, model it "
        "with dbt and let finance query it. ClickHouse or DuckDB, you decide.",
    ),
]
