"""Facts as the templates see them: every text cleaned, the original at hand for code spans."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from tmux_orch.briefing import clean

#: Most characters of a text, by the field it stands in; 300 elsewhere.
LIMITS = {
    "goal": 160, "title": 160, "summary": 600, "name": 60, "role": 60, "template": 60,
    "project": 80, "id": 20, "phase": 80, "worktree": 1000, "notes": 1000, "branch": 200,
    "starting_branch": 200, "branch_prefix": 60, "base": 40, "why": 160, "did": 240,
    "unread": 240, "remote": 100, "path": 160, "files": 160, "subjects": 120,
    "success_criteria": 240, "spec_items": 200, "depends_on": 20, "transport": 20, "where": 80,
    "merge_order": 60, "shared_with": 60,
}  # fmt: skip


class Words(str):
    """One line that may stand anywhere on a page; ``raw`` is what it was made from."""

    __slots__ = ("limit", "raw")
    raw: str
    limit: int

    def __new__(cls, text: str, limit: int) -> Words:
        """Clean ``text``; see :func:`clean.line`."""
        made = super().__new__(cls, clean.line(text, limit))
        made.raw, made.limit = text, limit
        return made


#: Entries of a list that a page can show at all; of the rest it says only how many they are.
MOST = 100


#: Names of ours are no longer than this (``domain.names``), so they are never cut.
SHORTEST = 42


def cleaned(value: Any, field: str = "", *, most: int = MOST, share: float = 1.0) -> Any:
    """``value`` with every text in it as :class:`Words`; dataclasses and tuples keep their form.

    Args:
        value: A text, a tuple, a dataclass of them, or anything else, which stays as it is.
        field: Name of the field it stands in.
        most: Entries of a tuple that are cleaned; it keeps its length, the rest is blank.
        share: Part of each text's limit that it may have.
    """
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        limit = LIMITS.get(field, 300)
        return Words(value, min(limit, max(SHORTEST, int(limit * share))))
    if isinstance(value, tuple):
        rest = (Words("", 1),) * (len(value) - most)
        return (*(cleaned(one, field, most=most, share=share) for one in value[:most]), *rest)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {
            f.name: cleaned(getattr(value, f.name), f.name, most=most, share=share)
            for f in fields(value)
        }
        return type(value)(**parts)
    return value


def code(text: str) -> str:
    """Filter: the text as a code span."""
    if isinstance(text, Words):
        return clean.code(text.raw, text.limit)
    return clean.code(str(text))


def codes(texts: Iterable[str]) -> str:
    """Filter: ```a`, `b` and `c```."""
    spans = [code(text) for text in texts]
    return " and ".join(filter(None, [", ".join(spans[:-1]), *spans[-1:]]))


def codes_in_order(texts: Iterable[str]) -> str:
    """Filter: ```a`, then `b`, then `c```."""
    return ", then ".join(code(text) for text in texts)


def ordinal(number: int) -> str:
    """Filter: ``2nd``."""
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"
