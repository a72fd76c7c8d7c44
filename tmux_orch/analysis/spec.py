"""What a spec says without asking anybody: its title, its header fields and the tasks it lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: Header fields that a spec may begin lines with, in any case.
HEADER = ("PROJECT", "TARGET", "TYPE", "REQUIREMENTS", "DELIVERABLES")

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
_TASK = re.compile(r"^\s*[-*+]\s+\[[ xX]\]\s+(.+?)\s*$")
_FIELD = re.compile(
    rf"^[ \t#*_]{{0,8}}({'|'.join(HEADER)})[ \t*_]{{0,8}}:[ \t*_]{{0,8}}(.*)$", re.I
)
_ITEM = re.compile(r"^\s*(?:[-*+]|[0-9]{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(.+?)\s*$")
_SENTENCE = re.compile(r"[.!?](?=\s|$)")
_MAX_TITLE = 80
_MAX_TASKS = 200
_MAX_VALUES = 200


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec as read.

    Attributes:
        text: All of it.
        title: One line that names it.
        tasks: Its checkbox tasks.
        header: Field in upper case (see ``HEADER``) → its values; only the fields it has.
    """

    text: str
    title: str
    tasks: tuple[str, ...]
    header: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def breadth(self) -> int:
        """How many things it asks for: its list items, and the sentences outside of lists."""
        items = 0
        for line in self.text.splitlines():
            if _ITEM.match(line):
                items += 1
            elif line.strip() and not _HEADING.match(line):
                items += max(1, len(_SENTENCE.findall(line)))
        return items


def read(text: str) -> Spec:
    """Title (first heading, else first non-empty line, ≤ 80 characters), header fields and tasks.

    The title of a spec without a heading is its ``PROJECT`` when it names one.
    """
    lines = text.splitlines()
    title = next((line.strip() for line in lines if line.strip()), "untitled")
    header = _header(lines)
    for line in lines:
        if heading := _HEADING.match(line):
            title = heading.group(1)
            break
    else:
        title = next(iter(header.get("PROJECT", ())), title)
    tasks = tuple(m.group(1) for line in lines if (m := _TASK.match(line)))
    return Spec(text, title[:_MAX_TITLE], tasks[:_MAX_TASKS], header)


def _header(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Values of the fields: what stands behind the colon, then the list below it."""
    found: dict[str, list[str]] = {}
    here: list[str] | None = None
    for line in lines:
        if match := _FIELD.match(line):
            here = found.setdefault(match.group(1).upper(), [])
            if value := match.group(2).strip(" \t*_"):
                here.append(value)
        elif item := _ITEM.match(line):
            if here is not None and len(here) < _MAX_VALUES:
                here.append(item.group(1))
        elif line.strip():
            here = None
    return {name: tuple(values) for name, values in found.items() if values}
