"""Small repositories of our own for the analysis, none of them from the labelled projects."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

Tree = Mapping[str, str]


def make(root: Path, tree: Tree) -> Path:
    """A repository whose index holds ``tree``; nothing is committed."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(root, "init", "-q")
    git(root, "add", "-A", "-f")
    return root


def git(root: Path, *arguments: str) -> None:
    argv = ["git", "-C", os.fspath(root), "-c", "protocol.file.allow=always", *arguments]
    subprocess.run(argv, check=True, capture_output=True, timeout=30)


def _npm(**parts: object) -> str:
    return json.dumps({"name": "example", **parts})


def _empty(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "")


DJANGO = {
    "manage.py": "import django\n",
    "requirements.txt": "Django==5.0\npsycopg2-binary\ncelery\n",
    "shop/settings.py": "from pathlib import Path\n",
    "shop/urls.py": "from django.urls import path\n",
    "orders/models.py": "from django.db import models\n",
    **_empty("orders/views.py", "orders/migrations/0001_initial.py", "templates/base.html"),
}
NEXT = {
    "package.json": _npm(private=True, dependencies={"next": "15", "react-dom": "19"}),
    **_empty("next.config.mjs", "app/page.tsx", "app/layout.tsx", "components/cart.tsx"),
}
RAILS = {
    "Gemfile": 'source "https://rubygems.org"\ngem "rails", "~> 8"\ngem "pg"\n',
    **_empty("config/routes.rb", "config.ru", "app/controllers/books_controller.rb"),
    **_empty("app/views/books/index.html.erb", "db/migrate/20240101_create_books.rb"),
}
GO_SITE = {
    "go.mod": "module example.com/notes\n\nrequire (\n\tgithub.com/go-chi/chi/v5 v5.0.0\n"
    "\tgithub.com/jackc/pgx/v5 v5.5.0\n)\n",
    **_empty("main.go", "internal/handlers/notes.go", "templates/index.html", "static/app.css"),
}
DBT = {
    "dbt_project.yml": "name: example\nprofile: example\n",
    "packages.yml": "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.0.0\n",
    **_empty("models/staging/stg_orders.sql", "models/marts/fct_orders.sql", "seeds/countries.csv"),
}
AIRFLOW = {
    "requirements.txt": "apache-airflow==2.9\npandas\n",
    "dags/sales.py": "from airflow import DAG\nimport pandas\n",
    "dags/stock.py": "from airflow import DAG\n",
    "Dockerfile": "FROM apache/airflow:2.9.0\n",
}
SPARK = {
    "pyproject.toml": '[project]\nname = "clicks"\ndependencies = ["pyspark", "delta-spark"]\n',
    "jobs/sessionise.py": "from pyspark.sql import SparkSession\n",
    **_empty("jobs/ingest_clicks.py", "sql/daily.sql", "notebooks/look.ipynb"),
}
TERRAFORM = {
    "main.tf": 'resource "aws_vpc" "this" {}\nresource "aws_subnet" "a" {}\n',
    "variables.tf": 'variable "cidr" {}\n',
    "outputs.tf": 'output "id" {}\n',
    "versions.tf": 'terraform {\n  backend "s3" {}\n}\nprovider "aws" {}\n',
    "examples/simple/main.tf": 'module "vpc" {\n  source = "../.."\n}\n',
}
CDK = {
    "cdk.json": '{"app": "npx ts-node bin/app.ts"}',
    "package.json": _npm(private=True, dependencies={"aws-cdk-lib": "2", "constructs": "10"}),
    **_empty("bin/app.ts", "lib/network-stack.ts", "lib/database-stack.ts"),
}
ANSIBLE = {
    "site.yml": "---\n- hosts: web\n  become: true\n  roles:\n    - nginx\n    - backup\n",
    "ansible.cfg": "[defaults]\n",
    "roles/nginx/tasks/main.yml": "---\n- name: install\n  ansible.builtin.apt:\n    name: nginx\n",
    **_empty("group_vars/all.yml", "inventory/hosts.ini", "roles/nginx/templates/site.conf.j2"),
}
HELM = {
    "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "charts/shop/values.yaml": "replicas: 2\n",
    "charts/shop/templates/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\n",
    "charts/shop/templates/service.yaml": "apiVersion: v1\nkind: Service\n",
}
SYSTEMD = {
    "systemd/collector.service": "[Unit]\nDescription=collector\n[Service]\nExecStart=/bin/true\n",
    "systemd/collector.timer": "[Timer]\nOnCalendar=hourly\n",
    "nginx/nginx.conf": "events {}\n",
    "install.sh": "#!/bin/sh\nsystemctl daemon-reload\n",
    "backup.sh": "#!/bin/sh\n",
}
STACK = {
    "docker-compose.yml": "services:\n  proxy:\n    image: traefik:v3\n  cloud:\n"
    "    image: nextcloud:29\n  db:\n    image: mariadb:11\n",
    "backup.sh": "#!/bin/sh\n",
    ".env.example": "DOMAIN=\n",
}
CLI = {
    "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "tally"\n'
    'dependencies = ["click"]\n[project.scripts]\ntally = "tally:main"\n',
    "src/tally/__init__.py": "import click\n",
    **_empty("tests/test_tally.py", "CHANGELOG.md", "src/tally/parse.py"),
}
RUST = {
    "Cargo.toml": '[package]\nname = "fastcsv"\n[lib]\npath = "src/lib.rs"\n[dependencies]\n'
    'memchr = "2"\n[dev-dependencies]\ncriterion = "0.5"\n',
    **_empty("src/lib.rs", "src/reader.rs", "benches/read.rs"),
}
GAME = {
    "project.godot": "[application]\n",
    **_empty("scenes/main.tscn", "scripts/player.gd", "scripts/level.gd", "shaders/fog.glsl"),
}
ANDROID = {
    "app/build.gradle.kts": 'plugins {\n  id("com.android.application")\n}\ndependencies {\n'
    '  implementation("androidx.compose.ui:ui:1.6.0")\n}\n',
    **_empty("app/src/main/AndroidManifest.xml", "app/src/main/java/org/example/Main.kt"),
}
EMPTY: dict[str, str] = {}
