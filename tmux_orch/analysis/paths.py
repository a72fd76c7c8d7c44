"""Which tracked paths say what a project is, and quick search for globs among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tmux_orch.analysis.tree import parts

# What stands there is about the project or borrowed by it, not what it is.
_ASIDE = frozenset((
    "test", "tests", "testing", "testdata", "test-data", "test_data", "fixture", "fixtures",
    "e2e", "spec", "specs", "__tests__", "__mocks__", "mocks", "stubs", "cypress", "playwright",
    "molecule", "benchmark", "benchmarks", "bench", "perf", "doc", "docs", "documentation",
    "website", "vendor", "vendored", "third_party", "thirdparty", "third-party", "node_modules",
    "bower_components", "site-packages", "venv", ".venv", ".yarn", "pods", "dist", ".github",
    ".gitlab", ".circleci", ".azuredevops", ".vscode", ".idea", ".devcontainer", ".husky",
    "contrib", "packaging", "ci", "hack", ".ci",
))  # fmt: skip
_ASIDE_SUFFIXES = ("-test", "-tests", "_test", "_tests", "-fixtures", ".tests", ".test", "tests")
# A project may be made of examples: then they are what it is.
_SHOWN = frozenset((
    "example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials",
))  # fmt: skip
_MOSTLY = 0.4


def is_aside(directory: str) -> bool:
    """Whether files of ``directory`` are tests, documentation, borrowed code or tooling."""
    words = directory.lower().split("/")
    return any(
        w in _ASIDE or (w.endswith(_ASIDE_SUFFIXES) and w not in ("latests", "contests"))
        for w in words
    )


def is_shown(directory: str) -> bool:
    """Whether files of ``directory`` are examples."""
    return not _SHOWN.isdisjoint(directory.lower().split("/"))


@dataclass(slots=True)
class Paths:
    """The paths that count, by directory, by name and by what the name ends with.

    Attributes:
        count: How many there are.
    """

    count: int = 0
    _names: dict[str, list[str]] = field(default_factory=dict)
    _endings: dict[str, list[str]] = field(default_factory=dict)
    _directories: dict[str, list[str]] = field(default_factory=dict)
    _files: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: Iterable[str]) -> Paths:
        """Those of ``paths`` that say what the project is."""
        by_directory = parts(paths)
        plain = {d: n for d, n in by_directory.items() if not is_aside(d)}
        examples = sum(len(names) for d, names in plain.items() if is_shown(d))
        if examples < _MOSTLY * sum(map(len, plain.values())):
            plain = {d: n for d, n in plain.items() if not is_shown(d)}
        return cls._index(plain)

    @classmethod
    def _index(cls, files: dict[str, list[str]]) -> Paths:
        made = cls(sum(map(len, files.values())), _files=files)
        for directory, names in files.items():
            for name in names:
                low = name.lower()
                at = made._names.get(low)
                if at is None:
                    made._names[low] = [f"{directory}/{name}" if directory else name]
                    dot = low.rfind(".")
                    if dot >= 0:
                        made._endings.setdefault(low[dot:], []).append(low)
                else:
                    at.append(f"{directory}/{name}" if directory else name)
            for part in set(directory.lower().split("/")) if directory else ():
                made._directories.setdefault(part, []).append(directory)
        return made

    def all(self) -> list[str]:
        """Every path that counts."""
        return [path for at in self._names.values() for path in at]

    def matching(self, pattern: str) -> list[str]:
        """Paths that ``pattern`` fits, without regard to case.

        ``name.ext`` and ``*.ext`` mean the file's name, ``a/`` or ``a/b*/`` directories on
        the way, ``a/b*.ext`` the end of the path, ``/name`` the path from the root.
        """
        pattern = pattern.lower()
        if pattern.endswith("/"):
            return self._below(pattern.strip("/"))
        *above, last = pattern.strip("/").split("/")
        if "/" not in pattern:
            return self._called(last)
        plain = next((part for part in above if not _is_glob(part)), None)
        candidates = self._called(last) if plain is None else self._below(plain)
        fits = _compiled(pattern).search
        return [path for path in candidates if fits(path.lower())]

    def _below(self, directory: str) -> list[str]:
        """Paths of the files that have ``directory``, a name or a glob of several, on their way."""
        found: Iterable[str] = self._directories.get(directory, ())
        if "/" in directory or _is_glob(directory):
            fits = _compiled(directory + "/").search
            found = [one for one in self._files if fits(one.lower() + "/")]
        return [f"{d}/{name}" for d in found for name in self._files[d]]

    def _called(self, glob: str) -> list[str]:
        if not _is_glob(glob):
            return list(self._names.get(glob, ()))
        dot = glob.rfind(".")
        ending = glob[dot:] if dot >= 0 and not _is_glob(glob[dot:]) else None
        names: Iterable[str] = self._names if ending is None else self._endings.get(ending, ())
        if ending is None or glob != "*" + ending:
            fits = _compiled(glob).search
            names = [name for name in names if fits(name)]
        return [path for name in names for path in self._names[name]]


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text


@lru_cache(maxsize=2048)
def _compiled(pattern: str) -> re.Pattern[str]:
    """``pattern`` as an expression for lower-case paths; ``*`` stays inside a directory."""
    start = "^" if pattern.startswith("/") else "(?:^|/)"
    body = re.escape(pattern.lstrip("/"))
    body = body.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return re.compile(start + body + ("" if pattern.endswith("/") else r"\Z"))


def first(paths: Sequence[str]) -> str:
    """The path to show for several: the least deep, then the shortest."""
    return min(paths, key=lambda p: (p.count("/"), len(p), p))
