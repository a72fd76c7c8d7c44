"""Under which id a seat's conversation goes, and whether there is one to go on with.

The program opens a transcript with a few lines about the session and adds the first prompt up to
0.2 s later. Killed in between, it leaves an id that it will use for nothing: ``--resume`` says "No
conversation found", ``--session-id`` says "already in use" (both tried versions). The file is not
ours to remove, so such an id is spent and the seat goes on under the next one of a fixed series.
"""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID, uuid5

from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.claude import home, session_file

#: More starts that died within their first second than a restart budget ever allows.
_SERIES = 32


def current(berth: Berth) -> str:
    """The id in use: ``berth.conversation_id``, or the first later one that is not spent."""
    chosen = berth.conversation_id
    for number in range(1, _SERIES):
        path = home.transcript_path(berth.environment, berth.worktree, chosen)
        if path is None or has_turn(path) or session_file.owner(berth.environment, chosen):
            break
        chosen = str(uuid5(UUID(berth.conversation_id), str(number)))
    return chosen


def transcript(berth: Berth) -> Path | None:
    """The transcript of the current id, or ``None`` when there is none yet."""
    return home.transcript_path(berth.environment, berth.worktree, current(berth))


def exists(berth: Berth) -> bool:
    """Whether ``--resume`` would find a conversation."""
    path = transcript(berth)
    return path is not None and has_turn(path)


def has_turn(path: Path) -> bool:
    """Whether the transcript holds a whole line of the person's or the model's."""
    try:
        with path.open("rb") as stream:
            return any(_is_turn(line) for line in stream)
    except FileNotFoundError:
        return False


def _is_turn(line: bytes) -> bool:
    try:
        data = json.loads(line)
    except ValueError:
        return False  # torn by a kill: the program does not count it either
    return isinstance(data, dict) and data.get("type") in ("user", "assistant")
