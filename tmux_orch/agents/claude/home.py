"""Where the program keeps its configuration, its live sessions and its transcripts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path


def config_directory(environment: Mapping[str, str]) -> Path:
    """``CLAUDE_CONFIG_DIR``, else ``~/.claude``, as the program itself decides."""
    chosen = environment.get("CLAUDE_CONFIG_DIR")
    return Path(chosen) if chosen else Path(environment.get("HOME", "/")) / ".claude"


def sessions_directory(environment: Mapping[str, str]) -> Path:
    """Directory of ``<pid>.json``, one per live process."""
    return config_directory(environment) / "sessions"


def transcript_path(
    environment: Mapping[str, str], worktree: Path, conversation: str
) -> Path | None:
    """The file of ``conversation``, or ``None`` when there is none yet."""
    projects = config_directory(environment) / "projects"
    name = f"{conversation}.jsonl"
    expected = projects / slug(worktree) / name
    # os.path.isfile and not Path.is_file: a name that is too long is no file, not an error.
    if os.path.isfile(expected):  # noqa: PTH113
        return expected
    # The directory's name is the program's own affair (a long path is cut and hashed, a symbolic
    # link resolved); the conversation's id is not.
    found = [path for path in projects.glob(f"*/{name}") if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def slug(worktree: Path) -> str:
    """The directory of a working directory's transcripts, as both tried versions name it."""
    return re.sub(r"[^a-zA-Z0-9]", "-", str(worktree))
