"""What the program publishes of itself: ``<config>/sessions/<pid>.json``, one per live process.

Both tried versions write ``sessionId``, ``procStart`` (the kernel's start tick), ``status`` (idle,
busy, waiting, shell), ``waitingFor`` and ``statusUpdatedAt`` (ms). The file goes at a clean end and
stays with its last status after ``kill -9``: only a file whose process lives says anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tmux_orch.agents.claude import home
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.states import AgentState, Reading, Source

_STATUS = {
    "idle": AgentState.IDLE,
    "busy": AgentState.WORKING,
    # In the bundle of 2.1.329 only: a shell command of the person's runs in the foreground.
    "shell": AgentState.WORKING,
}
_WAITING = {
    "permission prompt": AgentState.WAITING_PERMISSION,
    "input needed": AgentState.WAITING_ANSWER,
    "dialog open": AgentState.WAITING_ANSWER,
}


@dataclass(frozen=True, slots=True)
class SessionFile:
    """One session file, read; ``start`` is 0 when it does not say."""

    pid: int
    conversation: str
    start: int
    status: str
    waiting_for: str
    status_at: datetime | None


def owner(environment: Mapping[str, str], conversation: str) -> int | None:
    """Pid of a live process that has ``conversation`` open, or ``None``.

    The program itself refuses a second ``--session-id`` but not a second ``--resume``.

    Raises:
        CouldNotTell: the file of a live process cannot be read.
    """
    for path in _files(home.sessions_directory(environment)):
        session = read(path)
        pid = int(path.stem)
        if session is None:
            if path.exists() and is_alive(pid, 0):
                raise CouldNotTell(f"{path} of a live process cannot be read")
        elif session.conversation == conversation and is_alive(pid, session.start):
            return pid
    return None


def of_process(environment: Mapping[str, str], pid: int) -> SessionFile | None:
    """What process ``pid`` publishes; ``None`` when it does not, or is another one by now."""
    session = read(home.sessions_directory(environment) / f"{pid}.json") if pid else None
    return session if session is not None and is_alive(pid, session.start) else None


def of_conversation(environment: Mapping[str, str], conversation: str) -> SessionFile | None:
    """What the live process that has ``conversation`` open publishes, whatever its pid.

    For a wrapper script as the pane's process: the program is its child then.
    """
    for path in _files(home.sessions_directory(environment)):
        session = read(path)
        if (
            session is not None
            and session.conversation == conversation
            and is_alive(session.pid, session.start)
        ):
            return session
    return None


def level(session: SessionFile, now: datetime) -> Reading:
    """The state that ``session`` publishes."""
    detail = session.status + (f": {session.waiting_for}" if session.waiting_for else "")
    rule = f"claude.session.{session.status or 'starting'}"
    return Reading(Source.SESSION_FILE, _state(session), session.status_at or now, rule, detail)


def read(path: Path) -> SessionFile | None:
    """The file read, or ``None`` when it is absent or not (yet) whole."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict):
        return None
    return SessionFile(
        pid=_number(data, "pid") or int(path.stem),
        conversation=_text(data, "sessionId"),
        start=_number(data, "procStart"),
        status=_text(data, "status"),
        waiting_for=_text(data, "waitingFor"),
        status_at=_instant(data),
    )


def is_alive(pid: int, start: int) -> bool:
    """Whether ``pid`` runs now and, when ``start`` is known, is that very process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        # Absent, or no /proc on this system: then the number alone has to do.
        return not Path("/proc/self").exists() and _signalable(pid)
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return fields[0] not in "ZX" and (start == 0 or int(fields[19]) == start)


def _signalable(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _state(session: SessionFile) -> AgentState:
    if not session.status:
        return AgentState.INITIALIZING
    if session.status == "waiting":
        return _WAITING.get(session.waiting_for, AgentState.UNKNOWN)
    return _STATUS.get(session.status, AgentState.UNKNOWN)


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.glob("*.json") if path.stem.isdecimal())


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _number(data: Mapping[str, object], name: str) -> int:
    value = data.get(name)
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else 0


def _instant(data: Mapping[str, object]) -> datetime | None:
    at_ms = _number(data, "statusUpdatedAt") or _number(data, "updatedAt")
    return datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms else None
