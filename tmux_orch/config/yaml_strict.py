"""YAML for settings, read strictly: what may be in it is what JSON has, and comments.

PyYAML's ``safe_load`` lets a file of 1 kB grow to gigabytes through aliases, recurses until the
interpreter gives up, keeps the last of two equal keys, and reads ``on`` as true, ``12:30`` as 750
and ``010`` as 8. Here the parser's events are read one by one, so nothing of that can begin.
"""

from __future__ import annotations

import math
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tmux_orch.domain.errors import Absent, BadInput

#: 1.3 MB take pure Python 9.7 s; a quarter of a megabyte is 40 times the largest file of ours.
MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_DIGITS = 18

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "null": None, "true": True, "false": False}
# What YAML allows in a text, less the bidirectional controls that show one thing and mean another.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DISGUISE = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")
# Written in C and 20 times as fast where PyYAML was built with libyaml; the events are the same.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content with the line of every value.

    Attributes:
        name: The file's name as shown in messages.
        data: Mappings, lists, texts, numbers, true, false, ``None``.
        lines: Path of keys and indexes → line, from 1.
    """

    name: str
    data: Any
    lines: dict[Where, int]

    def at(self, path: Where) -> str:
        """``file:line`` of the value at ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def load(path: Path) -> Document:
    """Read a file.

    Raises:
        Absent: there is none.
        BadInput: it cannot be read, or :func:`parse` refuses it.
    """
    return parse(_read(path), str(path))


def parse(data: bytes, name: str) -> Document:
    """Read ``data``; an empty document is an empty mapping.

    Raises:
        BadInput: it is not strict YAML; the message begins with ``file:line``.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(f"{name} is larger than {MAX_BYTES // 1024} kB", "make it smaller")
    text = _decode(data, name)
    reader = _Reader(name)
    try:
        for event in _events(text):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise BadInput(f"{name}:{line}: {error.problem or 'not YAML'}") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{name}:1: {str(error).splitlines()[0]}") from error
    return Document(name, {} if reader.root is None else reader.root, reader.lines)


def shown(text: str) -> str:
    """A word from a file as it may stand in a one-line message: short, every oddity escaped."""
    plain = ascii(text)[1:-1]
    return plain if len(plain) <= 60 else f"{plain[:57]}..."


def _read(path: Path) -> bytes:
    try:
        # O_NONBLOCK: a FIFO must not make us wait for its writer.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Absent(f"there is no file {path}") from None
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise BadInput(f"{path} is not a regular file")
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(fd)


def _decode(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{name}:{line}: not UTF-8 text", "save it as UTF-8") from error
    odd = _UNPRINTABLE.search(text) or _DISGUISE.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        raise BadInput(f"{name}:{line}: a control character ({ascii(odd[0])[1:-1]})", "remove it")
    return text


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=_LOADER)


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being filled; ``key`` waits for its value."""

    value: dict[str, Any] | list[Any]
    path: Where
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    """Builds the values from the parser's events, without recursion."""

    name: str
    root: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    documents: int = 0
    stack: list[_Frame] = field(default_factory=list)

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._bad(line, "anchors and aliases are not accepted", "write the value out")
        if getattr(event, "tag", None):
            raise self._bad(line, f"tags are not accepted ({shown(event.tag)})", "remove it")
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._bad(line, "only one document is accepted", "remove the second ---")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open({}, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open([], line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()

    def _scalar(self, event: Any, line: int) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            if event.value in frame.value:
                first = self.lines[(*frame.path, event.value)]
                raise self._bad(line, f"{shown(event.value)} is there already (line {first})")
            frame.key = event.value
            self.lines[(*frame.path, event.value)] = line
            return
        plain = event.implicit[0]
        self._put(self._plain(event.value, line) if plain else event.value, line)

    def _plain(self, text: str, line: int) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            digits = len(text.removeprefix("-"))
            if digits > MAX_DIGITS:
                raise self._bad(line, f"a number of {digits} digits", "make it smaller")
            return int(text)
        if _DECIMAL.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                raise self._bad(line, "a number that is too large", "make it smaller")
            return number
        return text

    def _open(self, value: dict[str, Any] | list[Any], line: int) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            raise self._bad(line, "a key that is not text", "write keys as plain words")
        if len(self.stack) >= MAX_DEPTH:
            raise self._bad(line, f"nested more than {MAX_DEPTH} deep", "make it flatter")
        self.stack.append(_Frame(value, self._put(value, line)))

    def _put(self, value: Any, line: int) -> Where:
        if not self.stack:
            self.root = value
            path: Where = ()
            self.lines[path] = line
            return path
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            path = (*frame.path, len(frame.value))
            frame.value.append(value)
            self.lines[path] = line
            return path
        if frame.key is None:
            raise RuntimeError("a value without a key: the parser broke its promise")
        path = (*frame.path, frame.key)
        frame.value[frame.key] = value
        frame.key = None
        return path

    def _bad(self, line: int, problem: str, next_step: str = "") -> BadInput:
        return BadInput(f"{self.name}:{line}: {problem}", next_step)
