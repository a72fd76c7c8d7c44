"""The settings, each with where it came from."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from tmux_orch.config.checked import Strict, check
from tmux_orch.config.yaml_strict import Document, load, shown
from tmux_orch.domain.errors import Absent, BadInput

FILE = "config.yaml"
DATABASE_VARIABLE = "TMUX_ORCH_DATABASE_URL"
DEFAULT_BRANCH_PREFIX = "orch"
DEFAULT = "default"

# Less than git allows: it becomes part of branch names, paths and shell examples that we print.
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}(?:/[A-Za-z0-9][A-Za-z0-9_-]{0,30}){0,3}")
_URL = re.compile(r"(?:sqlite|postgresql(?:\+[a-z0-9]+)?)://\S+")


class _File(Strict):
    database_url: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    branch_prefix: Annotated[str, Field(min_length=1, max_length=100)] | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set.

    Attributes:
        database_url: Another database than the registry's own; empty for that one. May hold a
            password: never print it.
        branch_prefix: First part of the agents' home branches.
        origins: Setting → ``default``, ``file:line`` or the variable's name.
    """

    database_url: str = ""
    branch_prefix: str = DEFAULT_BRANCH_PREFIX
    origins: Mapping[str, str] = field(default_factory=dict)


def config_directory(environ: Mapping[str, str]) -> Path:
    """``tmux-orch`` in ``XDG_CONFIG_HOME`` when that is absolute, else in ``~/.config``."""
    chosen = environ.get("XDG_CONFIG_HOME", "")
    if chosen.startswith("/"):
        return Path(chosen) / "tmux-orch"
    home = environ.get("HOME", "")
    base = home if home.startswith("/") else pwd.getpwuid(os.geteuid()).pw_dir
    return Path(base) / ".config/tmux-orch"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings: what is built in ← the configuration file ← the environment.

    Raises:
        BadInput: the file or a value is not what it should be; the line begins with its place.
    """
    document = _document(config_directory(environ) / FILE)
    content = check(document, _File)
    values = {"database_url": "", "branch_prefix": DEFAULT_BRANCH_PREFIX}
    origins = dict.fromkeys(values, DEFAULT)
    for name in values:
        given = getattr(content, name)
        if given is not None:
            values[name] = given
            origins[name] = document.at((name,))
    if environ.get(DATABASE_VARIABLE):
        values["database_url"] = environ[DATABASE_VARIABLE]
        origins["database_url"] = DATABASE_VARIABLE
    _check(values, origins)
    return Settings(**values, origins=origins)


def _document(path: Path) -> Document:
    try:
        return load(path)
    except Absent:
        return Document(str(path), {}, {})


def _check(values: Mapping[str, str], origins: Mapping[str, str]) -> None:
    url = values["database_url"]
    if url and not _URL.fullmatch(url):
        # The value is not shown: it may hold a password.
        raise BadInput(
            f"{origins['database_url']}: database_url: not a database that can be used",
            "give sqlite:////absolute/path or postgresql://user@host/name",
        )
    prefix = values["branch_prefix"]
    if not _PREFIX.fullmatch(prefix):
        raise BadInput(
            f"{origins['branch_prefix']}: branch_prefix: not a branch name: {shown(prefix)}",
            "use letters, digits, _ and -, and / between parts",
        )
