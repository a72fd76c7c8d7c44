"""Agent programs that a person describes in ``agents.yaml`` of his configuration directory.

Only there: a file of the project's would run a program of its author's choice by a checkout.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from tmux_orch.config.checked import Strict, check
from tmux_orch.config.directory import config_directory
from tmux_orch.config.yaml_strict import Document, Where, load, shown
from tmux_orch.domain.agent_program import (
    PLACEHOLDERS,
    AgentProgram,
    PromptWay,
    Shown,
    ShownDialog,
    Word,
)
from tmux_orch.domain.errors import Absent, BadInput

FILE = "agents.yaml"
MOST_PROGRAMS = 50
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")
#: What would change which code runs, or whom the agent passes for.
_NEVER = (
    "LD_",
    "DYLD_",
    "PYTHON",
    "GIT_",
    "TMUX",
    "ORCH_",
    "BASH_ENV",
    "NODE_OPTIONS",
    "PERL5",
    "RUBY",
    "ENV",
    "PATH",
    "HOME",
    "IFS",
)
_MOST_GAP_S = 10.0

_Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_Regex = Annotated[str, StringConstraints(min_length=1, max_length=300)]
_Group = Annotated[tuple[_Text, ...], Field(min_length=1, max_length=20, strict=False)]
_Words = Annotated[tuple[_Text | _Group, ...], Field(min_length=1, max_length=100, strict=False)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
_Region = Literal["tail", "last", "composer", "footer", "block", "title"]


class _Shown(Strict):
    pattern: _Regex
    region: _Region = "tail"


class _Dialog(Strict):
    id: _Name
    pattern: _Regex
    region: _Region = "tail"
    state: Literal["waiting_permission", "waiting_answer", "needs_trust", "needs_login"]


class _Program(Strict):
    command: _Words
    resume: _Words | None = None
    prompt: Literal["argument", "file", "paste"] = "argument"
    environment: Annotated[tuple[_Text, ...], Field(max_length=100, strict=False)] = ()
    composer: _Regex | None = None
    composer_gap_s: float | int = 0.3
    ready: _Shown | _Text | None = None
    busy: _Shown | None = None
    dialogs: Annotated[tuple[_Dialog, ...], Field(max_length=50, strict=False)] = ()
    rules: Annotated[tuple[dict[str, Any], ...], Field(max_length=120, strict=False)] = ()
    rules_file: _Text | None = None
    stop: Literal["TERM", "INT", "HUP", "QUIT"] = "TERM"
    version: Annotated[tuple[_Text, ...], Field(max_length=10, strict=False)] = ()


class _File(Strict):
    agents: Literal[1]
    programs: Annotated[dict[_Name, _Program], Field(max_length=MOST_PROGRAMS)]


class AgentPrograms:
    """The programs of the person's file, read again when it changed. Safe from any thread.

    Args:
        environ: Says where the configuration directory is.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.path = config_directory(environ) / FILE
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._known: Mapping[str, AgentProgram] = {}

    def __call__(self) -> Mapping[str, AgentProgram]:
        """The programs by name; none when there is no file.

        Raises:
            BadInput: the file is not what it should be.
        """
        stamp = _stamp(self.path)
        with self._lock:
            if stamp == self._stamp:
                return self._known
        found = read(self.path) if stamp is not None else {}
        with self._lock:
            self._stamp, self._known = stamp, found
        return found


def read(path: Path) -> dict[str, AgentProgram]:
    """The programs that a file describes, by name; their screen rules are not checked here.

    Raises:
        BadInput: ``file:line: key: what is wrong``; also when others could have written it.
    """
    try:
        document = load(path)
        facts = path.stat()
    except (Absent, FileNotFoundError):
        return {}
    if facts.st_uid not in (os.geteuid(), 0) or facts.st_mode & 0o022:
        raise BadInput(f"{path} can be written by others", f"chmod go-w {path}")
    content = check(document, _File)
    return {
        name: _program(document, name, entry, path.parent)
        for name, entry in content.programs.items()
    }


def _program(document: Document, name: str, entry: _Program, directory: Path) -> AgentProgram:
    here: Where = ("programs", name)
    _check_words(document, here, entry)
    _check_environment(document, here, entry.environment)
    if not 0 <= entry.composer_gap_s <= _MOST_GAP_S:
        raise _bad(document, here, "composer_gap_s", f"give 0 to {_MOST_GAP_S:g} seconds")
    if entry.composer is None and not entry.rules_file:
        if entry.prompt == "paste":
            raise _bad(document, here, "prompt", "a prompt to paste needs a composer")
        if not isinstance(entry.ready, _Shown):
            raise _bad(document, here, "command", "without a composer a ready text is needed")
    rules_file = os.path.join(directory, os.path.expanduser(entry.rules_file or ""))  # noqa: PTH111, PTH118
    ready = entry.ready
    return AgentProgram(
        name=name,
        command=_words(entry.command),
        resume=_words(entry.resume or ()),
        prompt=PromptWay(entry.prompt),
        environment=tuple(entry.environment),
        composer=entry.composer or "",
        composer_gap_s=float(entry.composer_gap_s),
        ready=Shown(ready.pattern, ready.region) if isinstance(ready, _Shown) else ready or "",
        busy=Shown(entry.busy.pattern, entry.busy.region) if entry.busy else None,
        dialogs=tuple(ShownDialog(d.id, d.pattern, d.region, d.state) for d in entry.dialogs),
        rules=tuple(entry.rules),
        rules_file=rules_file if entry.rules_file else "",
        stop=entry.stop,
        version=tuple(entry.version),
        places=_places(document, here),
    )


def _words(given: tuple[Any, ...]) -> tuple[Word, ...]:
    return tuple(word if isinstance(word, str) else tuple(word) for word in given)


def _check_words(document: Document, here: Where, entry: _Program) -> None:
    for key, words in (("command", entry.command), ("resume", entry.resume or ())):
        held: set[str] = set()
        for number, word in enumerate(words):
            for text in (word,) if isinstance(word, str) else word:
                held |= _placeholders(document, (*here, key, number), text)
        first = words[0] if words else "-"
        if not isinstance(first, str) or _placeholders(document, here, first):
            raise _bad(document, here, key, "the first word is the program, without braces")
        if "/" in first and not first.startswith(("/", "~/")):
            raise _bad(document, here, key, "name the program by its name or an absolute path")
        wanted = {"argument": "prompt", "file": "prompt_file"}.get(entry.prompt, "")
        if key == "command" and wanted and wanted not in held:
            raise _bad(document, here, key, f"prompt: {entry.prompt} needs {{{wanted}}} in it")
        for other in {"prompt", "prompt_file"} & held - {wanted}:
            raise _bad(document, here, key, f"{{{other}}} does not go with prompt: {entry.prompt}")


def _placeholders(document: Document, where: Where, text: str) -> set[str]:
    try:
        parts = [part for _, part, form, conversion in Formatter().parse(text)
                 if part is not None and not _refuse(part, form, conversion)]  # fmt: skip
    except ValueError as error:
        place = f"{document.at(where)}: {shown(text)}"
        raise BadInput(f"{place}: {error}", "write {{ and }} for braces") from None
    return set(parts)


def _refuse(name: str, form: str | None, conversion: str | None) -> bool:
    if name not in PLACEHOLDERS or form or conversion:
        known = ", ".join(sorted(PLACEHOLDERS))
        raise ValueError(f"{{{shown(name)}}} is no placeholder; known are {known}")
    return False


def _check_environment(document: Document, here: Where, names: tuple[str, ...]) -> None:
    for number, name in enumerate(names):
        where = (*here, "environment", number)
        if not _VARIABLE.fullmatch(name) or len(name) < 3:
            raise BadInput(
                f"{document.at(where)}: {shown(name)}: not a variable's name",
                "write NAME, or NAME_* for all that begin so",
            )
        plain = name.removesuffix("*")
        never = [
            n for n in _NEVER if plain.startswith(n) or (name != plain and n.startswith(plain))
        ]
        exact = [
            n
            for n in never
            if n.endswith("_") or n in ("PYTHON", "TMUX", "PERL5", "RUBY") or n == plain
        ]
        if exact:
            raise BadInput(
                f"{document.at(where)}: {shown(name)}: never handed to an agent", "remove it"
            )


def _places(document: Document, here: Where) -> dict[str, str]:
    """``file:line`` of the program, of its keys and of the items of their lists."""
    found = {}
    for path in document.lines:
        if path[: len(here)] == here and len(path) <= len(here) + 2:
            found[".".join(map(str, path[len(here) :]))] = document.at(path)
    return found


def _bad(document: Document, here: Where, key: str, problem: str) -> BadInput:
    name = ".".join(map(str, (*here, key)))
    return BadInput(f"{document.at((*here, key))}: {name}: {problem}")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_mode
