"""Rule files read: the shipped one of a program, and a person's own beside it."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from tmux_orch.agents.screens import pattern
from tmux_orch.agents.screens.rules import GATES, REGIONS, Layout, Patterns, Rule, Rules
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState

MAX_BYTES = 64_000
MAX_RULES = 120
MAX_PATTERNS = 12
FILE = "screen.toml"
#: Programs with a shipped rule file.
PROGRAMS = ("claude", "codex", "gemini", "opencode", "rehearsal")
_RULE_KEYS = frozenset({"id", "state", "priority", "versions", "gates", "all", "any", "none"})
_MARKS = ("sent", "chrome", "notice", "tool", "words", "output")
_NEEDS_HISTORY = (AgentState.STUCK, AgentState.COMPLETE, AgentState.UNKNOWN)
#: Where only the program writes while a turn runs, and where it asks.
_ASKING = frozenset({"dialog", "question", "options", "keys", "title"})
_TAIL_STATES = (
    AgentState.EXITED,
    AgentState.ERROR,
    AgentState.INITIALIZING,
    AgentState.NEEDS_LOGIN,
)


def rules(program: str, override: Path | None = None) -> Rules:
    """The rules of a program, with those of a person's file in place of or beside them.

    A rule of the person's file replaces the shipped one with the same id, or is added; the layout
    cannot be changed. What the file says can never make an agent look ready that is not: every
    rule for ``idle`` must ask for the input box and for no running turn, and for text that the
    program itself shows there (never the title or the tail); waiting states are read from dialogs
    only, so no words of an agent open one.

    Args:
        program: Name of the program.
        override: The person's file; one that does not exist changes nothing.

    Raises:
        BadInput: a file is refused, with its place and the reason; or no such program.
    """
    shipped = _shipped(program)
    if override is None:
        return shipped
    try:
        facts = override.stat()
    except FileNotFoundError:
        return shipped
    except OSError as error:
        raise BadInput(f"{override}: {error.strerror}") from None
    # The time of the inode's change: a file that may be read since counts as changed too.
    found = _merged(program, override, (facts.st_ctime_ns, facts.st_size, facts.st_ino))
    if isinstance(found, Rules):
        return found
    raise BadInput(*found)


def own(path: Path) -> tuple[str, tuple[Rule, ...]]:
    """A person's file alone: the program it is for, and its rules in the order of the file.

    Raises:
        BadInput: it is refused.
    """
    text = _text(path)
    table = _table(text, str(path))
    program = str(table.get("program", ""))
    if "layout" in table:
        raise BadInput(f"{path}:{_line(text, '[layout')}: only shipped files have a layout")
    return program, _rules(table, text, str(path))


def shipped_text(program: str) -> str:
    """The text of the shipped file."""
    if program not in PROGRAMS:
        raise BadInput(f"no screen rules for {program!r}", f"one of: {', '.join(PROGRAMS)}")
    return resources.files("tmux_orch.agents").joinpath(program, FILE).read_text("utf-8")


@lru_cache(maxsize=len(PROGRAMS))
def _shipped(program: str) -> Rules:
    text = shipped_text(program)
    place = f"{program}/{FILE}"
    table = _table(text, place)
    found = _rules(table, text, place)
    return Rules(program, _layout(table.get("layout", {}), text, place), _ordered(found))


@lru_cache(maxsize=16)
def _merged(
    program: str, override: Path, _version: tuple[int, int, int]
) -> Rules | tuple[str, str]:
    """The rules, or why the file is refused: that costs 7 ms, and is asked for at each look."""
    shipped = _shipped(program)
    try:
        named, mine = own(override)
    except BadInput as error:
        return error.message, error.next_step
    if named != program:
        return f"{override}: it is for {named!r}, and {program!r} is wanted", ""
    ids = {rule.id for rule in mine}
    kept = [rule for rule in shipped.rules if rule.id not in ids]
    return Rules(program, shipped.layout, _ordered((*mine, *kept)))


def _ordered(found: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(sorted(found, key=lambda rule: -rule.priority))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BadInput(f"{path}: larger than {MAX_BYTES} bytes")
        return data.decode("utf-8")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}") from None


def _table(text: str, place: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise BadInput(f"{place}: {str(error).splitlines()[0]}") from None
    for key in table:
        if key not in ("program", "layout", "rule"):
            raise BadInput(f"{place}:{_line(text, key)}: unknown key {key!r}")
    if not isinstance(table.get("program"), str):
        raise BadInput(f'{place}: it must name its program, e.g. program = "claude"')
    return table


def _rules(table: dict[str, Any], text: str, place: str) -> tuple[Rule, ...]:
    given = table.get("rule", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise BadInput(f"{place}: rules are written as [[rule]]")
    if len(given) > MAX_RULES:
        raise BadInput(f"{place}: {len(given)} rules; {MAX_RULES} are allowed")
    heads = [at for at, line in enumerate(text.split("\n"), 1) if line.strip() == "[[rule]]"]
    found: dict[str, Rule] = {}
    for number, one in enumerate(given):
        where = f"{place}:{heads[number]}" if number < len(heads) else place
        try:
            rule = _rule(one)
        except ValueError as error:
            name = one.get("id")
            named = f"rule {name[:60]!r}: " if isinstance(name, str) else ""
            raise BadInput(f"{where}: {named}{error}") from None
        if rule.id in found:
            raise BadInput(f"{where}: rule {rule.id!r} is there twice")
        found[rule.id] = rule
    return tuple(found.values())


def _rule(given: dict[str, Any]) -> Rule:
    for key in given:
        if key not in _RULE_KEYS:
            raise ValueError(f"unknown key {key[:40]!r}")
    identity = given.get("id")
    if not isinstance(identity, str) or not _is_id(identity):
        raise ValueError("an id is 1 to 60 of a-z, 0-9, dot, dash and underscore")
    priority = given.get("priority", 50)
    if type(priority) is not int or not 0 <= priority <= 100:
        raise ValueError("priority is a whole number from 0 to 100")
    rule = Rule(
        identity,
        _state(given.get("state")),
        priority,
        _words(given, "versions"),
        _words(given, "gates"),
        _patterns(given, "all"),
        _patterns(given, "any"),
        _patterns(given, "none"),
    )
    _allowed(rule)
    return rule


def _allowed(rule: Rule) -> None:
    """What keeps words from becoming states; see :func:`rules`."""
    for gate in rule.gates:
        if gate not in GATES:
            raise ValueError(f"unknown gate {gate[:40]!r}; one of: {', '.join(GATES)}")
    if not rule.all and not rule.any and "fresh" not in rule.gates:
        raise ValueError("it has no pattern")
    looks = {*rule.all, *rule.any}
    if rule.state in READY:
        if not {"composer", "quiet"} <= {*rule.gates}:
            raise ValueError('a rule for idle needs gates = ["composer", "quiet"]')
        if {"tail", "title"} & looks or not looks:
            raise ValueError("a rule for idle looks at block, last, footer or composer")
    elif rule.state in WAITING and rule.state is not AgentState.NEEDS_LOGIN:
        if not looks <= _ASKING:
            raise ValueError(f"a rule for {rule.state} looks at a dialog or the title only")
    elif rule.state in BUSY and "tail" in looks:
        raise ValueError(f"a rule for {rule.state} does not look at the tail")
    if "tail" in looks and rule.state not in _TAIL_STATES:
        raise ValueError(f"a rule for {rule.state} does not look at the tail")


def _state(value: object) -> AgentState:
    try:
        state = AgentState(str(value))
    except ValueError:
        raise ValueError(f"unknown state {str(value)[:40]!r}") from None
    if state in _NEEDS_HISTORY:
        raise ValueError(f"{state} cannot be seen on one screen")
    return state


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 60 and all(c.isascii() and (c.isalnum() or c in "._-") for c in text)


def _words(given: dict[str, Any], key: str) -> tuple[str, ...]:
    value = given.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{key} is a list of strings")
    return tuple(value)


def _patterns(given: dict[str, Any], key: str) -> Patterns:
    value = given.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key} names regions, e.g. {key}.footer = ['esc to interrupt']")
    found = {}
    for region, ones in value.items():
        if region not in REGIONS:
            raise ValueError(f"unknown region {region[:40]!r}; one of: {', '.join(REGIONS)}")
        if not isinstance(ones, list) or not all(isinstance(one, str) for one in ones):
            raise ValueError(f"{key}.{region} is a list of regexes")
        if not 0 < len(ones) <= MAX_PATTERNS:
            raise ValueError(f"{key}.{region} has 1 to {MAX_PATTERNS} patterns")
        found[region] = tuple(_compiled(one, f"{key}.{region}") for one in ones)
    return found


def _compiled(text: str, where: str) -> Any:
    try:
        return pattern.compiled(text)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _layout(given: dict[str, Any], text: str, place: str) -> Layout:
    known = {field.name for field in fields(Layout)}
    parts: dict[str, Any] = {}
    for key, value in given.items():
        where = f"{place}:{_line(text, key)}: layout.{key}"
        if key not in known:
            raise BadInput(f"{where}: unknown key")
        try:
            if key in ("indent", "frame"):
                if type(value) is not (int if key == "indent" else str):
                    raise ValueError("a whole number" if key == "indent" else "one sign")
                parts[key] = value
            elif key == "marks":
                parts[key] = {mark: pattern.compiled(value[mark]) for mark in value}
                if not {*value} <= {*_MARKS}:
                    raise ValueError(f"the marks are {', '.join(_MARKS)}")
            else:
                parts[key] = pattern.compiled(value)
        except (ValueError, TypeError) as error:
            raise BadInput(f"{where}: {error}") from None
    return Layout(**parts)


def _line(text: str, word: str) -> int:
    """The first line that begins with ``word``; 1 when there is none."""
    starts = [at for at, line in enumerate(text.split("\n"), 1) if line.startswith(word)]
    return starts[0] if starts else 1


def rule(given: dict[str, Any]) -> Rule:
    """One rule from its table, for rules that do not stand in a rule file.

    Raises:
        ValueError: with one line that says why it is refused.
    """
    return _rule(given)


def whole(path: Path, program: str) -> Rules:
    """A file with the rules and the layout of a program that we ship nothing for.

    Raises:
        BadInput: it is refused.
    """
    text = _text(path)
    table = _table(text, str(path))
    if table["program"] != program:
        raise BadInput(f"{path}: it is for {table['program'][:40]!r}, and {program!r} is wanted")
    found = _rules(table, text, str(path))
    return Rules(program, _layout(table.get("layout", {}), text, str(path)), _ordered(found))
