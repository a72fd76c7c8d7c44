"""Notes and check-ins through the real daemon: once, also when it was killed, never to another."""

from __future__ import annotations

import json
from typing import Any

from .conftest import Place, wait_until


def rung(place: Place, text: str) -> list[dict[str, Any]]:
    """The messages of ours that hold ``text``."""
    return [m for m in place.messages() if m["sender"] == "orch" and text in m["text"]]


def add(place: Place, note: str, in_s: float, to: str = "developer") -> str:
    """A reminder sooner than a person may ask for one; its id."""
    from datetime import UTC, datetime, timedelta
    from secrets import token_hex

    at = datetime.now(UTC) + timedelta(seconds=in_s)
    body = {"act": "add", "id": token_hex(4), "kind": "once", "at": at.isoformat(), "note": note}
    return str(place.ask("schedule", **body, to=f"sample/{to}")["id"])


def test_a_reminder_arrives_once_and_is_listed_until_then(place: Place) -> None:
    place.up("--roles", "developer")
    done = place.run("tmux-orch", "schedule", "in", "30", "look again", "--to", "developer")
    assert "developer is reminded at " in done.stdout
    assert "(in 30m)" in done.stdout
    shown = place.run("tmux-orch", "schedule", "list").stdout
    assert max(len(line) for line in shown.splitlines()) <= 80
    soon = add(place, "now is the time", 1)
    wait_until(lambda: [m for m in rung(place, "now is the time") if m["state"] == "delivered"])
    listed = json.loads(place.run("tmux-orch", "schedule", "list", "--json").stdout)
    assert [row["note"] for row in listed["reminders"]] == ["look again"]
    assert soon not in shown
