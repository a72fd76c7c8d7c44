"""``sessions.json``: what looks at a registry without a daemon reads it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tmux_orch.cli.credits import _team_is_up
from tmux_orch.domain.seat import Desired
from tmux_orch.team import mirrors
from tmux_orch.team.parts import Parts


def seat(project: str, pane_id: str, desired: Desired) -> Any:
    return SimpleNamespace(
        project=project, name="developer", pane_id=pane_id, window_id="", pid=0,
        conversation_id="", worktree="/w", desired=desired,
    )  # fmt: skip


def test_a_team_is_seen_from_its_founding_until_it_is_stopped(tmp_path: Path) -> None:
    path, seats = tmp_path / "sessions.json", [seat("shop", "", Desired.UP)]
    projects = [SimpleNamespace(name="shop", live=True), SimpleNamespace(name="old", live=False)]
    parts: Any = SimpleNamespace(
        registry=SimpleNamespace(sessions=path),
        projects=SimpleNamespace(all=lambda: projects),
        seats=SimpleNamespace(all=lambda: seats),
    )
    parts.up_seats = lambda: Parts.up_seats(parts)
    kept = mirrors.Sessions(parts)
    kept.keep()  # its windows are not there yet, and the daemon may die now
    assert _team_is_up(path)
    first = path.stat()
    kept.keep()
    assert path.stat().st_ino == first.st_ino
    seats[:] = [seat("shop", "%3", Desired.UP)]
    kept.keep()
    (one,) = json.loads(path.read_text())["agents"]
    assert (one["project"], one["pane_id"]) == ("shop", "%3")
    seats[:] = [seat("shop", "", Desired.STOPPED), seat("old", "", Desired.UP)]
    kept.keep()
    assert not _team_is_up(path)
