"""Where the program keeps its configuration, its live sessions and its transcripts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from tmux_orch.agents.adapter import Berth


def config_directory(environment: Mapping[str, str]) -> Path:
    """``CLAUDE_CONFIG_DIR``, else ``~/.claude``, as the program itself decides."""
    chosen = environment.get("CLAUDE_CONFIG_DIR")
    return Path(chosen) if chosen else Path(environment.get("HOME", "/")) / ".claude"


#: Where a machine's administrator sets what nobody may change (Linux).
_MANAGED = Path("/etc/claude-code/managed-settings.json")


def settings_files(berth: Berth) -> tuple[Path, ...]:
    """The settings files that are not ours which a program in this seat reads."""
    project = berth.worktree / ".claude"
    return (
        config_directory(berth.environment) / "settings.json",
        project / "settings.json",
        project / "settings.local.json",
        _MANAGED,
    )


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
