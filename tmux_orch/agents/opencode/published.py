"""What our plugin publishes of its process: a file like Claude Code's session file.

It has ``pid``, ``procStart`` (the kernel's start tick), ``session``, ``status`` (starting, idle,
busy, waiting, retry, compacting), ``waitingFor``, ``detail``, ``until`` and ``statusUpdatedAt``
(ms), and ``figures``. It stays with its last status after ``kill -9``: only a file whose process
lives says anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tmux_orch.domain.states import AgentState, Reading, Source
from tmux_orch.domain.work import Figures

_STATUS = {
    "starting": AgentState.INITIALIZING,
    "idle": AgentState.IDLE,
    "busy": AgentState.WORKING,
    "retry": AgentState.RETRYING,
    "compacting": AgentState.COMPACTING,
}
_WAITING = {
    "permission": AgentState.WAITING_PERMISSION,
    "question": AgentState.WAITING_ANSWER,
}


@dataclass(frozen=True, slots=True)
class Published:
    """One state file, read; ``start`` is 0 when it does not say."""

    pid: int
    start: int
    session: str
    status: str
    waiting_for: str = ""
    detail: str = ""
    at: datetime | None = None
    until_at: datetime | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


def read(path: Path) -> Published | None:
    """The file read, or ``None`` when it is absent or not what the plugin writes."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not _number(data, "pid"):
        return None
    figures = data.get("figures")
    return Published(
        pid=_number(data, "pid"),
        start=_number(data, "procStart"),
        session=_text(data, "session"),
        status=_text(data, "status"),
        waiting_for=_text(data, "waitingFor"),
        detail=_text(data, "detail"),
        at=_instant(data.get("statusUpdatedAt")),
        until_at=_instant(data.get("until")),
        figures=figures if isinstance(figures, dict) else {},
    )


def level(found: Published, now: datetime) -> Reading:
    """The state that it publishes."""
    detail = ": ".join(part for part in (found.status, found.waiting_for, found.detail) if part)
    retry = found.status == "retry"
    return Reading(
        Source.SESSION_FILE,
        _state(found),
        found.at or now,
        f"opencode.plugin.{found.status or 'unknown'}",
        "".join(sign if sign.isprintable() else " " for sign in detail)[:300],
        found.until_at if retry else None,
    )


def figures(found: Published, now: datetime) -> Figures | None:
    """What it says of the program's use; ``None`` before the first answer of the model."""
    said = found.figures
    if not said:
        return None
    return Figures(
        at=_instant(said.get("at")) or now,
        context_percent=_quantity(said, "context"),
        input_tokens=_count(said, "input"),
        output_tokens=_count(said, "output"),
        cost_usd=_quantity(said, "cost"),
        model=_text(said, "model"),
    )


def is_alive(found: Published) -> bool:
    """Whether the process that wrote it runs now."""
    try:
        stat = Path(f"/proc/{found.pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return fields[0] not in "ZX" and (found.start == 0 or int(fields[19]) == found.start)


def _state(found: Published) -> AgentState:
    if found.status == "waiting":
        return _WAITING.get(found.waiting_for, AgentState.UNKNOWN)
    return _STATUS.get(found.status, AgentState.UNKNOWN)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _number(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _count(data: Mapping[str, Any], name: str) -> int | None:
    value = _quantity(data, name)
    return None if value is None else int(value)


def _quantity(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < 1e15 else None


def _instant(value: object) -> datetime | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e14:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)
