"""A home of the seat's own for the program, made of the person's and our settings.

The program takes settings of one process only from files that root owns, so that our hooks have no
other place than "its home" (``GEMINI_CLI_HOME``). The seat's home has links to all that the person
has there (sign-in, extensions, commands, memory), the person's settings with our hooks added, and
conversations of its own. The person's files are read and never written by us.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tmux_orch.agents import private_file
from tmux_orch.agents.adapter import Berth
from tmux_orch.domain.errors import BadInput

VARIABLE = "GEMINI_CLI_HOME"
_DIRECTORY = ".gemini"
SETTINGS, TRUSTED = "settings.json", "trustedFolders.json"
#: What the seat has of its own: no links. The rest of the person's files is linked.
_OWN = frozenset({SETTINGS, TRUSTED, "tmp", "history", "projects.json", "state.json"})
_PASSING = (".tmp", ".lock", ".bak")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def place(berth: Berth) -> Path:
    """The seat's home for the program."""
    return berth.private / "gemini-home"


def directory(berth: Berth) -> Path:
    """The program's directory in it."""
    return place(berth) / _DIRECTORY


def prepare(berth: Berth, ours: Mapping[str, Any]) -> bool:
    """Write the seat's home: links to the person's files, merged settings, trusted folders.

    Returns whether the worktree itself is among the trusted folders.

    Raises:
        BadInput: the person's settings cannot be read; nothing was written.
    """
    theirs = _persons(berth.environment)
    settings = merged(_read(theirs / _DIRECTORY / SETTINGS), ours)
    own = directory(berth)
    place(berth).mkdir(mode=0o700, exist_ok=True)
    own.mkdir(mode=0o700, exist_ok=True)
    _link(theirs / _DIRECTORY, own)
    for name in (".agents", ".env"):
        _link_one(theirs / name, place(berth) / name)
    _write(own / SETTINGS, settings)
    trusted = _read(theirs / _DIRECTORY / TRUSTED) | _read(own / TRUSTED)
    if berth.trusted:
        trusted[str(berth.worktree)] = "TRUST_FOLDER"
    if trusted:
        _write(own / TRUSTED, trusted)
    return trusted.get(str(berth.worktree)) == "TRUST_FOLDER"


def merged(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """``theirs`` with ours: lists are continued, objects merged, other values are ours."""
    result = dict(theirs)
    for name, value in ours.items():
        there = result.get(name)
        if isinstance(value, dict) and isinstance(there, dict):
            result[name] = merged(there, value)
        elif isinstance(value, list) and isinstance(there, list):
            result[name] = [*there, *value]
        else:
            result[name] = value
    return result


def persons(environment: Mapping[str, str]) -> Path:
    """The person's own directory of the program."""
    return _persons(environment) / _DIRECTORY


def _persons(environment: Mapping[str, str]) -> Path:
    return Path(environment.get(VARIABLE) or environment.get("HOME", "/"))


def _link(theirs: Path, own: Path) -> None:
    for path in own.iterdir():
        if path.is_symlink() and not path.exists():
            path.unlink()
    with suppress(FileNotFoundError):
        for path in theirs.iterdir():
            if path.name not in _OWN and not path.name.endswith(_PASSING):
                _link_one(path, own / path.name)


def _link_one(path: Path, link: Path) -> None:
    """A file that the program itself put in the link's place stays."""
    if path.exists() and not link.exists() and not link.is_symlink():
        link.symlink_to(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
        data = json.loads(_TOKEN.sub(_uncommented, text)) if text.strip() else {}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{path} cannot be read ({type(error).__name__})", "repair it, or move it away"
        ) from error
    if not isinstance(data, dict):
        raise BadInput(f"{path} is no JSON object", "repair it, or move it away")
    return data


def _uncommented(token: re.Match[str]) -> str:
    return token[0] if token[0].startswith('"') else " "


def _write(path: Path, data: Mapping[str, Any]) -> None:
    private_file.replace(path, json.dumps(data, indent=1, ensure_ascii=False).encode())
