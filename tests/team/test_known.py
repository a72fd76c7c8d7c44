"""What the event log says still stands, whoever wrote it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from tmux_orch.domain.attention import AlertKind
from tmux_orch.domain.dialog import DialogKind, OpenDialog
from tmux_orch.domain.states import AgentState, Source
from tmux_orch.store.events import Event
from tmux_orch.team.known import Record

AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
KEY = "shop/developer"
ASKS = OpenDialog(
    7, KEY, DialogKind.QUESTION, AgentState.WAITING_ANSWER, "Which?", ("Left", "Right"), 0, "",
    "", "", Source.SCREEN, AT,
)  # fmt: skip
STUCK = {"kind": "stuck", "since_at": AT.isoformat(), "detail": "busy"}


def record(*told: tuple[str, dict[str, Any]]) -> Record:
    found = [Event(n, AT, kind, "shop", KEY, payload) for n, (kind, payload) in enumerate(told)]
    return Record.read(SimpleNamespace(of_kinds=lambda _kinds: found))  # type: ignore[arg-type]


def test_what_was_opened_and_raised_stands_until_it_is_taken_back() -> None:
    told = [("dialog.opened", ASKS.shown()), ("attention.raised", STUCK)]
    found = record(*told)
    assert found.dialogs[KEY].question == "Which?" and found.dialog_id == 7
    assert found.alerts[KEY, AlertKind.STUCK].alert.detail == "busy"
    found = record(*told, ("dialog.closed", {}), ("attention.cleared", {"kind": "stuck"}))
    assert not found.dialogs and not found.alerts


def test_events_of_another_version_of_ours_are_left_out_and_the_daemon_starts() -> None:
    found = record(
        ("attention.raised", STUCK | {"kind": "bored"}),
        ("attention.raised", {}),
        ("attention.cleared", {"kind": None}),
        ("dialog.opened", ASKS.shown() | {"kind": "riddle"}),
        ("dialog.opened", {"id": None}),
        ("dialog.opened", {}),
        ("limit_seen", {"until_at": "soon"}),
        ("limit_seen", {"until_at": 5}),
        ("attention.raised", STUCK),
    )
    assert not found.dialogs
    assert list(found.alerts) == [(KEY, AlertKind.STUCK)]
