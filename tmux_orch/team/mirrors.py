"""Readable copies in the registry of what the database says; nothing ever reads them back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tmux_orch.config.files import write_atomically
from tmux_orch.domain.plan import Plan
from tmux_orch.team.parts import Parts


def plan(parts: Parts, of: Plan) -> None:
    """``projects/PROJECT/plan.json``, and ``plan.md`` for reading."""
    paths = parts.registry.project(of.project)
    _write(paths.plan, of.body())
    if of.implementation is not None:
        from tmux_orch.analysis import plan_page

        page = plan_page.page(of.implementation, of.title)
        write_atomically(paths.plan_page, page.encode("utf-8", "replace"), durable=False)


def status(parts: Parts, name: str, body: Mapping[str, Any]) -> None:
    """``projects/PROJECT/status.json``: the status at the last act on the team."""
    _write(parts.registry.project(name).status, body)


class Sessions:
    """Keeps ``sessions.json`` true between people's acts; what looks at a team without us reads it.

    Without it a daemon that dies while its first team starts would leave no sign of a team.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._written: object = None

    def keep(self) -> None:
        """Write it when something has changed since the last time; one thread at a time."""
        now = _up(self._parts)
        if now != self._written:
            sessions(self._parts)
            self._written = now


def sessions(parts: Parts) -> None:
    """``sessions.json``: which agents are up, and where."""
    _write(parts.registry.sessions, {"agents": _up(parts)})


def _up(parts: Parts) -> list[dict[str, Any]]:
    return [
        {
            "project": seat.project,
            "agent": seat.name,
            "pane_id": seat.pane_id,
            "window_id": seat.window_id,
            "pid": seat.pid,
            "conversation_id": seat.conversation_id,
            "worktree": seat.worktree,
        }
        for seat in parts.up_seats()
    ]


def _write(path: Path, body: Mapping[str, Any]) -> None:
    text = json.dumps(body, ensure_ascii=False, indent=2)
    write_atomically(path, text.encode("utf-8", "replace"), durable=False)
