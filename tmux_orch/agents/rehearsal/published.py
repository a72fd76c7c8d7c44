"""What running programs publish in ``sessions/<pid>.json``, as the adapter reads it.

The file goes at a clean end and stays with its last status after ``kill -9``; so only the file of
a process that lives, by pid and kernel start tick, says anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.rehearsal import places
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.states import AgentState, Reading, Source
from tmux_orch.domain.work import Figures, Quota

_STATUS = {"idle": AgentState.IDLE, "busy": AgentState.WORKING}
_WAITING = {
    "permission prompt": AgentState.WAITING_PERMISSION,
    "input needed": AgentState.WAITING_ANSWER,
    "dialog open": AgentState.WAITING_ANSWER,
}


@dataclass(frozen=True, slots=True)
class Published:
    """One session file, read."""

    pid: int
    conversation: str
    start: str
    status: str
    waiting_for: str
    status_at: datetime
    tokens: int | None = None
    usd: float | None = None
    quotas: tuple[Quota, ...] = ()

    @property
    def lives(self) -> bool:
        """Whether the process that wrote it still runs."""
        return places.lives(self.pid, self.start)


def owner(berth: Berth) -> int | None:
    """Pid of a live process that has the conversation open, or ``None``.

    Raises:
        CouldNotTell: the file of a live process cannot be read.
    """
    for path in _files(berth):
        found = read(path)
        if found is None:
            if path.exists() and places.lives(int(path.stem), ""):
                raise CouldNotTell(f"{path} of a live process cannot be read")
        elif found.conversation == berth.conversation_id and found.lives:
            return found.pid
    return None


def level(berth: Berth, now: datetime) -> Reading | None:
    """The published state of the seat's process, or ``None`` when no live process publishes one."""
    del now  # the file says when
    found = _of_seat(berth)
    if found is None:
        return None
    state = _STATUS.get(found.status, AgentState.UNKNOWN)
    if found.status == "waiting":
        state = _WAITING.get(found.waiting_for, AgentState.UNKNOWN)
    detail = found.status + (f": {found.waiting_for}" if found.waiting_for else "")
    rule = f"rehearsal.session.{found.status}"
    return Reading(Source.SESSION_FILE, state, found.status_at, rule, detail)


def figures(berth: Berth) -> Figures | None:
    """What the seat's process says it used; ``None`` when it was not told to use anything."""
    found = _of_seat(berth)
    if found is None or found.tokens is None:
        return None
    return Figures(
        found.status_at, input_tokens=found.tokens, output_tokens=0, cost_usd=found.usd,
        quotas=found.quotas,
    )  # fmt: skip


def read(path: Path) -> Published | None:
    """The file read, or ``None`` when it is absent or not one of the program's."""
    try:
        data = json.loads(path.read_bytes())
        used = data.get("usage")
        return Published(
            pid=int(data["pid"]),
            conversation=str(data["sessionId"]),
            start=str(data["procStart"]),
            status=str(data["status"]),
            waiting_for=str(data.get("waitingFor", "")),
            status_at=datetime.fromtimestamp(int(data["statusUpdatedAt"]) / 1000, UTC),
            tokens=int(used["tokens"]) if used else None,
            usd=float(used["usd"]) if used else None,
            quotas=_quotas(used or {}),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None  # absent or damaged; owner() tells the two apart, level() needs not


def _quotas(used: dict[str, Any]) -> tuple[Quota, ...]:
    if used.get("percent") is None:
        return ()
    ends = used.get("resetsAt")
    resets_at = datetime.fromtimestamp(int(ends), UTC) if ends else None
    return (Quota("five_hour", float(used["percent"]), resets_at),)


def _of_seat(berth: Berth) -> Published | None:
    if berth.pid:
        home = places.home(berth.environment)
        found = read(Path(places.session_file(home, berth.pid)))
        ours = found is not None and found.conversation == berth.conversation_id
        return found if found is not None and ours and found.lives else None
    for path in _files(berth):
        found = read(path)
        if found is not None and found.conversation == berth.conversation_id and found.lives:
            return found
    return None


def _files(berth: Berth) -> Iterator[Path]:
    directory = Path(places.home(berth.environment)) / "sessions"
    return (path for path in directory.glob("*.json") if path.stem.isdecimal())
