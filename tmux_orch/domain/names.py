"""Names that may become part of a path, a branch, a tmux target or a tmux format.

Only what matches :data:`NAME` goes into any of those (``#(cmd)`` in a session
name runs a shell, ``a.b`` becomes ``a_b``, all digits read as an index). Everything else that a
person gave is a label: stored, shown, never interpreted.
"""

from __future__ import annotations

import re
import unicodedata

NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
RUN = re.compile(r"[0-9a-f]{6}")
MESSAGE_ID = re.compile(r"[0-9a-f]{8}")


def is_name(text: str) -> bool:
    """Whether ``text`` may be used as a project or agent name."""
    return NAME.fullmatch(text) is not None


def slug(label: str, *, fallback: str = "project") -> str:
    """A name made from any label: lower case, ``[a-z0-9_-]``, starting with a letter, ≤ 36 chars.

    Two labels may share a slug; the caller makes it unique.
    """
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    text = re.sub(r"[^a-z0-9_-]+", "-", plain.lower()).strip("-_")[:36].rstrip("-_")
    if not text:
        return fallback
    return text if text[0].isalpha() else f"p-{text}"[:36]


def unique(name: str, taken: set[str] | frozenset[str]) -> str:
    """``name``, or ``name-2``, ``name-3`` … : the first that is not in ``taken``."""
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def agent_key(project: str, agent: str) -> str:
    """The key of one seat, ``project/agent``; the value of the tmux tag ``@orch_agent``."""
    return f"{project}/{agent}"


def split_key(key: str) -> tuple[str, str]:
    """``project/agent`` taken apart."""
    project, _, agent = key.partition("/")
    return project, agent
