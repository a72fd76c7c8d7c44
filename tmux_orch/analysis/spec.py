"""What a spec says without asking anybody: its title and the tasks it lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
_TASK = re.compile(r"^\s*[-*+]\s+\[[ xX]\]\s+(.+?)\s*$")
_MAX_TITLE = 80
_MAX_TASKS = 200


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec as read: its whole text, one line that names it, and its checkbox tasks."""

    text: str
    title: str
    tasks: tuple[str, ...]


def read(text: str) -> Spec:
    """Title (first heading, else first non-empty line, ≤ 80 characters) and checkbox tasks."""
    lines = text.splitlines()
    title = next((line.strip() for line in lines if line.strip()), "untitled")
    for line in lines:
        if heading := _HEADING.match(line):
            title = heading.group(1)
            break
    tasks = tuple(m.group(1) for line in lines if (m := _TASK.match(line)))
    return Spec(text, title[:_MAX_TITLE], tasks[:_MAX_TASKS])
