"""Specs in plain words that agree with their project, or stand alone."""

from __future__ import annotations

from tests.analysis import trees

W, R, D = "web_application", "system_deployment", "data_pipeline"
C, G = "infrastructure_as_code", "general"

CASES: list[tuple[trees.Tree, str, str]] = [
    (
        trees.DJANGO,
        W,
        "Orders over 500 euros need a second confirmation. The manager gets a mail with a "
        "link; until then the order is pending. Log who confirmed.",
    ),
    (
        trees.NEXT,
        W,
        "The cart must survive a reload. Keep it for 30 days and merge it when the customer "
        "signs in on another device.",
    ),
    (
        trees.RAILS,
        W,
        "Speed up the list of books: it takes four seconds with 100,000 rows. Show query "
        "counts before and after.",
    ),
    (
        trees.DBT,
        D,
        "Currency conversion for all order models, with rates of the day of the order. Tests "
        "for missing rates.",
    ),
    (
        trees.AIRFLOW,
        D,
        "The stock DAG fails when the supplier's file is empty. Treat that as no change, and "
        "tell the team channel.",
    ),
    (
        trees.TERRAFORM,
        C,
        "Support IPv6: dual-stack subnets, egress-only gateway, outputs for the new ids. "
        "Existing users must see no diff.",
    ),
    (
        trees.CDK,
        C,
        "Give every stack the mandatory tags and stop the deployment when one is missing. "
        "Unit tests with assertions on the synthesized template.",
    ),
    (
        trees.ANSIBLE,
        R,
        "Replace the web servers' certificates by ones from our internal authority, renew "
        "them by a timer, and reload nginx when that happens.",
    ),
    (
        trees.HELM,
        R,
        "Give the chart a pod disruption budget, an autoscaler and a network policy, each "
        "optional. Upgrade notes for operators.",
    ),
    (
        trees.STACK,
        R,
        "Add a photo service with face search to the stack, on its own network, with backups. "
        "Only reachable through the proxy.",
    ),
    (
        trees.CLI,
        G,
        "tally should read compressed files, too. Detect gzip and zstd by their first bytes. "
        "Clear message when the file is cut off.",
    ),
    (
        trees.RUST,
        G,
        "Support quoted fields with line breaks without copying. Throughput must not drop by "
        "more than two percent on the existing data.",
    ),
    (
        trees.GAME,
        G,
        "Enemies should search for the player for ten seconds after losing sight. Add two new "
        "behaviours and a debug overlay.",
    ),
    (
        trees.GO_SITE,
        W,
        "Notes can be shared with a link that expires. The owner sees how often it was opened "
        "and can revoke it.",
    ),
    (
        trees.EMPTY,
        W,
        "Online appointment booking for a medical practice. Patients choose a slot and get a "
        "reminder by mail; staff see the day's plan. Data protection is important.",
    ),
    (
        trees.EMPTY,
        R,
        "Three old servers in the office shall be replaced by one new. File shares, a printer "
        "queue, the accounting software in a container, backups to an external disk. "
        "Everything scripted so it can be repeated.",
    ),
    (
        trees.EMPTY,
        R,
        "Monitoring for 40 hosts: Prometheus, Alertmanager, Grafana and Loki, installed by "
        "script, alerts to the phone of whoever is on duty, kept running after power loss.",
    ),
    (
        trees.EMPTY,
        D,
        "Sensor values of 300 wind turbines arrive as files every ten minutes. Clean them, "
        "compute ten-minute and daily means, keep ten years, and mark gaps. Analysts query it "
        "with SQL.",
    ),
    (
        trees.EMPTY,
        D,
        "Merge customer records of four systems into one table, without duplicates, with a "
        "rule book of which source wins. Runs each morning before six, and says what changed.",
    ),
    (
        trees.EMPTY,
        C,
        "Our Azure subscriptions grew by hand. Describe them in code: management groups, "
        "policies, networks and role assignments, with a pull request check that shows what "
        "would change.",
    ),
    (
        trees.EMPTY,
        C,
        "Kubernetes clusters on Google Cloud for three teams: projects, networks, GKE with "
        "private nodes, workload identity and budgets. All as reusable modules.",
    ),
    (
        trees.EMPTY,
        G,
        "Write a small Scheme interpreter in C with a garbage collector. Tests come from the "
        "standard's examples.",
    ),
    (
        trees.EMPTY,
        G,
        "A program for the Raspberry Pi Pico that reads a CO2 sensor and shows a traffic "
        "light with three LEDs. Written in MicroPython.",
    ),
    (
        trees.EMPTY,
        G,
        "A Firefox extension that hides comments by keywords; the list can be exported.",
    ),
    (
        trees.EMPTY,
        G,
        "Bibliothèque Python pour lire des fichiers de marées et calculer les hauteurs d'eau, "
        "avec documentation et tests.",
    ),
    (
        trees.EMPTY,
        W,
        "Site de réservation pour un gîte: calendrier, paiement en ligne, espace "
        "d'administration, courriels de confirmation.",
    ),
    (
        trees.EMPTY,
        R,
        "Wir brauchen GitLab auf eigener Hardware: Installation auf Ubuntu, Zertifikate, "
        "tägliche Sicherung, Anbindung an LDAP, Überwachung und ein Betriebshandbuch.",
    ),
    (
        trees.EMPTY,
        D,
        "Jede Nacht sollen die Verkaufszahlen aller Filialen eingelesen, geprüft und in das "
        "Data Warehouse geladen werden; fehlende Tage werden nachgeladen.",
    ),
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
]
