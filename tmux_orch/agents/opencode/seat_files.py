"""Where a seat's files lie, and the program's own database.

The program names its sessions itself (``ses_…``) and takes no id of ours. Our plugin notes in the
seat's state file which session the conversation goes on in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.opencode import published

#: A database that another process is writing to answers within this time or not at all.
_BUSY_S = 1.0


def directory(berth: Berth) -> Path:
    """Of our files for this program."""
    return berth.private / "opencode"


def state(berth: Berth) -> Path:
    """What the plugin publishes of the process; replaced whole."""
    return directory(berth) / f"{berth.conversation_id}.state.json"


def transcript(berth: Berth) -> Path:
    """The conversation's lines as the plugin writes them."""
    return directory(berth) / f"{berth.conversation_id}.jsonl"


def session(berth: Berth) -> str:
    """The program's session that the conversation goes on in; empty when there is none to find."""
    found = published.read(state(berth))
    if found is None or not found.session or not _stored(berth.environment, found.session):
        return ""
    return found.session


def data(environment: Mapping[str, str]) -> Path:
    """Where the program keeps its sign-in and its sessions, as it decides itself."""
    home = environment.get("XDG_DATA_HOME") or f"{environment.get('HOME', '/')}/.local/share"
    return Path(home) / "opencode"


def database(environment: Mapping[str, str]) -> Path:
    """The program's own database."""
    return data(environment) / (
        environment.get("OPENCODE_DB") or "opencode.db"
    )  # an absolute one alone


def _stored(environment: Mapping[str, str], session_id: str) -> bool:
    """Whether the program would find the session; with an unknown one it ends with status 1."""
    path = database(environment)
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)) as db:
            found = db.execute("select 1 from message where session_id = ? limit 1", (session_id,))
            return found.fetchone() is not None
    except sqlite3.Error:
        return True  # it cannot be read by us: the program itself will say
