"""Names of dependencies from the manifests of package managers; whatever they hold, no failure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_MOST_NAMES = 2000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one manifest says.

    Attributes:
        dependencies: Names of what the project needs.
        development: Names of what only its developers need.
        facts: Small facts such as ``package:bin``.
    """

    dependencies: tuple[str, ...] = ()
    development: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


_NOTHING = Manifest()
_Reader = Callable[[str], Manifest]


def is_manifest(name: str) -> bool:
    """Whether a file of this (lower-case) name is a manifest that can be read."""
    return _reader(name) is not None


def read(name: str, text: str) -> Manifest:
    """What the manifest ``name`` says; nothing when it is not what its name promises."""
    reader = _reader(name.lower())
    if reader is None or not text:
        return _NOTHING
    try:
        found = reader(text)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _NOTHING
    return Manifest(_clean(found.dependencies), _clean(found.development), _clean(found.facts))


def _reader(name: str) -> _Reader | None:
    exact = _BY_NAME.get(name)
    if exact is not None:
        return exact
    for ending, reader in _BY_ENDING.items():
        if name.endswith(ending):
            return reader
    if name.startswith(("requirements", "constraints")) and name.endswith((".txt", ".in")):
        return _development_pip if _FOR_DEVELOPMENT.search(name) else _pip
    return None


def _clean(names: Iterable[object]) -> tuple[str, ...]:
    kept = [n.strip().lower() for n in names if isinstance(n, str) and len(n) <= _LONGEST]
    return tuple(dict.fromkeys(n for n in kept if n))[:_MOST_NAMES]


# ---- JSON


def _keys(document: Mapping[str, Any], *names: str) -> Iterator[str]:
    for name in names:
        found = document.get(name)
        if isinstance(found, Mapping):
            yield from found


def _npm(text: str) -> Manifest:
    document = json.loads(text)
    facts = [f"package:{k}" for k in ("private", "bin", "workspaces") if document.get(k)]
    if not document.get("private") and any(document.get(k) for k in ("main", "exports", "module")):
        facts.append("package:published")
    facts += [f"script:{name}" for name in _keys(document, "scripts")]
    wanted = tuple(_keys(document, "dependencies", "peerDependencies"))
    return Manifest(wanted, tuple(_keys(document, "devDependencies")), tuple(facts))


def _composer(text: str) -> Manifest:
    document = json.loads(text)
    kind = document.get("type")
    facts = (f"package:{kind}",) if isinstance(kind, str) else ()
    wanted = tuple(_keys(document, "require"))
    return Manifest(wanted, tuple(_keys(document, "require-dev")), facts)


# ---- TOML

_REQUIREMENT = re.compile(r"[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)")
_FOR_DEVELOPMENT = re.compile(r"dev|test|lint|doc|ci\b|check|constraint|build|typing")


def _named(requirements: object) -> list[str]:
    if not isinstance(requirements, list):
        return []
    found = (_REQUIREMENT.match(one) for one in requirements if isinstance(one, str))
    return [match.group(1) for match in found if match]


def _pyproject(text: str) -> Manifest:
    document = tomllib.loads(text)
    project = document.get("project", {})
    poetry = document.get("tool", {}).get("poetry", {})
    wanted = _named(project.get("dependencies"))
    wanted += [n for n in _keys(poetry, "dependencies") if n != "python"]
    other: list[str] = []
    for group in project.get("optional-dependencies", {}).values():
        other += _named(group)
    for group in document.get("dependency-groups", {}).values():
        other += _named(group)
    other += _keys(poetry, "dev-dependencies")
    for group in poetry.get("group", {}).values():
        other += _keys(group, "dependencies")
    facts = [f"script:{n}" for n in (*_keys(project, "scripts"), *_keys(poetry, "scripts"))]
    facts += ["package:bin"] if facts else []
    if project.get("classifiers") or poetry.get("classifiers") or "build-system" in document:
        facts.append("package:published")
    return Manifest(tuple(wanted), tuple(other), tuple(facts))


def _pipfile(text: str) -> Manifest:
    document = tomllib.loads(text)
    return Manifest(tuple(_keys(document, "packages")), tuple(_keys(document, "dev-packages")))


def _cargo(text: str) -> Manifest:
    document = tomllib.loads(text)
    wanted = list(_keys(document, "dependencies"))
    wanted += _keys(document.get("workspace", {}), "dependencies")
    facts = [f"package:{k}" for k in ("lib", "bin", "workspace") if k in document]
    return Manifest(tuple(wanted), tuple(_keys(document, "dev-dependencies")), tuple(facts))


# ---- lines

_CALL = re.compile(
    r"\b(install_requires|tests_require|entry_points)[ \t]*=[ \t]*[\[{]([^\]}]{0,8000})"
)
_QUOTED = re.compile(r"""["']([^"'\n]{1,200})["']""")
_CONSOLE = re.compile(r"console_scripts")
_CFG_LIST = re.compile(r"^install_requires[ \t]*=[ \t]*\n?((?:[ \t]+\S.*\n?)*)", re.M)
_GEM = re.compile(r"""^[ \t]*gem[ \t(]+["']([\w.-]+)["']""", re.M)
_GEMSPEC = re.compile(r"""\.add_(development_)?(?:runtime_)?dependency[\s(]+["']([\w.-]+)["']""")
_GO_LINE = re.compile(
    r"^[ \t]*(?:require[ \t]+)?([\w.~/-]{3,200})[ \t]+v\d[\w.+-]*([ \t]*//[ \t]*indirect)?", re.M
)
_MAVEN = re.compile(
    r"<dependency>.{0,300}?<groupId>([^<]{1,120})</groupId>\s*<artifactId>([^<]{1,120})<", re.S
)
_GRADLE = re.compile(
    r"""\b(\w*[iI]mplementation|api|compile|runtimeOnly|kapt|ksp)\b[\s(]*["']([\w.-]+:[\w.-]+)"""
)
_PLUGIN = re.compile(r"""\bid[\s(]*["']([\w.-]{1,80})["']""")
_NUGET = re.compile(r"""<Package(?:Reference|Version)\s+(?:Include|Update)="([\w.-]{1,120})\"""")
_SDK = re.compile(r"""<Project\s+Sdk="([\w.-]{1,80})\"""")
_MIX = re.compile(r"\{\s*:([a-z0-9_]+)\s*,")
_SWIFT = re.compile(r"""\.package\([^)]{0,200}?url:\s*["']([^"']{1,160})["']""")
_YAML_NAME = re.compile(
    r"""^[ \t]*-?[ \t]*(?:name|package|src)[ \t]*:[ \t]*["']?([\w./-]+)""", re.M
)
_YAML_ITEM = re.compile(r"""^[ \t]*-[ \t]*["']?([A-Za-z][\w.-]*)""", re.M)
_PUB = re.compile(r"^(dependencies|dev_dependencies):\s*\n((?:[ \t]+.*\n?|\n)*)", re.M)
_KEY = re.compile(r"^ {2}([a-z_][\w]*):", re.M)
_REBAR = re.compile(r"\{\s*([a-z][a-z0-9_]*)\s*,\s*[\"{]")


def _pip(text: str) -> Manifest:
    return Manifest(tuple(_named(text.splitlines())))


def _development_pip(text: str) -> Manifest:
    return Manifest((), tuple(_named(text.splitlines())))


def _setup_py(text: str) -> Manifest:
    wanted: list[str] = []
    other: list[str] = []
    for name, body in _CALL.findall(text):
        if name == "entry_points":
            continue
        target = wanted if name == "install_requires" else other
        target += _named(_QUOTED.findall(body))
    facts = ["package:published"] + (["package:bin"] if _CONSOLE.search(text) else [])
    return Manifest(tuple(wanted), tuple(other), tuple(facts))


def _setup_cfg(text: str) -> Manifest:
    found = _CFG_LIST.search(text)
    facts = ["package:bin"] if _CONSOLE.search(text) else []
    if "[metadata]" in text:
        facts.append("package:published")
    return Manifest(tuple(_named(found.group(1).splitlines()) if found else ()), (), tuple(facts))


def _gemfile(text: str) -> Manifest:
    return Manifest(tuple(_GEM.findall(text)))


def _gemspec(text: str) -> Manifest:
    found = _GEMSPEC.findall(text)
    wanted = tuple(name for development, name in found if not development)
    other = tuple(name for development, name in found if development)
    return Manifest(wanted, other, ("package:published",))


def _go(text: str) -> Manifest:
    return Manifest(tuple(name for name, indirect in _GO_LINE.findall(text) if not indirect))


def _maven(text: str) -> Manifest:
    return Manifest(tuple(f"{group}:{artifact}" for group, artifact in _MAVEN.findall(text)))


def _gradle(text: str) -> Manifest:
    found = _GRADLE.findall(text)
    wanted = tuple(name for how, name in found if not how.startswith(("test", "androidTest")))
    other = tuple(name for how, name in found if how.startswith(("test", "androidTest")))
    return Manifest(wanted, other, tuple(f"plugin:{p}" for p in _PLUGIN.findall(text)))


def _nuget(text: str) -> Manifest:
    return Manifest(tuple(_NUGET.findall(text)), (), tuple(f"sdk:{s}" for s in _SDK.findall(text)))


def _mix(text: str) -> Manifest:
    return Manifest(tuple(_MIX.findall(text)))


def _swift(text: str) -> Manifest:
    return Manifest(tuple(_SWIFT.findall(text)))


def _named_yaml(text: str) -> Manifest:
    return Manifest(tuple(_YAML_NAME.findall(text)))


def _galaxy(text: str) -> Manifest:
    return Manifest((), (), ("ansible:collection",)) if "namespace" in text else _NOTHING


def _conda(text: str) -> Manifest:
    return Manifest(tuple(_YAML_ITEM.findall(text))) if "dependencies" in text else _NOTHING


def _pub(text: str) -> Manifest:
    found = {name: tuple(_KEY.findall(body)) for name, body in _PUB.findall(text)}
    return Manifest(found.get("dependencies", ()), found.get("dev_dependencies", ()))


def _rebar(text: str) -> Manifest:
    return Manifest(tuple(_REBAR.findall(text)))


_BY_NAME: dict[str, _Reader] = {
    "package.json": _npm,
    "composer.json": _composer,
    "pyproject.toml": _pyproject,
    "pipfile": _pipfile,
    "cargo.toml": _cargo,
    "setup.py": _setup_py,
    "setup.cfg": _setup_cfg,
    "gemfile": _gemfile,
    "go.mod": _go,
    "pom.xml": _maven,
    "build.gradle": _gradle,
    "build.gradle.kts": _gradle,
    "mix.exs": _mix,
    "package.swift": _swift,
    "packages.yml": _named_yaml,
    "dependencies.yml": _named_yaml,
    "requirements.yml": _named_yaml,
    "requirements.yaml": _named_yaml,
    "galaxy.yml": _galaxy,
    "chart.yaml": _named_yaml,
    "environment.yml": _conda,
    "environment.yaml": _conda,
    "pubspec.yaml": _pub,
    "rebar.config": _rebar,
}
_BY_ENDING: dict[str, _Reader] = {
    ".gemspec": _gemspec,
    ".csproj": _nuget,
    ".fsproj": _nuget,
    "packages.props": _nuget,
}
