"""What the files over the shipped templates change, value by value, with their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tmux_orch.config.template_merge import at, merge
from tmux_orch.config.yaml_strict import Document, Where


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a file sets otherwise than it was, adds or takes away.

    Attributes:
        path: Keys down to it.
        file, line: Where that is written.
        before, after: The values; ``None`` for nothing.
    """

    path: tuple[str, ...]
    file: str
    line: int
    before: Any
    after: Any


def changes(documents: Sequence[Document], project: Document | None = None) -> tuple[Change, ...]:
    """What every document but the first changes, in the order they are merged.

    Raises:
        BadInput: they cannot be merged.
    """
    found: list[Change] = []
    for index in range(1, len(documents)):
        before = merge(documents[:index]).data
        found += _changes(documents[index], documents[index].data, before, ())
    merge(documents, project)
    if project is not None:
        found += _changes(project, project.data, merge(documents).data, ())
    return tuple(found)


def _changes(
    document: Document, new: Mapping[str, Any], before: Any, path: Where
) -> Iterator[Change]:
    for key, value in new.items():
        where = (*path, key)
        old = at(before, (key,))
        if isinstance(value, dict) and value:
            yield from _changes(document, value, old, where)
        elif value != old:
            file, _, line = document.at(where).rpartition(":")
            yield Change(tuple(str(part) for part in where), file, int(line), old, value)
