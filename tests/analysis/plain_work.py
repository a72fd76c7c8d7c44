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
]
