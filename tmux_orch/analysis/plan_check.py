"""Whether data is a plan that this team can carry out; a planner's answer or a person's edit.

Nothing is repaired. What is done to text, and all that is done to it: control, invisible and
disguising characters go (``domain.sanitise``), and runs of white space become one space.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePosixPath
from typing import Any, NoReturn, TypeVar

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.implementation import Implementation, Phase, Risk, Task
from tmux_orch.domain.sanitise import printable, sanitise

MAX_PHASES = 12
MAX_TASKS = 60
MAX_CRITERIA = 12
MAX_FILES = 20
MAX_RISKS = 20
MAX_QUESTIONS = 20
LONGEST = {
    "summary": 800,
    "name": 80,
    "goal": 400,
    "title": 200,
    "success_criteria": 400,
    "files": 200,
    "risk": 400,
    "mitigation": 400,
    "open_questions": 400,
    "note": 1000,
}
PLANNERS = ("anthropic", "claude", "offline")

_ANSWER = ("summary", "phases", "tasks", "risks", "open_questions")
_STORED = (*_ANSWER, "planner", "note")
_TASK = ("id", "role", "title", "phase", "depends_on", "success_criteria", "files")
_T = TypeVar("_T")
_ID = re.compile(r"T[1-9][0-9]{0,2}")


def parse(text: str) -> Any:
    """JSON as data, stricter than the standard: no key twice, no NaN or Infinity.

    Raises:
        BadInput: it is not JSON; line and column are named.
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"the plan is not JSON: line {error.lineno}, column {error.colno}: {error.msg}",
            "correct it there",
        ) from error
    except (RecursionError, ValueError) as error:
        raise BadInput(f"the plan is not JSON: {printable(str(error))}", "correct it") from error


def check_body(body: object, roles: Collection[str]) -> Implementation:
    """``body``, as :meth:`Implementation.body` writes it and a person may have changed it.

    Args:
        body: The data; ``planner`` and ``note`` may be left out.
        roles: Names of the roles that are in the team.

    Raises:
        BadInput: one line that says what is wrong where.
    """
    whole = _mapping(body, "the plan", _ANSWER, _STORED)
    planner = whole.get("planner", "offline")
    if planner not in PLANNERS:
        _wrong("planner", f"{_shown(planner)} is not a planner", ", ".join(PLANNERS))
    note = whole.get("note", "")
    return _implementation(whole, roles, planner, "" if note == "" else _text(note, "note", "note"))


def check_answer(
    body: object, roles: Collection[str], busy: Collection[str], planner: str, note: str
) -> Implementation:
    """What a model answered; it can say neither who made it nor anything outside the schema.

    Args:
        body: The answer.
        roles: Names of the roles that are in the team.
        busy: Roles of which each must have a task.
        planner, note: What we say about how it was made.

    Raises:
        BadInput: one line that says what is wrong where.
    """
    made = _implementation(
        _mapping(body, "the plan", _ANSWER, _ANSWER), roles, planner, note, ("files",)
    )
    idle = [role for role in busy if not made.of(role)]
    if idle:
        _wrong("tasks", f"there is none for {', '.join(idle)}", "every worker needs one")
    return made


def _implementation(
    whole: Mapping[str, Any],
    roles: Collection[str],
    planner: str,
    note: str,
    more_keys: tuple[str, ...] = (),
) -> Implementation:
    phases = _list(whole["phases"], "phases", _phase, MAX_PHASES, least=1)
    names = [phase.name for phase in phases]
    _unique(names, "phases", "name")

    def task(value: object, where: str) -> Task:
        needed = tuple(key for key in _TASK if key != "files" or key in more_keys)
        return _task(_mapping(value, where, needed, _TASK), where, roles, names)

    tasks = _list(whole["tasks"], "tasks", task, MAX_TASKS, least=1)
    _unique([task.id for task in tasks], "tasks", "id")
    _acyclic(tasks)
    return Implementation(
        summary=_text(whole["summary"], "summary", "summary"),
        phases=phases,
        tasks=tasks,
        risks=_list(whole["risks"], "risks", _risk, MAX_RISKS),
        open_questions=_list(
            whole["open_questions"], "open_questions", _line("open_questions"), MAX_QUESTIONS
        ),
        planner=planner,
        note=note,
    )


def _phase(value: object, where: str) -> Phase:
    body = _mapping(value, where, ("name", "goal"), ("name", "goal"))
    return Phase(
        _text(body["name"], f"{where}.name", "name"), _text(body["goal"], f"{where}.goal", "goal")
    )


def _risk(value: object, where: str) -> Risk:
    keys = ("risk", "mitigation")
    body = _mapping(value, where, keys, keys)
    risk, mitigation = (_text(body[key], f"{where}.{key}", key) for key in keys)
    return Risk(risk, mitigation)


def _task(
    body: Mapping[str, Any], where: str, roles: Collection[str], phases: Collection[str]
) -> Task:
    name = body["id"]
    if not isinstance(name, str) or not _ID.fullmatch(name):
        _wrong(f"{where}.id", f"{_shown(name)} is not an id", "use T1, T2 and so on")
    where = f"{where} ({name})"
    role = body["role"]
    if not isinstance(role, str) or role not in roles:
        _wrong(f"{where}.role", f"{_shown(role)} is not in the team", f"it has {', '.join(roles)}")
    phase = _text(body["phase"], f"{where}.phase", "name")
    if phase not in phases:
        _wrong(f"{where}.phase", f"no phase is called {_shown(phase)}", "name one of phases")
    return Task(
        id=name,
        role=role,
        title=_text(body["title"], f"{where}.title", "title"),
        phase=phase,
        depends_on=_list(body["depends_on"], f"{where}.depends_on", _reference, MAX_TASKS),
        success_criteria=_list(
            body["success_criteria"],
            f"{where}.success_criteria",
            _line("success_criteria"),
            MAX_CRITERIA,
            least=1,
        ),
        files=_list(body.get("files", []), f"{where}.files", _path, MAX_FILES),
    )


def _reference(value: object, where: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        _wrong(where, f"{_shown(value)} is not an id", "use T1, T2 and so on")
    return value


def _path(value: object, where: str) -> str:
    text = _text(value, where, "files")
    if fault := fault_of_path(text):
        _wrong(where, f"{_shown(text)} {fault}", "give a path relative to the repository")
    return str(PurePosixPath(text))


def fault_of_path(text: str) -> str:
    """Why ``text`` is not the path of something that a task may touch; empty when it is."""
    path = PurePosixPath(text)
    outside = not path.parts or path.is_absolute() or ".." in path.parts
    if outside or text[0] == "~" or "\\" in text or ":" in path.parts[0]:
        return "is not a path inside the repository"
    return "belongs to git" if path.parts[0] == ".git" else ""


def _acyclic(tasks: tuple[Task, ...]) -> None:
    """Refuse a dependency on nothing, on itself, and every circle."""
    waiting = {task.id: set(task.depends_on) for task in tasks}
    for number, task in enumerate(tasks):
        for other in task.depends_on:
            if other not in waiting:
                _wrong(f"tasks[{number}] ({task.id}).depends_on", f"there is no task {other}", "")
    while ready := {name for name, needs in waiting.items() if not needs}:
        waiting = {name: needs - ready for name, needs in waiting.items() if name not in ready}
    if waiting:
        _wrong("tasks", f"{', '.join(waiting)} wait for each other", "take one dependency out")


def _mapping(
    value: object, where: str, needed: tuple[str, ...], known: tuple[str, ...]
) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        _wrong(where, "must be an object", f"with {', '.join(known)}")
    for key in value:
        if key not in known:
            _wrong(where, f"{_shown(key)} is not known here", f"known are {', '.join(known)}")
    for key in needed:
        if key not in value:
            _wrong(where, f"{key} is missing", "")
    return value


def _list(
    value: object, where: str, one: Callable[[object, str], _T], most: int, *, least: int = 0
) -> tuple[_T, ...]:
    if not isinstance(value, list | tuple):
        _wrong(where, "must be a list", "")
    if not least <= len(value) <= most:
        _wrong(where, f"has {len(value)} entries", f"{least} to {most} are accepted")
    return tuple(one(item, f"{where}[{number}]") for number, item in enumerate(value))


def _line(kind: str) -> Callable[[object, str], str]:
    return lambda value, where: _text(value, where, kind)


def _text(value: object, where: str, kind: str) -> str:
    if not isinstance(value, str):
        _wrong(where, "must be text", "")
    if len(value) > 4 * LONGEST[kind]:
        _wrong(where, f"is {len(value)} characters long", f"at most {LONGEST[kind]} are accepted")
    text = " ".join(sanitise(value).text.split())
    if not text:
        _wrong(where, "is empty", "")
    if len(text) > LONGEST[kind]:
        _wrong(where, f"is {len(text)} characters long", f"at most {LONGEST[kind]} are accepted")
    return text


def _unique(values: list[str], where: str, key: str) -> None:
    for value in values:
        if values.count(value) > 1:
            _wrong(where, f"the {key} {_shown(value)} is there twice", "")


def _wrong(where: str, what: str, accepted: str) -> NoReturn:
    raise BadInput(f"{where}: {what}", accepted)


def _shown(value: object) -> str:
    return printable(json.dumps(value, ensure_ascii=False, default=str))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return made


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")
