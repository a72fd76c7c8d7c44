import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmux_orch.analysis import facts, manifests

READ = {
    "package.json": (
        '{"private": true, "bin": {"a": "b"}, "dependencies": {"express": "4"},'
        ' "devDependencies": {"Vite": "5"}, "scripts": {"start": "x"}}',
        ("express",), ("vite",), {"package:private", "package:bin", "script:start"},
    ),
    "composer.json": (
        '{"type": "library", "require": {"psr/log": "3"}, "require-dev": {"phpunit/phpunit": "*"}}',
        ("psr/log",), ("phpunit/phpunit",), {"package:library"},
    ),
    "requirements.txt": ("Django>=4\n# no\n-r other.txt\npsycopg2-binary==2 ; x\n",
                         ("django", "psycopg2-binary"), (), set()),
    "requirements-dev.txt": ("pytest\n", (), ("pytest",), set()),
    "pyproject.toml": (
        '[project]\nname="a"\ndependencies=["flask>2","a[b]~=1"]\nscripts={x="y:z"}\n'
        '[dependency-groups]\ndev=["ruff",{include-group="t"}]\n',
        ("flask", "a"), ("ruff",), {"script:x", "package:bin"},
    ),
    "Pipfile": ('[packages]\nflask = "*"\n[dev-packages]\npytest = "*"\n',
                ("flask",), ("pytest",), set()),
    "setup.py": ("setup(install_requires=['six', 'click>=8'], tests_require=['nose'])",
                 ("six", "click"), ("nose",), {"package:published"}),
    "setup.cfg": ("[metadata]\nname = a\n[options]\ninstall_requires =\n    attrs>=1\n    six\n",
                  ("attrs", "six"), (), {"package:published"}),
    "Gemfile": ('gem "rails", "~> 8"\n  gem \'pg\'\n# gem "no"\n', ("rails", "pg"), (), set()),
    "x.gemspec": ('s.add_dependency "rack"\ns.add_development_dependency "rspec"\n',
                  ("rack",), ("rspec",), {"package:published"}),
    "go.mod": ("module example.com/a\n\nrequire (\n\tgithub.com/lib/pq v1.0.0\n"
               "\tgolang.org/x/net v0.1.0 // indirect\n)\n", ("github.com/lib/pq",), (), set()),
    "Cargo.toml": ('[package]\nname="a"\n[lib]\n[dependencies]\naxum="0.7"\n[dev-dependencies]\n'
                   'criterion="1"\n', ("axum",), ("criterion",), {"package:lib"}),
    "pom.xml": ("<dependency><groupId>org.a</groupId>\n<artifactId>b-web</artifactId></dependency>",
                ("org.a:b-web",), (), set()),
    "build.gradle.kts": ('plugins { id("org.x") }\nimplementation("a.b:c:1")\n'
                         'testImplementation("d:e:1")\n', ("a.b:c",), ("d:e",), {"plugin:org.x"}),
    "App.csproj": ('<Project Sdk="Microsoft.NET.Sdk.Web"><PackageReference Include="Dapper" />',
                   ("dapper",), (), {"sdk:microsoft.net.sdk.web"}),
    "mix.exs": ('[{:phoenix, "~> 1.7"}, {:ecto_sql, ">= 0"}]', ("phoenix", "ecto_sql"), (), set()),
    "pubspec.yaml": ("name: a\ndependencies:\n  flutter:\n    sdk: flutter\n  http: ^1\n"
                     "dev_dependencies:\n  lints: ^1\n", ("flutter", "http"), ("lints",), set()),
    "Chart.yaml": ("name: shop\ndependencies:\n  - name: postgresql\n", ("shop", "postgresql"), (),
                   set()),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_manifest_gives_the_names_of_what_it_needs(name):
    text, wanted, development, several = READ[name]
    assert manifests.is_manifest(name.lower())
    found = manifests.read(name, text)
    assert (found.dependencies, found.development) == (wanted, development)
    assert several <= set(found.facts)


FACTS = {
    "compose.yaml": ("services:\n  web:\n    build: .\n  db:\n    image: 'ghcr.io/x/postgres:16'\n"
                     "volumes:\n  data: {}\n",
                     {"docker:compose", "compose:web", "compose:db", "image:postgres"}),
    "Dockerfile": ("FROM --platform=x node:20 AS b\nFROM scratch\n",
                   {"docker:file", "base:node", "base:scratch"}),
    "app.yaml": ("---\napiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: Service\n",
                 {"kind:deployment", "kind:service", "api:apps"}),
    "site.yml": ("- hosts: web\n  roles:\n    - nginx\n    - { role: db }\n",
                 {"ansible:playbook", "hosts:web", "role:nginx", "role:db"}),
    "main.yml": ("---\n- name: x\n  ansible.builtin.apt:\n    name: y\n", {"task:apt"}),
    "stack.yml": ("AWSTemplateFormatVersion: x\nResources:\n  B:\n    Type: AWS::S3::Bucket\n",
                  {"cloudformation:aws::s3::bucket"}),
    "stack.json": ('{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}',
                   {"cloudformation:aws::s3::bucket"}),
    "arm.json": ('{"$schema": "https://x/deploymentTemplate.json#", "resources":'
                 ' [{"type": "Microsoft.Sql/servers"}]}',
                 {"arm:template", "arm:microsoft.sql/servers"}),
    "main.tf": ('terraform {\n  backend "s3" {}\n}\nresource "aws_vpc" "a" {}\nmodule "m" {}\n',
                {"backend:s3", "terraform:aws_vpc", "module:m"}),
    "main.bicep": ("resource a 'Microsoft.Web/sites@2023-01-01' = {\n}\n",
                   {"bicep:microsoft.web/sites"}),
    "Pulumi.yaml": ("name: a\nruntime: nodejs\n", {"pulumi:nodejs"}),
    "Procfile": ("web: gunicorn\nworker: celery\n", {"process:web", "process:worker"}),
    "dag.py": ("from airflow import DAG\nimport pandas as pd\n",
               {"import:airflow", "import:pandas"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FACTS)
def test_a_marked_file_gives_small_named_facts(name):
    text, expected = FACTS[name]
    assert facts.kind(name.lower())
    assert set(facts.read(f"some/where/{name}", text)) == expected


def test_a_variable_in_an_image_is_read_as_its_default():
    assert facts.image_name("${REPO:-ghcr.io/a}/postgres:${TAG:-16}") == "postgres"


NAMES = st.sampled_from(sorted([*READ, *FACTS, "environment.yml", "galaxy.yml", "Package.swift"]))


@settings(max_examples=300, deadline=None)
@given(NAMES, st.binary(max_size=400))
def test_no_bytes_break_a_reader(name, data):
    text = data.decode("utf-8", "replace")
    found = manifests.read(name, text)
    names = (*found.dependencies, *found.development, *found.facts, *facts.read(name, text))
    assert all(isinstance(one, str) and one for one in names)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip
KEYS = ("dependencies", "devDependencies", "scripts", "bin", "require", "type", "private", "main")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["package.json", "composer.json"]), st.dictionaries(st.sampled_from(KEYS), JSON)
)
def test_values_of_the_wrong_kind_do_not_break_a_reader(name, document):
    found = manifests.read(name, json.dumps(document))
    assert all(isinstance(one, str) for one in (*found.dependencies, *found.facts))


DEEP = 100_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", "[" * DEEP),
        ("package.json", '{"a":' * DEEP),
        ("pyproject.toml", "a = " + "[" * DEEP),
        ("Cargo.toml", "[" + ".".join("a" * 5000) + "]"),
        ("setup.py", "install_requires=[" * 10_000),
        ("Gemfile", "\n" * DEEP),
        ("Gemfile", "gem " + " " * DEEP),
        ("go.mod", "a." * DEEP),
        ("pom.xml", "<dependency>" * 20_000),
        ("build.gradle", "implementation" * 10_000),
        ("pubspec.yaml", "dependencies:\n" + " \n" * DEEP),
        ("compose.yml", "services:\n" + "  \n" * DEEP),
        ("compose.yml", "services:\n" + "  a:\n" * 50_000),
        ("site.yml", "- hosts: " + " " * DEEP),
        ("site.yml", "- name: a\n" * 20_000),
        ("site.yml", "  roles:\n" * 20_000),
        ("main.tf", " " * DEEP),
        ("main.tf", "\n" * DEEP),
        ("main.bicep", "resource " + "a" * DEEP),
        ("x.json", '"Resources"' + " " * DEEP),
        ("dag.py", "\n" * DEEP + "import"),
    ],
)
@pytest.mark.timeout(5)
def test_a_manifest_made_to_be_slow_is_read_in_no_time(name, text):
    manifests.read(name, text)
    facts.read(name, text)


def test_a_name_longer_than_any_real_one_and_names_without_end_are_left_out():
    document = {"dependencies": {"a" * 500: "1", **{f"d{i}": "1" for i in range(5000)}}}
    found = manifests.read("package.json", json.dumps(document))
    assert len(found.dependencies) == 2000
    assert max(map(len, found.dependencies)) < 200
