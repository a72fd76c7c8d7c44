"""Where the program keeps its configuration and its conversations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID


def home(environment: Mapping[str, str]) -> Path:
    """``CODEX_HOME``, else ``~/.codex``, as the program itself decides."""
    chosen = environment.get("CODEX_HOME")
    return Path(chosen) if chosen else Path(environment.get("HOME", "/")) / ".codex"


def rollout(environment: Mapping[str, str], conversation: str) -> Path | None:
    """The file of ``conversation``, or ``None`` when there is none.

    It lies in a directory of the (local) day on which the conversation began, and the id tells that
    day: the program makes ids of version 7. An id of another version is none of its own.
    """
    began = _began(conversation)
    if began is None:
        return None
    for shift in (0, -1, 1):
        day = began + timedelta(days=shift)
        directory = home(environment) / "sessions" / f"{day:%Y/%m/%d}"
        for path in directory.glob(f"rollout-*-{conversation}.jsonl"):
            return path
    return None


def _began(conversation: str) -> datetime | None:
    try:
        identity = UUID(conversation)
    except ValueError:
        return None
    if identity.version != 7 or str(identity) != conversation:
        return None
    return datetime.fromtimestamp((identity.int >> 80) / 1000, UTC)
