"""What a tool call is about: only looking, running tests, or other work."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from tmux_orch.domain.states import AgentState

#: Words that only say how the command after them is run; a number is how many of its own words
#: each takes beyond its options.
_RUNNERS = {
    "sudo": 0, "time": 0, "nice": 0, "env": 0, "exec": 0, "command": 0, "nohup": 0, "timeout": 1,
    "xvfb-run": 0, "npx": 0, "bunx": 0, "pnpx": 0,
}  # fmt: skip
#: Runners of two words.
_TWO_WORDS = {
    ("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("hatch", "run"), ("pdm", "run"),
    ("bundle", "exec"), ("pnpm", "exec"), ("yarn", "exec"), ("npm", "exec"), ("docker", "exec"),
}  # fmt: skip
#: A command whose first word is the key runs tests when one of these is the next word; ``None``:
#: whatever follows.
_TESTS: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(
        (
            "pytest", "py.test", "tox", "nox", "unittest", "nose2", "trial", "jest", "vitest",
            "mocha", "ava", "rspec", "phpunit", "pest", "ctest", "bats", "karma", "cypress",
            "playwright", "minitest", "busted", "prove",
        )
    ),
    "npm": frozenset({"test", "t", "tst"}),
    "pnpm": frozenset({"test", "t"}),
    "yarn": frozenset({"test"}),
    "bun": frozenset({"test"}),
    "deno": frozenset({"test"}),
    "node": frozenset({"--test"}),
    "cargo": frozenset({"test", "nextest"}),
    "go": frozenset({"test"}),
    "make": frozenset({"test", "tests", "check"}),
    "ninja": frozenset({"test"}),
    "meson": frozenset({"test"}),
    "just": frozenset({"test"}),
    "rake": frozenset({"test", "spec"}),
    "mvn": frozenset({"test", "verify"}),
    "gradle": frozenset({"test", "check"}),
    "dotnet": frozenset({"test"}),
    "swift": frozenset({"test"}),
    "mix": frozenset({"test"}),
    "sbt": frozenset({"test"}),
    "zig": frozenset({"test"}),
    "bazel": frozenset({"test"}),
    "flutter": frozenset({"test"}),
    "rails": frozenset({"test"}),
    "manage.py": frozenset({"test"}),
}  # fmt: skip
#: Wrapper scripts are named after their tool.
_SAME = {"mvnw": "mvn", "gradlew": "gradle", "gmake": "make"}
_SCRIPT_RUNS = frozenset({"run", "run-script"})
_ENDS = frozenset({";", "&&", "||", "|", "&", "(", ")", "|&", ";;"})
#: A longer command is a program of its own; what it runs is not worth a parse.
_MOST = 20_000


def of_command(command: str) -> AgentState:
    """``testing`` when one of the commands of a shell line runs tests, else ``working``."""
    if len(command) > _MOST:
        return AgentState.WORKING
    try:
        lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:  # a quote without its end: a here-document, or another shell's text
        return AgentState.WORKING
    one: list[str] = []
    for word in [*words, ";"]:
        if word not in _ENDS:
            one.append(word)
            continue
        if _tests(one):
            return AgentState.TESTING
        one = []
    return AgentState.WORKING


def _tests(words: Sequence[str]) -> bool:
    words = _bare(list(words))
    if not words:
        return False
    name = _name(words[0])
    if name.startswith("python") and "-m" in words[1:-1]:
        words = words[words.index("-m") + 1 :]
        name = words[0]
    elif name.startswith("python") and len(words) > 1:
        words = words[1:]
        name = _name(words[0])
    if name not in _TESTS:
        return False
    wanted = _TESTS[name]
    rest = [word for word in words[1:] if not word.startswith("-") or word == "--test"]
    if rest and rest[0] in _SCRIPT_RUNS:
        rest = rest[1:]
    # `npm run test:unit` is a test too; `cargo test-all` is somebody's own command.
    return wanted is None or any(word.partition(":")[0] in wanted for word in rest[:1])


def _bare(words: list[str]) -> list[str]:
    """Without variable assignments and runners before the command itself."""
    while words:
        if "=" in words[0] and words[0].partition("=")[0].isidentifier():
            del words[0]
        elif tuple(words[:2]) in _TWO_WORDS:
            del words[:2]
            _drop_options(words)
        elif _name(words[0]) in _RUNNERS:
            own = _RUNNERS[_name(words[0])]
            del words[0]
            _drop_options(words)
            del words[:own]
        else:
            break
    return words


def _drop_options(words: list[str]) -> None:
    while words and words[0].startswith("-"):
        del words[0]


def _name(word: str) -> str:
    name = word.rpartition("/")[2]
    return _SAME.get(name, name)
